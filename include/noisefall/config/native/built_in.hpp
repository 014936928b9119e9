// All policies that files may name; noisefall::compiled_config compiles this once.
#pragma once

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <noisefall/config/catalogue.hpp>
#include <noisefall/config/native/described.hpp>
#include <noisefall/config/native/guidances.hpp>
#include <noisefall/config/native/parameterisations.hpp>
#include <noisefall/config/native/schedules.hpp>
#include <noisefall/config/native/solver_description.hpp>
#include <noisefall/config/native/solvers.hpp>
#include <noisefall/config/native/trajectories.hpp>
#include <noisefall/solver/built_in.hpp>
#include <noisefall/solver/dpm_adaptive.hpp>
#include <noisefall/solver/dpm_solver_v3.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/erased_own_step.hpp>
#include <noisefall/solver/predictor_corrector.hpp>
#include <noisefall/solver/splitting.hpp>

namespace noisefall {

namespace detail {

template <class... Planned>
struct solver_adder {
  static void add_to(catalogue& to) { (to.add<Planned>(), ...); }
};
inline void add_solvers(catalogue& to) {
  built_in_solvers::in<solver_adder>::add_to(to);
  to.add<dpm_adaptive>().add<dpm_solver_v3>().add<predictor_corrector>().add<splitting_settings>();
}

inline void add_schedules(catalogue& to) {
  to.add<linear::settings>().add<scaled_linear::settings>().add<cosine::settings>().add<sigmoid::settings>();
  to.add<exponential_decay::settings>().add<laplace::settings>().add<jsd::settings>().add<constant_beta::settings>();
  to.add<discrete_settings>();
  to.add<zero_terminal_snr_settings>().add<snr_shift_settings>();
  to.add<vp_linear>().add<vp_cosine>().add<sub_vp>().add<wuerstchen>().add<vp_table_settings>();
  to.add<ve>().add<ve_sqrt>().add<edm>().add<rectified_flow>().add<trig_flow>();
}

inline void add_spacings(catalogue& to) {
  to.add<ays>().add<beta>().add<beta_indices>().add<bong_tangent>().add<consistency_grid>().add<ddim_uniform>();
  to.add<exponential>().add<flow_sigma_list>().add<flow_uniform>().add<hybrid_settings>();
  to.add<iddpm_grid>().add<image_to_image_settings>().add<index_list>().add<inversion_settings>().add<karras>();
  to.add<kl_optimal>().add<laplace_sigmas>().add<leading>().add<level_list>().add<linear_quadratic>().add<linspace>();
  to.add<logit_normal>().add<normal>().add<polyexponential>().add<quadratic>().add<re_paint_settings>();
  to.add<restart_settings>().add<sections>().add<sgm_uniform>();
  to.add<sigma_list>()
      .add<simple>()
      .add<stretched_list>()
      .add<time_list>()
      .add<time_quadratic>()
      .add<time_travel_settings>()
      .add<time_uniform>()
      .add<trailing>();
  to.add<uniform_lambda>().add<vp_times>().add<whole_labels_settings>();
  to.add<whole_stride>().add<without_penultimate_settings>();
}

inline void add_guidances(catalogue& to) {
  to.add<unguided>().add<classifier_free>().add<rescale>().add<apg>().add<cfg_pp>();
  to.add<adaptive_guidance>().add<adg>().add<autoguidance>().add<beta_cfg>().add<cfg_norm>().add<cfg_zero>();
  to.add<classifier_guidance>()
      .add<composition>()
      .add<fdg>()
      .add<feynman_kac>()
      .add<mambo_g>()
      .add<particle_guidance>()
      .add<perp_neg>();
  to.add<perturbed_branch>().add<power_law>().add<tcfg>().add<temperature>();
}

inline void add_parameterisations(catalogue& to) {
  to.add<edm_precond>().add<predicts_eps>().add<predicts_flow>().add<predicts_score>();
  to.add<predicts_trig_flow>().add<predicts_v>().add<predicts_x0>();
}

template <class... Solvers>
struct solver_describer {
  template <class Erased>
  static nlohmann::json of(const Erased& solver) {
    nlohmann::json found;
    const auto describe_if = [&](const auto* inside) {
      if (inside != nullptr) found = write_described(*inside);
    };
    (describe_if(solver.template get<Solvers>()), ...);
    return found;
  }
};
inline nlohmann::json own_step_description(const erased_own_step& solver) {
  return solver_describer<dpm_adaptive, dpm_solver_v3, predictor_corrector>::of(solver);
}

}  // namespace detail

inline catalogue catalogue::built_in() {
  catalogue all;
  detail::add_solvers(all);
  detail::add_schedules(all);
  detail::add_spacings(all);
  detail::add_guidances(all);
  detail::add_parameterisations(all);
  return all;
}

inline nlohmann::json solver_description(const erased_solver& solver) {
  if (const auto* split = solver.get<splitting<erased_solver>>()) {
    nlohmann::json of = solver_description(split->sub);
    if (of.is_null()) return of;
    const std::string name = of.at("name");
    return write_described(splitting_settings{loaded<any_solver>{split->sub, std::move(of), name, {}}, split->method,
                                              split->scale, split->sigma_half_way});
  }
  return built_in_solvers::in<detail::solver_describer>::of(solver);
}

}  // namespace noisefall
