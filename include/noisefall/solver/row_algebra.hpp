// Rows put into rows, and what a row does to data and noise that it should keep.
#pragma once

#include <cstddef>

#include <noisefall/solver/plan.hpp>

namespace noisefall {

// a += factor * b
inline void add(row& a, double factor, const row& b) {
  const auto each = [factor](auto& to, const auto& from) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
  };
  a.x += factor * b.x;
  a.previous += factor * b.previous;
  each(a.now, b.now);
  each(a.past, b.past);
  each(a.now_renoise, b.now_renoise);
  each(a.past_renoise, b.past_renoise);
  each(a.noise, b.noise);
}

// `outer` where the state it speaks of is what `inner` makes: a predictor after a corrector, a step after a churn.
inline row substitute(row outer, const row& inner) {
  const double x = outer.x;
  outer.x = 0;
  add(outer, x, inner);
  return outer;
}

// What becomes of x0 and of eps when every reading is exact and the same everywhere. A correct row of an ODE gives
// (alpha, sigma) of the level it reaches; a row with noise that keeps the variance gives data = alpha and
// noise^2 + fresh^2 = sigma^2.
struct carried {
  double data = 0, noise = 0;  // factors of x0 and of eps
  double fresh = 0;            // variance of the noise that the row adds
};

inline carried carry(const row& r, quantity of, quantity renoise_of, const noise_level& from,
                     const noise_level& previous = {}) {
  carried c{.data = r.x * from.alpha + r.previous * previous.alpha,
            .noise = r.x * from.sigma + r.previous * previous.sigma};
  const auto read = [&c](quantity what, const auto& weights) {
    for (const double w : weights) (what == quantity::x0 ? c.data : c.noise) += w;
  };
  read(of, r.now);
  read(of, r.past);
  read(renoise_of, r.now_renoise);
  read(renoise_of, r.past_renoise);
  for (const double n : r.noise) c.fresh += n * n;
  return c;
}

}  // namespace noisefall
