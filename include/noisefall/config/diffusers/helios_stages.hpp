// The stages of the Helios classes: parts of a flow that are walked at rising resolutions, each a flow of its own.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/sigma_grid.hpp>
#include <noisefall/config/fields.hpp>
#include <noisefall/trajectory/ramps.hpp>

namespace noisefall::diffusers {

// A stage's sigmas run from 0.999 to 0 whatever part of the whole flow it is; its labels are those of its part, which is
// as long as the stage's share of the way. The caller runs the stages one after the other, each with its stage_index,
// and between two of them resizes the state and adds noise to it, as the class's pipeline does.
struct helios_stages {
  std::size_t train_steps = 1000, count = 3;
  double shift = 1, gamma = 1. / 3;
  std::vector<double> range{0, 1. / 3, 2. / 3, 1};
  bool dynamic_shift = false;
  std::string time_shift_type;

  void read(const fields& f, std::string_view shift_type) {
    train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 1000, 1, 1000000));
    shift = f.number("shift", 1, positive);
    count = static_cast<std::size_t>(f.integer("stages", 3, 1, 1000));
    if (const auto given = f.numbers("stage_range", unit_interval)) range = *given;
    if (range.size() <= count)
      f.refuse("stage_range", std::to_string(range.size()) + " numbers", "one more than stages, or more");
    gamma = f.number("gamma", gamma, positive);
    for (std::size_t i = 0; i < count; ++i) {
      if (range[i] >= range[i + 1]) f.refuse("stage_range", "rising numbers from 0 to 1");
      if (index(range[i]) >= train_steps) f.refuse("stage_range", "stages that begin before the last training step");
    }
    dynamic_shift = f.boolean("use_dynamic_shifting", false);
    time_shift_type = f.choice("time_shift_type", shift_type, {"exponential", "linear"});
    if (dynamic_shift && shift != 1) f.refuse("shift", "1, with use_dynamic_shifting");
  }

  // `n` sigmas and labels of the stage that is asked for, before anything is dropped, and the end.
  sigma_grid grid(const diffusers_arguments& a, std::size_t n, std::string_view class_name) const {
    const double train = static_cast<double>(train_steps);
    sigma_grid g;
    if (count == 1) {
      if (a.sigmas) {
        g.sigmas = *a.sigmas;
      } else {
        g.sigmas = linear_ramp(n + 1, 1, 1 / train);
        g.sigmas.pop_back();
        if (shift != 1)
          for (double& s : g.sigmas) s = shifted(shift, s);
      }
      for (const double s : g.sigmas) {
        require(s > 0 && s <= 1, class_name, "a sigma of " + std::to_string(s), "0 < sigma <= 1");
        g.labels.push_back(s * train);
      }
    } else {
      require(!a.sigmas, class_name, "sigmas are given", "sigmas only with one stage");
      require(a.stage_index.has_value() && *a.stage_index < count, class_name,
              a.stage_index ? "stage_index: " + std::to_string(*a.stage_index) : std::string{"stage_index is missing"},
              "0 to " + std::to_string(count - 1));
      const auto [first, last] = labels_of(*a.stage_index);
      g.labels = linear_ramp(n, first, last);
      g.sigmas = linear_ramp(n, highest, highest / train);
    }
    g.sigmas.push_back(0);
    return g;
  }

  // After classes have dropped what they drop: the shift by mu, which moves the labels along.
  void shift_by_mu(sigma_grid& g, const diffusers_arguments& a, std::string_view class_name) const {
    if (!dynamic_shift) return;
    require(a.mu.has_value(), class_name, "mu is missing", "mu, with use_dynamic_shifting");
    const auto [first, last] =
        count == 1 ? std::pair{static_cast<double>(train_steps), 0.0} : labels_of(*a.stage_index);
    const double high = std::max(first, last), low = std::min(first, last);
    for (std::size_t i = 0; i < g.labels.size(); ++i) {
      g.sigmas[i] = shifted(*a.mu, g.sigmas[i]);
      g.labels[i] = low + g.sigmas[i] * (high - low);
    }
  }

  friend bool operator==(const helios_stages&, const helios_stages&) = default;

 private:
  static constexpr double highest = 0.999, last_label = 999;

  std::size_t index(double share) const { return static_cast<std::size_t>(share * static_cast<double>(train_steps)); }
  // Sigma number i of the whole flow, noisiest first; past the last one it is 0.
  double at(std::size_t i) const {
    if (i >= train_steps) return 0;
    const double n = static_cast<double>(train_steps), k = static_cast<double>(train_steps - i);
    return time_shift(shift, -(k * (1 / n - 1) / n));
  }
  double shifted(double mu, double s) const {
    return time_shift_type == "exponential" ? time_shift_exponential(mu, s) : time_shift_linear(mu, s);
  }

  // The sigma of the whole flow that a stage after the first starts from, corrected for the resizing before it.
  double start_sigma(std::size_t stage) const {
    const double sigma = at(index(range[stage]));
    if (stage == 0) return sigma;
    const double signal = 1 - sigma;
    return 1 - signal / (std::sqrt(1 + 1 / gamma) * sigma + signal);
  }

  // A stage's first and last label, of train_steps ones.
  std::pair<double, double> labels_of(std::size_t stage) const {
    double before = 0, until = 0, all = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double distance = start_sigma(i) - at(index(range[i + 1]));
      if (i < stage) before += distance;
      if (i <= stage) until += distance;
      all += distance;
    }
    const double train = static_cast<double>(train_steps);
    const auto label = [&](double share) {
      return train * at(std::min(index(std::clamp(share, 0.0, 1.0)), train_steps - 1));
    };
    constexpr double nearly_one = 0.9999999999999999;
    const double first = std::min(label(stage == 0 ? 0 : before / all), last_label);
    const double towards = label(stage + 1 == count ? nearly_one : until / all);
    return {first, first + (towards - first) * (train - 1) / train};
  }
};

}  // namespace noisefall::diffusers
