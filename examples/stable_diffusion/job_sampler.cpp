#include "job_sampler.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <noisefall/config/config.hpp>
#include <noisefall/config/diffusers.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/trajectory/partial.hpp>

#include "../support/found_trajectory.hpp"

namespace stable_diffusion {

namespace {

using nlohmann::json;

constexpr std::int64_t most_steps = 100'000, usual_steps = 30;
constexpr std::string_view in_file = "scheduler/scheduler_config.json";

std::string class_of(const json& scheduler) {
  const auto name = scheduler.find("_class_name");
  return name != scheduler.end() && name->is_string() ? name->get<std::string>() : std::string{};
}

// The schedule of a scheduler_config.json in the library's own form.
json native_schedule(const json& scheduler, const nf::fields& job) {
  const nf::fields said{scheduler, std::string{in_file} + ": "};
  const std::string name = class_of(scheduler);
  if (name.starts_with("FlowMatch")) return "rectified_flow";
  if (!said.has("beta_schedule") && !said.has("trained_betas"))
    job.refuse("schedule", "missing, and " + std::string{in_file} + " of class " + name + " has no beta_schedule",
               "a schedule of the library");
  const auto steps = static_cast<std::size_t>(said.integer("num_train_timesteps", 1000, 1, 1'000'000));
  json table;
  if (const auto betas = said.numbers("trained_betas", nf::unit_interval)) {
    table = {{"name", "discrete"}, {"alphas_cumprod", nf::alphas_cumprod(*betas)}};
  } else {
    const std::string kind = said.choice("beta_schedule", "", {"linear", "scaled_linear", "squaredcos_cap_v2"});
    if (kind == "squaredcos_cap_v2")
      table = {{"name", "cosine"}, {"train_steps", steps}};
    else
      table = {{"name", kind},
               {"beta_start", said.number("beta_start", 1e-4)},
               {"beta_end", said.number("beta_end", 0.02)},
               {"train_steps", steps}};
  }
  if (said.boolean("rescale_betas_zero_snr", false)) return {{"name", "zero_terminal_snr"}, {"of", table}};
  return table;
}

json native_parameterisation(const json& scheduler) {
  const nf::fields said{scheduler, std::string{in_file} + ": "};
  if (class_of(scheduler).starts_with("FlowMatch")) return "predicts_flow";
  const std::string kind =
      said.choice("prediction_type", "epsilon", {"epsilon", "v_prediction", "sample", "flow_prediction"});
  return kind == "v_prediction" ? "predicts_v"
         : kind == "sample"     ? "predicts_x0"
         : kind == "epsilon"    ? "predicts_eps"
                                : "predicts_flow";
}

// The guidance, by its scale or in full. A distilled network's scale goes to the network.
nf::loaded<nf::any_guidance> read_guidance(const nf::fields& job, bool distilled) {
  if (job.has("guidance") && distilled)
    job.refuse("guidance", "the model is distilled, and guides itself", "guidance_scale alone");
  if (job.has("guidance") && job.has("guidance_scale"))
    job.refuse("guidance_scale", "stands beside guidance", "one of the two");
  if (distilled) return nf::load_guidance("unguided");
  if (job.has("guidance")) return nf::load_guidance(job.value("guidance"), job.at("guidance"));
  // Below 1 pipelines of diffusers do not guide, and the formula guides away from the prompt: nobody is to guess which.
  constexpr nf::number_range from_none{
      .low = 1, .high = nf::finite_number.high, .text = "1, for none, or more (weights below 0 are a \"guidance\")"};
  const double scale = job.number("guidance_scale", usual_guidance_scale, from_none);
  return nf::load_guidance({{"name", "classifier_free"}, {"weight", scale - 1}});
}

// Refuses policies that need more than a text-to-image model has.
void check_branches(const nf::sampler& made, std::size_t further, const nf::fields& job) {
  const nf::any_guidance& rule = made.parts().guidance;
  const std::string name{rule.name()};
  if (name == "autoguidance" || name == "perturbed_branch")
    job.refuse("guidance", name + " compares the network with a worse one",
               "a guidance by prompts: a folder has one U-Net");
  if (rule.gradients().size() > 0)
    job.refuse("guidance", name + " needs a gradient", "a guidance by prompts: ONNX networks have no gradients");
  const std::size_t steps = made.steps();
  for (std::size_t i = 0; i < steps; ++i) {
    const nf::leg& l = made.path()[i];
    const nf::branch_set wanted = rule.needs(nf::guidance_position{l.from, l.from, l.to, i, steps});
    for (std::size_t branch = 2 + further; branch < nf::max_branches; ++branch)
      if (wanted.holds(branch))
        job.refuse("further_prompts", std::to_string(further) + " prompts, and " + name + " weighs more",
                   std::to_string(branch - 1) + " or more: one for each weight beside the prompt and the negative one");
  }
}

job_sampler of_diffusers(const nf::fields& job, const json& scheduler, bool distilled) {
  json merged = scheduler;
  if (job.has("scheduler")) {
    const json& given = job.value("scheduler");
    if (given.is_string())
      merged["_class_name"] = given;
    else if (given.is_object())
      merged.update(given);
    else
      job.refuse("scheduler", "the name of a class of diffusers, or an object with fields of scheduler_config.json");
  }
  const nf::diffusers_config config{merged, job.has("scheduler") ? job.at("scheduler") : std::string{in_file} + ": "};
  nf::diffusers_arguments arguments;
  if (job.has("set_timesteps")) arguments.read_set_timesteps(job.value("set_timesteps"), job.at("set_timesteps"));
  if (job.has("step")) arguments.read_step(job.value("step"), job.at("step"));
  json described{{"scheduler", merged}};
  for (const char* name : {"set_timesteps", "step"})
    if (job.has(name)) described[name] = job.value(name);
  const bool listed = arguments.timesteps || arguments.sigmas;
  if (arguments.num_inference_steps || listed) {
    if (job.has("steps")) job.refuse("steps", "stands beside steps in set_timesteps", "one of the two");
  } else {
    arguments.num_inference_steps = static_cast<std::size_t>(job.integer("steps", usual_steps, 1, most_steps));
    described["steps"] = *arguments.num_inference_steps;
  }
  const nf::loaded<nf::any_guidance> guidance = read_guidance(job, distilled);
  described["guidance"] = guidance.described;
  const nf::diffusers_setup s = config.setup(arguments);
  return {.policy = nf::sampler{s.solver, s.schedule, s.path, guidance.policy, s.parameterisation, s.map},
          .initial_deviation = s.init_noise_sigma,
          .learned_variance = s.learned_variance,
          .described = std::move(described)};
}

// With the usual number of steps for a spacing that wants one and was given none.
nf::loaded_sampler load_with_steps(json fields) {
  try {
    return nf::load_sampler(fields);
  } catch (const nf::error& e) {
    if (e.where() != "/trajectory/steps" || fields["trajectory"].contains("steps")) throw;
  }
  fields["trajectory"]["steps"] = usual_steps;
  return nf::load_sampler(fields);
}

job_sampler of_the_library(json job, const json& scheduler, const std::filesystem::path& beside, bool distilled) {
  const std::optional<nf::found_trajectory> found = examples::take_found_trajectory(job, beside);
  if (found && !job.contains("solver")) job["solver"] = found->solver;
  const nf::fields in{job, ""};
  for (const char* name : {"scheduler", "set_timesteps", "step"})
    if (in.has(name)) in.refuse(name, "stands beside policies of the library", "this, or solver and trajectory");
  if (!in.has("solver")) in.refuse("solver", "a solver of the library, where a trajectory is one of its");
  json fields = json::object();
  for (const char* name : {"solver", "schedule", "trajectory", "parameterisation", "threshold"})
    if (in.has(name)) fields[name] = in.value(name);
  if (!in.has("schedule")) fields["schedule"] = native_schedule(scheduler, in);
  if (!in.has("parameterisation")) fields["parameterisation"] = native_parameterisation(scheduler);
  if (!in.has("trajectory")) fields["trajectory"] = "trailing";
  json& path = fields["trajectory"];
  if (path.is_string()) path = {{"name", path}};
  if (in.has("steps") || !in.has("trajectory")) {
    if (path.contains("steps")) in.refuse("steps", "stands beside the steps of the trajectory", "one of the two");
    path["steps"] = in.integer("steps", usual_steps, 1, most_steps);
  }
  fields["guidance"] = read_guidance(in, distilled).described;
  std::vector<std::string> warnings;
  nf::loaded_sampler loaded = load_with_steps(fields);
  if (found) loaded = examples::on_found_trajectory(loaded, *found, warnings);
  json described = loaded.described;
  described.erase("noisefall");
  if (found) described["trajectory"] = {{"found", json_of(*found)}};
  return {.policy = loaded.policy, .described = std::move(described), .warnings = std::move(warnings)};
}

}  // namespace

job_sampler make_sampler(const json& job, const json& scheduler, const std::filesystem::path& beside, bool distilled) {
  const nf::fields in{job, ""};
  bool native = false;
  for (const char* name : {"solver", "trajectory", "schedule", "parameterisation", "threshold"})
    native = native || in.has(name);
  job_sampler made =
      native ? of_the_library(job, scheduler, beside, distilled) : of_diffusers(in, scheduler, distilled);
  if (in.has("strength")) {
    const double strength = in.number("strength", 1, nf::unit_interval);
    try {
      made.policy = examples::on_path(made.policy, nf::partial(made.policy.path(), strength));
    } catch (const nf::error& e) {
      in.refuse("strength", e.problem(), e.allowed());
    }
    made.described["strength"] = strength;
  }
  if (distilled) {
    made.told_scale = in.number("guidance_scale", usual_guidance_scale, nf::finite_number);
    made.described.erase("guidance");
    made.described["guidance_scale"] = made.told_scale;
  }
  check_branches(made.policy, in.has("further_prompts") ? in.value("further_prompts").size() : 0, in);
  return made;
}

}  // namespace stable_diffusion
