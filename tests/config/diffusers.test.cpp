#include <noisefall/config/diffusers.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <noisefall/config/diffusers/spacing.hpp>
#include <noisefall/config/python_json.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/predictor/callable_predictor.hpp>
#include <noisefall/sampler/sampler.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/tensor/tensor.hpp>
#include <noisefall/trajectory/uniform_lambda.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using nlohmann::json;

namespace {

std::string refusal_of(const json& file, const std::string& pointer = {}) {
  try {
    nf::diffusers_config{file, pointer};
  } catch (const nf::error& e) {
    return e.what();
  }
  return "accepted";
}

std::string setup_refusal_of(const json& file, const nf::diffusers_arguments& arguments) {
  const nf::diffusers_config config{file};
  try {
    config.setup(arguments);
  } catch (const nf::error& e) {
    return e.what();
  }
  return "accepted";
}

json of_class(const std::string& name, json fields = json::object()) {
  fields["_class_name"] = name;
  return fields;
}

constexpr double clean = 0.3;  // all data

// v of the only x0 there is.
auto velocity_network() {
  return nf::predictor_from<int>([](nf::view<double> x, const nf::evaluation& at, int, nf::mutable_view<double> out) {
    const nf::noise_level& l = at.level(0);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double eps = (x.data()[i] - l.alpha * clean) / l.sigma;
      out.data()[i] = l.alpha * eps - l.sigma * clean;
    }
  });
}

}  // namespace

TEST_CASE("a file without a class, or with an unknown one, is told which classes there are") {
  CHECK_THAT(refusal_of(json::object()),
             Catch::Matchers::ContainsSubstring("/_class_name: missing; allowed: DDIMScheduler, DDIMInverseScheduler"));
  CHECK_THAT(refusal_of(of_class("DDIMSchedular")),
             Catch::Matchers::ContainsSubstring("/_class_name: \"DDIMSchedular\"; allowed: DDIMScheduler"));
  CHECK_THAT(refusal_of(json::array()), Catch::Matchers::ContainsSubstring("allowed: an object"));
}

TEST_CASE("a wrong field is refused at load with its pointer, its value and what is allowed") {
  const auto ddim = [](json fields) { return refusal_of(of_class("DDIMScheduler", std::move(fields))); };
  CHECK(ddim({{"beta_schedule", "quadratic"}}) ==
        "/beta_schedule: \"quadratic\"; allowed: linear, scaled_linear, squaredcos_cap_v2");
  CHECK(ddim({{"beta_start", "0.1"}}) == "/beta_start: \"0.1\"; allowed: a number in (0, 1)");
  CHECK(ddim({{"beta_end", 1.5}}) == "/beta_end: 1.5; allowed: a number in (0, 1)");
  CHECK(ddim({{"num_train_timesteps", 0}}) == "/num_train_timesteps: 0; allowed: a whole number from 1 to 1000000");
  CHECK(ddim({{"num_train_timesteps", 10.5}}) ==
        "/num_train_timesteps: 10.5; allowed: a whole number from 1 to 1000000");
  CHECK(ddim({{"clip_sample", 1}}) == "/clip_sample: 1; allowed: true or false");
  CHECK(ddim({{"prediction_type", "flow_prediction"}}) ==
        "/prediction_type: \"flow_prediction\"; allowed: epsilon, sample, v_prediction");
  CHECK(ddim({{"steps_offset", -1}}) == "/steps_offset: -1; allowed: a whole number from 0 to 1000000");
  CHECK(ddim({{"dynamic_thresholding_ratio", 0}}) == "/dynamic_thresholding_ratio: 0; allowed: a number in (0, 1]");
  CHECK(ddim({{"trained_betas", {0.1, 2}}, {"num_train_timesteps", 2}}) ==
        "/trained_betas/1: 2; allowed: a number in (0, 1)");
  CHECK(ddim({{"trained_betas", {0.1, 0.2}}}) ==
        "/trained_betas: 2 numbers; allowed: 1000, as many as num_train_timesteps");
  CHECK(ddim({{"timestep_spacing", "even"}}) == "/timestep_spacing: \"even\"; allowed: leading, trailing, linspace");
  CHECK(refusal_of(of_class("DDIMScheduler", {{"beta_end", true}}), "/scheduler") ==
        "/scheduler/beta_end: true; allowed: a number in (0, 1)");
}

TEST_CASE("fields that contradict each other are refused") {
  const auto dpm = [](json fields) { return refusal_of(of_class("DPMSolverMultistepScheduler", std::move(fields))); };
  CHECK(dpm({{"use_karras_sigmas", true}, {"use_beta_sigmas", true}}) ==
        "/use_beta_sigmas: set together with another of its kind; allowed: at most one of use_karras_sigmas, "
        "use_exponential_sigmas, use_beta_sigmas");
  CHECK(dpm({{"algorithm_type", "dpmsolver"}}) ==
        "/final_sigmas_type: zero with algorithm_type dpmsolver; allowed: sigma_min");
  CHECK(dpm({{"solver_order", 9}}) == "/solver_order: 9; allowed: a whole number from 1 to 3");
  CHECK(dpm({{"solver_order", 0}}) == "/solver_order: 0; allowed: a whole number from 1 to 3");
  CHECK(dpm({{"algorithm_type", "unipc"}}) ==
        "/algorithm_type: \"unipc\"; allowed: dpmsolver, dpmsolver++, sde-dpmsolver, sde-dpmsolver++");
  CHECK(refusal_of(of_class("UniPCMultistepScheduler", {{"shift_terminal", 0.1}})) ==
        "/shift_terminal: 0.1; allowed: null, or use_flow_sigmas");
  CHECK(refusal_of(of_class("UniPCMultistepScheduler", {{"solver_p", {{"_class_name", "DDIMScheduler"}}}})) ==
        "/solver_p: a predictor of its own; allowed: null");
  CHECK(refusal_of(of_class("EDMEulerScheduler", {{"sigma_min", 3}, {"sigma_max", 2}})) ==
        "/sigma_min: 3.000000; allowed: a number below sigma_max");
}

TEST_CASE("null is the default, foreign keys are kept and ignored, and names of other classes are read as this one's") {
  const json with_null = of_class("DDIMScheduler", {{"beta_start", nullptr}, {"trained_betas", nullptr}});
  CHECK(nf::diffusers_config{with_null} == nf::diffusers_config{of_class("DDIMScheduler")});

  const json foreign = of_class("DDIMScheduler", {{"skip_prk_steps", true}, {"_diffusers_version", "0.6.0"}});
  CHECK(nf::diffusers_config{foreign} == nf::diffusers_config{of_class("DDIMScheduler")});
  CHECK(nf::diffusers_config{foreign}.file() == foreign);

  const auto dpm = [](const char* type) {
    return nf::diffusers_config{of_class("DPMSolverMultistepScheduler", {{"solver_type", type}})};
  };
  CHECK(dpm("bh2") == dpm("midpoint"));
  CHECK(dpm("logrho") == dpm("midpoint"));
  CHECK_FALSE(dpm("heun") == dpm("midpoint"));
  const auto unipc = [](const char* type) {
    return nf::diffusers_config{of_class("UniPCMultistepScheduler", {{"solver_type", type}})};
  };
  CHECK(unipc("midpoint") == unipc("bh2"));
  const json deis = of_class("DPMSolverMultistepScheduler", {{"algorithm_type", "deis"}});
  CHECK(nf::diffusers_config{deis} == dpm("midpoint"));

  const json unused = of_class("DDIMScheduler", {{"beta_end", 0.5}, {"_use_default_values", {"beta_end"}}});
  CHECK(nf::diffusers_config{unused} == nf::diffusers_config{of_class("DDIMScheduler")});
}

TEST_CASE("each class has its own defaults") {
  using list = std::vector<double>;
  const auto first_labels = [](const char* name, std::size_t n) {
    list labels;
    const auto setup = nf::diffusers_config{of_class(name)}.setup({.num_inference_steps = n});
    for (const nf::leg& l : setup.path.legs()) labels.push_back(l.label);
    return labels;
  };
  CHECK(first_labels("DDIMScheduler", 4) == list{750, 500, 250, 0});                  // leading
  CHECK(first_labels("DPMSolverMultistepScheduler", 4) == list{999, 749, 500, 250});  // linspace
  CHECK(first_labels("FlowMatchEulerDiscreteScheduler", 2) == list{1000, 1});
  CHECK(nf::diffusers_config{of_class("EDMEulerScheduler")}.setup({.num_inference_steps = 3}).init_noise_sigma ==
        Approx(std::sqrt(80. * 80 + 1)));

  const auto ddpm = nf::diffusers_config{of_class("DDPMScheduler")}.setup({.num_inference_steps = 3});
  CHECK(ddpm.map.how == nf::threshold::kind::fixed);
  CHECK_FALSE(ddpm.learned_variance);
  const json learned = of_class("DDPMScheduler", {{"variance_type", "learned_range"}});
  CHECK(nf::diffusers_config{learned}.setup({.num_inference_steps = 3}).learned_variance);
}

TEST_CASE("arguments that the class does not have, and impossible ones, are refused") {
  const json ddim = of_class("DDIMScheduler"), dpm = of_class("DPMSolverMultistepScheduler");
  CHECK(setup_refusal_of(ddim, {.num_inference_steps = 5, .mu = 1.}) ==
        "DDIMScheduler: has no argument mu; allowed: num_inference_steps, eta, use_clipped_model_output");
  CHECK(setup_refusal_of(ddim, {.num_inference_steps = 0}) ==
        "DDIMScheduler: num_inference_steps: 0; allowed: 1 to 1000");
  CHECK(setup_refusal_of(ddim, {.num_inference_steps = 1001}) ==
        "DDIMScheduler: num_inference_steps: 1001; allowed: 1 to 1000");
  CHECK(setup_refusal_of(ddim, nf::diffusers_arguments{}) ==
        "DDIMScheduler: num_inference_steps is missing; allowed: 1 to 1000");
  CHECK(setup_refusal_of(dpm, {.num_inference_steps = 5, .timesteps = std::vector{9., 1.}}) ==
        "DPMSolverMultistepScheduler: both num_inference_steps and timesteps; allowed: exactly one of them");
  CHECK(setup_refusal_of(dpm, {.num_inference_steps = 5, .mu = 1.}) ==
        "DPMSolverMultistepScheduler: mu is given; allowed: mu only with use_dynamic_shifting and time_shift_type "
        "exponential");
  CHECK(setup_refusal_of(of_class("DDPMScheduler"), {.timesteps = std::vector{1., 9.}}) ==
        "DDPMScheduler: timesteps: 9.000000; allowed: falling whole numbers from 0 to 999");
  CHECK(setup_refusal_of(of_class("DDIMScheduler", {{"steps_offset", 1}}), {.num_inference_steps = 1000}) ==
        "DDIMScheduler: timestep 1000; allowed: below num_train_timesteps, 1000");
  CHECK(setup_refusal_of(of_class("FlowMatchEulerDiscreteScheduler", {{"use_dynamic_shifting", true}}),
                         {.num_inference_steps = 5}) ==
        "FlowMatchEulerDiscreteScheduler: mu is missing; allowed: mu, with use_dynamic_shifting");

  nf::diffusers_arguments a;
  CHECK_THROWS_WITH(a.read_set_timesteps({{"steps", 3}}, "/arguments"),
                    "/arguments/steps: unknown name; allowed: num_inference_steps, timesteps, sigmas, mu, "
                    "original_inference_steps, strength, jump_length, jump_n_sample, stage_index, "
                    "is_amplify_first_chunk");
  CHECK_THROWS_WITH(a.read_step({{"eta", -1}}), "/eta: -1; allowed: a number >= 0");
}

TEST_CASE("what diffusers cannot do, or this library does not, is refused at load in words") {
  CHECK(refusal_of(
            of_class("DPMSolverSinglestepScheduler",
                     {{"algorithm_type", "dpmsolver"}, {"final_sigmas_type", "sigma_min"}, {"thresholding", true}})) ==
        "/thresholding: true with algorithm_type dpmsolver; allowed: false");
  CHECK(refusal_of(of_class("DPMSolverMultistepInverseScheduler", {{"algorithm_type", "sde-dpmsolver++"}})) ==
        "/algorithm_type: sde-dpmsolver++; allowed: dpmsolver, dpmsolver++: no noise upwards");
  CHECK(refusal_of(of_class("FlowMatchLCMScheduler", {{"scale_factors", {2, 1}}})) ==
        "/scale_factors: a list; allowed: null: the state keeps its shape");
  CHECK(refusal_of(of_class("HeunDiscreteScheduler", {{"prediction_type", "sample"}})) ==
        "/prediction_type: \"sample\"; allowed: epsilon, v_prediction");
  CHECK(setup_refusal_of(of_class("UnCLIPScheduler"), {.num_inference_steps = 1}) ==
        "UnCLIPScheduler: num_inference_steps: 1; allowed: 2 or more");
  CHECK(setup_refusal_of(of_class("LCMScheduler"), {.num_inference_steps = 51}) ==
        "LCMScheduler: num_inference_steps: 51; allowed: 1 to 50");
  CHECK(setup_refusal_of(of_class("TCDScheduler"), {.timesteps = std::vector{1., 9.}}) ==
        "TCDScheduler: timesteps: 9.000000; allowed: falling whole numbers from 0 to 999");
}

TEST_CASE("an argument of step() that is not given has the class's own default") {
  const auto solver = [](const char* name, const nf::diffusers_arguments& a) {
    return nf::diffusers_config{of_class(name)}.setup(a).solver.planner;
  };
  CHECK(solver("LMSDiscreteScheduler", {.num_inference_steps = 5}).order() == 4);
  CHECK(solver("LMSDiscreteScheduler", {.num_inference_steps = 5, .order = 2}).order() == 2);

  // TCD's eta, of which 0 is DDIM and draws nothing
  const auto noise = [&](std::optional<double> eta) {
    const auto s = nf::diffusers_config{of_class("TCDScheduler")}.setup({.num_inference_steps = 5, .eta = eta});
    double drawn = 0;
    nf::policies{nf::ddim{}, s.schedule, s.path, nf::unguided{}, s.parameterisation, s.map}.with_window(
        0, 0, false, [&](const nf::step_window& w) { drawn = s.solver.planner.plan(w).result.noise[0]; });
    return drawn;
  };
  CHECK(noise({}) > 0);
  CHECK(noise({}) == noise(0.3));
  CHECK(noise(0.) == 0);
}

TEST_CASE("EulerDiscrete's churn reads a v at the level before it and steps from the one after") {
  const json file = of_class("EulerDiscreteScheduler", {{"prediction_type", "v_prediction"}});
  const auto s = nf::diffusers_config{file}.setup({.num_inference_steps = 4, .s_churn = 0.8, .s_noise = 1.1});
  nf::step_plan plan;
  const nf::policies parts{nf::ddim{}, s.schedule, s.path, nf::unguided{}, s.parameterisation, s.map};
  parts.with_window(1, 0, false, [&](const nf::step_window& w) { plan = s.solver.planner.plan(w); });

  const double from = s.path[1].from.sigma, to = s.path[1].to.sigma, hat = from * 1.2, x = 0.7, z = -0.4, out = 0.3;
  const double raised = x + 1.1 * z * std::sqrt(hat * hat - from * from);
  const double d = raised / (from * from + 1) - out * from / std::sqrt(from * from + 1);
  const double expected = raised + (raised - d) / hat * (to - hat);
  CHECK(plan.evaluations[0].state == nf::same_state);
  CHECK(plan.of == nf::quantity::output);
  CHECK(plan.result.x * x + plan.result.now[0] * out + plan.result.noise[0] * z == Approx(expected).epsilon(1e-12));
}

TEST_CASE("DEIS finds eps by way of x0, for a v on a flow's levels too") {
  const json file =
      of_class("DEISMultistepScheduler", {{"prediction_type", "v_prediction"}, {"use_flow_sigmas", true}});
  const auto s = nf::diffusers_config{file}.setup({.num_inference_steps = 4});
  const nf::noise_level at = s.path[1].from;
  const double x = 0.8, out = -0.3, x0 = at.alpha * x - at.sigma * out;
  const nf::affine eps = s.parameterisation.to_eps(at);
  CHECK(at.alpha + at.sigma == Approx(1));
  CHECK(eps.x * x + eps.out * out == Approx((x - at.alpha * x0) / at.sigma).epsilon(1e-13));
}

TEST_CASE("FlowMatchHeun's churn adds noise after the network looked, and shares it among the evaluations") {
  const json file = of_class("FlowMatchHeunDiscreteScheduler");
  const auto s = nf::diffusers_config{file}.setup({.num_inference_steps = 3, .s_churn = 1, .s_noise = 1.1});
  const nf::policies parts{nf::ddim{}, s.schedule, s.path, nf::unguided{}, s.parameterisation, s.map};
  nf::step_plan plan, last;
  parts.with_window(1, 0, false, [&](const nf::step_window& w) { plan = s.solver.planner.plan(w); });
  parts.with_window(2, 0, false, [&](const nf::step_window& w) { last = s.solver.planner.plan(w); });

  // the class's own loop, for a network that answers v_1 and v_2
  const double from = s.path[1].from.sigma, to = s.path[1].to.sigma, hat = from * (1 + 1. / 5), x = 0.7, z = -0.4;
  const double v1 = 0.3, v2 = -0.9, raised = x + 1.1 * z * std::sqrt(hat * hat - from * from);
  const double slope = (raised - (raised - v1 * from)) / hat, u = raised + slope * (to - hat);
  const double expected = raised + 0.5 * (slope + v2) * (to - hat);
  REQUIRE(plan.evaluations.size() == 2);
  const nf::row& stage = plan.evaluations[1].state;
  CHECK(stage.x * x + stage.now[0] * v1 + stage.noise[0] * z == Approx(u).epsilon(1e-13));
  const nf::row& r = plan.result;
  CHECK(r.x * x + r.now[0] * v1 + r.now[1] * v2 + r.noise[0] * z == Approx(expected).epsilon(1e-13));
  CHECK(last.evaluations.size() == 1);
}

TEST_CASE("LTXEulerAncestralRF takes FlowMatchEuler's levels, or the sigmas given with their end") {
  const json file = of_class("LTXEulerAncestralRFScheduler", {{"eta", 0.5}});
  const auto path = nf::diffusers_config{file}.setup({.num_inference_steps = 3}).path;
  const auto same = nf::diffusers_config{of_class("FlowMatchEulerDiscreteScheduler")}.setup({.num_inference_steps = 3});
  REQUIRE(path.steps() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(path[i].from == same.path[i].from);
  const auto given = nf::diffusers_config{file}.setup({.sigmas = std::vector{1., 0.6, 0.}}).path;
  CHECK(given.steps() == 2);
  CHECK(given[1].label == Approx(600));
  CHECK(given.back().sigma == 0);
}

TEST_CASE("CogVideoXDPM has the multipliers of its step") {
  const json file = of_class("CogVideoXDPMScheduler", {{"prediction_type", "v_prediction"}});
  const auto s = nf::diffusers_config{file}.setup({.num_inference_steps = 5});
  const nf::policies parts{nf::ddim{}, s.schedule, s.path, nf::unguided{}, s.parameterisation, s.map};
  nf::step_plan plan, last;
  parts.with_window(2, 1, false, [&](const nf::step_window& w) { plan = s.solver.planner.plan(w); });
  parts.with_window(4, 1, false, [&](const nf::step_window& w) { last = s.solver.planner.plan(w); });

  const nf::noise_level back = s.path[1].from, now = s.path[2].from, next = s.path[2].to;
  const double h = next.lambda() - now.lambda(), r = (now.lambda() - back.lambda()) / h;
  const double whole = -std::expm1(-2 * h) * next.alpha;
  CHECK(plan.of == nf::quantity::x0);
  CHECK(plan.result.x == Approx(next.sigma / now.sigma * std::exp(-h)).epsilon(1e-12));
  CHECK(plan.result.now[0] == Approx(whole * (1 + 1 / (2 * r))).epsilon(1e-12));
  CHECK(plan.result.past[0] == Approx(-whole / (2 * r)).epsilon(1e-12));
  CHECK(plan.result.noise[0] == Approx(next.sigma * std::sqrt(1 - std::exp(-2 * h))).epsilon(1e-12));
  CHECK(last.result.past[0] == 0);
  CHECK(last.result.now[0] == 1);
}

TEST_CASE("eps-prediction on a schedule that ends in infinite noise is refused before anything runs") {
  const json file = of_class("DDIMScheduler", {{"rescale_betas_zero_snr", true}, {"timestep_spacing", "trailing"}});
  const auto s = nf::diffusers_config{file}.setup({.num_inference_steps = 10});
  CHECK_THROWS_WITH((nf::sampler{s.solver, s.schedule, s.path, nf::unguided{}, s.parameterisation, s.map}),
                    Catch::Matchers::ContainsSubstring("infinite noise"));
}

TEST_CASE("diffusers' trailing indices are numpy's, with the -1 that rounding leaves") {
  const auto list = nf::diffusers::trailing(61, 1000, 1000);
  REQUIRE(list.size() == 62);
  CHECK(list.front() == 999);
  CHECK(list.back() == -1);
  CHECK(nf::diffusers::trailing(10, 1000, 1000).size() == 10);

  // The run then ends at the noisiest entry of the table, as Python's index -1 says.
  const json file = of_class("DDIMScheduler", {{"timestep_spacing", "trailing"}});
  const auto path = nf::diffusers_config{file}.setup({.num_inference_steps = 61}).path;
  CHECK(path[61].from.sigma == path[0].from.sigma);
  CHECK(path[61].label == -1);
}

TEST_CASE("the words NaN and Infinity that Python writes are read") {
  const json file =
      nf::parse_python_json(R"({"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity,
                                       "note": "-Infinity stays \"NaN\" here", "list": [Infinity, NaN, 1]})",
                            "scheduler_config.json");
  CHECK(file["lambda_min_clipped"] == -std::numeric_limits<double>::infinity());
  CHECK(file["note"] == "-Infinity stays \"NaN\" here");
  CHECK(std::isnan(file["list"][1].get<double>()));
  CHECK(nf::diffusers_config{file} == nf::diffusers_config{of_class("DPMSolverMultistepScheduler")});

  CHECK_THROWS_WITH(nf::parse_python_json("{\"a\": 1,\n \"b\" 2}", "scheduler_config.json"),
                    Catch::Matchers::ContainsSubstring("scheduler_config.json: this is not JSON: line 2, column"));
}

TEST_CASE("a file is saved as Python saves it: its words, its order, every key") {
  const std::string text = R"({
  "_class_name": "DPMSolverMultistepScheduler",
  "beta_start": 0.0001,
  "lambda_min_clipped": -Infinity,
  "list": [
    Infinity,
    NaN,
    1,
    1.0,
    1e-05
  ],
  "note": "-Infinity stays \"NaN\", caf\u00e9",
  "someone_elses": {
    "deeper": null
  }
}
)";
  const json file = nf::parse_python_json(text, "scheduler_config.json");
  CHECK(nf::python_json_text(file) == text);
  CHECK(nf::diffusers_config{file}.file()["someone_elses"] == json{{"deeper", nullptr}});
  CHECK(nf::python_json_text(std::numeric_limits<double>::quiet_NaN()) == "NaN\n");
}

TEST_CASE("PNDM averages the noise of a velocity network, not velocities of different times") {
  // eps is the same all the way, so that any average of it is exact; averages of v are not
  for (const nf::pndm::start_kind start : {nf::pndm::start_kind::prk, nf::pndm::start_kind::improved_euler})
    for (const bool raw : {false, true}) {
      const nf::sampler sample{nf::pndm{.start = start, .average_raw = raw}, nf::vp_linear{},
                               nf::uniform_lambda{.steps = 6}, nf::unguided{}, nf::predicts_v{}};
      auto model = velocity_network();
      nf::tensor<double> x({1, 1});
      const double eps = 0.7;
      x[0] = sample.path().front().alpha * clean + sample.path().front().sigma * eps;
      sample(model, x, {.start = nf::start_from::given});
      const double expected = sample.path().back().alpha * clean + sample.path().back().sigma * eps;
      CAPTURE(raw);
      CHECK((std::abs(x[0] - expected) < 1e-10) == !raw);
    }
}

TEST_CASE("fixed_large_log is the number that it is meant to be, where diffusers takes a root of a logarithm") {
  const auto sample_of = [](const char* variance) {
    const json file{{"_class_name", "DDPMScheduler"}, {"variance_type", variance}, {"clip_sample", false}};
    const auto s = nf::diffusers_config{file}.setup({.num_inference_steps = 5});
    return nf::sampler{s.solver, s.schedule, s.path, nf::unguided{}, nf::predicts_v{}, s.map};
  };
  auto model = velocity_network();
  nf::tensor<double> logarithm({1, 8}), plain({1, 8}), small({1, 8});
  CHECK(sample_of("fixed_large_log")(model, logarithm, {.seed = 1}).how == nf::outcome::finished);
  sample_of("fixed_large")(model, plain, {.seed = 1});
  sample_of("fixed_small")(model, small, {.seed = 1});
  for (std::size_t e = 0; e < 8; ++e) CHECK(logarithm[e] == plain[e]);
  CHECK(small[0] != plain[0]);
}
