// Multistep sampling of consistency models and of latent consistency models.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>

namespace noisefall {

// x_t = alpha_t * D + sigma_t * z
//
// (Song, Dhariwal, Chen, Sutskever 2023, algorithm 1, whose sqrt(sigma^2 - sigma_min^2) is a level of the trajectory
// here.) All noise is renewed, so a leg may rise or fall by any amount. The consistency function's own c_skip and c_out
// belong to the parameterisation. Not an integrator: order 1 only names how it treats a network that is not distilled,
// and with an exact one of the data more steps do not come closer to it (weak order 0). One evaluation; at sigma_t = 0
// exactly D; no parameters.
struct consistency_multistep {
  static constexpr std::string_view name = "consistency_multistep";
  static constexpr std::string_view reference = papers::consistency;

  static std::array<solver_alias<consistency_multistep>, 1> aliases() { return {{{"lcm", {}}}}; }

  int order() const { return 1; }
  int weak_order() const { return 0; }
  std::size_t history() const { return 0; }
  void check() const {}

  step_plan plan(const step_window& window) const {
    step_plan p = look_at(window.at.from);
    p.result.now[0] = window.at.to.alpha;
    add_noise(p, window.at, window.at.to.sigma);
    return p;
  }
};

}  // namespace noisefall
