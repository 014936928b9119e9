// set_timesteps of the FlowMatch classes.
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/sigma_grid.hpp>

namespace noisefall::diffusers {

// The range of sigmas to divide comes from the shifted training grid and is then shifted again, as diffusers has it.
// base_shift, max_shift, base_image_seq_len and max_image_seq_len are for whoever computes mu.
struct flow_fields {
  std::size_t train_steps = 1000;
  double shift = 1, base_shift = 0.5, max_shift = 1.15;
  std::size_t base_image_seq_len = 256, max_image_seq_len = 4096;
  bool dynamic_shift = false, invert = false;
  std::optional<double> shift_terminal;
  std::string time_shift_type = "exponential";
  sigma_switches switches;

  void read(const fields& f) {
    train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 1000, 1, 1000000));
    shift = f.number("shift", 1, positive);
    dynamic_shift = f.boolean("use_dynamic_shifting", false);
    base_shift = f.number("base_shift", base_shift);
    max_shift = f.number("max_shift", max_shift);
    base_image_seq_len = static_cast<std::size_t>(f.integer("base_image_seq_len", 256, 1, 1000000));
    max_image_seq_len = static_cast<std::size_t>(f.integer("max_image_seq_len", 4096, 1, 1000000));
    invert = f.boolean("invert_sigmas", false);
    shift_terminal =
        f.maybe_number("shift_terminal", {.low = 0, .high = 1, .open_high = true, .text = "a number in [0, 1)"});
    switches.read(f, false, false);
    time_shift_type = f.choice("time_shift_type", time_shift_type, {"exponential", "linear"});
  }

  sigma_grid grid(const diffusers_arguments& a, std::string_view class_name) const {
    require(!dynamic_shift || a.mu, class_name, "mu is missing", "mu, with use_dynamic_shifting");
    const double train = static_cast<double>(train_steps);
    sigma_grid g{.sigmas = start(a, class_name), .labels = {}};
    for (double& s : g.sigmas)
      s = !dynamic_shift                     ? time_shift(shift, s)
          : time_shift_type == "exponential" ? time_shift_exponential(*a.mu, s)
                                             : time_shift_linear(*a.mu, s);
    if (shift_terminal && *shift_terminal != 0) g.sigmas = stretch_to_terminal(std::move(g.sigmas), *shift_terminal);
    if (switches.regrids()) g.sigmas = switches.regrid(g.sigmas, g.sigmas.size());
    for (double& s : g.sigmas) {
      if (invert) s = 1 - s;
      g.labels.push_back(s * train);
    }
    g.sigmas.push_back(invert ? 1 : 0);
    return g;
  }

  static noise_level level(double sigma, double label) { return {label, 1 - sigma, sigma}; }

  friend bool operator==(const flow_fields&, const flow_fields&) = default;

 private:
  std::vector<double> start(const diffusers_arguments& a, std::string_view class_name) const {
    const double train = static_cast<double>(train_steps);
    const auto same_length = [&](const std::optional<std::vector<double>>& list, std::string_view name) {
      require(!list || (!list->empty() && (!a.num_inference_steps || list->size() == *a.num_inference_steps)),
              class_name, std::string{name} + ": " + std::to_string(list ? list->size() : 0) + " entries",
              "num_inference_steps of them, 1 or more");
    };
    same_length(a.sigmas, "sigmas");
    same_length(a.timesteps, "timesteps");
    require(!a.sigmas || !a.timesteps || a.sigmas->size() == a.timesteps->size(), class_name,
            "sigmas and timesteps differ in length", "equal lengths");
    std::vector<double> sigmas;
    if (a.sigmas) {
      sigmas = *a.sigmas;
    } else if (a.timesteps) {
      for (const double t : *a.timesteps) sigmas.push_back(t / train);
    } else {
      const double least = dynamic_shift ? 1 / train : time_shift(shift, 1 / train);
      sigmas = linear_ramp(a.steps(class_name, 1000000), train, least * train);
      for (double& s : sigmas) s /= train;
    }
    for (const double s : sigmas)
      require(s > 0 && s <= 1, class_name, "a sigma of " + std::to_string(s), "0 < sigma <= 1");
    return sigmas;
  }
};

}  // namespace noisefall::diffusers
