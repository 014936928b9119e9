// What wrong files are told: for every field of every policy the JSON pointer and what is allowed; and that every
// policy of the library can be named by a file.
#include <cmath>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/config.hpp>
#include <noisefall/schedule/vp.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace {

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using nlohmann::json;

// A field's value outside its range, and what the message says is allowed. "nan": any number will do that is finite.
struct range_row {
  const char *kind, *policy, *field, *bad, *allowed;
};
const std::vector<range_row> ranges{
    {"solver", "ddim", "eta", "-1", "0 or more, and finite"},
    {"solver", "ddpm", "temperature", "-1", "0 or more, and finite"},
    {"solver", "ddpm", "variance_floor", "-1", "0 or more, and finite"},
    {"solver", "dpm_multistep", "order", "-1", "1 to 3"},
    {"solver", "dpm_multistep", "tau_squared", "-1", "0 or more, and finite"},
    {"solver", "dpm_multistep", "s_noise", "-1", "0 or more, and finite"},
    {"solver", "dpm_multistep", "lower_order_below", "-1", "a whole number from 0 to 1000000"},
    {"solver", "dpm_pp_sde", "eta", "-1", "0 or more, and finite"},
    {"solver", "dpm_pp_sde", "r", "-1", "above 0 and below 1"},
    {"solver", "dpm_pp_sde", "s_noise", "-1", "0 or more, and finite"},
    {"solver", "dpm_singlestep", "order", "-1", "1 to 3"},
    {"solver", "dpm_singlestep", "budget", "-1", "a whole number from 0 to 1000000"},
    {"solver", "euler", "s_churn", "-1", "0 or more, and finite"},
    {"solver", "euler", "s_tmin", "-1", "0 or more"},
    {"solver", "euler", "s_tmax", "-1", "s_tmin or more"},
    {"solver", "euler", "s_noise", "-1", "0 or more, and finite"},
    {"solver", "heun", "s_churn", "-1", "0 or more, and finite"},
    {"solver", "heun", "s_tmin", "-1", "0 or more"},
    {"solver", "heun", "s_tmax", "-1", "s_tmin or more"},
    {"solver", "heun", "s_noise", "-1", "0 or more, and finite"},
    {"solver", "pndm", "stride", "-1", "0 or more, and finite"},
    {"solver", "pndm", "remembered", "0", "1 to 3"},
    {"solver", "sa_solver", "predictor_order", "-1", "1 to 4"},
    {"solver", "sa_solver", "corrector_order", "-1", "0 to 4"},
    {"solver", "sa_solver", "tau", "-1", "0 or more, and finite"},
    {"solver", "sa_solver", "s_noise", "-1", "0 or more, and finite"},
    {"solver", "sa_solver", "tau_from", "nan", "a finite number"},
    {"solver", "sa_solver", "tau_to", "nan", "a number, tau_from or more"},
    {"solver", "ddpm", "large_first", "-1", "0 to 1"},
    {"solver", "ddpm", "large_last", "-1", "0 to 1"},
    {"solver", "deis", "order", "-1", "1 to 4"},
    {"solver", "deis", "lower_order_below", "-1", "a whole number from 0 to 1000000"},
    {"solver", "dpm_2_churn", "s_churn", "-1", "0 or more, and finite"},
    {"solver", "dpm_2_churn", "s_tmin", "-1", "0 or more"},
    {"solver", "dpm_2_churn", "s_tmax", "-1", "s_tmin or more"},
    {"solver", "dpm_2_churn", "s_noise", "-1", "0 or more, and finite"},
    {"solver", "dpm_ancestral", "order", "-1", "1 to 3"},
    {"solver", "dpm_ancestral", "budget", "-1", "a whole number from 0 to 1000000"},
    {"solver", "dpm_ancestral", "eta", "-1", "0 or more, and finite"},
    {"solver", "dpm_ancestral", "s_noise", "-1", "0 or more, and finite"},
    {"solver", "dpm_singlestep_grid", "order", "-1", "1 to 3"},
    {"solver", "dpm_singlestep_grid", "tau_squared", "-1", "0 or more, and finite"},
    {"solver", "er_sde", "order", "-1", "1 to 3"},
    {"solver", "er_sde", "s_noise", "-1", "0 or more, and finite"},
    {"solver", "exponential_runge_kutta", "c2", "-1", "above 0, at most 1"},
    {"solver", "exponential_runge_kutta", "c3", "-1", "above 0, at most 1"},
    {"solver", "heun_pp", "s_churn", "-1", "0 or more, and finite"},
    {"solver", "heun_pp", "s_tmin", "-1", "0 or more"},
    {"solver", "heun_pp", "s_tmax", "-1", "s_tmin or more"},
    {"solver", "heun_pp", "s_noise", "-1", "0 or more, and finite"},
    {"solver", "gradient_estimation", "gamma", "nan", "a finite number"},
    {"solver", "latent_consistency", "timestep_scaling", "-1", "0 or more, and finite"},
    {"solver", "latent_consistency", "sigma_data", "-1", "0 or more, and finite"},
    {"solver", "lms", "order", "-1", "1 to 4"},
    {"solver", "seeds", "order", "-1", "1 to 3"},
    {"solver", "seeds", "r", "-1", "above 0, at most 1"},
    {"solver", "seeds", "tau_squared", "-1", "0 or more, and finite"},
    {"solver", "seeds", "s_noise", "-1", "0 or more, and finite"},
    {"solver", "dpm_solver_v3", "order", "-1", "1 to 3"},
    {"solver", "splitting", "scale", "nan", "a finite number"},
    {"solver", "tcd", "gamma", "-1", "0 to 1"},
    {"solver", "flow_ancestral", "eta", "-1", "0 or more, and finite"},
    {"solver", "flow_ancestral", "s_noise", "-1", "0 or more, and finite"},
    {"solver", "unipc", "order", "-1", "1 to 4"},
    {"solver", "predictor_corrector", "corrections", "-1", "a whole number from 0 to 1000000"},
    {"solver", "predictor_corrector", "snr", "-1", "0 or more, and finite"},
    {"solver", "dpm_adaptive", "order", "-1", "2 to 3"},
    {"solver", "dpm_adaptive", "atol", "-1", "0 or more, and finite"},
    {"solver", "dpm_adaptive", "rtol", "-1", "0 or more, and finite"},
    {"solver", "dpm_adaptive", "h_init", "-1", "0 or more, and finite"},
    {"solver", "dpm_adaptive", "pcoeff", "nan", "a finite number"},
    {"solver", "dpm_adaptive", "icoeff", "nan", "a finite number"},
    {"solver", "dpm_adaptive", "dcoeff", "nan", "a finite number"},
    {"solver", "dpm_adaptive", "accept_safety", "-1", "0 to 1"},
    {"solver", "dpm_adaptive", "theta", "-1", "0 to 1"},
    {"solver", "dpm_adaptive", "eta", "-1", "0 or more, and finite"},
    {"solver", "dpm_adaptive", "s_noise", "-1", "0 or more, and finite"},
    {"solver", "dpm_adaptive", "max_trials", "-1", "a whole number from 0 to 1000000"},
    {"schedule", "linear", "beta_start", "-1", "0 < beta_start <= beta_end < 1"},
    {"schedule", "linear", "beta_end", "-1", "0 < beta_start <= beta_end < 1"},
    {"schedule", "linear", "train_steps", "-1", "1 or more"},
    {"schedule", "scaled_linear", "beta_start", "-1", "0 < beta_start <= beta_end < 1"},
    {"schedule", "scaled_linear", "beta_end", "-1", "0 < beta_start <= beta_end < 1"},
    {"schedule", "scaled_linear", "train_steps", "-1", "1 or more"},
    {"schedule", "cosine", "train_steps", "-1", "1 or more"},
    {"schedule", "sigmoid", "beta_start", "-1", "0 < beta_start <= beta_end < 1"},
    {"schedule", "sigmoid", "beta_end", "-1", "0 < beta_start <= beta_end < 1"},
    {"schedule", "constant_beta", "beta_start", "-1", "0 < beta_start <= beta_end < 1"},
    {"schedule", "constant_beta", "beta_end", "-1", "0 < beta_start <= beta_end < 1"},
    {"schedule", "constant_beta", "warmup", "-1", "0 to 1"},
    {"schedule", "sigmoid", "train_steps", "-1", "1 or more"},
    {"schedule", "exponential_decay", "train_steps", "-1", "1 or more"},
    {"schedule", "laplace", "train_steps", "-1", "1 or more"},
    {"schedule", "constant_beta", "train_steps", "-1", "1 or more"},
    {"schedule", "jsd", "train_steps", "-1", "2 or more"},
    {"schedule", "sub_vp", "beta_0", "-1", "0 < beta_0 <= beta_1"},
    {"schedule", "sub_vp", "beta_1", "-1", "0 < beta_0 <= beta_1"},
    {"schedule", "sub_vp", "t_end", "-1", "0 to 1, without 1"},
    {"schedule", "vp_cosine", "s", "-1", "above 0"},
    {"schedule", "vp_cosine", "t_end", "-1", "0 <= t_end < t_start <= 1"},
    {"schedule", "vp_cosine", "t_start", "-1", "0 <= t_end < t_start <= 1"},
    {"schedule", "wuerstchen", "scaler", "-1", "above 0"},
    {"schedule", "wuerstchen", "s", "-1", "above 0"},
    {"schedule", "ve_sqrt", "sigma_min", "-1", "0 <= sigma_min < sigma_max"},
    {"schedule", "ve_sqrt", "sigma_max", "-1", "0 <= sigma_min < sigma_max"},
    {"schedule", "zero_terminal_snr", "last", "-1", "0 or a little more, below the entry before it"},
    {"schedule", "snr_shift", "scale", "-1", "above 0"},
    {"schedule", "vp_linear", "beta_0", "-1", "0 < beta_0 <= beta_1"},
    {"schedule", "vp_linear", "beta_1", "-1", "0 < beta_0 <= beta_1"},
    {"schedule", "vp_linear", "t_end", "-1", "0 to 1, without 1"},
    {"schedule", "vp_table", "lambda_clip", "1000000000.0", "two or more"},
    {"schedule", "ve", "sigma_min", "-1", "0 < sigma_min < sigma_max"},
    {"schedule", "ve", "sigma_max", "-1", "0 < sigma_min < sigma_max"},
    {"schedule", "edm", "sigma_min", "-1", "0 <= sigma_min < sigma_max"},
    {"schedule", "edm", "sigma_max", "-1", "0 <= sigma_min < sigma_max"},
    {"schedule", "rectified_flow", "t_end", "-1", "0 to 1, without 1"},
    {"schedule", "trig_flow", "sigma_data", "-1", "above 0"},
    {"schedule", "trig_flow", "t_end", "-1", "0 to pi/2, without pi/2"},
    {"trajectory", "beta", "steps", "-1", "1 or more"},
    {"trajectory", "beta", "a", "-1", "above 0, up to 50"},
    {"trajectory", "beta", "b", "-1", "above 0, up to 50"},
    {"trajectory", "beta", "sigma_min", "-1", "0 < sigma_min <= sigma_max, both finite"},
    {"trajectory", "beta", "sigma_max", "-1", "sigma_min below sigma_max"},
    {"trajectory", "exponential", "steps", "-1", "1 or more"},
    {"trajectory", "exponential", "sigma_min", "-1", "0 < sigma_min <= sigma_max, both finite"},
    {"trajectory", "exponential", "sigma_max", "-1", "sigma_min below sigma_max"},
    {"trajectory", "flow_uniform", "steps", "-1", "1 or more"},
    {"trajectory", "flow_uniform", "shift", "-1", "above 0"},
    {"trajectory", "flow_uniform", "mu", "nan", "a number, finite; above 0 for the linear law"},
    {"trajectory", "flow_uniform", "terminal", "-1", "0 to 1, without 1"},
    {"trajectory", "flow_uniform", "first", "-1", "above 0, up to 1"},
    {"trajectory", "flow_uniform", "last", "-1", "above 0, up to first"},
    {"trajectory", "image_to_image", "strength", "-1", "above 0, up to 1"},
    {"trajectory", "karras", "steps", "-1", "1 or more"},
    {"trajectory", "karras", "rho", "-1", "above 0"},
    {"trajectory", "karras", "sigma_min", "-1", "0 < sigma_min <= sigma_max, both finite"},
    {"trajectory", "karras", "sigma_max", "-1", "sigma_min below sigma_max"},
    {"trajectory", "leading", "steps", "-1", "1 or more"},
    {"trajectory", "leading", "steps_offset", "2.5", "a whole number from -9223372036854775808 to 9223372036854775807"},
    {"trajectory", "linspace", "steps", "-1", "1 or more"},
    {"trajectory", "polyexponential", "steps", "-1", "1 or more"},
    {"trajectory", "polyexponential", "rho", "-1", "above 0"},
    {"trajectory", "polyexponential", "sigma_min", "-1", "0 < sigma_min <= sigma_max, both finite"},
    {"trajectory", "polyexponential", "sigma_max", "-1", "sigma_min below sigma_max"},
    {"trajectory", "quadratic", "steps", "-1", "1 or more"},
    {"trajectory", "re_paint", "jump_length", "0", "1 or more"},
    {"trajectory", "re_paint", "resamplings", "0", "1 or more"},
    {"trajectory", "restart", "rho", "-1", "above 0"},
    {"trajectory", "restart", "s_noise", "-1", "0 or more, and finite"},
    {"trajectory", "time_quadratic", "steps", "-1", "1 or more"},
    {"trajectory", "time_quadratic", "t_first", "-1", "0 or more"},
    {"trajectory", "time_quadratic", "t_last", "-1", "0 or more"},
    {"trajectory", "time_travel", "times", "0", "1 or more"},
    {"trajectory", "time_travel", "sigma_min", "-1", "0 or more, and finite"},
    {"trajectory", "time_travel", "sigma_max", "-1", "above sigma_min"},
    {"trajectory", "time_uniform", "steps", "-1", "1 or more"},
    {"trajectory", "time_uniform", "t_first", "-1", "t_last below t_first"},
    {"trajectory", "time_uniform", "t_last", "7", "t_last below t_first"},
    {"trajectory", "trailing", "steps", "-1", "1 or more"},
    {"trajectory", "uniform_lambda", "steps", "-1", "1 or more"},
    {"trajectory", "uniform_lambda", "sigma_min", "-1", "0 < sigma_min <= sigma_max, both finite"},
    {"trajectory", "uniform_lambda", "sigma_max", "-1", "sigma_min below sigma_max"},
    {"trajectory", "vp_times", "steps", "-1", "1 or more"},
    {"trajectory", "vp_times", "beta_d", "-1", "beta_d > 0, beta_min >= 0"},
    {"trajectory", "vp_times", "beta_min", "-1", "beta_d > 0, beta_min >= 0"},
    {"trajectory", "vp_times", "t_last", "-1", "inside (0, 1)"},
    {"trajectory", "ays", "steps", "-1", "1 or more"},
    {"trajectory", "beta_indices", "steps", "-1", "1 or more"},
    {"trajectory", "bong_tangent", "steps", "-1", "1 or more"},
    {"trajectory", "consistency_grid", "steps", "-1", "1 or more"},
    {"trajectory", "ddim_uniform", "steps", "-1", "1 or more"},
    {"trajectory", "stretched_list", "steps", "-1", "1 or more"},
    {"trajectory", "iddpm_grid", "steps", "-1", "1 or more"},
    {"trajectory", "kl_optimal", "steps", "-1", "1 or more"},
    {"trajectory", "laplace_sigmas", "steps", "-1", "1 or more"},
    {"trajectory", "linear_quadratic", "steps", "-1", "1 or more"},
    {"trajectory", "logit_normal", "steps", "-1", "1 or more"},
    {"trajectory", "normal", "steps", "-1", "1 or more"},
    {"trajectory", "sgm_uniform", "steps", "-1", "1 or more"},
    {"trajectory", "simple", "steps", "-1", "1 or more"},
    {"trajectory", "whole_stride", "steps", "-1", "1 or more"},
    {"trajectory", "beta_indices", "a", "-1", "above 0, up to 50"},
    {"trajectory", "beta_indices", "b", "-1", "above 0, up to 50"},
    {"trajectory", "bong_tangent", "middle", "-1", "inside (0, 1)"},
    {"trajectory", "bong_tangent", "first_pivot", "-1", "inside (0, 1)"},
    {"trajectory", "bong_tangent", "second_pivot", "-1", "inside (0, 1)"},
    {"trajectory", "bong_tangent", "first_slope", "-1", "above 0"},
    {"trajectory", "bong_tangent", "second_slope", "-1", "above 0"},
    {"trajectory", "consistency_grid", "origin_steps", "-1", "1 or more"},
    {"trajectory", "consistency_grid", "strength", "-1", "above 0, up to 1"},
    {"trajectory", "hybrid", "sigma", "-1", "without the ends"},
    {"trajectory", "hybrid", "time", "-1", "one of sigma and time"},
    {"trajectory", "iddpm_grid", "skip", "-1", "a whole number from 0 to 1000000"},
    {"trajectory", "kl_optimal", "sigma_min", "-1", "0 < sigma_min <= sigma_max"},
    {"trajectory", "kl_optimal", "sigma_max", "-1", "sigma_min below sigma_max"},
    {"trajectory", "laplace_sigmas", "mean", "nan", "a number, finite"},
    {"trajectory", "laplace_sigmas", "spread", "-1", "above 0"},
    {"trajectory", "laplace_sigmas", "sigma_min", "-1", "0 < sigma_min <= sigma_max, both finite"},
    {"trajectory", "laplace_sigmas", "sigma_max", "-1", "sigma_min below sigma_max"},
    {"trajectory", "linear_quadratic", "threshold", "-1", "inside (0, 1)"},
    {"trajectory", "linear_quadratic", "linear_steps", "-1", "a whole number from 0 to 1000000"},
    {"trajectory", "logit_normal", "mean", "nan", "a number, finite"},
    {"trajectory", "logit_normal", "deviation", "-1", "above 0"},
    {"guidance", "classifier_free", "weight", "nan", "finite weights"},
    {"guidance", "rescale", "weight", "nan", "finite weights"},
    {"guidance", "rescale", "phi", "-1", "0 <= phi <= 1"},
    {"guidance", "apg", "weight", "nan", "finite weights"},
    {"guidance", "apg", "eta", "nan", "a number, a finite eta"},
    {"guidance", "apg", "norm_cap", "-1", "norm_cap > 0, or 0 for none"},
    {"guidance", "apg", "momentum", "-1", "-1 < momentum < 1"},
    {"guidance", "cfg_pp", "scale", "-1",
     "0 <= scale <= 1; it interpolates, it is not a classifier-free guidance scale"},
    {"guidance", "adaptive_guidance", "weight", "nan", "finite weights"},
    {"guidance", "adaptive_guidance", "threshold", "-1", "-1 < threshold <= 1"},
    {"guidance", "adg", "max_angle", "-1", "0 < max_angle <= pi"},
    {"guidance", "beta_cfg", "a", "-1", "1 to 50"},
    {"guidance", "beta_cfg", "b", "-1", "1 to 50"},
    {"guidance", "beta_cfg", "gamma", "-1", "0 <= gamma <= 1"},
    {"guidance", "cfg_norm", "ratio", "-1", "ratio > 0, finite"},
    {"guidance", "cfg_zero", "zero_steps", "-1", "a whole number from 0 to 1000000"},
    {"guidance", "mambo_g", "alpha", "-1", "alpha >= 0, finite"},
    {"guidance", "power_law", "alpha", "-1", "-1 < alpha, finite"},
    {"guidance", "temperature", "inverse_temperature", "-1", "above 0, finite"},
    {"guidance", "temperature", "data_deviation", "-1", "above 0, finite"},
    {"parameterisation", "edm_precond", "sigma_data", "-1", "above 0"},
    {"parameterisation", "predicts_eps", "label_scale", "0", "finite; label_scale not 0"},
    {"parameterisation", "predicts_eps", "label_offset", "nan", "a finite number"},
    {"parameterisation", "predicts_flow", "label_scale", "0", "finite; label_scale not 0"},
    {"parameterisation", "predicts_flow", "label_offset", "nan", "a finite number"},
    {"parameterisation", "predicts_score", "label_scale", "0", "finite; label_scale not 0"},
    {"parameterisation", "predicts_score", "label_offset", "nan", "a finite number"},
    {"parameterisation", "predicts_trig_flow", "sigma_data", "-1", "above 0"},
    {"parameterisation", "predicts_v", "label_scale", "0", "finite; label_scale not 0"},
    {"parameterisation", "predicts_v", "label_offset", "nan", "a finite number"},
    {"parameterisation", "predicts_x0", "label_scale", "0", "finite; label_scale not 0"},
    {"parameterisation", "predicts_x0", "label_offset", "nan", "a finite number"}};

// A policy as its kind is loaded, and what it takes to load one.
struct kind_of_policy {
  std::string name;
  const std::vector<nf::detail::catalogue_entry>& entries;
  std::function<void(const json&, const std::string& pointer)> load;
};

const nf::catalogue known = nf::catalogue::built_in();

const std::vector<kind_of_policy> kinds{
    {"solver", known.solvers().entries(), [](const json& from, const auto& at) { nf::load_solver(from, at); }},
    {"schedule", known.schedules().entries(), [](const json& from, const auto& at) { nf::load_schedule(from, at); }},
    {"trajectory", known.spacings().entries(),
     [](const json& from, const auto& at) { nf::lay(nf::load_spacing(from, at), nf::vp_linear{}, at); }},
    {"guidance", known.guidances().entries(), [](const json& from, const auto& at) { nf::load_guidance(from, at); }},
    {"parameterisation", known.parameterisations().entries(),
     [](const json& from, const auto& at) { nf::load_parameterisation(from, at); }}};

// A description of the policy in which any field may be added; what must be there is there.
json description(std::string_view policy) {
  json made{{"name", policy}};
  const nf::catalogue all = nf::catalogue::built_in();
  for (const auto& entry : all.spacings().entries())
    if (entry.name == policy) made["steps"] = 4;
  const std::set<std::string_view> of_tables{"snr_shift", "vp_table", "zero_terminal_snr"};
  if (of_tables.contains(policy)) made["of"] = "linear";
  if (policy == "image_to_image" || policy == "inversion" || policy == "restart" || policy == "re_paint" ||
      policy == "time_travel" || policy == "whole_labels" || policy == "without_penultimate")
    made = {{"name", policy}, {"of", {{"name", "karras"}, {"steps", 4}}}};
  if (policy == "dpm_solver_v3")
    made["statistics"] = {{"lambdas", {-3, 4}}, {"l", {1, 1}}, {"s", {0, 0}}, {"b", {0, 0}}};
  if (policy == "splitting") made["of"] = "ddim";
  if (policy == "hybrid")
    made = {{"name", policy},
            {"coarse", {{"name", "karras"}, {"steps", 4}, {"end", "sigma_min"}}},
            {"fine", {{"name", "karras"}, {"steps", 4}}},
            {"sigma", 1.0}};
  if (policy == "sections") made = {{"name", policy}, {"counts", {2, 2}}};
  if (policy == "stretched_list") made["sigmas"] = {9, 1};
  if (policy == "sigma_list") made = {{"name", policy}, {"sigmas", {2, 1}}};
  if (policy == "flow_sigma_list") made = {{"name", policy}, {"sigmas", {0.9, 0.1}}};
  if (policy == "index_list") made = {{"name", policy}, {"indices", {900, 100}}};
  if (policy == "level_list") made = {{"name", policy}, {"alphas", {0.5, 1.0}}, {"sigmas", {0.5, 0.0}}};
  if (policy == "time_list") made = {{"name", policy}, {"times", {0.9, 0.1}}};
  if (policy == "discrete") made["alphas_cumprod"] = {0.9, 0.5};
  return made;
}

std::vector<std::string> fields_of(const nf::detail::catalogue_entry& entry) {
  std::vector<std::string> names;
  entry.type->start(entry.alias, [&](void* policy) { names = nf::detail::field_names(*entry.type, policy); });
  return names;
}

template <class See>
void for_each_policy(See see) {
  for (const kind_of_policy& kind : kinds)
    for (const auto& entry : kind.entries) {
      INFO(kind.name << " " << entry.name);
      see(kind, entry);
    }
}

// Whether a field is told ranges of.
bool is_number(const nf::detail::catalogue_entry& entry, std::string_view field) {
  struct asker final : nf::description {
    std::string_view wanted;
    bool number = false;

   private:
    void field(std::string_view name, void*, const nf::field_kind& kind) override {
      if (name == wanted) number = !kind.noun.empty();
    }
  } ask;
  ask.wanted = field;
  entry.type->start(entry.alias, [&](void* policy) { entry.type->describe(ask, policy); });
  return ask.number;
}

// How many members an aggregate has: as many as it can be initialised with.
struct anything {
  template <class U>
  requires(!std::same_as<U, std::optional<double>>)  // which would be made in two ways
  operator U() const;                                // NOLINT(google-explicit-constructor)
};
template <class T, class... Given>
constexpr std::size_t members() {
  if constexpr (requires { T{Given{}..., anything{}}; })
    return members<T, Given..., anything>();
  else
    return sizeof...(Given);
}

template <class... Policies>
struct fields_and_members {
  static void compare(std::set<std::string, std::less<>>& seen) { (compare_one<Policies>(seen), ...); }

 private:
  template <class T>
  static void compare_one(std::set<std::string, std::less<>>& seen) {
    INFO(nf::type_of<T>.name);
    T policy{};
    CHECK(nf::detail::field_names(nf::type_of<T>, &policy).size() == members<T>());
    seen.emplace(nf::type_of<T>.name);
  }
};

}  // namespace

TEST_CASE("every member of a policy is a field of its description", "[config]") {
  std::set<std::string, std::less<>> seen;
  nf::built_in_solvers::in<fields_and_members>::compare(seen);
  fields_and_members<
      nf::dpm_adaptive, nf::dpm_solver_v3, nf::predictor_corrector, nf::splitting_settings, nf::linear::settings,
      nf::scaled_linear::settings, nf::cosine::settings, nf::discrete_settings, nf::sigmoid::settings,
      nf::exponential_decay::settings, nf::laplace::settings, nf::jsd::settings, nf::constant_beta::settings,
      nf::sub_vp, nf::vp_cosine, nf::wuerstchen, nf::ve_sqrt, nf::ays, nf::beta_indices, nf::bong_tangent,
      nf::consistency_grid, nf::ddim_uniform, nf::stretched_list, nf::hybrid_settings, nf::iddpm_grid, nf::kl_optimal,
      nf::laplace_sigmas, nf::linear_quadratic, nf::logit_normal, nf::normal, nf::sections, nf::sgm_uniform, nf::simple,
      nf::whole_stride, nf::whole_labels_settings, nf::without_penultimate_settings, nf::zero_terminal_snr_settings,
      nf::snr_shift_settings, nf::vp_linear, nf::vp_table_settings, nf::ve, nf::edm, nf::rectified_flow, nf::trig_flow,
      nf::beta, nf::exponential, nf::flow_sigma_list, nf::flow_uniform, nf::index_list, nf::level_list,
      nf::image_to_image_settings, nf::inversion_settings, nf::karras, nf::leading, nf::linspace, nf::polyexponential,
      nf::quadratic, nf::re_paint_settings, nf::restart_settings, nf::sigma_list, nf::time_list, nf::time_quadratic,
      nf::time_travel_settings, nf::time_uniform, nf::trailing, nf::uniform_lambda, nf::vp_times, nf::unguided,
      nf::classifier_free, nf::rescale, nf::apg, nf::cfg_pp, nf::adaptive_guidance, nf::adg, nf::autoguidance,
      nf::beta_cfg, nf::cfg_norm, nf::cfg_zero, nf::classifier_guidance, nf::composition, nf::fdg, nf::feynman_kac,
      nf::mambo_g, nf::particle_guidance, nf::perp_neg, nf::perturbed_branch, nf::power_law, nf::tcfg, nf::temperature,
      nf::edm_precond, nf::predicts_eps, nf::predicts_flow, nf::predicts_score, nf::predicts_trig_flow, nf::predicts_v,
      nf::predicts_x0>::compare(seen);
  for_each_policy([&](const kind_of_policy&, const auto& entry) {
    INFO("every policy stands in this test");
    CHECK(seen.contains(entry.type->name));
  });
}

TEST_CASE("a value of a wrong type is refused with its pointer and what is allowed, in every field", "[config]") {
  for_each_policy([](const kind_of_policy& kind, const auto& entry) {
    for (const std::string& field : fields_of(entry)) {
      const json wrong_types[] = {json{{"a", 1}}, json("no such value"), json(nullptr)};
      for (const json& wrong : wrong_types) {
        json file = description(entry.name);
        file[field] = wrong;
        const std::string at = "/here/" + kind.name + "/" + field;
        const std::string said = message_of([&] { kind.load(file, "/here/" + kind.name); });
        INFO(file.dump());
        const bool nothing = wrong.is_null() && said == "nothing was thrown";  // an optional number
        if (nothing) continue;
        const bool placed = said.starts_with(at + ": ") || said.starts_with(at + "/");  // weights, nested policies
        CHECK((placed ? "" : said) == "");
        CHECK_THAT(said, ContainsSubstring("; allowed: "));
        CHECK_FALSE(said.ends_with("; allowed: "));
      }
    }
  });
}

TEST_CASE("a field that there is not is refused with its pointer and the fields there are, in every policy",
          "[config]") {
  for_each_policy([](const kind_of_policy& kind, const auto& entry) {
    std::string names = "name";
    for (const std::string& field : fields_of(entry)) names += ", " + field;
    json file = description(entry.name);
    file["unheard/of"] = 1;
    CHECK(message_of([&] { kind.load(file, "/" + kind.name); }) ==
          "/" + kind.name + "/unheard~1of: unknown name; allowed: " + names);
  });
}

TEST_CASE("a number out of its range is refused with its pointer and the range, in every field", "[config]") {
  std::set<std::string> seen;
  for (const range_row& row : ranges) {
    for (const kind_of_policy& kind : kinds) {
      if (kind.name != row.kind) continue;
      json file = description(row.policy);
      file[row.field] = std::string_view{row.bad} == "nan" ? json(std::nan("")) : json::parse(row.bad);
      INFO(row.policy << "." << row.field << ": " << row.bad);
      const std::string said = message_of([&] { kind.load(file, "/" + kind.name); });
      CHECK_THAT(said, StartsWith("/" + kind.name + "/" + row.field + ": "));
      CHECK_THAT(said, EndsWith(row.allowed) && ContainsSubstring("; allowed: "));
      seen.insert(kind.name + "." + row.policy + "." + row.field);
    }
  }
  for_each_policy([&](const kind_of_policy& kind, const auto& entry) {
    for (const std::string& field : fields_of(entry)) {
      INFO("every number stands in the table, " << field << " too");
      if (is_number(entry, field)) CHECK(seen.contains(kind.name + "." + std::string{entry.type->name} + "." + field));
    }
  });
}

TEST_CASE("what is wrong in a nested policy has the pointer of the nested field", "[config]") {
  const auto refused = [](const char* text) {
    return message_of([&] { nf::load_sampler(json::parse(text), "/jobs/3"); });
  };
  CHECK(refused(R"({"solver": "ddim", "trajectory": {"name": "trailing", "steps": 4},
                    "schedule": {"name": "snr_shift", "of": {"name": "zero_terminal_snr", "of": {"name": "linear", "beta_end": 2}}}})")
            .starts_with("/jobs/3/schedule/of/of/beta_end: beta_start: "));
  CHECK(refused(R"({"solver": "ddim", "schedule": "linear",
                    "trajectory": {"name": "image_to_image", "of": {"name": "karras", "steps": 4, "rho": "7"}}})") ==
        "/jobs/3/trajectory/of/rho: \"7\"; allowed: a number, above 0");
  CHECK(refused(R"({"solver": "ddim", "schedule": "linear", "trajectory": {"name": "trailing", "steps": 4},
                    "threshold": {"how": "dynamic", "floor": 2, "ceiling": 1}})") ==
        "/jobs/3/threshold/floor: 2.000000, 1.000000; allowed: 0 < floor <= ceiling");
}

// A policy that no file can name would be half a policy: this reads the sources.
TEST_CASE("every policy in the library's folders can be named by a file", "[config]") {
  // What has a name or does a policy's work and is none: concepts, erased types, and what another name is read for.
  const std::set<std::string> no_policies{
      "concept.hpp",  "erased.hpp",       "erased_own_step.hpp", "one_of.hpp",
      "own_step.hpp", "any_schedule.hpp", "any_guidance.hpp",    "any_parameterisation.hpp"};
  const std::vector<std::pair<std::string, std::string>> folders{{"solver", "solver"},
                                                                 {"schedule", "schedule"},
                                                                 {"trajectory", "trajectory"},
                                                                 {"guidance", "guidance"},
                                                                 {"parameterisation", "parameterisation"}};
  const std::regex named{R"re(string_view name = "([a-z_0-9]+)")re"};
  const std::regex works{
      R"re( step_plan plan\(const step_window| own_action advance\(| noise_level at\(double | trajectory operator\(\)\(| branch_weights weights\(| affine to_x0\()re"};
  std::size_t files = 0;
  for (const auto& [folder, kind_name] : folders) {
    std::set<std::string, std::less<>> names;
    for (const kind_of_policy& kind : kinds)
      if (kind.name == kind_name)
        for (const auto& entry : kind.entries) names.emplace(entry.name);
    for (const auto& file : std::filesystem::directory_iterator{std::filesystem::path{NOISEFALL_INCLUDE} / folder}) {
      const std::string file_name = file.path().filename().string();
      if (no_policies.contains(file_name)) continue;
      std::ifstream in{file.path()};
      const std::string text{std::istreambuf_iterator<char>{in}, {}};
      INFO(file.path().string());
      std::size_t here = 0;
      for (std::sregex_iterator at{text.begin(), text.end(), named}, end; at != end; ++at, ++here) {
        INFO((*at)[1].str() << " needs a description in config/native and a place in the catalogue");
        CHECK(names.contains((*at)[1].str()));
      }
      if (std::regex_search(text, works)) {
        INFO("does a policy's work and has no name that a file could say");
        CHECK(here > 0);
      }
      files += here > 0 ? 1 : 0;
    }
  }
  CHECK(files > 40);
}
