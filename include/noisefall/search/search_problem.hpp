// The trajectory to be bettered, with the solver and the schedule that it is for, and what may be done to it.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/sampler/policies.hpp>
#include <noisefall/search/linear_response.hpp>

namespace noisefall {

// Whoever may end a search before it is through: a std::stop_token, or any bool(). Asked often; what was best until then
// is the result, marked as stopped.
class stop_request {
 public:
  stop_request() = default;
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, stop_request>)
      stop_request(F wanted) {  // NOLINT(google-explicit-constructor): stands for what it asks
    if constexpr (requires {
                    { wanted.stop_requested() } -> std::convertible_to<bool>;
                  })
      asked_ = [wanted = std::move(wanted)] { return wanted.stop_requested(); };
    else
      asked_ = std::move(wanted);
  }
  bool operator()() const { return asked_ && asked_(); }

 private:
  std::function<bool()> asked_;
};

// Which trajectories a search may try, whatever its policy.
struct search_settings {
  double minimum_gap = 1e-3;           // of lambda between neighbours, above 0
  bool whole_times = false;            // levels at whole times only: for networks that were trained at those alone
  any_guidance guidance = unguided{};  // its jumps cut the solver's history
  any_parameterisation parameterisation = predicts_eps{};
  stop_request stop{};
  std::size_t fidelity_trials = 0;  // random trajectories for the report's fidelity, where a teacher is known
};

// The ends stay as they are, to the bit; the levels between them are values of sigma / alpha, falling.
class search_problem {
 public:
  search_problem(trajectory base, any_solver solver, any_schedule schedule, search_settings how)
      : base_{std::move(base)}, solver_{std::move(solver)}, schedule_{std::move(schedule)}, how_{std::move(how)} {
    constexpr const char* where = "search";
    schedule_.check();
    require(base_.kind() == trajectory_kind::descending, where, "a base whose levels rise or repeat",
            "a trajectory of kind descending");
    require(how_.minimum_gap > 0 && std::isfinite(how_.minimum_gap), where, {"a minimum gap of ", how_.minimum_gap},
            "a finite number > 0, of lambda");
    require(!how_.whole_times || schedule_.steps() > 0, where, "whole times on a continuous schedule",
            "a discrete schedule, or whole_times = false");
    require(bool{solver_.planner} || bool{solver_.own_steps}, where, "no solver", "a solver");
    sigmas_.push_back(base_.front().rho());
    for (const leg& l : base_.legs()) sigmas_.push_back(l.to.rho());
  }

  const trajectory& base() const { return base_; }
  const any_solver& solver() const { return solver_; }
  const any_schedule& schedule() const { return schedule_; }
  const search_settings& how() const { return how_; }
  std::string solver_name() const {
    return std::string{solver_.planner ? solver_.planner.name() : solver_.own_steps.name()};
  }
  bool stopped() const { return how_.stop(); }

  std::size_t steps() const { return base_.steps(); }
  // steps() + 1 values; the first may be infinite, the last 0.
  const std::vector<double>& sigmas() const { return sigmas_; }

  // The trajectory through these, from the base's first level to its last.
  trajectory path_of(std::span<const double> sigmas) const {
    if (std::equal(sigmas.begin(), sigmas.end(), sigmas_.begin(), sigmas_.end())) return base_;
    std::vector<noise_level> between;
    for (std::size_t i = 1; i + 1 < sigmas.size(); ++i) between.push_back(level(sigmas[i]));
    if (how_.whole_times) set_apart(between);
    std::vector<leg> legs;
    noise_level from = base_.front();
    for (std::size_t i = 1; i < sigmas.size(); ++i) {
      const noise_level to = i + 1 == sigmas.size() ? base_.back() : between[i - 1];
      legs.push_back({from, to});
      from = to;
    }
    legs.front().label = base_[0].label;
    return {std::move(legs), trajectory_kind::descending};
  }
  linear_response response_of(std::span<const double> sigmas) const {
    return linear_response{solver_, schedule_, path_of(sigmas), how_.guidance, how_.parameterisation};
  }

  // The value that path_of() makes of this one: itself, or that of the nearest whole time.
  double allowed(double sigma) const { return how_.whole_times ? level(sigma).rho() : sigma; }

  // Values that path_of() makes a trajectory of, in what it makes of them.
  std::vector<double> allowed(std::vector<double> sigmas) const {
    if (!how_.whole_times) return sigmas;
    const trajectory path = path_of(sigmas);
    for (std::size_t i = 1; i + 1 < sigmas.size(); ++i) sigmas[i] = path[i].from.rho();
    return sigmas;
  }

  // Do neighbours stand apart?
  bool apart(double high, double low) const {
    return low == 0 || std::log(high / low) >= how_.minimum_gap * (1 - 1e-9);
  }

 private:
  noise_level level(double sigma) const {
    const noise_level at = level_at_rho(schedule_, sigma);
    return how_.whole_times ? schedule_.at(std::round(at.t)) : at;
  }

  // Whole times that fell together go to the nearest free ones.
  void set_apart(std::vector<noise_level>& between) const {
    const double first = base_.front().t;
    const double last = base_.back().sigma > 0 ? base_.back().t : std::ceil(schedule_.t_min()) - 1;
    const auto n = static_cast<double>(between.size());
    require(first - last > n, "search: whole times", {between.size(), " levels between times ", first, " and ", last},
            "fewer steps, or times that need not be whole");
    double above = std::ceil(first);
    for (noise_level& l : between) above = l.t = std::min(l.t, above - 1);
    double below = std::floor(last);
    for (std::size_t i = between.size(); i-- > 0;) below = between[i].t = std::max(between[i].t, below + 1);
    for (noise_level& l : between) l = schedule_.at(l.t);
  }

  trajectory base_;
  any_solver solver_;
  any_schedule schedule_;
  search_settings how_;
  std::vector<double> sigmas_;
};

}  // namespace noisefall
