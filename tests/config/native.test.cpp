// Policies from JSON and back: round trips, the same bits as built in code, and what wrong files are told.
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/config.hpp>
#include <noisefall/noisefall.hpp>

#include "catch.hpp"
#include "laws/support.hpp"
#include "message_of.hpp"

namespace {

namespace nf = noisefall;
using nlohmann::json;

// Full descriptions, no field at its default.
const std::vector<const char*> solvers{
    R"({"name": "consistency_multistep"})",
    R"({"name": "ddim", "eta": 0.3})",
    R"({"name": "ddpm", "variance": "learned_range", "temperature": 0.9, "variance_floor": 1e-20, "large_first": 0.9, "large_last": 0.2, "at_end": "unless_label_zero"})",
    R"({"name": "dpm_multistep", "order": 3, "of": "eps", "correction": "heun", "tau_squared": 1.0, "s_noise": 0.9, "lower_order_below": 15, "euler_at_final": true, "third_order": "halved", "start": "ramp"})",
    R"({"name": "dpm_pp_2m", "correction": "heun"})",
    R"({"name": "dpm_pp_sde", "eta": 0.5, "r": 0.4, "s_noise": 1.1})",
    R"({"name": "deis", "order": 2, "in": "rho", "lower_order_below": 15})",
    R"({"name": "dpm_2_churn", "s_churn": 3.0, "s_tmin": 0.1, "s_tmax": 9.0, "s_noise": 1.003})",
    R"({"name": "dpm_ancestral", "order": 3, "of": "eps", "correction": "heun", "budget": 7, "eta": 0.5, "s_noise": 0.9,
        "end_is_floor": true})",
    R"({"name": "dpm_singlestep_grid", "order": 2, "of": "eps", "correction": "heun", "tau_squared": 1.0,
        "lower_order_final": true, "fresh_noise": true, "shipped_third": true})",
    R"({"name": "er_sde", "order": 2, "scale": "sde", "s_noise": 0.9, "shipped_third": true})",
    R"({"name": "exponential_runge_kutta", "by": "krogstad", "of": "eps", "c2": 0.4, "c3": 0.9})",
    R"({"name": "flow_ancestral", "eta": 0.5, "s_noise": 0.9})",
    R"({"name": "flow_runge_kutta", "by": "classical"})",
    R"({"name": "gradient_estimation", "gamma": 1.5})",
    R"({"name": "seeds", "order": 3, "r": 0.3, "tau_squared": 0.25, "s_noise": 0.9, "correction": "midpoint"})",
    R"({"name": "latent_consistency", "timestep_scaling": 5.0, "sigma_data": 1.0})",
    R"({"name": "lms", "order": 3, "full_order_at_zero": true, "shipped_ipndm_v": true})",
    R"({"name": "tcd", "gamma": 0.7, "whole_times": true})",
    R"({"name": "dpm_singlestep", "order": 2, "of": "eps", "correction": "heun", "budget": 20, "stages": "time"})",
    R"({"name": "euler", "s_churn": 40.0, "s_tmin": 0.05, "s_tmax": 50.0, "s_noise": 1.003, "churn_after": true})",
    R"({"name": "heun", "s_churn": 40.0, "s_tmin": 0.05, "s_tmax": 50.0, "s_noise": 1.003})",
    R"({"name": "heun_pp", "s_churn": 40.0, "s_tmin": 0.05, "s_tmax": 50.0, "s_noise": 1.003})",
    R"({"name": "rho_runge_kutta", "by": "classical"})",
    R"({"name": "pndm", "start": "improved_euler", "average_raw": true, "stride": 20.0, "remembered": 2})",
    R"({"name": "sa_solver", "predictor_order": 3, "corrector_order": 4, "of": "eps", "evaluate": "pece", "tau": 0.5, "s_noise": 0.9, "tau_from": 100.0, "tau_to": 900.0, "few_step_weights": false, "lower_order_final": false})",
    R"({"name": "unipc", "order": 2, "of": "eps", "coefficients": "bh1", "corrector": false, "lower_order_final": false, "skip_corrector": [0, 3], "start": "singlestep"})",
    R"({"name": "dpm_solver_v3", "order": 3, "lower_order_final": false, "pseudo_predictor": true, "corrector": "pseudo",
        "statistics": {"lambdas": [-3.0, 4.0], "l": [0.5, 1.0], "s": [0.0, -0.5], "b": [0.1, 0.0]}})",
    R"({"name": "predictor_corrector", "corrections": 2, "snr": 0.2, "predictor": "ancestral", "couples_batch": true})",
    R"({"name": "splitting", "of": {"name": "deis", "order": 2, "in": "rho", "lower_order_below": 15},
        "method": "lie_trotter", "scale": 3.0, "sigma_half_way": true})",
    R"({"name": "dpm_adaptive", "order": 2, "of": "eps", "correction": "heun", "controller": "power", "atol": 0.01, "rtol": 0.02, "h_init": 0.1, "pcoeff": 0.1, "icoeff": 0.9, "dcoeff": 0.2, "accept_safety": 0.7, "theta": 0.8, "eta": 0.5, "s_noise": 1.1, "couples_batch": true, "max_trials": 50})"};

const std::vector<const char*> schedules{
    R"({"name": "linear", "beta_start": 0.001, "beta_end": 0.03, "train_steps": 500, "rule": "sigma"})",
    R"({"name": "scaled_linear", "beta_start": 0.001, "beta_end": 0.03, "train_steps": 500, "rule": "log_alpha"})",
    R"({"name": "cosine", "train_steps": 400, "rule": "sigma"})",
    R"({"name": "sigmoid", "beta_start": 0.001, "beta_end": 0.03, "train_steps": 500, "rule": "sigma"})",
    R"({"name": "exponential_decay", "train_steps": 400, "rule": "sigma"})",
    R"({"name": "laplace", "train_steps": 400, "as_root": true, "rule": "sigma"})",
    R"({"name": "jsd", "train_steps": 400, "rule": "sigma"})",
    R"({"name": "constant_beta", "beta_start": 0.001, "beta_end": 0.03, "warmup": 0.1, "train_steps": 500, "rule": "sigma"})",
    R"({"name": "discrete", "alphas_cumprod": [0.99, 0.5, 0.125, 0.0], "rule": "sigma"})",
    R"({"name": "zero_terminal_snr", "of": {"name": "cosine", "train_steps": 9, "rule": "sigma"}, "last": 1e-8})",
    R"({"name": "snr_shift", "of": {"name": "cosine", "train_steps": 9, "rule": "sigma"}, "scale": 2.0})",
    R"({"name": "vp_linear", "beta_0": 0.2, "beta_1": 15.0, "t_end": 0.01})",
    R"({"name": "vp_cosine", "s": 0.01, "t_end": 0.01, "t_start": 0.99})",
    R"({"name": "sub_vp", "beta_0": 0.2, "beta_1": 15.0, "t_end": 0.01})",
    R"({"name": "wuerstchen", "scaler": 2.0, "s": 0.01})",
    R"({"name": "ve_sqrt", "sigma_min": 0.01, "sigma_max": 50.0})",
    R"({"name": "vp_table", "of": {"name": "cosine", "train_steps": 9, "rule": "sigma"}, "lambda_clip": -3.0})",
    R"({"name": "ve", "sigma_min": 0.02, "sigma_max": 100.0})",
    R"({"name": "edm", "sigma_min": 0.02, "sigma_max": 100.0})",
    R"({"name": "rectified_flow", "t_end": 0.01})",
    R"({"name": "trig_flow", "sigma_data": 1.0, "t_end": 0.01})"};

const std::vector<const char*> spacings{
    R"({"name": "beta", "steps": 5, "a": 0.7, "b": 0.5, "sigma_min": 0.1, "sigma_max": 10.0, "end": "sigma_min"})",
    R"({"name": "exponential", "steps": 5, "sigma_min": 0.1, "sigma_max": 10.0, "end": "sigma_min"})",
    R"({"name": "flow_uniform", "steps": 5, "shift": 1.0, "mu": 1.1, "law": "linear", "terminal": 0.1, "grid": "beta", "first": 0.9, "last": 0.2})",
    R"({"name": "image_to_image", "of": {"name": "trailing", "steps": 5, "end": "zero"}, "strength": 0.5})",
    R"({"name": "inversion", "of": {"name": "trailing", "steps": 5, "end": "zero"}})",
    R"({"name": "karras", "steps": 5, "rho": 5.0, "sigma_min": 0.1, "sigma_max": 10.0, "end": "sigma_min"})",
    R"({"name": "leading", "steps": 5, "steps_offset": 1, "rule": "points", "end": "sigma_min"})",
    R"({"name": "linspace", "steps": 1, "rule": "points", "end": "sigma_min"})",
    R"({"name": "polyexponential", "steps": 5, "rho": 2.0, "sigma_min": 0.1, "sigma_max": 10.0, "end": "sigma_min"})",
    R"({"name": "quadratic", "steps": 5, "end": "zero"})",
    R"({"name": "re_paint", "of": {"name": "trailing", "steps": 5, "end": "zero"}, "jump_length": 2, "resamplings": 3})",
    R"({"name": "restart", "of": {"name": "trailing", "steps": 5, "end": "zero"},
        "intervals": [{"sigma_min": 0.1, "sigma_max": 0.3, "steps": 3, "times": 2}], "rho": 5.0, "s_noise": 1.003})",
    R"({"name": "sigma_list", "sigmas": [10.0, 1.0, 0.0]})",
    R"({"name": "time_travel", "of": {"name": "trailing", "steps": 5, "end": "zero"}, "times": 2, "sigma_min": 0.1,
        "sigma_max": 5.0})",
    R"({"name": "flow_sigma_list", "sigmas": [0.9, 0.5, 0.0]})",
    R"({"name": "index_list", "indices": [900, 400, 10], "end": "sigma_min"})",
    R"({"name": "level_list", "alphas": [0.1, 0.6, 1.0], "sigmas": [0.9, 0.5, 0.0], "labels": [800.0, 300.5]})",
    R"({"name": "time_list", "times": [900.0, 400.0, 10.0], "end": "sigma_min"})",
    R"({"name": "time_quadratic", "steps": 5, "t_first": 900.0, "t_last": 10.0, "end": "zero"})",
    R"({"name": "time_uniform", "steps": 5, "t_first": 900.0, "t_last": 10.0, "end": "zero"})",
    R"({"name": "trailing", "steps": 5, "end": "sigma_min"})",
    R"({"name": "uniform_lambda", "steps": 5, "sigma_min": 0.1, "sigma_max": 10.0, "end": "zero"})",
    R"({"name": "ays", "steps": 5, "model": "stable_diffusion_xl", "end": "sigma_min"})",
    R"({"name": "beta_indices", "steps": 5, "a": 0.5, "b": 0.7, "repeats": "once", "end": "sigma_min"})",
    R"({"name": "bong_tangent", "steps": 5, "middle": 0.4, "first_pivot": 0.5, "second_pivot": 0.7, "first_slope": 0.3, "second_slope": 0.1})",
    R"({"name": "consistency_grid", "steps": 5, "origin_steps": 100, "strength": 0.5, "end": "sigma_min"})",
    R"({"name": "ddim_uniform", "steps": 5, "end": "sigma_min"})",
    R"({"name": "stretched_list", "steps": 5, "sigmas": [9.0, 1.0, 0.1], "end": "sigma_min"})",
    R"({"name": "hybrid", "coarse": {"name": "karras", "steps": 5, "rho": 5.0, "end": "sigma_min"},
        "fine": {"name": "hybrid", "coarse": {"name": "trailing", "steps": 9, "end": "zero"},
                 "fine": {"name": "sgm_uniform", "steps": 5}, "time": 20.0}, "sigma": 2.0})",
    R"({"name": "iddpm_grid", "steps": 5, "skip": 4, "end": "sigma_min"})",
    R"({"name": "kl_optimal", "steps": 5, "sigma_min": 0.1, "sigma_max": 10.0, "end": "sigma_min"})",
    R"({"name": "laplace_sigmas", "steps": 5, "mean": 0.3, "spread": 0.8, "sigma_min": 0.1, "sigma_max": 10.0, "end": "sigma_min"})",
    R"({"name": "linear_quadratic", "steps": 5, "threshold": 0.05, "linear_steps": 3})",
    R"({"name": "logit_normal", "steps": 5, "mean": 0.5, "deviation": 1.4})",
    R"({"name": "normal", "steps": 5})",
    R"({"name": "sections", "counts": [2, 0, 3], "end": "sigma_min"})",
    R"({"name": "sgm_uniform", "steps": 5})",
    R"({"name": "simple", "steps": 5, "end": "sigma_min"})",
    R"({"name": "whole_labels", "of": {"name": "karras", "steps": 5, "rho": 7.0, "end": "zero"}})",
    R"({"name": "without_penultimate", "of": {"name": "karras", "steps": 5, "rho": 7.0, "end": "zero"}})",
    R"({"name": "whole_stride", "steps": 5, "end": "sigma_min"})",
    R"({"name": "vp_times", "steps": 5, "beta_d": 10.0, "beta_min": 0.2, "t_last": 0.01, "end": "sigma_min"})"};

const std::vector<const char*> guidances{
    R"({"name": "unguided"})",
    R"({"name": "classifier_free", "weight": {"above": 0.0, "jumps": [{"sigma": 5.0, "weight": 2.0}, {"sigma": 0.3, "weight": 0.0}]}})",
    R"({"name": "rescale", "weight": 3.0, "phi": 0.5, "space": "x0"})",
    R"({"name": "apg", "weight": 3.0, "eta": 0.5, "norm_cap": 15.0, "momentum": -0.5, "on_unconditional": true})",
    R"({"name": "cfg_pp", "scale": 0.8})",
    R"({"name": "adaptive_guidance", "weight": 3.0, "threshold": 0.9, "space": "output"})",
    R"({"name": "adg", "weight": 3.0, "max_angle": 0.5})",
    R"({"name": "autoguidance", "weight": {"cosine": [{"fraction": 0.0, "weight": 0.5}, {"fraction": 0.5, "weight": 2.0}]}})",
    R"({"name": "beta_cfg", "weight": 3.0, "a": 1.5, "b": 3.0, "gamma": 0.5, "space": "eps"})",
    R"({"name": "cfg_norm", "weight": 3.0, "ratio": 0.9, "only_shrinks": false, "space": "v"})",
    R"({"name": "cfg_zero", "weight": 3.0, "zero_steps": 2})",
    R"({"name": "classifier_guidance", "weight": {"beta": [{"log_snr": -3.0}, {"log_snr": 5.0}], "weight": 2.0, "a": 2.0, "b": 3.0}})",
    R"({"name": "composition", "weight": 3.0, "further": [-1.0, {"clamp": {"linear": {"w0": -0.5, "omega": 0.2}}, "high": 2.0}]})",
    R"({"name": "fdg", "low": 1.0, "high": 2.0})",
    R"({"name": "feynman_kac", "weight": 0.5})",
    R"({"name": "mambo_g", "weight": 3.0, "alpha": 2.0, "space": "flow"})",
    R"({"name": "particle_guidance", "weight": 3.0, "strength": {"table": [{"time": 900.0, "weight": 1.0}, {"time": 10.0, "weight": 0.0}]}})",
    R"({"name": "perp_neg", "weight": 3.0, "strengths": [1.0, -0.5]})",
    R"({"name": "perturbed_branch", "weight": 3.0, "perturbed": {"product": [2.0, {"above": 1.0, "jumps": [{"fraction": 0.5, "weight": 0.0}]}]}})",
    R"({"name": "power_law", "weight": 3.0, "alpha": 0.5})",
    R"({"name": "tcfg", "weight": 3.0, "space": "x0"})",
    R"({"name": "temperature", "weight": 1.0, "inverse_temperature": 2.0, "data_deviation": 0.5})"};

const std::vector<const char*> parameterisations{
    R"({"name": "edm_precond", "sigma_data": 1.0, "output": "v_like", "fed": "arctan"})",
    R"({"name": "predicts_eps", "label_scale": 999.0, "label_offset": -1.0})",
    R"({"name": "predicts_flow", "reversed": true, "label_scale": -1.0, "label_offset": 1.0})",
    R"({"name": "predicts_score", "label_scale": 999.0, "label_offset": -1.0})",
    R"({"name": "predicts_trig_flow", "sigma_data": 1.0})",
    R"({"name": "predicts_v", "label_scale": 999.0, "label_offset": -1.0})",
    R"({"name": "predicts_x0", "label_scale": 999.0, "label_offset": -1.0})"};

template <class Any, class Load>
void check_round_trips(const std::vector<const char*>& texts, const nf::catalogue_list<Any>& all, Load load) {
  std::set<std::string, std::less<>> seen;
  for (const char* text : texts) {
    INFO(text);
    const json full = json::parse(text);
    const auto loaded = load(full);
    CHECK(loaded.described == full);
    CHECK(loaded.name == full["name"]);
    CHECK(load(loaded.described).described == full);
    seen.insert(loaded.name);
  }
  for (const auto& entry : all.entries()) {
    INFO("every policy stands in this test, " << entry.type->name << " too");
    CHECK(seen.contains(entry.type->name));
  }
}

struct refusal {
  const char* text;
  const char* message;
};

template <class Load>
void check_refusals(const std::string& pointer, const std::vector<refusal>& cases, Load load) {
  for (const refusal& c : cases) {
    INFO(c.text);
    CHECK(message_of([&] { load(json::parse(c.text), pointer); }) == c.message);
  }
}

const nf::catalogue known = nf::catalogue::built_in();
const std::string solver_names = known.solvers().names();

// The overloads for the built-in policies, as values.
const auto load_solver = [](const json& from, const std::string& at = {}) { return nf::load_solver(from, at); };
const auto load_schedule = [](const json& from, const std::string& at = {}) { return nf::load_schedule(from, at); };
const auto load_spacing = [](const json& from, const std::string& at = {}) { return nf::load_spacing(from, at); };
const auto load_guidance = [](const json& from, const std::string& at = {}) { return nf::load_guidance(from, at); };
const auto load_parameterisation = [](const json& from, const std::string& at = {}) {
  return nf::load_parameterisation(from, at);
};

}  // namespace

TEST_CASE("L15: every policy is written as it was read, all fields of it", "[config]") {
  check_round_trips(solvers, known.solvers(), load_solver);
  check_round_trips(schedules, known.schedules(), load_schedule);
  check_round_trips(spacings, known.spacings(), load_spacing);
  check_round_trips(guidances, known.guidances(), load_guidance);
  check_round_trips(parameterisations, known.parameterisations(), load_parameterisation);
}

TEST_CASE("a solver whose type is forgotten still describes itself, unless it is nobody's", "[config]") {
  std::size_t seen = 0;
  for (const char* text : solvers) {
    const auto loaded = nf::load_solver(json::parse(text));
    CHECK(nf::solver_description(loaded.policy) == json::parse(text));
    if (loaded.policy.planner) ++seen;
  }
  CHECK(seen + 3 == solvers.size());  // dpm_adaptive, dpm_solver_v3 and predictor_corrector take their own steps
  CHECK(nf::solver_description({}).is_null());
  CHECK(nf::solver_description(nf::erased_own_step{}).is_null());
  CHECK(nf::solver_description(nf::any_built_in_solver{nf::ddim{}}).is_null());  // the variant is another type

  const nf::erased_solver held = nf::ddim{.eta = 0.3};
  const nf::erased_solver copy = held;
  REQUIRE(copy.get<nf::ddim>() != nullptr);
  CHECK(copy.get<nf::ddim>()->eta == 0.3);
  CHECK(copy.get<nf::ddim>() == held.get<nf::ddim>());
  CHECK(copy.get<nf::ddpm>() == nullptr);
}

TEST_CASE("a name alone stands for a policy with its defaults", "[config]") {
  CHECK(nf::load_solver("ddim").described == json(nf::ddim{}));
  CHECK(nf::load_schedule("linear").described == json(nf::linear::settings{}));
  CHECK(nf::load_guidance("apg").described == json(nf::apg{}));
}

TEST_CASE("policies convert to JSON and back by value", "[config]") {
  const json written = nf::karras{.steps = 25, .sigma_max = 80};
  CHECK(written == json::parse(R"({"name": "karras", "steps": 25, "rho": 7.0, "sigma_max": 80.0, "end": "zero"})"));
  const auto read = written.get<nf::karras>();
  CHECK(read.steps == 25);
  CHECK(read.sigma_max == 80);
  CHECK_FALSE(read.sigma_min);
  CHECK(message_of([] { json("trailing").get<nf::karras>(); }) == "/: \"trailing\"; allowed: an object");
  CHECK(message_of([] { json{{"name", "trailing"}}.get<nf::karras>(); }) == "/name: \"trailing\"; allowed: karras");
}

TEST_CASE("thresholds have the fields of their kind", "[config]") {
  for (const char* text : {R"({"how": "none"})", R"({"how": "fixed", "range": 2.0, "keep_eps": true})",
                           R"({"how": "dynamic", "ratio": 0.9, "floor": 1.5, "ceiling": 3.0, "keep_eps": true})"})
    CHECK(json(nf::load_threshold(json::parse(text))) == json::parse(text));
  check_refusals(
      "/threshold",
      {{R"({"how": "static"})", "/threshold/how: \"static\"; allowed: none, fixed, dynamic"},
       {R"({"how": "fixed", "ratio": 0.9})", "/threshold/ratio: unknown name; allowed: how, range, keep_eps"},
       {R"({"how": "dynamic", "ratio": 2})", "/threshold/ratio: 2; allowed: 0 < ratio <= 1"}},
      nf::load_threshold);
}

TEST_CASE("a guidance weight is a number, an interval or a list of jumps", "[config]") {
  const auto weight = [](const char* text) {
    return json{{"name", "classifier_free"}, {"weight", json::parse(text)}}.get<nf::classifier_free>().weight;
  };
  CHECK(weight("2.5") == nf::weight_schedule{2.5});
  CHECK(weight(R"({"weight": 2, "sigma_lo": 0.3, "sigma_hi": 5})") == nf::weight_schedule::interval(2, 0.3, 5));
  CHECK(weight(R"({"above": 2, "jumps": [{"sigma": 1, "weight": -1}]})") == nf::weight_schedule::window(2, 1, 1));
  const auto refused = [&](const char* text) { return message_of([&] { weight(text); }); };
  CHECK(
      refused(R"("7.5")") ==
      "/weight: \"7.5\"; allowed: a number, {above, jumps} or {weight, sigma_lo, sigma_hi}, {table}, {cosine}, {beta}, "
      "{linear}, {product}, {clamp}, {window}, {neutral_window}");
  CHECK(refused(R"({"weight": 2, "sigma_lo": 5, "sigma_hi": 0.3})") ==
        "/weight: from 5.000000 to 0.300000; allowed: 0 <= sigma_lo < sigma_hi");
  CHECK(refused(R"({"above": 2, "jumps": [{"sigma": 5}]})") == "/weight/jumps/0/weight: missing; allowed: a number");
  CHECK(refused(R"({"above": 2, "jumps": [{"sigma": 1, "weight": 0}, {"sigma": 2, "weight": 0}]})") ==
        "/weight: a jump at sigma 2.000000; allowed: finite sigma > 0, in falling order");
}

TEST_CASE("a guidance weight of any shape reads back as it was, and its short forms as what they stand for",
          "[config]") {
  using weights = nf::weight_schedule;
  const auto weight = [](const json& given) {
    return json{{"name", "classifier_free"}, {"weight", given}}.get<nf::classifier_free>().weight;
  };
  const auto written = [](const weights& w) { return json(nf::classifier_free{.weight = w})["weight"]; };
  for (const weights& w :
       {weights{2}, weights::window(2, 0.5, 1.5), weights::interval(2, 0.2, 0.7, nf::weight_unit::fraction),
        weights::ramp(0, 900, 4, 100, nf::weight_unit::time), weights::triangle(1, 5, -4, 8, nf::weight_unit::log_snr),
        weights::cosine(0, 10, 3, 1, nf::weight_unit::sigma), weights::beta(3, 2, 2), weights::linear(-1, 0.3),
        weights::linear(-1, 0.3).clamped(-1, 7), weights::ramp(1, 3, 2, 1) * weights::interval(2, 0.5, 5)})
    CHECK(weight(written(w)) == w);
  CHECK(weight(json::parse(R"({"weight": 2, "fraction_lo": 0.2, "fraction_hi": 0.8})")) ==
        weights::interval(2, 0.2, 0.8, nf::weight_unit::fraction));
  CHECK(weight(json::parse(R"({"weight": 2, "fraction_lo": 0.2})")) ==
        weights::interval(2, 0.2, 1, nf::weight_unit::fraction));
  CHECK(weight(json::parse(R"({"weight": 2, "log_snr_hi": 3})")) ==
        weights::piecewise(2, {{3, 0}}, nf::weight_unit::log_snr));
  CHECK(weight(json::parse(R"({"window": {"w1": 2, "w2": 0.5, "sigma1": 3}})")) == weights::window(2, 0.5, 3));
  CHECK(weight(json::parse(R"({"neutral_window": {"a": 1, "b": 4, "w1": 2, "w2": 1}})")) ==
        nf::neutral_window(1, 4, 2, 1));
  CHECK(weight(json::parse(R"({"neutral_window": {"a": 1, "b": 4, "w1": 2, "w2": 1, "stochasticity": 1}})")) ==
        nf::neutral_window(1, 4, 2, 1, 1));
  const auto refused = [&](const char* text) { return message_of([&] { weight(json::parse(text)); }); };
  CHECK(refused(R"({"table": []})") == "/weight: no points; allowed: one point or more");
  CHECK(refused(R"({"table": 3})") == "/weight/table: 3; allowed: a list of {sigma, weight}");
  CHECK(refused(R"({"table": [{"sigma": 3, "weight": 1}, {"time": 2, "weight": 1}]})") ==
        "/weight/table/1/time: unknown name; allowed: sigma, weight");
  CHECK(refused(R"({"cosine": [{"sigma": 3, "weight": 1}]})") ==
        "/weight/cosine: [{\"sigma\":3,\"weight\":1}]; allowed: a list of two levels");
  CHECK(refused(R"({"beta": [{"fraction": 0}, {"fraction": 1}], "weight": 1, "a": 2})") ==
        "/weight/b: missing; allowed: a number");
  CHECK(refused(R"({"linear": {"w0": -1, "slope": 1}})") == "/weight/linear/slope: unknown name; allowed: w0, omega");
  CHECK(refused(R"({"product": [1, {"table": [{"sigma": -1, "weight": 1}]}]})") ==
        "/weight/product/1: a point at sigma -1.000000; allowed: finite sigma >= 0, in falling order");
  CHECK(refused(R"({"clamp": "x"})").starts_with("/weight/clamp: \"x\"; allowed: a number"));
  CHECK(refused(R"({"weight": 2, "fraction_lo": 0.2, "sigma_hi": 3})").starts_with("/weight/sigma_hi: unknown name"));
  json deep = 1;
  for (int i = 0; i < 100; ++i) deep = json{{"clamp", deep}};
  CHECK_THAT(message_of([&] { weight(deep); }), Catch::Matchers::ContainsSubstring("a weight inside of weights"));
}

TEST_CASE("the noise on conditions is a value of JSON too", "[config]") {
  const json written = nf::cads{.tau1 = 0.5, .horizon = 1000};
  CHECK(written == json::parse(R"({"tau1": 0.5, "tau2": 0.9, "scale": 0.25, "mixing": 1.0, "horizon": 1000.0})"));
  CHECK(written.get<nf::cads>() == nf::cads{.tau1 = 0.5, .horizon = 1000});
  CHECK(message_of([] { json{{"tau1", 2}}.get<nf::cads>(); }).starts_with("/tau1: "));
}

TEST_CASE("a table of rectified guidance is a value of JSON too", "[config]") {
  const nf::recfg_table table{{4, 1}, {{1, 2}, {0.1, -3}}};
  const json written = table;
  CHECK(written == json::parse(R"({"sigmas": [4.0, 1.0], "ratios": [[1.0, 2.0], [0.1, -3.0]]})"));
  CHECK(written.get<nf::recfg_table>() == table);
  const auto refused = [](const char* text) { return message_of([&] { json::parse(text).get<nf::recfg_table>(); }); };
  CHECK(refused(R"({"sigmas": [4], "ratios": [[1, "x"]]})").starts_with("/ratios/0"));
  CHECK(refused(R"({"sigmas": [4], "ratios": 1})") == "/ratios: 1; allowed: a list of lists of numbers");
  CHECK(refused(R"({"sigmas": [4], "ratios": [[1]], "more": 1})").starts_with("/more: unknown name"));
  CHECK(refused(R"({"sigmas": [1, 4], "ratios": [[1], [1]]})").find("in falling order") != std::string::npos);
}

TEST_CASE("a table is written by its entries and reads back to the same bits", "[config]") {
  const nf::zero_terminal_snr table{nf::linear{}};
  const std::string text = json(static_cast<const nf::discrete_schedule&>(table)).dump();
  const auto read = nf::load_table(json::parse(text)).policy;
  REQUIRE(read.steps() == table.steps());
  for (std::size_t i = 0; i < table.steps(); ++i) CHECK(read.alpha_cumprod(i) == table.alpha_cumprod(i));
}

TEST_CASE("L2: a sampler loaded from JSON gives the bits of the one built in code", "[config]") {
  laws::network<> model;
  const auto bits = [&](const auto& sample) {
    nf::tensor<float> x({5, 2});
    sample(model, x, {.seed = 11, .conditional = 1.0, .unconditional = -0.5});
    return std::vector<float>(x.elements().begin(), x.elements().end());
  };
  const auto built = bits(nf::sampler{nf::dpm_pp_2m{}, nf::linear{}, nf::karras{.steps = 12},
                                      nf::classifier_free{.weight = nf::weight_schedule::interval(1.5, 0.5, 20)},
                                      nf::predicts_eps{}, nf::static_threshold(1.5)});
  const json file = json::parse(R"({
    "solver": "dpm_pp_2m", "schedule": "linear", "trajectory": {"name": "karras", "steps": 12},
    "guidance": {"name": "classifier_free", "weight": {"weight": 1.5, "sigma_lo": 0.5, "sigma_hi": 20}},
    "threshold": {"how": "fixed", "range": 1.5}})");
  const nf::loaded_sampler loaded = nf::load_sampler(file);
  const nf::loaded_sampler again = nf::load_sampler(loaded.described);
  CHECK(again.described == loaded.described);
  for (const auto* one : {&loaded, &again}) {
    const auto read = bits(one->policy);
    CHECK(std::memcmp(read.data(), built.data(), built.size() * sizeof(float)) == 0);
  }
  const std::vector<std::string_view> papers = nf::citations(loaded.policy);
  CHECK(papers == nf::citations(nf::sampler{nf::dpm_pp_2m{}, nf::linear{}, nf::karras{.steps = 12},
                                            nf::classifier_free{}, nf::predicts_eps{}}));
  CHECK(papers.size() == 4);
}

TEST_CASE("a solver that takes its own steps is loaded by its name too", "[config]") {
  const json file = json::parse(R"({"solver": {"name": "dpm_adaptive", "order": 2}, "schedule": "vp_linear",
                                    "trajectory": {"name": "uniform_lambda", "steps": 1}})");
  CHECK(nf::load_sampler(file).policy.parts().has_own_steps());
}

TEST_CASE("wrong names are refused with the names there are", "[config]") {
  const std::string names = solver_names;
  CHECK(message_of([] { nf::load_solver("dim", "/solver"); }) == "/solver: \"dim\"; allowed: " + names);
  CHECK(message_of([] {
          nf::load_solver(json{{"name", "dim"}}, "/solver");
        }) == "/solver/name: \"dim\"; allowed: " + names);
  CHECK(message_of([] { nf::load_solver(json{{"eta", 1}}, "/solver"); }) == "/solver/name: missing; allowed: " + names);
  CHECK(message_of([] { nf::load_solver(3, "/solver"); }) ==
        "/solver: 3; allowed: a name, or an object with a name: " + names);
  check_refusals("/solver",
                 {{R"({"name": "ddim", "etha": 1})", "/solver/etha: unknown name; allowed: name, eta"},
                  {R"({"name": "unipc", "of": "v"})", "/solver/of: \"v\"; allowed: x0, eps"},
                  {R"({"name": "ddim", "a/b~c": 1})", "/solver/a~1b~0c: unknown name; allowed: name, eta"}},
                 load_solver);
}

TEST_CASE("wrong types are refused, nothing is converted", "[config]") {
  check_refusals(
      "/solver",
      {{R"({"name": "ddim", "eta": "1"})", "/solver/eta: \"1\"; allowed: a number, 0 or more, and finite"},
       {R"({"name": "ddim", "eta": null})", "/solver/eta: null; allowed: a number, 0 or more, and finite"},
       {R"({"name": "ddim", "eta": true})", "/solver/eta: true; allowed: a number, 0 or more, and finite"},
       {R"({"name": "unipc", "order": 2.0})", "/solver/order: 2.0; allowed: a whole number, 1 to 4"},
       {R"({"name": "unipc", "order": 3000000000})", "/solver/order: 3000000000; allowed: a whole number, 1 to 4"},
       {R"({"name": "unipc", "corrector": 1})", "/solver/corrector: 1; allowed: true or false"},
       {R"({"name": "unipc", "skip_corrector": [0, -1]})",
        "/solver/skip_corrector/1: -1; allowed: a whole number from 0 to 18446744073709551615"},
       {R"({"name": 7})", ("/solver/name: 7; allowed: " + solver_names).c_str()}},
      load_solver);
  CHECK(message_of([] {
          nf::load_spacing(json{{"name", "sigma_list"}, {"sigmas", {1, "0"}}}, "/trajectory");
        }) == "/trajectory/sigmas/1: \"0\"; allowed: a finite number");
}

TEST_CASE("what a policy refuses is refused where its field stands", "[config]") {
  check_refusals("/solver",
                 {{R"({"name": "ddim", "eta": -1})", "/solver/eta: -1; allowed: 0 or more, and finite"},
                  {R"({"name": "dpm_multistep", "order": 0})", "/solver/order: 0; allowed: 1 to 3"},
                  {R"({"name": "dpm_multistep", "order": 9})", "/solver/order: 9; allowed: 1 to 3"},
                  {R"({"name": "unipc", "order": 0})", "/solver/order: 0; allowed: 1 to 4"},
                  {R"({"name": "unipc", "order": 9})", "/solver/order: 9; allowed: 1 to 4"},
                  {R"({"name": "dpm_pp_sde", "r": 1})", "/solver/r: 1; allowed: above 0 and below 1"}},
                 load_solver);
  check_refusals(
      "/schedule",
      {{R"({"name": "linear", "beta_start": 0.5})",
        "/schedule/beta_start: beta_start: 0.500000, beta_end: 0.020000; allowed: "
        "0 < beta_start <= beta_end < 1"},
       {R"({"name": "snr_shift", "of": {"name": "cosine", "train_steps": 0}})",
        "/schedule/of/train_steps: 0; allowed: 1 or more"},
       {R"({"name": "snr_shift"})", "/schedule/of: missing; allowed: a schedule with a table"},
       {R"({"name": "snr_shift", "of": "edm"})",
        "/schedule/of: \"edm\"; allowed: linear, scaled_linear, cosine, sigmoid, exponential_decay, laplace, "
        "jsd, constant_beta, discrete, zero_terminal_snr, snr_shift"},
       {R"({"name": "snr_shift", "of": "linear", "scale": 0})", "/schedule/scale: 0; allowed: above 0"},
       {R"({"name": "discrete", "alphas_cumprod": [0.5, 0.6]})",
        "/schedule/alphas_cumprod/1: 0.600000; allowed: values that fall strictly inside (0, 1); "
        "the last may be 0"}},
      load_schedule);
  check_refusals("/trajectory",
                 {{R"({"name": "karras"})", "/trajectory/steps: missing; allowed: 1 or more"},
                  {R"({"name": "karras", "steps": 0})", "/trajectory/steps: 0; allowed: 1 or more"},
                  {R"({"name": "karras", "steps": -3})",
                   "/trajectory/steps: -3; allowed: a whole number up to 1000000, 1 or more"},
                  {R"({"name": "karras", "steps": 9, "rho": 0})", "/trajectory/rho: 0; allowed: above 0"}},
                 load_spacing);
  check_refusals("/guidance",
                 {{R"({"name": "apg", "momentum": 1.5})", "/guidance/momentum: 1.5; allowed: -1 < momentum < 1"},
                  {R"({"name": "cfg_pp", "scale": 7.5})",
                   "/guidance/scale: 7.5; allowed: 0 <= scale <= 1; it interpolates, it is not a classifier-free "
                   "guidance scale"}},
                 load_guidance);
  check_refusals("/parameterisation",
                 {{R"({"name": "edm_precond", "sigma_data": 0})", "/parameterisation/sigma_data: 0; allowed: above 0"}},
                 load_parameterisation);
}

TEST_CASE("a sampler that cannot work is refused before anything runs", "[config]") {
  const auto refused = [](const char* changes) {
    json file =
        json::parse(R"({"solver": "ddim", "schedule": "linear", "trajectory": {"name": "trailing", "steps": 4}})");
    file.merge_patch(json::parse(changes));
    return message_of([&] { nf::load_sampler(file); });
  };
  CHECK(refused(R"({"solver": null})") == "/solver: missing; allowed: " + solver_names);
  CHECK(refused(R"({"sheduler": 1})") ==
        "/sheduler: unknown name; allowed: noisefall, solver, schedule, trajectory, guidance, "
        "parameterisation, threshold");
  CHECK(refused(R"({"trajectory": {"steps": 1001}})") == "/trajectory/steps: 1001; allowed: 1 to 1000");
  CHECK(refused(R"({"schedule": {"name": "linear", "train_steps": 3}})") == "/trajectory/steps: 4; allowed: 1 to 3");
  CHECK(refused(R"({"schedule": "edm"})") ==
        "/trajectory: trailing: a continuous schedule; allowed: a schedule with a table of levels");
  CHECK(refused(R"({"trajectory": {"name": "sigma_list", "steps": null, "sigmas": [1, 2, 0]}})") ==
        "/trajectory: trajectory: leg 0: rises (sigma/alpha from 1.000000 to 2.000000); allowed: levels that fall "
        "strictly; build it as inversion, renoise or compat to allow more");
  CHECK(refused(R"({"schedule": "rectified_flow", "trajectory": {"name": "flow_uniform"}})") ==
        "/: sampler: leg 0 (sigma/alpha inf to 3.000000): this parameterisation cannot give x0 at alpha = 0 "
        "(infinite noise); allowed: x0-, v- or flow-prediction, or a trajectory that starts at finite noise");
  CHECK_THAT(refused(R"({"solver": "heun", "guidance": "cfg_pp"})"),
             Catch::Matchers::ContainsSubstring(
                 "/solver: sampler: heun: cannot renoise with another eps than it denoises with"));
}

TEST_CASE("a file of another form is refused, one without a number has form 1", "[config]") {
  const auto loaded = [](const char* form) {
    json file =
        json::parse(R"({"solver": "ddim", "schedule": "linear", "trajectory": {"name": "trailing", "steps": 4}})");
    file.merge_patch(json::parse(form));
    return nf::load_sampler(file, "/sampler").described;
  };
  CHECK(loaded("{}") == loaded(R"({"noisefall": 1})"));
  CHECK(loaded("{}")["noisefall"] == 1);
  CHECK(message_of([&] { loaded(R"({"noisefall": 2})"); }) == "/sampler/noisefall: 2; allowed: 1");
  CHECK(message_of([&] { loaded(R"({"noisefall": "1"})"); }) == "/sampler/noisefall: \"1\"; allowed: 1");
  CHECK(message_of([&] { loaded(R"({"noisefall": 1.0})"); }) == "/sampler/noisefall: 1.0; allowed: 1");
}

TEST_CASE("what is not JSON is refused with its line and column", "[config]") {
  const auto refused = [](std::string_view text) { return message_of([&] { nf::parse_json(text, "job.json"); }); };
  CHECK(
      refused("{\n  \"a\": 1,\n}") ==
      "job.json: this is not JSON: line 3, column 1: syntax error while parsing object key - unexpected '}'; expected "
      "string literal");
  CHECK(refused("").starts_with("job.json: this is not JSON: line 1, column 1: "));
  CHECK(refused("[1, 2] // one, two").starts_with("job.json: this is not JSON: line 1, column 8: "));
  CHECK(refused("[1e999]") == "job.json: this is not JSON: number overflow parsing '1e999'");
  CHECK(refused(R"({"a": {"b": 1, "b": 2}})") == "job.json: \"b\" stands twice in one object; allowed: each name once");
  CHECK(nf::parse_json(R"({"a": {"b": 1}, "b": 2})", "job.json")["b"] == 2);
  CHECK(nf::parse_json(std::string(100, '[') + std::string(100, ']'), "job.json").is_array());
  CHECK(refused(std::string(101, '[') + std::string(101, ']')) ==
        "job.json: lists and objects stand too deep in each other; allowed: 100 levels");
  CHECK(refused(std::string(1'000'000, '[')).starts_with("job.json: lists and objects stand too deep"));
}

TEST_CASE("a file that cannot be read is named", "[config]") {
  const auto folder = std::filesystem::temp_directory_path();
  const auto missing = folder / "noisefall-there-is-none.json";
  CHECK(message_of([&] { nf::read_json(missing); }) ==
        missing.string() + ": there is no such file; allowed: a file that can be read");
  CHECK(message_of([&] { nf::read_json(folder); }) ==
        folder.string() + ": is a folder; allowed: a file that can be read");
  const auto present = folder / "noisefall-native-test.json";
  std::ofstream{present} << R"({"steps": 3})";
  CHECK(nf::read_json(present)["steps"] == 3);
  std::filesystem::remove(present);
}
