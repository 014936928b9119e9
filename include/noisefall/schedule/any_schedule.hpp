// A schedule chosen at run time.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <noisefall/core/owner.hpp>
#include <noisefall/core/reference.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/schedule/level_at_rho.hpp>

namespace noisefall {

// Holds any NoiseSchedule; copies share it. Gives the same numbers as the schedule inside.
class any_schedule {
 public:
  template <class S>
  requires(!std::same_as<std::remove_cvref_t<S>, any_schedule> && NoiseSchedule<std::remove_cvref_t<S>>)
      any_schedule(S&& schedule)  // NOLINT(google-explicit-constructor): stands for what it holds
      : held_{new model<std::remove_cvref_t<S>>(std::forward<S>(schedule))} {}

  noise_level at(double t) const { return held_->at(t); }
  double time_of(double lambda) const { return held_->time_of(lambda); }
  noise_level at_rho(double rho) const { return held_->at_rho(rho); }
  double t_min() const { return held_->t_min(); }
  double t_max() const { return held_->t_max(); }
  // The length of a discrete schedule's table; 0 for a continuous one.
  std::size_t steps() const { return held_->steps(); }
  void check() const { held_->check(); }
  std::string_view reference() const { return held_->reference(); }

 private:
  struct interface : counted {
    virtual noise_level at(double t) const = 0;
    virtual double time_of(double lambda) const = 0;
    virtual noise_level at_rho(double rho) const = 0;
    virtual double t_min() const = 0;
    virtual double t_max() const = 0;
    virtual std::size_t steps() const = 0;
    virtual void check() const = 0;
    virtual std::string_view reference() const = 0;
  };

  template <class S>
  struct model final : interface {
    explicit model(S s) : schedule(std::move(s)) {}
    noise_level at(double t) const override { return schedule.at(t); }
    double time_of(double lambda) const override { return schedule.time_of(lambda); }
    noise_level at_rho(double rho) const override { return level_at_rho(schedule, rho); }
    double t_min() const override { return schedule.t_min(); }
    double t_max() const override { return schedule.t_max(); }
    std::size_t steps() const override {
      if constexpr (DiscreteSchedule<S>) return static_cast<std::size_t>(schedule.steps());
      return 0;
    }
    void check() const override {
      if constexpr (requires { schedule.check(); }) schedule.check();
    }
    std::string_view reference() const override { return reference_of(schedule); }
    S schedule;
  };

  shared<interface> held_;
};

}  // namespace noisefall
