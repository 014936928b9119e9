// The fields of the library's solvers, and a solver by its name.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <noisefall/config/catalogue.hpp>
#include <noisefall/config/native/described.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/solver/built_in.hpp>
#include <noisefall/solver/dpm_adaptive.hpp>
#include <noisefall/solver/dpm_solver_v3.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/predictor_corrector.hpp>
#include <noisefall/solver/splitting.hpp>

namespace noisefall {

template <>
inline constexpr auto spelling<quantity> = std::to_array<spelt<quantity>>({{"x0", quantity::x0},
                                                                           {"eps", quantity::eps}});
template <>
inline constexpr auto spelling<ddpm::variance_kind> =
    std::to_array<spelt<ddpm::variance_kind>>({{"fixed_small", ddpm::variance_kind::fixed_small},
                                               {"fixed_large", ddpm::variance_kind::fixed_large},
                                               {"annealed", ddpm::variance_kind::annealed},
                                               {"learned", ddpm::variance_kind::learned},
                                               {"learned_range", ddpm::variance_kind::learned_range}});
template <>
inline constexpr auto spelling<ddpm::last_noise> = std::to_array<spelt<ddpm::last_noise>>(
    {{"never", ddpm::last_noise::never}, {"unless_label_zero", ddpm::last_noise::unless_label_zero}});
template <>
inline constexpr auto spelling<dpm_multistep::kind> = std::to_array<spelt<dpm_multistep::kind>>(
    {{"midpoint", dpm_multistep::kind::midpoint}, {"heun", dpm_multistep::kind::heun}});
template <>
inline constexpr auto spelling<dpm_multistep::third> =
    std::to_array<spelt<dpm_multistep::third>>({{"corrected", dpm_multistep::third::corrected},
                                                {"halved", dpm_multistep::third::halved},
                                                {"shipped", dpm_multistep::third::shipped}});
template <>
inline constexpr auto spelling<dpm_singlestep::kind> = std::to_array<spelt<dpm_singlestep::kind>>(
    {{"midpoint", dpm_singlestep::kind::midpoint}, {"heun", dpm_singlestep::kind::heun}});
template <>
inline constexpr auto spelling<dpm_singlestep::nodes> =
    std::to_array<spelt<dpm_singlestep::nodes>>({{"lambda", dpm_singlestep::nodes::lambda},
                                                 {"time", dpm_singlestep::nodes::time},
                                                 {"time_quadratic", dpm_singlestep::nodes::time_quadratic}});
template <>
inline constexpr auto spelling<multistep_start> = std::to_array<spelt<multistep_start>>(
    {{"ramp", multistep_start::ramp}, {"singlestep", multistep_start::singlestep}});
template <>
inline constexpr auto spelling<deis::coordinate> =
    std::to_array<spelt<deis::coordinate>>({{"time", deis::coordinate::time},
                                            {"rho", deis::coordinate::rho},
                                            {"log_rho", deis::coordinate::log_rho},
                                            {"index", deis::coordinate::index}});
template <>
inline constexpr auto spelling<er_sde::noise_scale> =
    std::to_array<spelt<er_sde::noise_scale>>({{"ode", er_sde::noise_scale::ode},
                                               {"sde", er_sde::noise_scale::sde},
                                               {"er_sde_5", er_sde::noise_scale::er_sde_5},
                                               {"power_3_2", er_sde::noise_scale::power_3_2},
                                               {"power_5_2", er_sde::noise_scale::power_5_2},
                                               {"logarithmic", er_sde::noise_scale::logarithmic}});
template <>
inline constexpr auto spelling<exponential_method> =
    std::to_array<spelt<exponential_method>>({{"res_2s", exponential_method::res_2s},
                                              {"etd_rk_2", exponential_method::etd_rk_2},
                                              {"etd_rk_3", exponential_method::etd_rk_3},
                                              {"res_3s", exponential_method::res_3s},
                                              {"etd_rk_4", exponential_method::etd_rk_4},
                                              {"krogstad", exponential_method::krogstad},
                                              {"strehmel_weiner", exponential_method::strehmel_weiner},
                                              {"friedli", exponential_method::friedli},
                                              {"hochbruck_ostermann", exponential_method::hochbruck_ostermann}});
template <>
inline constexpr auto spelling<flow_runge_kutta::method> =
    std::to_array<spelt<flow_runge_kutta::method>>({{"heun", flow_runge_kutta::method::heun},
                                                    {"midpoint", flow_runge_kutta::method::midpoint},
                                                    {"classical", flow_runge_kutta::method::classical}});
template <>
inline constexpr auto spelling<pndm::start_kind> =
    std::to_array<spelt<pndm::start_kind>>({{"prk", pndm::start_kind::prk},
                                            {"improved_euler", pndm::start_kind::improved_euler},
                                            {"ramp", pndm::start_kind::ramp}});
template <>
inline constexpr auto spelling<rho_runge_kutta::method> =
    std::to_array<spelt<rho_runge_kutta::method>>({{"midpoint", rho_runge_kutta::method::midpoint},
                                                   {"heun", rho_runge_kutta::method::heun},
                                                   {"kutta_3", rho_runge_kutta::method::kutta_3},
                                                   {"classical", rho_runge_kutta::method::classical}});
template <>
inline constexpr auto spelling<sa_solver::mode> =
    std::to_array<spelt<sa_solver::mode>>({{"pec", sa_solver::mode::pec}, {"pece", sa_solver::mode::pece}});
template <>
inline constexpr auto spelling<seeds::slope> =
    std::to_array<spelt<seeds::slope>>({{"exact", seeds::slope::exact}, {"midpoint", seeds::slope::midpoint}});
template <>
inline constexpr auto spelling<splitting_method> = std::to_array<spelt<splitting_method>>(
    {{"lie_trotter", splitting_method::lie_trotter}, {"strang", splitting_method::strang}});
template <>
inline constexpr auto spelling<unipc::variant> = std::to_array<spelt<unipc::variant>>(
    {{"bh1", unipc::variant::bh1}, {"bh2", unipc::variant::bh2}, {"vary_coeff", unipc::variant::vary_coeff}});

template <>
inline constexpr auto spelling<dpm_adaptive::control> = std::to_array<spelt<dpm_adaptive::control>>(
    {{"pid", dpm_adaptive::control::pid}, {"power", dpm_adaptive::control::power}});

// Another solver, `of`.
using loaded_solver = std::optional<loaded<any_solver>>;
// splitting{solver, method, scale, sigma_half_way}.
struct splitting_settings {
  loaded_solver of{};
  splitting_method method = splitting_method::strang;
  double scale = 1;
  bool sigma_half_way = false;
  void check() const {
    require(of.has_value(), "of", "missing", "a solver");
    require(static_cast<bool>(of->policy.planner), "of", "chooses its own steps", "a solver that plans rows");
  }
  operator splitting<erased_solver>() const {  // NOLINT
    return {of->policy.planner, method, scale, sigma_half_way};
  }
};
template <>
struct described_as<splitting_settings> {
  using policy = splitting<erased_solver>;
};
void read_value(const fields& from, std::string_view name, loaded_solver& value, const catalogue* known);
inline nlohmann::json json_of(const loaded_solver& value) { return value ? value->described : nlohmann::json(nullptr); }

template <class V>
void describe(V&, consistency_multistep&) {}
template <class V>
void describe(V& visit, ddim& s) {
  visit("eta", s.eta);
}
template <class V>
void describe(V& visit, ddpm& s) {
  visit("variance", s.variance);
  visit("temperature", s.temperature);
  visit("variance_floor", s.variance_floor);
  visit("large_first", s.large_first);
  visit("large_last", s.large_last);
  visit("at_end", s.at_end);
}
template <class V>
void describe(V& visit, deis& s) {
  visit("order", s.order);
  visit("in", s.in);
  visit("lower_order_below", s.lower_order_below);
}
template <class V>
void describe(V& visit, dpm_2_churn& s) {
  visit("s_churn", s.s_churn);
  visit("s_tmin", s.s_tmin);
  visit("s_tmax", s.s_tmax);
  visit("s_noise", s.s_noise);
}
template <class V>
void describe(V& visit, dpm_ancestral& s) {
  visit("order", s.order);
  visit("of", s.of);
  visit("correction", s.correction);
  visit("budget", s.budget);
  visit("eta", s.eta);
  visit("s_noise", s.s_noise);
  visit("end_is_floor", s.end_is_floor);
}
template <class V>
void describe(V& visit, dpm_multistep& s) {
  visit("order", s.order);
  visit("of", s.of);
  visit("correction", s.correction);
  visit("tau_squared", s.tau_squared);
  visit("s_noise", s.s_noise);
  visit("lower_order_below", s.lower_order_below);
  visit("euler_at_final", s.euler_at_final);
  visit("third_order", s.third_order);
  visit("start", s.start);
}
template <class V>
void describe(V& visit, dpm_pp_2m& s) {
  visit("correction", s.correction);
}
template <class V>
void describe(V& visit, dpm_pp_sde& s) {
  visit("eta", s.eta);
  visit("r", s.r);
  visit("s_noise", s.s_noise);
}
template <class V>
void describe(V& visit, dpm_singlestep& s) {
  visit("order", s.order);
  visit("of", s.of);
  visit("correction", s.correction);
  visit("budget", s.budget);
  visit("stages", s.stages);
}
template <class V>
void describe(V& visit, dpm_singlestep_grid& s) {
  visit("order", s.order);
  visit("of", s.of);
  visit("correction", s.correction);
  visit("tau_squared", s.tau_squared);
  visit("lower_order_final", s.lower_order_final);
  visit("fresh_noise", s.fresh_noise);
  visit("shipped_third", s.shipped_third);
}
template <class V>
void describe(V& visit, er_sde& s) {
  visit("order", s.order);
  visit("scale", s.scale);
  visit("s_noise", s.s_noise);
  visit("shipped_third", s.shipped_third);
}
template <class V>
void describe(V& visit, euler& s) {
  visit("s_churn", s.s_churn);
  visit("s_tmin", s.s_tmin);
  visit("s_tmax", s.s_tmax);
  visit("s_noise", s.s_noise);
  visit("churn_after", s.churn_after);
}
template <class V>
void describe(V& visit, exponential_runge_kutta& s) {
  visit("by", s.by);
  visit("of", s.of);
  visit("c2", s.c2);
  visit("c3", s.c3);
}
template <class V>
void describe(V& visit, flow_ancestral& s) {
  visit("eta", s.eta);
  visit("s_noise", s.s_noise);
}
template <class V>
void describe(V& visit, flow_runge_kutta& s) {
  visit("by", s.by);
}
template <class V>
void describe(V& visit, gradient_estimation& s) {
  visit("gamma", s.gamma);
}
template <class V>
void describe(V& visit, heun& s) {
  visit("s_churn", s.s_churn);
  visit("s_tmin", s.s_tmin);
  visit("s_tmax", s.s_tmax);
  visit("s_noise", s.s_noise);
}
template <class V>
void describe(V& visit, heun_pp& s) {
  visit("s_churn", s.s_churn);
  visit("s_tmin", s.s_tmin);
  visit("s_tmax", s.s_tmax);
  visit("s_noise", s.s_noise);
}
template <class V>
void describe(V& visit, latent_consistency& s) {
  visit("timestep_scaling", s.timestep_scaling);
  visit("sigma_data", s.sigma_data);
}
template <class V>
void describe(V& visit, lms& s) {
  visit("order", s.order);
  visit("full_order_at_zero", s.full_order_at_zero);
  visit("shipped_ipndm_v", s.shipped_ipndm_v);
}
template <class V>
void describe(V& visit, pndm& s) {
  visit("start", s.start);
  visit("average_raw", s.average_raw);
  visit("stride", s.stride);
  visit("remembered", s.remembered);
}
template <class V>
void describe(V& visit, rho_runge_kutta& s) {
  visit("by", s.by);
}
template <class V>
void describe(V& visit, sa_solver& s) {
  visit("predictor_order", s.predictor_order);
  visit("corrector_order", s.corrector_order);
  visit("of", s.of);
  visit("evaluate", s.evaluate);
  visit("tau", s.tau);
  visit("s_noise", s.s_noise);
  visit("tau_from", s.tau_from);
  visit("tau_to", s.tau_to);
  visit("few_step_weights", s.few_step_weights);
  visit("lower_order_final", s.lower_order_final);
}
template <class V>
void describe(V& visit, seeds& s) {
  visit("order", s.order);
  visit("r", s.r);
  visit("tau_squared", s.tau_squared);
  visit("s_noise", s.s_noise);
  visit("correction", s.correction);
}
template <class V>
void describe(V& visit, splitting_settings& s) {
  visit("of", s.of);
  visit("method", s.method);
  visit("scale", s.scale);
  visit("sigma_half_way", s.sigma_half_way);
}
template <class V>
void describe(V& visit, tcd& s) {
  visit("gamma", s.gamma);
  visit("whole_times", s.whole_times);
}
template <class V>
void describe(V& visit, unipc& s) {
  visit("order", s.order);
  visit("of", s.of);
  visit("coefficients", s.coefficients);
  visit("corrector", s.corrector);
  visit("lower_order_final", s.lower_order_final);
  visit("skip_corrector", s.skip_corrector);
  visit("start", s.start);
}

// {"lambdas": [...], "l": [...], "s": [...], "b": [...]}
inline void read_value(const fields& from, std::string_view name, model_statistics& value) {
  const fields in{from.value(name), from.at(name)};
  in.allow_only({"lambdas", "l", "s", "b"});
  for (const auto& [field, list] :
       {std::pair{"lambdas", &value.lambdas}, {"l", &value.l}, {"s", &value.s}, {"b", &value.b}}) {
    if (!in.has(field)) in.refuse(field, "a list of numbers");
    read_value(in, field, *list);
  }
}
inline nlohmann::json json_of(const model_statistics& value) {
  return {{"lambdas", value.lambdas}, {"l", value.l}, {"s", value.s}, {"b", value.b}};
}

template <>
inline constexpr auto spelling<dpm_solver_v3::correction> =
    std::to_array<spelt<dpm_solver_v3::correction>>({{"none", dpm_solver_v3::correction::none},
                                                     {"plain", dpm_solver_v3::correction::plain},
                                                     {"pseudo", dpm_solver_v3::correction::pseudo}});
template <class V>
void describe(V& visit, dpm_solver_v3& s) {
  visit("order", s.order);
  visit("lower_order_final", s.lower_order_final);
  visit("pseudo_predictor", s.pseudo_predictor);
  visit("corrector", s.corrector);
  visit("statistics", s.statistics);
}
template <>
inline constexpr auto spelling<predictor_corrector::reverse> = std::to_array<spelt<predictor_corrector::reverse>>(
    {{"reverse_diffusion", predictor_corrector::reverse::reverse_diffusion},
     {"ancestral", predictor_corrector::reverse::ancestral}});
template <class V>
void describe(V& visit, predictor_corrector& s) {
  visit("corrections", s.corrections);
  visit("snr", s.snr);
  visit("predictor", s.predictor);
  visit("couples_batch", s.couples_batch);
}
template <class V>
void describe(V& visit, dpm_adaptive& s) {
  visit("order", s.order);
  visit("of", s.of);
  visit("correction", s.correction);
  visit("controller", s.controller);
  visit("atol", s.atol);
  visit("rtol", s.rtol);
  visit("h_init", s.h_init);
  visit("pcoeff", s.pcoeff);
  visit("icoeff", s.icoeff);
  visit("dcoeff", s.dcoeff);
  visit("accept_safety", s.accept_safety);
  visit("theta", s.theta);
  visit("eta", s.eta);
  visit("s_noise", s.s_noise);
  visit("couples_batch", s.couples_batch);
  visit("max_trials", s.max_trials);
}

inline loaded<any_solver> load_solver(const nlohmann::json& from, const catalogue& known,
                                      const std::string& pointer = {}) {
  return load_entry(known.solvers(), from, pointer, known);
}
inline loaded<any_solver> load_solver(const nlohmann::json& from, const std::string& pointer = {}) {
  return load_solver(from, catalogue::built_in(), pointer);
}

inline void read_value(const fields& from, std::string_view name, loaded_solver& value, const catalogue* known) {
  value = load_solver(from.value(name), known != nullptr ? *known : catalogue::built_in(), from.at(name));
}

}  // namespace noisefall
