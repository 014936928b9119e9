#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <noisefall/config/diffusers.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/sampler/perturb.hpp>

#include "golden/drive.hpp"
#include "golden/replay.hpp"
#include "golden/trace_file.hpp"

namespace noisefall::golden {

using nlohmann::json;

namespace {

template <std::size_t N>
bool is_one_of(const std::string& class_name, const std::array<const char*, N>& names) {
  return std::find(names.begin(), names.end(), class_name) != names.end();
}

// Classes whose network's level is that of its label, an index of the table.
bool looks_labels_up(const std::string& class_name) {
  constexpr std::array names{"DDPMScheduler", "DDIMScheduler", "DDIMInverseScheduler", "PNDMScheduler",
                             "LCMScheduler",  "TCDScheduler",  "UnCLIPScheduler",      "CogVideoXDDIMScheduler"};
  return is_one_of(class_name, names);
}

// Classes whose state is x0 + sigma * eps and whose network was trained on alpha^2 + sigma^2 = 1.
bool feeds_preserving(const std::string& class_name) {
  constexpr std::array names{"EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler",
                             "KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler", "LMSDiscreteScheduler",
                             "DPMSolverSDEScheduler"};
  return is_one_of(class_name, names);
}

// Classes that list a sigma per call, two a step: each after the first twice, and the final 0 once or more.
bool lists_sigmas_twice(const std::string& class_name) {
  constexpr std::array names{"HeunDiscreteScheduler", "KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler",
                             "DPMSolverSDEScheduler", "FlowMatchHeunDiscreteScheduler"};
  return is_one_of(class_name, names);
}

bool is_flow(const std::string& class_name, const json& config) {
  return class_name.starts_with("FlowMatch") || config.value("use_flow_sigmas", false);
}

diffusers_arguments arguments_of(const json& c) {
  diffusers_arguments a;
  a.read_set_timesteps(c.at("set_timesteps_kwargs"), "/set_timesteps_kwargs");
  if (has(c, "num_inference_steps")) a.num_inference_steps = c.at("num_inference_steps").get<std::size_t>();
  a.read_step(with_numbers(c.at("step_kwargs")), "/step_kwargs");
  return a;
}

// One list of normals per call. Of two calls a step KDPM2Ancestral uses those of the second; DPMSolverSDE draws over
// [s, middle] and over [s, t]: disjoint increments are the first one and, in the clock sigma, (sqrt(s - t) z_st -
// sqrt(s - middle) z_s) / sqrt(middle - t).
std::vector<recorded_draw<double>> draws_of(const json& c, const trajectory& path, std::size_t size) {
  std::vector<recorded_draw<double>> draws;
  if (!c.contains("noise")) return draws;
  const std::string class_name = c.at("class").get<std::string>();
  const json& noise = c.at("noise");
  const auto normals = [&](std::size_t call) {
    return call >= noise.size() || noise[call].is_null() ? std::vector<double>(size) : flat(noise[call]);
  };
  const bool twice = lists_sigmas_twice(class_name), overlap = class_name == "DPMSolverSDEScheduler",
             churned = class_name == "FlowMatchHeunDiscreteScheduler";
  for (std::size_t i = 0; i < path.steps(); ++i) {
    const std::uint32_t step = static_cast<std::uint32_t>(i);
    if (!overlap) {
      draws.push_back({step, 0, normals(twice ? 2 * i + (churned ? 0 : 1) : i)});
      continue;
    }
    const double from = path[i].from.sigma, to = path[i].to.sigma;
    if (to == 0) continue;
    const double middle = std::sqrt(from * to);
    const std::vector<double> first = normals(2 * i), whole = normals(2 * i + 1);
    std::vector<double> second(size);
    for (std::size_t k = 0; k < size; ++k)
      second[k] =
          (std::sqrt(from - to) * whole.at(k) - std::sqrt(from - middle) * first.at(k)) / std::sqrt(middle - to);
    draws.push_back({step, 0, first});
    draws.push_back({step, 1, second});
  }
  return draws;
}

// The recording agrees with itself: each output is that of the network for the recorded state, level and label.
void look_at_outputs(const json& c, const network& net, std::size_t rows, std::size_t size, comparison& seen) {
  const std::vector<double> labels = numbers(c.at("timesteps")), alphas = numbers(c.at("alpha")),
                            sigmas = numbers(c.at("sigma"));
  const std::vector<double> scales =
      c.contains("input_scale") ? numbers(c.at("input_scale")) : std::vector<double>(labels.size(), 1);
  const json& outputs = c.at("model_outputs");
  seen.look(static_cast<double>(outputs.size()), static_cast<double>(labels.size()), 0, "model_outputs: how many");
  for (std::size_t i = 0; i < std::min(labels.size(), outputs.size()); ++i) {
    const std::vector<double> x = flat(i == 0 ? c.at("initial_sample") : c.at("samples").at(i - 1)),
                              recorded = flat(outputs[i]);
    if (x.size() != rows * size)
      throw std::runtime_error{"samples[" + std::to_string(i - 1) + "] has another size than shape"};
    std::vector<double> scaled = x, out(rows * net.columns(size));
    for (double& v : scaled) v *= scales.at(i);
    net.answer(x, scaled, size, {0, alphas.at(i), sigmas.at(i)}, labels[i], out);
    double largest = 1;
    for (const double v : recorded)
      if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
    seen.look(out, recorded, 1e-9 * largest, "model_outputs" + bracketed(i));
  }
}

void look_at_sigmas(const json& c, const trajectory& path, bool flow, comparison& seen) {
  if (!c.contains("sigmas")) return;
  const std::string class_name = c.at("class").get<std::string>();
  std::vector<double> sigmas = numbers(c.at("sigmas")), mine;
  const auto sigma = [flow](const noise_level& l) { return flow ? l.sigma : l.rho(); };
  for (const leg& l : path.legs()) mine.push_back(sigma(l.from));
  mine.push_back(sigma(path.back()));
  if (lists_sigmas_twice(class_name)) {
    std::vector<double> twice{mine.front()};
    for (std::size_t i = 1; i + 1 < mine.size(); ++i) twice.insert(twice.end(), 2, mine[i]);
    const std::size_t ends =
        sigmas.size() > twice.size() && sigmas.size() <= twice.size() + 3 ? sigmas.size() - twice.size() : 1;
    twice.insert(twice.end(), ends, mine.back());
    mine = std::move(twice);
  }
  if (class_name == "CMStochasticIterativeScheduler")  // lists where its last leg ends before sigma_min is taken off
    mine.back() = number(c.at("config").at("sigma_min"));
  if (class_name == "EulerDiscreteScheduler" && sigmas.size() == mine.size() + 1 &&
      c.at("config").value("interpolation_type", "") == "log_linear")  // a last one that is never reached
    sigmas.pop_back();
  if (class_name == "DPMSolverMultistepInverseScheduler" && mine.size() < sigmas.size())  // drops labels that repeat
    sigmas.resize(mine.size());
  seen.look(static_cast<double>(mine.size()), static_cast<double>(sigmas.size()), 0, "sigmas: how many");
  for (std::size_t i = 0; i < std::min(mine.size(), sigmas.size()); ++i)
    seen.look(mine[i], sigmas[i], "sigmas" + bracketed(i));
}

// x0 of an evaluation in the middle of a step, of which the run keeps no estimate.
std::vector<double> inner_estimate(const diffusers_setup& s, const asked& a, const noise_level& at) {
  const affine to_x0 = s.parameterisation.to_x0(at);
  std::vector<double> estimate(a.x.size());
  for (std::size_t j = 0; j < estimate.size(); ++j) {
    estimate[j] = to_x0.x * a.x[j] + to_x0.out * a.out[j];
    if (s.map.how == threshold::kind::fixed) estimate[j] = std::clamp(estimate[j], -s.map.range, s.map.range);
  }
  return estimate;
}

// x0 as EDMEuler and EulerDiscrete estimate it: from the state raised by churn and the output for the state before
// that; EulerDiscrete converts a v at the level before that, too.
std::vector<double> churned_estimate(const json& c, const diffusers_setup& s, const asked& a,
                                     const std::vector<recorded_draw<double>>& draws) {
  const diffusers_arguments given = arguments_of(c);
  const double sigma = s.path[a.step].from.sigma;
  const bool late =
      c.at("class") == "EulerDiscreteScheduler" && c.at("config").value("prediction_type", "") == "v_prediction";
  const bool inside = given.s_tmin <= sigma && sigma <= given.s_tmax;
  const double hat =
      sigma *
      (1 + (inside ? std::min(given.s_churn / static_cast<double>(c.at("sigmas").size() - 1), std::sqrt(2.0) - 1) : 0));
  const double noise = given.s_noise * std::sqrt(hat * hat - sigma * sigma);
  const double read = late ? sigma : hat;
  const affine to_x0 = s.parameterisation.to_x0({read, 1, read});
  std::vector<double> estimate(a.x.size());
  for (std::size_t j = 0; j < estimate.size(); ++j) {
    const double z = noise == 0 ? 0 : draws.at(a.step).values.at(j);
    estimate[j] = to_x0.x * (a.x[j] + noise * z) + to_x0.out * a.out[j];
  }
  return estimate;
}

void run_setup(const json& c, const diffusers_setup& s, const network& net, const shape& extents, comparison& seen) {
  const std::string class_name = c.at("class").get<std::string>();
  const bool by_label = looks_labels_up(class_name);
  const bool flow = is_flow(class_name, c.at("config"));
  const double tolerance = tolerance_of(c);
  const json &samples = c.at("samples"), &labels = c.at("timesteps");
  const std::vector<recorded_draw<double>> draws = draws_of(c, s.path, extents.size());
  const bool preserving = feeds_preserving(class_name), estimates = has(c, "pred_original_sample");
  // The estimate of EDMEuler and EulerDiscrete is that of the churned state, which the run never shows.
  const bool churns = estimates && c.at("step_kwargs").value("s_churn", 0.0) > 0;

  look_at_sigmas(c, s.path, flow, seen);
  seen.look(s.init_noise_sigma, number(c.at("init_noise_sigma")), "init_noise_sigma");

  const sampler sample{s.solver, s.schedule, s.path, unguided{}, s.parameterisation, s.map};
  const auto level_of = [&](const auto& request) {
    const noise_level at = request.at.levels[0];
    if (preserving) return variance_preserving_level(at.t, at.rho());
    if (!by_label) return at;
    const double label = request.at.labels[0];
    return s.schedule.at(label < 0 ? s.schedule.t_max() + 1 + label : label);  // index -1 is the last
  };
  std::size_t stage = 0;
  const auto see = [&](const asked& a) {
    stage = a.stage;
    const std::string i = bracketed(a.call);
    if (a.call >= labels.size())
      throw std::runtime_error{"more evaluations than the " + std::to_string(labels.size()) + " recorded"};
    seen.look(a.label, number(labels[a.call]), "timesteps" + i);
    seen.look(a.at.alpha, number(c.at("alpha").at(a.call)), "alpha" + i);
    seen.look(a.at.sigma, number(c.at("sigma").at(a.call)), "sigma" + i);
    if (c.contains("input_scale")) seen.look(a.input_scale, number(c.at("input_scale").at(a.call)), "input_scale" + i);
    if (estimates && !churns && a.stage > 0)
      seen.look(inner_estimate(s, a, preserving ? noise_level{0, 1, a.at.rho()} : a.at),
                flat(c.at("pred_original_sample").at(a.call)), 100 * tolerance, "pred_original_sample" + i);
    if (churns)
      seen.look(churned_estimate(c, s, a, draws), flat(c.at("pred_original_sample").at(a.call)), 100 * tolerance,
                "pred_original_sample" + i);
    if (a.call > 0)
      seen.look(a.x, flat(samples.at(a.call - 1)), tolerance, "samples[" + std::to_string(a.call - 1) + "]");
  };
  const auto after = [&](std::size_t call, std::span<const double>, auto& run) {
    if (churns || !estimates || stage > 0) return;
    const auto estimate = run.denoised();
    seen.look(std::span<const double>{estimate.data(), estimate.size()}, flat(c.at("pred_original_sample").at(call)),
              100 * tolerance, "pred_original_sample" + bracketed(call));
  };
  const driven end = drive(sample, extents, flat(c.at("initial_sample")), draws, net, level_of, see, after);
  seen.look(static_cast<double>(end.calls), static_cast<double>(labels.size()), 0, "how many evaluations");
  seen.look(end.x, flat(c.at("final")), tolerance, "final");
  seen.look(end.x, flat(samples.back()), tolerance, "samples[" + std::to_string(samples.size() - 1) + "]");
}

}  // namespace

bool replay_diffusers(const json& c, const std::vector<mixture>& mixtures, comparison& seen) {
  const std::string class_name = c.at("class").get<std::string>();
  if (!diffusers_config::is_built(class_name)) return false;
  const json config = with_numbers(c.at("config"));
  json given = with_numbers(c.at("config_given"));
  given["_class_name"] = class_name;
  if (class_name == "DPMSolverSinglestepScheduler")  // set_timesteps switches it on where it needs it
    given["lower_order_final"] = config.at("lower_order_final");
  const std::size_t samples = c.at("shape").at(0).get<std::size_t>(), size = c.at("shape").at(1).get<std::size_t>();

  network net{.rule = rule_of(class_name, config)};
  const std::string kind = c.at("model").at("kind").get<std::string>();
  if (kind == "gmm")
    net.exact = &mixtures.at(c.at("model").at("mixture").get<std::size_t>());
  else if (kind != "dummy")
    throw std::runtime_error{"model of kind " + kind};
  if (size == 0 || (net.exact && net.exact->size() != size) || flat(c.at("initial_sample")).size() != samples * size)
    throw std::runtime_error{"mixture, shape and initial_sample do not fit"};

  look_at_outputs(c, net, samples, size, seen);
  const diffusers_arguments arguments = arguments_of(c);
  const diffusers_config whole{config};
  if (!(whole == diffusers_config{given}))
    throw std::runtime_error{"config is not config_given with the class's defaults"};
  run_setup(c, whole.setup(arguments), net, {samples, size}, seen);
  return true;
}

bool replay_add_noise(const json& c, comparison& seen) {
  json config = with_numbers(c.at("config_given"));
  config["_class_name"] = c.at("class");
  diffusers_arguments arguments;
  arguments.num_inference_steps = c.at("num_inference_steps").get<std::size_t>();
  const std::vector<double> labels = numbers(c.at("timesteps")), x0 = flat(c.at("original")), eps = flat(c.at("noise"));
  const shape extents{c.at("original").size(), x0.size() / c.at("original").size()};
  const view<double> clean{x0.data(), extents}, noise{eps.data(), extents};
  if (eps.size() != x0.size() || labels.size() != extents.samples()) throw std::runtime_error{"shapes that do not fit"};

  const diffusers_config reader{config};
  tensor<double> out{extents};
  const auto look = [&](const std::string& key) {
    const std::vector<double> recorded = flat(c.at(key));
    double largest = 1;
    for (const double v : recorded)
      if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
    seen.look(out.elements(), recorded, 1e-9 * largest, key);
  };
  perturb(clean, noise, reader.noising(labels, arguments), mutable_view<double>{out});
  look("out");
  if (has(c, "velocity")) {
    velocity(clean, noise, reader.velocity_levels(labels, arguments), mutable_view<double>{out});
    look("velocity");
  }
  return true;
}

}  // namespace noisefall::golden
