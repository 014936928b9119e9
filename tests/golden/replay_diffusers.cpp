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

// Classes whose network's level is that of its label, an index of the table.
bool looks_labels_up(const std::string& class_name) {
  constexpr std::array names{"DDPMScheduler", "DDIMScheduler", "DDIMInverseScheduler", "PNDMScheduler"};
  return std::find(names.begin(), names.end(), class_name) != names.end();
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

std::vector<recorded_draw<double>> draws_of(const json& c, std::size_t size) {
  std::vector<recorded_draw<double>> draws;
  if (!c.contains("noise")) return draws;
  std::uint32_t step = 0;
  for (const json& z : c.at("noise")) {
    draws.push_back({step, 0, z.is_null() ? std::vector<double>(size) : flat(z)});
    ++step;
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
  const std::vector<double> sigmas = numbers(c.at("sigmas"));
  std::vector<double> mine;
  const auto sigma = [flow](const noise_level& l) { return flow ? l.sigma : l.rho(); };
  for (const leg& l : path.legs()) mine.push_back(sigma(l.from));
  mine.push_back(sigma(path.back()));
  seen.look(static_cast<double>(mine.size()), static_cast<double>(sigmas.size()), 0, "sigmas: how many");
  for (std::size_t i = 0; i < std::min(mine.size(), sigmas.size()); ++i)
    seen.look(mine[i], sigmas[i], "sigmas" + bracketed(i));
}

// x0 as EDMEuler estimates it: from the state raised by churn and the output for the state before that.
std::vector<double> churned_estimate(const json& c, const diffusers_setup& s, const asked& a,
                                     const std::vector<recorded_draw<double>>& draws) {
  const diffusers_arguments given = arguments_of(c);
  const double sigma = a.at.sigma;
  const bool inside = given.s_tmin <= sigma && sigma <= given.s_tmax;
  const double hat =
      sigma * (1 + (inside ? std::min(given.s_churn / static_cast<double>(s.path.steps()), std::sqrt(2.0) - 1) : 0));
  const double noise = given.s_noise * std::sqrt(hat * hat - sigma * sigma);
  const affine to_x0 = s.parameterisation.to_x0({hat, 1, hat});
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
  const std::vector<recorded_draw<double>> draws = draws_of(c, extents.size());
  // EDMEuler's estimate is that of the churned state, which the run never shows.
  const bool churns = class_name == "EDMEulerScheduler" && c.at("step_kwargs").value("s_churn", 0.0) > 0;

  look_at_sigmas(c, s.path, flow, seen);
  seen.look(s.init_noise_sigma, number(c.at("init_noise_sigma")), "init_noise_sigma");

  const sampler sample{s.solver, s.schedule, s.path, unguided{}, s.parameterisation, s.map};
  const auto level_of = [&](const auto& request) {
    const noise_level at = request.at.levels[0];
    if (!by_label) return at;
    const double label = request.at.labels[0];
    return s.schedule.at(label < 0 ? s.schedule.t_max() + 1 + label : label);  // index -1 is the last
  };
  const auto see = [&](const asked& a) {
    const std::string i = bracketed(a.call);
    if (a.call >= labels.size())
      throw std::runtime_error{"more evaluations than the " + std::to_string(labels.size()) + " recorded"};
    seen.look(a.label, number(labels[a.call]), "timesteps" + i);
    seen.look(a.at.alpha, number(c.at("alpha").at(a.call)), "alpha" + i);
    seen.look(a.at.sigma, number(c.at("sigma").at(a.call)), "sigma" + i);
    if (c.contains("input_scale")) seen.look(a.input_scale, number(c.at("input_scale").at(a.call)), "input_scale" + i);
    if (churns)
      seen.look(churned_estimate(c, s, a, draws), flat(c.at("pred_original_sample").at(a.call)), 100 * tolerance,
                "pred_original_sample" + i);
    if (a.call > 0)
      seen.look(a.x, flat(samples.at(a.call - 1)), tolerance, "samples[" + std::to_string(a.call - 1) + "]");
  };
  const auto after = [&](std::size_t call, std::span<const double>, auto& run) {
    if (churns || !has(c, "pred_original_sample")) return;
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
