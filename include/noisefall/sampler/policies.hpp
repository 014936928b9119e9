// The policies of a sampler together.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/sampler/threshold.hpp>
#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/erased_own_step.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// What a sampler is made of, each part behind one type.
struct policies {
  std::variant<erased_solver, erased_own_step> solver;
  any_schedule schedule;
  trajectory path;
  any_guidance guidance;
  any_parameterisation parameterisation;
  threshold map;
  std::vector<double> breakpoints{};  // the guidance's

  bool two_readings() const { return guidance.two_readings() || (map.how != threshold::kind::none && map.keep_eps); }
  bool has_own_steps() const { return std::holds_alternative<erased_own_step>(solver); }
  const erased_solver& planner() const { return std::get<erased_solver>(solver); }
  const erased_own_step& own_steps() const { return std::get<erased_own_step>(solver); }
  std::string solver_name() const {
    return std::string{std::visit([](const auto& s) { return s.name(); }, solver)};
  }

  // Does the guidance jump at this level? Then nothing from before it may be extrapolated across.
  bool cuts_history(const noise_level& at) const {
    return std::any_of(breakpoints.begin(), breakpoints.end(),
                       [&](double s) { return std::abs(at.rho() - s) <= 1e-12 * s; });
  }

  // Calls `see(window)` with the window of leg i.
  template <class See>
  auto with_window(std::size_t i, std::size_t stored, bool has_previous, See see) const {
    const auto legs = path.legs();
    const auto at_lambda = [this](double lambda) { return level_at_lambda(lambda); };
    const auto at_time = [this](double t) { return schedule.at(t); };
    const auto conversion = [this](quantity of, const noise_level& at) { return convert(parameterisation, of, at); };
    return see(step_window{.at = {i, legs.size(), legs[i].from, legs[i].to, legs[i].label},
                           .behind = legs.first(i),
                           .ahead = legs.subspan(i),
                           .stored = stored,
                           .has_previous = has_previous,
                           .two_readings = two_readings(),
                           .at_lambda = at_lambda,
                           .at_time = at_time,
                           .conversion = conversion});
  }

  noise_level level_at_lambda(double lambda) const { return noisefall::level_at_lambda(schedule, lambda); }
};

}  // namespace noisefall
