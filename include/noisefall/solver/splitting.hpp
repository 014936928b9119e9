// Splitting of guided sampling: the network's part by any solver, the gradient's by steps of its own.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/solver/concept.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/leg_label.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>
#include <noisefall/solver/row_algebra.hpp>

namespace noisefall {

//   lie_trotter  the whole gradient step, then the solver's
//   strang       half a gradient step, the solver's, half a gradient step at its end
enum class splitting_method : std::uint8_t { lie_trotter, strang };

// dy / drho = eps(x) - scale * sigma * grad_x log p(c | x),   y = x / alpha, rho = sigma / alpha
//
// solved in turns: the first part by a step of another solver (the paper's LTSP4 and STSP4 are pndm{}, LTSP2 and STSP2
// deis{.order = 2, .in = index}), the second by Euler's method, y -= scale * sigma * drho * g, over the whole leg or
// twice over half of it. (Wizadwongsa and Suwajanakorn 2023, algorithms 2 and 3.) The gradient is asked of the
// predictor (its gradient(), stage::gradient); the solver's readings are taken where the gradient has moved the state to,
// and only they are remembered.
//
// Order 1: what Strang's form gains is that the two parts are taken symmetrically, not Euler's steps of them.
// sigma_half_way is the published code, whose second half takes sigma from the middle of the leg in rho. No gradient
// over a leg that starts at alpha = 0 or on a half that ends at sigma = 0. The solver may make up to 4 evaluations (3
// under strang), keep no tensor (no corrector) and need no learned variance. One gradient a step, or two.
template <Solver Sub>
struct splitting {
  static constexpr std::string_view name = "splitting";
  static constexpr std::string_view reference = papers::splitting;

  Sub sub{};
  splitting_method method = splitting_method::strang;
  double scale = 1;  // finite
  bool sigma_half_way = false;

  int order() const { return 1; }
  std::size_t history() const { return sub.history(); }
  void check() const {
    sub.check();
    require(std::isfinite(scale), "splitting.scale", {"is ", scale}, "a finite number");
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    const bool halves = method == splitting_method::strang;
    step_plan inner = sub.plan(window);
    require(!inner.keep && !inner.variance, {name, ": ", name_of(sub)},
            "keeps a tensor between its steps, or needs the network's variance", "a solver without a corrector");
    if (from.alpha == 0 || to.alpha == 0) return inner;
    const std::size_t gradients = halves && to.sigma > 0 ? 2 : 1;
    require(inner.evaluations.size() + gradients <= max_evaluations, {name, ": ", name_of(sub)},
            {inner.evaluations.size(), " evaluations in a step"}, {"up to ", max_evaluations - gradients});

    const double whole = to.rho() - from.rho(), part = halves ? whole / 2 : whole;
    row shift = same_state;
    shift.now[0] = -scale * from.alpha * from.sigma * part;
    step_plan p = inner;
    p.evaluations.clear();
    p.evaluations.push_back({.at = from, .gradient = true});
    for (const stage& s : inner.evaluations) {
      stage moved = s;
      moved.state = substitute(later(s.state), shift);
      if (p.evaluations.size() == 1 && std::isnan(s.label) && s.at == from) moved.label = window.at.label;
      p.evaluations.push_back(moved);
    }
    if (inner.remember) p.remember = *inner.remember + 1;
    p.result = substitute(later(inner.result), shift);
    if (gradients == 1) return p;

    const double sigma = sigma_half_way ? window.at_lambda(-std::log(from.rho() + part)).sigma : to.sigma;
    const std::size_t last = p.evaluations.size();
    p.evaluations.push_back({.state = p.result, .at = to, .label = label_at_end(window), .gradient = true});
    p.result.now[last] = -scale * to.alpha * sigma * part;
    return p;
  }

 private:
  // The row with its readings counted from 1: the gradient is number 0.
  static row later(row r) {
    for (auto* weights : {&r.now, &r.now_renoise}) {
      for (std::size_t k = weights->size() - 1; k > 0; --k) (*weights)[k] = (*weights)[k - 1];
      (*weights)[0] = 0;
    }
    return r;
  }
};
template <Solver Sub>
splitting(Sub) -> splitting<Sub>;

}  // namespace noisefall
