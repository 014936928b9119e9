// L13: one-step runs and the ends of the noise work, or are refused with a reason.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/parameterisation/edm.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/parameterisation/score.hpp>
#include <noisefall/parameterisation/trigflow.hpp>
#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/constant_beta.hpp>
#include <noisefall/schedule/cosine.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/schedule/exponential_decay.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/schedule/jsd.hpp>
#include <noisefall/schedule/laplace.hpp>
#include <noisefall/schedule/linear.hpp>
#include <noisefall/schedule/scaled_linear.hpp>
#include <noisefall/schedule/sigmoid.hpp>
#include <noisefall/schedule/snr_shift.hpp>
#include <noisefall/schedule/sub_vp.hpp>
#include <noisefall/schedule/trigflow.hpp>
#include <noisefall/schedule/ve.hpp>
#include <noisefall/schedule/ve_sqrt.hpp>
#include <noisefall/schedule/vp_cosine.hpp>
#include <noisefall/schedule/vp_table.hpp>
#include <noisefall/schedule/wuerstchen.hpp>
#include <noisefall/schedule/zero_terminal_snr.hpp>

#include "catch.hpp"
#include "solver/every_solver.hpp"
#include "support.hpp"

using namespace laws;

namespace {

struct finish_after {
  std::size_t steps, seen = 0;
  template <class Run>
  nf::verdict begin(const Run&) {
    return steps == 0 ? nf::verdict::finish : nf::verdict::go_on;
  }
  template <class Report>
  nf::verdict operator()(const Report&) {
    return ++seen == steps ? nf::verdict::finish : nf::verdict::go_on;
  }
};

// From the first level and from the second one straight to the end.
template <class Model, class T>
void try_shortened(const nf::sampler& sample, Model& model, nf::tensor<T>& x, const nf::run_options<double>& options) {
  for (const std::size_t done : {std::size_t{0}, std::size_t{1}}) {
    INFO("straight to the end after " << done << " steps");
    // Up from sigma = 0 there may be no eps to go straight by: then the first leg is done as it is.
    const std::size_t more = done == 0 && sample.path().front().sigma == 0 ? 1 : 0;
    const nf::outcome how = sample(model, x, options, finish_after{done}).how;
    CHECK((how == nf::outcome::shortened || (how == nf::outcome::finished && sample.steps() <= done + 1 + more)));
  }
}

// The same pull towards the mean as laws::network, as the output that a parameterisation gives the meaning of.
struct any_network {
  using condition = double;
  const nf::any_parameterisation* meaning;

  template <class T>
  void predict(nf::view<T> x, const nf::evaluation& at, const double& mean, nf::mutable_view<T> out) {
    const nf::noise_level& l = at.level(0);
    const nf::affine to_x0 = meaning->to_x0(l), to_eps = meaning->to_eps(l);
    for (std::size_t e = 0; e < x.sample_size(); ++e) {
      const double y = static_cast<double>(x.data()[e]) / at.input_scale(0);
      const double pull = l.alpha * y / (l.alpha * l.alpha + 4 * l.sigma * l.sigma);
      const double x0 = mean + pull / std::sqrt(1 + pull * pull);
      const bool by_x0 = to_x0.out != 0 && std::isfinite(to_x0.out);
      out.data()[e] = static_cast<T>(by_x0 ? (x0 - to_x0.x * y) / to_x0.out
                                           : ((y - l.alpha * x0) / l.sigma - to_eps.x * y) / to_eps.out);
    }
  }
};

// Every form of every solver that plans rows, and those that take their own steps.
template <class See>
void for_each_form(See see) {
  scalar::every_solver(
      [&](const std::string& name, const auto& solver, scalar::keeps) { see(name, nf::erased_solver{solver}); });
  see("dpm_adaptive 23", nf::dpm_adaptive{});
  see("dpm_adaptive 12, eta 0.5", nf::dpm_adaptive{.order = 2, .eta = 0.5});
  for (const auto predictor :
       {nf::predictor_corrector::reverse::reverse_diffusion, nf::predictor_corrector::reverse::ancestral})
    see("predictor_corrector", nf::predictor_corrector{.predictor = predictor});
  const nf::model_statistics statistics{{-3, 0, 2}, {0.8, 1, 1}, {0, -0.1, 0}, {0.2, 0, 0.1}};
  for (const auto corrector : {nf::dpm_solver_v3::correction::none, nf::dpm_solver_v3::correction::plain,
                               nf::dpm_solver_v3::correction::pseudo})
    see("dpm_solver_v3", nf::dpm_solver_v3{.order = 3, .corrector = corrector, .statistics = statistics});
}

template <class Policy>
struct named {
  std::string name;
  Policy policy;
};

const std::vector<named<nf::any_schedule>>& all_schedules() {
  static const nf::linear table{};
  static const std::vector<named<nf::any_schedule>> all{{"vp_linear", nf::vp_linear{}},
                                                        {"linear", table},
                                                        {"scaled_linear", nf::scaled_linear{}},
                                                        {"cosine", nf::cosine{}},
                                                        {"snr_shift", nf::snr_shift{table}},
                                                        {"vp_table", nf::vp_table{table.alphas_cumprod()}},
                                                        {"edm", nf::edm{}},
                                                        {"ve", nf::ve{}},
                                                        {"rectified_flow", nf::rectified_flow{}},
                                                        {"trig_flow", nf::trig_flow{}},
                                                        {"zero_terminal_snr", nf::zero_terminal_snr{table}},
                                                        {"sigmoid", nf::sigmoid{}},
                                                        {"exponential_decay", nf::exponential_decay{}},
                                                        {"laplace", nf::laplace{}},
                                                        {"jsd", nf::jsd{}},
                                                        {"constant_beta", nf::constant_beta{}},
                                                        {"vp_cosine", nf::vp_cosine{.t_start = 1}},
                                                        {"sub_vp", nf::sub_vp{}},
                                                        {"wuerstchen", nf::wuerstchen{}},
                                                        {"ve_sqrt", nf::ve_sqrt{}}};
  return all;
}

const std::vector<named<nf::any_parameterisation>>& all_parameterisations() {
  static const std::vector<named<nf::any_parameterisation>> all{
      {"eps", nf::predicts_eps{}},
      {"x0", nf::predicts_x0{}},
      {"v", nf::predicts_v{}},
      {"score", nf::predicts_score{}},
      {"flow", nf::predicts_flow{}},
      {"flow, reversed", nf::predicts_flow{.reversed = true}},
      {"edm", nf::edm_precond{}},
      {"edm v", nf::edm_precond{.output = nf::edm_output::v_like, .fed = nf::edm_label::arctan}},
      {"trig_flow", nf::predicts_trig_flow{}}};
  return all;
}

}  // namespace

TEST_CASE(
    "L13: one step, sigma = 0 and alpha = 0 work for every solver, schedule and parameterisation or are refused") {
  std::size_t ran = 0, refused_runs = 0;
  for (const auto& on : all_schedules()) {
    const nf::noise_level noisy = on.policy.at(on.policy.t_max()), clean = nf::clean_level(on.policy);
    const nf::noise_level middle = nf::level_at_lambda(on.policy, 0.1), late = nf::level_at_lambda(on.policy, 1.1);
    const std::vector<std::vector<nf::noise_level>> paths{
        {noisy, middle}, {noisy, clean}, {noisy, middle, clean}, {noisy, middle, late, clean}};
    for (const auto& of : all_parameterisations())
      for (const auto& levels : paths)
        for_each_form([&](const std::string& name, const auto& solver) {
          try {
            const nf::sampler sample{solver, on.policy, nf::trajectory{levels}, nf::unguided{}, of.policy};
            any_network model{&of.policy};
            nf::tensor<double> x({1, 3});
            const auto result = sample(model, x, {.seed = 1, .checked = true});
            bool good = result.how == nf::outcome::finished;
            for (const double v : x.elements()) good = good && std::isfinite(v);
            if (!good) FAIL(on.name << ", " << of.name << ", " << levels.size() << " levels, " << name);
            if (levels.size() == 4) try_shortened(sample, model, x, {.seed = 1, .checked = true});
            ++ran;
          } catch (const nf::error& refused) {
            const bool reasoned =
                !refused.allowed().empty() && (noisy.alpha == 0 || nf::OwnStep<std::remove_cvref_t<decltype(solver)>>);
            if (!reasoned) FAIL(on.name << ", " << of.name << ", " << name << ": " << refused.what());
            ++refused_runs;
          }
        });
  }
  CHECK(ran > 10 * refused_runs);
}

// n legs evenly in lambda from pure noise (alpha = 0) or from the schedule's noisy end (at most sigma / alpha = 1e4) to
// clean data or to the schedule's clean end; none where the schedule has no pure noise.
std::vector<nf::noise_level> even_levels(const nf::any_schedule& on, std::size_t n, bool pure_noise, bool clean_end) {
  const double highest = std::min(on.at(on.t_max()).rho(), 1e4), lowest = on.at(on.t_min()).rho();
  const nf::noise_level top = nf::level_at_rho(on, pure_noise ? std::numeric_limits<double>::infinity() : highest);
  if (!std::isfinite(top.alpha + top.sigma)) return {};
  std::vector<nf::noise_level> levels{top};
  for (std::size_t i = 1; i < n; ++i)
    levels.push_back(
        nf::level_at_rho(on, highest * std::pow(lowest / highest, static_cast<double>(i) / static_cast<double>(n))));
  levels.push_back(clean_end ? nf::clean_level(on) : on.at(on.t_min()));
  return levels;
}

struct counted_runs {
  std::size_t ran = 0, refused = 0;
};

// Schedule x ends x the given parameterisations x what `for_each` gives, over such levels: finite, or refused for
// starting at alpha = 0 or for a solver of its own steps.
template <class ForEach>
counted_runs try_combinations(std::size_t n, const std::vector<named<nf::any_parameterisation>>& meanings,
                              const ForEach& for_each) {
  counted_runs seen;
  for (const auto& on : all_schedules())
    for (const bool pure_noise : {false, true})
      for (const bool clean_end : {false, true}) {
        const std::vector<nf::noise_level> levels = even_levels(on.policy, n, pure_noise, clean_end);
        if (levels.empty()) continue;
        for (const auto& of : meanings)
          for_each([&](const std::string& name, const auto& solver) {
            const auto where = [&] {
              return on.name + ", " + of.name + ", " + name + ", " + std::to_string(n) + " steps" +
                     (pure_noise ? " from alpha = 0" : "") + (clean_end ? " to sigma = 0" : "");
            };
            try {
              const nf::sampler sample{solver, on.policy, nf::trajectory{levels}, nf::unguided{}, of.policy};
              any_network model{&of.policy};
              nf::tensor<double> x({1, 1});
              const auto result = sample(model, x, {.seed = 1, .checked = true});
              if (result.how != nf::outcome::finished || !std::isfinite(x.elements()[0])) FAIL(where());
              ++seen.ran;
            } catch (const nf::error& refused) {
              const bool reasoned =
                  !refused.allowed().empty() && (pure_noise || nf::OwnStep<std::remove_cvref_t<decltype(solver)>>);
              if (!reasoned) FAIL(where() << ": " << refused.what());
              ++seen.refused;
            }
          });
      }
  return seen;
}
const auto every_form = [](auto see) { for_each_form(see); };

// Apart, so that two cores share them.
TEST_CASE("L13: every solver, schedule and parameterisation is finite in one step and in two, from and to every end") {
  for (const std::size_t n : {std::size_t{1}, std::size_t{2}}) {
    const counted_runs seen = try_combinations(n, all_parameterisations(), every_form);
    CHECK(seen.ran > 3 * seen.refused);
  }
}

TEST_CASE("L13: every solver, schedule and parameterisation is finite in three steps, from and to every end") {
  const counted_runs seen = try_combinations(3, all_parameterisations(), every_form);
  CHECK(seen.ran > 3 * seen.refused);
}

// Rows do not depend on what the network's output means: every form is tried with one meaning, every meaning with one
// form of each solver.
TEST_CASE("L13: every form of every solver is finite in fifty steps on every schedule, from and to every end") {
  const counted_runs forms = try_combinations(50, {{"x0", nf::predicts_x0{}}}, every_form);
  CHECK(forms.ran > 20 * forms.refused);
}

TEST_CASE("L13: every parameterisation is finite in fifty steps of every solver and schedule, from and to every end") {
  const counted_runs meanings = try_combinations(50, all_parameterisations(), [](auto see) { for_each_solver(see); });
  CHECK(meanings.ran > 3 * meanings.refused);
}

TEST_CASE("L13: one level of a table, and one step of every table's rule, make a run") {
  const nf::discrete_schedule one{{0.5}};
  const nf::noise_level only = one.at(0);
  for_each_form([&](const std::string& name, const auto& solver) {
    if (nf::OwnStep<std::remove_cvref_t<decltype(solver)>>) return;  // ends at sigma = 0: refused above
    INFO(name);
    const nf::any_parameterisation meaning = nf::predicts_eps{};
    const nf::sampler sample{solver, one, nf::trajectory{std::vector{only, nf::clean_level(one)}}};
    any_network model{&meaning};
    nf::tensor<double> x({1, 2});
    CHECK(sample(model, x, {.seed = 3, .checked = true}).how == nf::outcome::finished);
  });
}

TEST_CASE("L13: legs that rise, under every guidance and map, work or are refused") {
  const std::vector<nf::noise_level> levels{
      {0, 1, 0}, schedule.at(schedule.time_of(1)), schedule.at(schedule.time_of(-1))};
  const nf::trajectory up{{{levels[0], levels[1]}, {levels[1], levels[2]}}, nf::trajectory_kind::inversion};
  const auto attempt = [&](const std::string& name, const auto& solver, const nf::any_guidance& guidance,
                           const nf::threshold& map) {
    INFO(name);
    try {
      const nf::sampler sample{solver, schedule, up, guidance, nf::predicts_eps{}, map};
      network<> model;
      nf::tensor<double> x({2, 6});
      for (double& v : x.elements()) v = 0.3;
      auto options = guided;
      options.start = nf::start_from::given;
      CHECK(sample(model, x, options).how == nf::outcome::finished);
      try_shortened(sample, model, x, options);
    } catch (const nf::error& refused) {
      CHECK_FALSE(refused.allowed().empty());
    }
  };
  for_each_solver([&](const std::string& name, const auto& solver) {
    for_each_guidance([&](const std::string& rule, const nf::any_guidance& guidance) {
      attempt(name + ", " + rule, solver, guidance, {});
    });
    for_each_map([&](const std::string& what, const nf::threshold& map) {
      attempt(name + ", " + what, solver, nf::unguided{}, map);
    });
  });
  CHECK_NOTHROW((nf::sampler{nf::ddim{}, schedule, up}));
  CHECK_THROWS_WITH((nf::sampler{nf::ddim{}, schedule, up, nf::apg{.weight = 2}}),
                    Catch::Matchers::ContainsSubstring("cannot give eps at sigma = 0"));
}

TEST_CASE("eps-prediction at infinite noise is refused before anything runs") {
  const nf::rectified_flow flow;
  const nf::trajectory all{std::vector<nf::noise_level>{flow.at(1), flow.at(0.5), flow.at(0)}};
  CHECK_THROWS_WITH((nf::sampler{nf::ddim{}, flow, all}),
                    Catch::Matchers::ContainsSubstring("leg 0") &&
                        Catch::Matchers::ContainsSubstring("cannot give x0 at alpha = 0") &&
                        Catch::Matchers::ContainsSubstring("x0-, v- or flow-prediction"));
}

TEST_CASE("A solver that cannot renoise with another eps refuses CFG++ by name") {
  CHECK_THROWS_WITH((nf::sampler{nf::unipc{}, schedule, path(), nf::cfg_pp{}}),
                    Catch::Matchers::ContainsSubstring("unipc") &&
                        Catch::Matchers::ContainsSubstring("first-order solvers and dpm_pp_2m"));
  CHECK_NOTHROW((nf::sampler{nf::ddim{}, schedule, path(), nf::cfg_pp{}}));
  CHECK_NOTHROW((nf::sampler{nf::dpm_pp_2m{}, schedule, path(), nf::cfg_pp{}}));
}
