#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "catch.hpp"
#include "golden/replay.hpp"
#include "golden/trace_file.hpp"

namespace golden = noisefall::golden;
using nlohmann::json;

namespace {

json selection(const std::string& name) { return golden::read_trace_file(NOISEFALL_TEST_DATA "/" + name + ".json.gz"); }

// The lines of what does not match.
std::vector<std::string> misses(const json& file) {
  std::vector<std::string> lines;
  golden::replay(file, [&](const golden::verdict& v) {
    if (!v.matched) lines.push_back(v.line());
  });
  return lines;
}

// The file with one case.
json only(const json& file, const json& c) {
  json small = file;
  small["cases"] = json::array();
  small["cases"].push_back(c);
  small["add_noise_cases"] = json::array();
  return small;
}

// A case of the class; with `key`, one that has it.
json find(const json& file, const std::string& class_name, const std::string& key = "final") {
  for (const json& c : file.at("cases"))
    if ((c.value("class", "") == class_name || c.value("fn", "") == class_name || c.value("lib", "") == class_name) &&
        golden::has(c, key))
      return c;
  FAIL("the selection has no " << class_name << " with " << key);
  return {};
}

// Moves the first number below a value by a ten-thousandth.
void alter(json& value) {
  json* at = &value;
  while (at->is_structured()) {
    std::size_t i = 0;
    while (i + 1 < at->size() && at->is_array() && (*at)[i].is_null()) ++i;
    at = at->is_array() ? &(*at)[i] : &*at->begin();
  }
  if (at->is_number_integer())
    *at = at->get<int>() + 1;
  else
    *at = at->get<double>() * 1.0001 + 1e-4;
}

}  // namespace

TEST_CASE("recorded runs of diffusers are matched") {
  CHECK(misses(selection("diffusers")) == std::vector<std::string>{});
}
TEST_CASE("recorded runs of diffusers' classes after k-diffusion are matched") {
  CHECK(misses(selection("diffusers_k")) == std::vector<std::string>{});
}
TEST_CASE("recorded runs of diffusers' other classes are matched") {
  CHECK(misses(selection("diffusers_others")) == std::vector<std::string>{});
}
TEST_CASE("recorded runs of k-diffusion are matched") {
  CHECK(misses(selection("k_diffusion")) == std::vector<std::string>{});
  CHECK(misses(selection("k_diffusion_others")) == std::vector<std::string>{});
}
TEST_CASE("recorded runs of the official DPM-Solver and UniPC are matched") {
  CHECK(misses(selection("official")) == std::vector<std::string>{});
}

TEST_CASE("a hand-altered number makes a case miss") {
  const std::vector<std::string> of_all{"final", "initial_sample", "model_outputs"};
  const std::map<std::string, std::map<std::string, std::vector<std::string>>> keys{
      {"diffusers",
       {{"DDIMScheduler", {"samples", "timesteps", "alpha", "sigma", "config", "config_given", "pred_original_sample"}},
        {"DDPMScheduler", {"samples", "noise", "timesteps", "init_noise_sigma"}},
        {"DDIMInverseScheduler", {"samples", "timesteps"}},
        {"PNDMScheduler", {"samples", "timesteps", "num_inference_steps"}},
        {"DPMSolverMultistepScheduler", {"samples", "timesteps", "sigmas"}},
        {"UniPCMultistepScheduler", {"samples", "timesteps", "sigmas"}},
        {"SASolverScheduler", {"samples", "noise", "sigmas"}},
        {"EDMEulerScheduler", {"samples", "sigmas", "input_scale", "pred_original_sample"}},
        {"FlowMatchEulerDiscreteScheduler", {"samples", "timesteps", "sigmas"}}}},
      {"diffusers_k",
       {{"EulerDiscreteScheduler",
         {"samples", "timesteps", "sigmas", "input_scale", "pred_original_sample", "init_noise_sigma", "config_given"}},
        {"EulerAncestralDiscreteScheduler", {"samples", "noise", "sigmas"}},
        {"HeunDiscreteScheduler", {"samples", "timesteps", "sigmas", "pred_original_sample"}},
        {"KDPM2DiscreteScheduler", {"samples", "timesteps", "sigmas", "pred_original_sample"}},
        {"KDPM2AncestralDiscreteScheduler", {"samples", "noise", "timesteps"}},
        {"LMSDiscreteScheduler", {"samples", "sigmas", "step_kwargs"}},
        {"DPMSolverSDEScheduler", {"samples", "noise", "timesteps"}}}},
      {"diffusers_others",
       {{"DPMSolverSinglestepScheduler", {"samples", "noise", "timesteps", "sigmas"}},
        {"DEISMultistepScheduler", {"samples", "timesteps", "sigmas"}},
        {"EDMDPMSolverMultistepScheduler", {"samples", "noise", "sigmas"}},
        {"CosineDPMSolverMultistepScheduler", {"samples", "noise", "timesteps"}},
        {"DPMSolverMultistepInverseScheduler", {"samples", "timesteps", "sigmas"}},
        {"LCMScheduler", {"samples", "noise", "timesteps"}},
        {"TCDScheduler", {"samples", "noise", "timesteps"}},
        {"CMStochasticIterativeScheduler", {"samples", "noise", "sigmas", "init_noise_sigma"}},
        {"FlowMatchHeunDiscreteScheduler", {"samples", "timesteps", "sigmas"}},
        {"FlowMatchLCMScheduler", {"samples", "noise", "timesteps"}},
        {"IPNDMScheduler", {"samples", "timesteps", "alpha", "sigma"}},
        {"UnCLIPScheduler", {"samples", "noise", "timesteps", "pred_original_sample"}},
        {"CogVideoXDDIMScheduler", {"samples", "timesteps", "pred_original_sample"}}}},
      {"k_diffusion_others",
       {{"sample_euler", {"sigmas", "callback_x", "noise"}},
        {"sample_euler_ancestral", {"noise", "noise_sigma", "model_inputs"}},
        {"sample_dpm_2", {"model_sigmas", "noise"}},
        {"sample_dpm_2_ancestral", {"model_sigmas", "noise", "noise_sigma"}},
        {"sample_lms", {"model_inputs", "sigmas"}},
        {"sample_dpmpp_2s_ancestral", {"model_sigmas", "noise"}},
        {"sample_dpmpp_2m", {"model_inputs"}},
        {"sample_dpmpp_2m_sde", {"noise", "noise_sigma"}},
        {"sample_dpmpp_3m_sde", {"noise", "noise_sigma"}},
        {"sample_dpm_fast", {"model_sigmas", "noise", "noise_sigma", "sigma_max", "callback_x"}}}},
      {"k_diffusion",
       {{"sample_heun", {"sigmas", "model_sigmas", "model_inputs", "callback_x", "noise"}},
        {"sample_dpmpp_sde", {"sigmas", "noise", "noise_sigma", "model_inputs"}},
        {"sample_dpm_adaptive", {"model_sigmas", "info", "callback_x", "sigma_max"}}}},
      {"official",
       {{"dpm-solver", {"timesteps", "intermediates", "nfe", "model_t", "model_inputs"}},
        {"unipc", {"timesteps", "intermediates", "alpha", "sigma"}}}}};
  for (const auto& [name, classes] : keys) {
    const json file = selection(name);
    for (const auto& [class_name, own] : classes) {
      std::vector<std::string> all = of_all;
      all.insert(all.end(), own.begin(), own.end());
      for (const std::string& key : all) {
        json c = find(file, class_name, key);
        REQUIRE(misses(only(file, c)).empty());
        alter(key == "config"         ? c[key]["beta_start"]
              : key == "config_given" ? (c[key]["beta_start"] = 0.0003)
                                      : c[key]);
        CAPTURE(class_name, key);
        CHECK(misses(only(file, c)).size() == 1);
      }
    }
  }
}

TEST_CASE("an altered number in an add_noise case makes it miss") {
  json file = selection("diffusers");
  file["cases"] = json::array();
  for (const std::string key : {"out", "velocity", "original", "noise", "timesteps"}) {
    json changed = file;
    alter(changed["add_noise_cases"][0][key]);
    CAPTURE(key);
    CHECK(misses(changed).size() == 1);
  }
}

TEST_CASE("a NaN equals nothing, and a missing number is a miss") {
  const json file = selection("diffusers");
  for (const json& broken : {json("nan"), json("inf"), json(nullptr)}) {
    json c = find(file, "DDIMScheduler");
    c["final"][0][0] = broken;
    CHECK(misses(only(file, c)).size() == 1);
  }
  json c = find(file, "DDIMScheduler");
  c["final"][0].erase(0);
  CHECK(misses(only(file, c)).size() == 1);

  golden::comparison seen;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  seen.look(nan, nan, 1e300, "both");
  CHECK_FALSE(seen.matched());
}

TEST_CASE("a line says which case misses, its class, by how much, and what would do") {
  const json file = selection("diffusers");
  json c = find(file, "DDIMScheduler");
  c["final"][0][0] = c["final"][0][0].get<double>() + 0.5;
  const std::string id = c["id"];
  const auto lines = misses(only(file, c));
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Catch::Matchers::ContainsSubstring(id + " DDIMScheduler 0.5 "));

  c["class"] = "AmusedScheduler";
  CHECK(misses(only(file, c)) == std::vector{id + " AmusedScheduler: not built"});
  c["class"] = "DDIMScheduler";
  c["config"]["beta_schedule"] = "wavy";
  CHECK(
      misses(only(file, c)) ==
      std::vector{id + " DDIMScheduler: /beta_schedule: \"wavy\"; allowed: linear, scaled_linear, squaredcos_cap_v2"});
}

TEST_CASE("a file that is no recording is refused") {
  const auto path = std::filesystem::temp_directory_path() / "noisefall_conformance_test.json";
  const auto refused = [&](const std::string& text, const std::string& message) {
    std::ofstream{path} << text;
    CHECK_THROWS_WITH(golden::read_trace_file(path.string()), Catch::Matchers::ContainsSubstring(message));
  };
  refused("{\"format\": \"diffusion-golden-1\", \"cases\": [", "is not JSON");
  refused("{\"format\": \"another\"}", "is not of format diffusion-golden-1");
  refused("[]", "is not of format diffusion-golden-1");
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(golden::read_trace_file(path.string()), Catch::Matchers::ContainsSubstring("cannot be opened"));
}
