// One solver out of a fixed list, held by value: for a choice made at run time among the library's own.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <utility>
#include <variant>

#include <noisefall/core/reference.hpp>
#include <noisefall/solver/concept.hpp>
#include <noisefall/solver/plan.hpp>

namespace noisefall {

// Answers as the solver that it holds, so a run gives the same bits as with that solver's own type.
template <class... Solvers>
class one_of {
 public:
  template <class S>
  requires(std::same_as<S, Solvers> || ...) one_of(S solver)
      : held_{std::move(solver)} {}  // NOLINT(google-explicit-constructor): stands wherever a solver does

  std::string_view name() const {
    return std::visit([](const auto& s) { return name_of(s); }, held_);
  }
  std::string_view reference() const {
    return std::visit([](const auto& s) { return reference_of(s); }, held_);
  }
  bool takes_two_readings() const {
    return std::visit([](const auto& s) { return noisefall::takes_two_readings(s); }, held_);
  }
  int order() const {
    return std::visit([](const auto& s) -> int { return s.order(); }, held_);
  }
  int weak_order() const {
    return std::visit([](const auto& s) { return weak_order_of(s); }, held_);
  }
  std::size_t history() const {
    return std::visit([](const auto& s) -> std::size_t { return s.history(); }, held_);
  }
  void check() const {
    std::visit([](const auto& s) { s.check(); }, held_);
  }
  step_plan plan(const step_window& window) const {
    return std::visit([&window](const auto& s) { return s.plan(window); }, held_);
  }

  const std::variant<Solvers...>& held() const { return held_; }

 private:
  std::variant<Solvers...> held_;
};

}  // namespace noisefall
