// RePaintScheduler.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/betas.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/fields.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/row_algebra.hpp>

namespace noisefall::diffusers {

// DDIM at eta, after a jump where there is one: x' = sqrt(kept) x + sqrt(1 - kept) z, the forward process over all that
// lies between at once. The jump's noise is slot 0, the step's slot 1.
struct jumping_ddim {
  static constexpr std::string_view name = "diffusers' RePaint";
  static constexpr bool two_readings = true;

  double eta = 0;
  std::vector<double> kept{};  // for each leg the share of the signal's power that the jump before it keeps; 1: no jump

  int order() const { return 1; }
  std::size_t history() const { return 0; }
  void check() const { ddim{eta}.check(); }

  step_plan plan(const step_window& window) const {
    const noise_level& from = window.at.from;
    const std::uint32_t index = static_cast<std::uint32_t>(window.at.index);
    step_plan p = ddim{eta}.plan(window);
    p.result.noise[1] = std::exchange(p.result.noise[0], 0);
    p.slots = {};
    if (p.result.noise[1] != 0) p.slots[1] = {from, window.at.to, index, 1};
    const double share = window.at.index < kept.size() ? kept[window.at.index] : 1;
    if (share == 1) return p;
    row up{.x = std::sqrt(share)};
    up.noise[0] = std::sqrt(1 - share);
    p.slots[0] = {window.behind.empty() ? window.at.to : window.behind.back().to, from, index, 0};
    p.evaluations[0].state = up;
    p.result = substitute(p.result, up);
    return p;
  }
};

// Down the leading grid of n indices, and from every jump_length-th of them jump_n_sample - 1 times back up by
// jump_length (undo_step, which goes from t over the betas t to t + stride - 1). An estimate that is clipped goes on
// with the eps of the unclipped one. The known part of the picture is the run's to hold (run::hold: at the level that a
// step ends at, with the run's own noise), where this class's step() puts it at the level that the step started from,
// with the step's noise.
struct repaint_class {
  static constexpr std::string_view class_name = "RePaintScheduler";

  beta_fields betas;
  double eta = 0;
  bool clip = true;

  explicit repaint_class(const fields& f) {
    betas.read(f, false, {"linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid"});
    eta = f.number("eta", 0, unit_interval);
    clip = f.boolean("clip_sample", true);
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod(); }

  // At which of the n places the network is evaluated, in order.
  static std::vector<long> places(long n, const diffusers_arguments& a) {
    const long length = static_cast<long>(a.jump_length.value_or(10));
    const std::size_t again = a.jump_n_sample.value_or(10) - 1;
    std::map<long, std::size_t> jumps;
    for (long at = 0; at < n - length; at += length) jumps[at] = again;
    constexpr double most = 1e6;
    require(static_cast<double>(jumps.size()) * static_cast<double>(again) * static_cast<double>(length) <= most,
            class_name, "jump_n_sample: " + std::to_string(again + 1), "jumps of at most 1000000 steps in all");
    std::vector<long> found;
    for (long t = n - 1; t >= 0; --t) {
      found.push_back(t);
      const auto jump = jumps.find(t);
      if (jump == jumps.end() || jump->second == 0) continue;
      --jump->second;
      t += length;  // to t + length - 1 by way of the end of step t
    }
    return found;
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "jump_length", "jump_n_sample"});
    const std::vector<double> bars = alphas_cumprod();
    const std::size_t n = a.steps(class_name, betas.train_steps);
    const long stride = static_cast<long>(betas.train_steps / n);
    const auto bar_before = [&](long index) { return index > 0 ? bars[static_cast<std::size_t>(index - 1)] : 1; };
    std::vector<leg> legs;
    jumping_ddim solver{.eta = eta};
    long last = 0;
    for (const long place : places(static_cast<long>(n), a)) {
      const long t = place * stride;
      const noise_level end =
          t >= stride ? table_level(bars, t - stride, class_name) : noise_level{static_cast<double>(t - stride), 1, 0};
      // from the end of the step at `last` over the betas last to t + stride - 1
      solver.kept.push_back(!legs.empty() && t >= last ? bar_before(t + stride) / bar_before(last) : 1);
      legs.push_back({table_level(bars, t, class_name), end, static_cast<double>(t)});
      last = t;
    }
    threshold map;
    map.how = clip ? threshold::kind::fixed : threshold::kind::none;
    map.keep_eps = clip;
    return {.solver = std::move(solver),
            .schedule = discrete_schedule{bars},
            .path = {std::move(legs), trajectory_kind::compat},
            .parameterisation = predicts_eps{},
            .map = map};
  }

  friend bool operator==(const repaint_class&, const repaint_class&) = default;
};

}  // namespace noisefall::diffusers
