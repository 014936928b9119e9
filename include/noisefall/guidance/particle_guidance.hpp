// Particle guidance: the samples of a batch repel each other.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// eps_i = c_i + w*(c_i - u_i) - strength * sigma * grad_i log Phi(x_1, ..., x_n)     Corso et al., arXiv:2310.13102, eq. 4
// The gradient of the potential is branch 2: the predictor answers it by gradient(x, evaluation, condition, out) for the
// whole batch (predictor/concept.hpp), from the states or from features of them; rbf_repulsion below is the paper's
// kernel on what it is given. A sample then depends on its batch neighbours: couples_batch. Three evaluations at most; a
// branch without weight is not evaluated.
struct particle_guidance {
  static constexpr std::string_view name = "particle_guidance";
  static constexpr std::string_view reference = papers::particle_guidance;
  static constexpr guidance_space space = guidance_space::eps;
  static constexpr branch_set gradients{2};
  static constexpr bool couples_batch = true;

  weight_schedule weight = 6.5, strength = 1;

  void check() const {}
  branch_set needs(const guidance_position& at) const {
    for (const double w : {weight.at(at), strength.at(at)}) classifier_free_needs(w);
    return branches_weighed(weights(at));
  }
  branch_weights weights(const guidance_position& at) const {
    branch_weights made = classifier_free_weights(weight.at(at));
    made.gradient[2] = -strength.at(at) * at.at.sigma;
    return made;
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const {
    return (weight * strength).breakpoints(on);  // where either jumps
  }

  friend bool operator==(const particle_guidance&, const particle_guidance&) = default;
};

// out_i = -grad_i sum_j k(x_i, x_j),   k = exp(-|x_i - x_j|^2 / h),   h = med^2 / log n
// with med the median distance of two different samples: the repulsion of Corso et al., arXiv:2310.13102, section 5, that
// particle guidance takes for grad log Phi. Shapes [n, ...] both. Zero for one sample. Computed in double; O(n^2 d)
// time, and it allocates n^2 / 2 numbers.
template <class T>
void rbf_repulsion(view<T> x, mutable_view<T> out) {
  const std::size_t n = x.samples(), d = x.sample_size();
  std::vector<double> squares;
  squares.reserve(n * (n - 1) / 2);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j) {
      double square = 0;
      for (std::size_t e = 0; e < d; ++e) {
        const double apart = static_cast<double>(x.sample(i)[e]) - static_cast<double>(x.sample(j)[e]);
        square += apart * apart;
      }
      squares.push_back(square);
    }
  std::vector<double> sorted = squares;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  const double median = sorted.empty() ? 0
                        : sorted.size() % 2 == 1
                            ? sorted[half]
                            : std::pow((std::sqrt(sorted[half - 1]) + std::sqrt(sorted[half])) / 2, 2);
  const double width = n > 1 ? median / std::log(static_cast<double>(n)) : 0;
  std::vector<double> force(n * d, 0.0);
  if (width > 0)
    for (std::size_t i = 0, pair = 0; i < n; ++i)
      for (std::size_t j = i + 1; j < n; ++j, ++pair) {
        const double by = 2 / width * std::exp(-squares[pair] / width);
        for (std::size_t e = 0; e < d; ++e) {
          const double apart = static_cast<double>(x.sample(i)[e]) - static_cast<double>(x.sample(j)[e]);
          force[i * d + e] += by * apart;
          force[j * d + e] -= by * apart;
        }
      }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t e = 0; e < d; ++e) out.sample(i)[e] = static_cast<T>(force[i * d + e]);
}

}  // namespace noisefall
