// What the engine does with a guidance, written out for one sample and two branches.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include <noisefall/guidance/concept.hpp>

namespace by_hand {

using vector = std::vector<double>;

inline double inner(const vector& a, const vector& b) {
  double total = 0;
  for (std::size_t e = 0; e < a.size(); ++e) total += a[e] * b[e];
  return total;
}

struct products {
  std::vector<double> numbers;
  std::size_t vectors;
  noisefall::gram_matrix gram() const { return {numbers, vectors}; }
};

// The Gram matrix of (c, c - u, state, 1); no state if it is empty.
inline products products_of(const vector& c, const vector& u, const vector& state = {}) {
  vector d(c.size());
  for (std::size_t e = 0; e < c.size(); ++e) d[e] = c[e] - u[e];
  std::vector<vector> basis{c, d};
  if (!state.empty()) basis.push_back(state);
  basis.push_back(vector(c.size(), 1.0));
  products made{{}, basis.size()};
  for (const vector& a : basis)
    for (const vector& b : basis) made.numbers.push_back(inner(a, b));
  return made;
}

// The same of (c, c - y_1, c - y_2, ..., 1).
inline products products_of_branches(const std::vector<vector>& branches) {
  std::vector<vector> basis{branches[0]};
  for (std::size_t k = 1; k < branches.size(); ++k) {
    basis.push_back(branches[0]);
    for (std::size_t e = 0; e < branches[0].size(); ++e) basis[k][e] -= branches[k][e];
  }
  basis.push_back(vector(branches[0].size(), 1.0));
  products made{{}, basis.size()};
  for (const vector& a : basis)
    for (const vector& b : basis) made.numbers.push_back(inner(a, b));
  return made;
}

inline vector combine(const std::array<double, noisefall::max_branches>& of, const vector& c, const vector& u,
                      double of_state = 0, const vector& state = {}) {
  vector made(c.size());
  for (std::size_t e = 0; e < c.size(); ++e)
    made[e] = of[0] * c[e] + of[1] * u[e] + (state.empty() ? 0.0 : of_state * state[e]);
  return made;
}

// An evaluation at the start of a leg from sigma to half of it.
inline noisefall::guidance_position position(double sigma) {
  return {.at = {0, 1, sigma}, .from = {0, 1, sigma}, .to = {0, 1, sigma / 2}};
}

// The guided value of a rule over the branches 0, 1, 2, ...
template <noisefall::Guidance G>
vector guided_by_all(const G& rule, const std::vector<vector>& branches,
                     const noisefall::guidance_position& at = position(1)) {
  const products of = products_of_branches(branches);
  const noisefall::branch_weights w = weights_of(rule, at, of.gram());
  vector made(branches[0].size(), 0.0);
  for (std::size_t k = 0; k < branches.size(); ++k)
    for (std::size_t e = 0; e < made.size(); ++e) made[e] += (w.guided[k] + w.gradient[k]) * branches[k][e];
  return made;
}

template <noisefall::Guidance G>
vector guided(const G& rule, const vector& c, const vector& u, const vector& state = {}) {
  const products of = products_of(c, u, state);
  const noisefall::branch_weights w = weights_of(rule, position(1), of.gram());
  return combine(w.guided, c, u, w.guided_state, state);
}

}  // namespace by_hand
