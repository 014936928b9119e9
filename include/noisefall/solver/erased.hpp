// A solver of any type behind one type: for a choice made at run time among solvers of the user's own.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <utility>

#include <noisefall/core/owner.hpp>
#include <noisefall/core/reference.hpp>
#include <noisefall/solver/concept.hpp>
#include <noisefall/solver/plan.hpp>

namespace noisefall {

// Copies share the solver they hold, which nothing can change. One virtual call a step, on scalars; no other cost.
class erased_solver {
 public:
  erased_solver() = default;  // holds none
  template <class S>
  requires(!std::same_as<S, erased_solver>) && requires(const S& s, const step_window& window) { s.plan(window); }
  erased_solver(S solver)  // NOLINT(google-explicit-constructor): stands wherever a solver does
      : held_{new model<S>(std::move(solver))} {}

  explicit operator bool() const { return bool{held_}; }
  std::string_view name() const { return held_->name(); }
  std::string_view reference() const { return held_->reference(); }
  bool takes_two_readings() const { return held_->takes_two_readings(); }
  int order() const { return held_->order(); }
  int weak_order() const { return held_->weak_order(); }
  std::size_t history() const { return held_->history(); }
  void check() const { held_->check(); }
  step_plan plan(const step_window& window) const { return held_->plan(window); }

  // The solver inside if it is an S, else null; lives as long as an erased_solver that holds it.
  template <class S>
  const S* get() const {
    return held_ && held_->type() == &type_of<S> ? &static_cast<const model<S>&>(*held_).solver : nullptr;
  }

 private:
  template <class S>
  static inline char type_of = 0;  // its address tells types apart without RTTI; nobody writes or reads it

  struct interface : counted {
    virtual const void* type() const = 0;
    virtual std::string_view name() const = 0;
    virtual std::string_view reference() const = 0;
    virtual bool takes_two_readings() const = 0;
    virtual int order() const = 0;
    virtual int weak_order() const = 0;
    virtual std::size_t history() const = 0;
    virtual void check() const = 0;
    virtual step_plan plan(const step_window& window) const = 0;
  };

  template <class S>
  struct model final : interface {
    static_assert(Solver<S>, "erased_solver holds a model of the Solver concept");
    explicit model(S s) : solver{std::move(s)} {}
    const void* type() const override { return &type_of<S>; }
    std::string_view name() const override { return name_of(solver); }
    std::string_view reference() const override { return reference_of(solver); }
    bool takes_two_readings() const override { return noisefall::takes_two_readings(solver); }
    int order() const override { return solver.order(); }
    int weak_order() const override { return weak_order_of(solver); }
    std::size_t history() const override { return solver.history(); }
    void check() const override { solver.check(); }
    step_plan plan(const step_window& window) const override { return solver.plan(window); }
    S solver;
  };

  shared<interface> held_;
};

}  // namespace noisefall
