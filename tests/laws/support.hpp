// What the laws are tried on: a small nonlinear network, and one of each solver, guidance and map.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/guidance/adaptive_guidance.hpp>
#include <noisefall/guidance/adg.hpp>
#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/guidance/apg.hpp>
#include <noisefall/guidance/autoguidance.hpp>
#include <noisefall/guidance/beta_cfg.hpp>
#include <noisefall/guidance/cfg_norm.hpp>
#include <noisefall/guidance/cfg_pp.hpp>
#include <noisefall/guidance/cfg_zero.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/classifier_guidance.hpp>
#include <noisefall/guidance/composition.hpp>
#include <noisefall/guidance/fdg.hpp>
#include <noisefall/guidance/feynman_kac.hpp>
#include <noisefall/guidance/mambo_g.hpp>
#include <noisefall/guidance/particle_guidance.hpp>
#include <noisefall/guidance/perp_neg.hpp>
#include <noisefall/guidance/perturbed.hpp>
#include <noisefall/guidance/power_law.hpp>
#include <noisefall/guidance/rescale.hpp>
#include <noisefall/guidance/tcfg.hpp>
#include <noisefall/guidance/temperature.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/parameterisation/v.hpp>
#include <noisefall/parameterisation/x0.hpp>
#include <noisefall/sampler/sampler.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/solver/consistency_multistep.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/ddpm.hpp>
#include <noisefall/solver/deis.hpp>
#include <noisefall/solver/dpm_2_churn.hpp>
#include <noisefall/solver/dpm_adaptive.hpp>
#include <noisefall/solver/dpm_ancestral.hpp>
#include <noisefall/solver/dpm_multistep.hpp>
#include <noisefall/solver/dpm_pp_2m.hpp>
#include <noisefall/solver/dpm_pp_sde.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>
#include <noisefall/solver/dpm_singlestep_grid.hpp>
#include <noisefall/solver/dpm_solver_v3.hpp>
#include <noisefall/solver/er_sde.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/euler.hpp>
#include <noisefall/solver/exponential_runge_kutta.hpp>
#include <noisefall/solver/flow_ancestral.hpp>
#include <noisefall/solver/flow_runge_kutta.hpp>
#include <noisefall/solver/gradient_estimation.hpp>
#include <noisefall/solver/heun.hpp>
#include <noisefall/solver/heun_pp.hpp>
#include <noisefall/solver/latent_consistency.hpp>
#include <noisefall/solver/lms.hpp>
#include <noisefall/solver/pndm.hpp>
#include <noisefall/solver/predictor_corrector.hpp>
#include <noisefall/solver/rho_runge_kutta.hpp>
#include <noisefall/solver/sa_solver.hpp>
#include <noisefall/solver/seeds.hpp>
#include <noisefall/solver/tcd.hpp>
#include <noisefall/solver/unipc.hpp>
#include <noisefall/trajectory/uniform_lambda.hpp>

namespace laws {

namespace nf = noisefall;

enum class output { eps, x0, v };

// Element by element, x0 = mean + a bounded nonlinear pull towards the state; the output is that x0 seen as eps, x0 or
// v.
template <output Gives = output::eps>
struct network {
  using condition = double;
  std::size_t calls = 0;
  std::size_t throw_at = static_cast<std::size_t>(-1);  // this call throws, once

  template <class T>
  void predict(nf::view<T> x, const nf::evaluation& at, const double& mean, nf::mutable_view<T> out) {
    if (calls++ == throw_at) throw std::runtime_error{"the network is busy"};
    for (std::size_t i = 0; i < x.samples(); ++i) {
      const nf::noise_level& l = at.level(i);
      for (std::size_t e = 0; e < x.sample_size(); ++e) {
        const double y = static_cast<double>(x.sample(i)[e]);
        const double pull = l.alpha * y / (l.alpha * l.alpha + 4 * l.sigma * l.sigma);
        const double x0 = mean + pull / std::sqrt(1 + pull * pull);
        const double eps = l.sigma > 0 ? (y - l.alpha * x0) / l.sigma : 0;
        const double value = Gives == output::x0 ? x0 : Gives == output::eps ? eps : l.alpha * eps - l.sigma * x0;
        out.sample(i)[e] = static_cast<T>(value);
      }
    }
  }
  // Of a bounded pull of the state towards the condition.
  template <class T>
  void gradient(nf::view<T> x, const nf::evaluation&, const double& mean, nf::mutable_view<T> out) {
    if (calls++ == throw_at) throw std::runtime_error{"the classifier is busy"};
    for (std::size_t i = 0; i < x.samples(); ++i)
      for (std::size_t e = 0; e < x.sample_size(); ++e) {
        const double apart = mean - static_cast<double>(x.sample(i)[e]);
        out.sample(i)[e] = static_cast<T>(apart / (1 + apart * apart));
      }
  }
};

inline const nf::vp_linear schedule{};
inline nf::trajectory path(std::size_t steps = 6) { return nf::uniform_lambda{.steps = steps}(schedule); }

// Each solver as its own type.
template <class See>
void for_each_static_solver(See see) {
  see("ddim", nf::ddim{});
  see("ddim, eta 0.7", nf::ddim{.eta = 0.7});
  see("ddpm, small variance", nf::ddpm{});
  see("ddpm, large variance", nf::ddpm{.variance = nf::ddpm::variance_kind::fixed_large});
  see("consistency_multistep", nf::consistency_multistep{});
  see("latent_consistency", nf::latent_consistency{});
  see("tcd", nf::tcd{});
  see("lms", nf::lms{});
  see("deis 3", nf::deis{});
  see("dpm_ancestral", nf::dpm_ancestral{});
  see("flow_ancestral", nf::flow_ancestral{});
  see("gradient_estimation", nf::gradient_estimation{});
  see("seeds 3", nf::seeds{.order = 3});
  see("er_sde", nf::er_sde{});
  see("dpm_2_churn", nf::dpm_2_churn{.s_churn = 2});
  see("dpm_singlestep_grid 3, sde", nf::dpm_singlestep_grid{.tau_squared = 1});
  see("flow_runge_kutta", nf::flow_runge_kutta{.by = nf::flow_runge_kutta::method::classical});
  see("exponential_runge_kutta 5",
      nf::exponential_runge_kutta{.by = nf::exponential_method::hochbruck_ostermann, .of = nf::quantity::eps});
  see("rho_runge_kutta", nf::rho_runge_kutta{});
  see("heun_pp, churn", nf::heun_pp{.s_churn = 2});
  see("dpm_multistep 2, noise", nf::dpm_multistep{.of = nf::quantity::eps});
  see("dpm_multistep 3", nf::dpm_multistep{.order = 3});
  see("dpm_multistep 3, singlestep start", nf::dpm_multistep{.order = 3, .start = nf::multistep_start::singlestep});
  see("dpm_multistep 2, sde", nf::dpm_multistep{.tau_squared = 1});
  see("dpm_pp_2m", nf::dpm_pp_2m{});
  see("dpm_singlestep 3", nf::dpm_singlestep{});
  see("unipc 3", nf::unipc{});
  see("sa_solver, pec", nf::sa_solver{.predictor_order = 3, .corrector_order = 3});
  see("sa_solver, pece", nf::sa_solver{.evaluate = nf::sa_solver::mode::pece});
  see("dpm_pp_sde", nf::dpm_pp_sde{});
  see("pndm, pseudo Runge-Kutta", nf::pndm{});
  see("heun, churn", nf::heun{.s_churn = 2});
  see("euler, churn", nf::euler{.s_churn = 2});
}

// Behind one type, which L2 shows to be the same: a law is compiled once, not once per solver.
template <class See>
void for_each_planned_solver(See see) {
  for_each_static_solver([&](const char* name, const auto& solver) { see(name, nf::erased_solver{solver}); });
}

template <class See>
void for_each_solver(See see) {
  for_each_planned_solver(see);
  see("dpm_adaptive 23", nf::dpm_adaptive{});
  see("dpm_adaptive 12, eta 0.5", nf::dpm_adaptive{.order = 2, .eta = 0.5});
  see("predictor_corrector",
      nf::predictor_corrector{.corrections = 2, .predictor = nf::predictor_corrector::reverse::ancestral});
  see("dpm_solver_v3", nf::dpm_solver_v3{.order = 3,
                                         .corrector = nf::dpm_solver_v3::correction::pseudo,
                                         .statistics = {{-3, 0, 2}, {0.8, 1, 1}, {0, -0.1, 0}, {0.2, 0, 0.1}}});
}

// Weighs by what it remembers of each sample: how many steps it saw, and the branches' distance in the last one.
struct remembering {
  static constexpr std::string_view name = "remembering";
  static constexpr auto space = nf::guidance_space::x0;
  static constexpr bool needs_gram = true;
  static constexpr std::size_t scalars = 2;
  void check() const {}
  nf::branch_set needs(const nf::guidance_position&) const { return {0, 1}; }
  nf::branch_weights weights(const nf::guidance_position&, const nf::gram_matrix& gram) const {
    const double w = 0.2 * gram.scalar(0) + 0.1 / (1 + gram.scalar(1));
    nf::branch_weights made{.guided = {1 + w, -w}};
    made.next_scalars = {gram.scalar(0) + 1, gram(1, 1) / gram.elements()};
    return made;
  }
  std::vector<double> breakpoints() const { return {}; }
};

template <class See>
void for_each_guidance(See see) {
  see("unguided", nf::any_guidance{nf::unguided{}});
  see("classifier_free", nf::any_guidance{nf::classifier_free{.weight = 1.5}});
  see("window", nf::any_guidance{nf::classifier_free{.weight = nf::weight_schedule::window(2, 0.5, 1.1)}});
  see("rescale", nf::any_guidance{nf::rescale{.weight = 1.5}});
  see("apg", nf::any_guidance{nf::apg{.weight = 1.5, .eta = 0.2, .norm_cap = 2, .momentum = -0.5}});
  see("remembering", nf::any_guidance{remembering{}});
  see("cfg_pp", nf::any_guidance{nf::cfg_pp{}});
  see("adaptive_guidance", nf::any_guidance{nf::adaptive_guidance{.weight = 1.5, .threshold = 0.9}});
  see("adg", nf::any_guidance{nf::adg{.weight = 1.5}});
  see("autoguidance", nf::any_guidance{nf::autoguidance{.weight = nf::weight_schedule::triangle(0, 2, 0.2, 0.9)}});
  see("beta_cfg", nf::any_guidance{nf::beta_cfg{.weight = 1.5}});
  see("cfg_norm", nf::any_guidance{nf::cfg_norm{.weight = 1.5}});
  see("cfg_zero", nf::any_guidance{nf::cfg_zero{.weight = 1.5}});
  see("classifier_guidance", nf::any_guidance{nf::classifier_guidance{.weight = 0.5}});
  see("composition", nf::any_guidance{nf::composition{.weight = 1.5, .further = {0.3}}});
  see("fdg", nf::any_guidance{nf::fdg{.low = 0.5, .high = 1.5}});
  see("feynman_kac", nf::any_guidance{nf::feynman_kac{.weight = 1.5}});
  see("mambo_g", nf::any_guidance{nf::mambo_g{.weight = 1.5, .alpha = 0.5}});
  see("particle_guidance", nf::any_guidance{nf::particle_guidance{.weight = 1.5, .strength = 0.3}});
  see("perp_neg", nf::any_guidance{nf::perp_neg{.weight = 1.5}});
  see("perturbed_branch", nf::any_guidance{nf::perturbed_branch{.weight = 1.5, .perturbed = 0.5}});
  see("power_law", nf::any_guidance{nf::power_law{.weight = 0.1}});
  see("tcfg", nf::any_guidance{nf::tcfg{.weight = 1.5}});
  see("temperature", nf::any_guidance{nf::temperature{.weight = 0.5}});
}

template <class See>
void for_each_map(See see) {
  see("no map", nf::threshold{});
  see("static", nf::static_threshold(0.8));
  see("dynamic", nf::dynamic_threshold(0.9, 1.2));
}

template <class T>
bool same_bits(std::span<const T> a, std::span<const T> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}
template <class T>
bool same_bits(const nf::tensor<T>& a, const nf::tensor<T>& b) {
  return same_bits(a.elements(), b.elements());
}

inline const nf::any_guidance doubled = nf::classifier_free{.weight = 1.5};
// Looks at inner products and has a state: the hardest guidance there is, for solvers that make plans.
inline const nf::any_guidance projected = nf::apg{.weight = 1.5, .eta = 0.2, .norm_cap = 2, .momentum = -0.5};

template <class Solver>
const nf::any_guidance& hardest_for(const Solver&) {
  return nf::OwnStep<Solver> ? doubled : projected;
}

inline constexpr double further_conditions[]{0.1};
inline constexpr nf::run_options<double> guided{
    .seed = 7, .conditional = 0.6, .unconditional = -0.2, .further = further_conditions};

}  // namespace laws
