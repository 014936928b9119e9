// The sampler of a job: what the model's scheduler_config.json says, or policies of the library by name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/fields.hpp>
#include <noisefall/sampler/sampler.hpp>

namespace stable_diffusion {

namespace nf = noisefall;

inline constexpr double usual_guidance_scale = 7.5;

/// A sampler, and what else follows from the fields that made it.
struct job_sampler {
  nf::sampler policy;
  double told_scale = usual_guidance_scale;  // what a distilled network is told
  double initial_deviation =
      0;  // of the latents that diffusers starts from; 0: the first level's, as the library has it
  bool learned_variance = false;  // the network's output has twice the channels
  nlohmann::json described{};     // the fields with all defaults; they make the same sampler
  std::vector<std::string> warnings{};
};

/// The names of the fields that make_sampler reads.
inline constexpr const char* sampler_fields[] = {
    "steps",      "scheduler", "set_timesteps",    "step",      "solver",   "schedule",
    "trajectory", "guidance",  "parameterisation", "threshold", "strength", "guidance_scale"};

/// `scheduler`: the content of the model's scheduler_config.json. `job` may say
///   "steps": 30, "guidance_scale": 7.5 (the usual scale, 1 for none) or "guidance": a policy of the library,
///   "strength": how much of the steps is run, from an image;
/// and either, as diffusers computes,
///   "scheduler": the name of another class, or an object with fields that replace the file's,
///   "set_timesteps", "step": objects with further arguments of these functions (timesteps, sigmas, mu; eta, s_churn ...)
/// or the library's own policies, on the schedule and parameterisation of the file:
///   "solver": and with it "trajectory" (else trailing; {"file": FILE}: what a search found, with its solver), "schedule",
///   "parameterisation", "threshold".
/// `distilled`: the network guides itself by the scale that it is told, so that the sampler does not, and no other
/// guidance is taken. Throws noisefall::error with the JSON pointer. Files are looked for in `beside`.
job_sampler make_sampler(const nlohmann::json& job, const nlohmann::json& scheduler,
                         const std::filesystem::path& beside, bool distilled = false);

}  // namespace stable_diffusion
