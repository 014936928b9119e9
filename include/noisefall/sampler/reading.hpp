// From raw branch outputs to a reading: guidance x parameterisation, as coefficients over the arrays of a pass.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <noisefall/core/archive.hpp>
#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/schedule/noise_level.hpp>

namespace noisefall {

// One combination of the arrays of an evaluation: the state looked at, the branches' outputs, the guidance's tensor.
struct reading_weights {
  double state = 0;
  std::array<double, max_branches> output{};
  double guidance_tensor = 0;
};

// value = x * state + y * quantity_in_the_rules_space
struct space_change {
  double x = 0, y = 1;
};

// A velocity as of_x0 * x0 + of_eps * eps.
struct velocity_weights {
  double of_x0, of_eps;
};
inline velocity_weights velocity_of(guidance_space space, const noise_level& at) {
  if (space == guidance_space::flow) return {-1, 1};
  const double n = std::hypot(at.alpha, at.sigma);
  return {-at.sigma / n, at.alpha / n};
}

inline affine enter_space(const any_parameterisation& p, guidance_space to, const noise_level& at) {
  switch (to) {
    case guidance_space::x0:
      return p.to_x0(at);
    case guidance_space::eps:
      return p.to_eps(at);
    case guidance_space::v:
    case guidance_space::flow: {
      const velocity_weights v = velocity_of(to, at);
      const affine x0 = p.to_x0(at), eps = p.to_eps(at);
      return {v.of_x0 * x0.x + v.of_eps * eps.x, v.of_x0 * x0.out + v.of_eps * eps.out};
    }
    case guidance_space::output:
      break;
  }
  return {0, 1};
}

// Carries a value of the guidance's space at a level to the quantity wanted.
inline space_change leave_space(const any_parameterisation& p, guidance_space from, quantity to,
                                const noise_level& at) {
  if (from == guidance_space::output) {
    const affine a = convert(p, to, at);
    return {a.x, a.out};
  }
  if (to == quantity::output) {
    const affine a = enter_space(p, from, at);
    return {-a.x / a.out, 1 / a.out};
  }
  if (from == guidance_space::v || from == guidance_space::flow) {
    const velocity_weights v = velocity_of(from, at);
    const double determinant = at.alpha * v.of_eps - at.sigma * v.of_x0;
    if (to == quantity::eps) return {-v.of_x0 / determinant, at.alpha / determinant};
    return {v.of_eps / determinant, -at.sigma / determinant};
  }
  if ((from == guidance_space::x0) == (to == quantity::x0)) return {0, 1};
  if (to == quantity::eps) return {1 / at.sigma, -at.alpha / at.sigma};
  return {1 / at.alpha, -at.sigma / at.alpha};
}

// Is the mixture one branch and nothing else? That one is the same in every space, so that it is taken as it is: bit
// for bit what the network said.
inline bool is_one_branch(const std::array<double, max_branches>& branch, double tensor,
                          const std::array<double, max_branches>& gradient) {
  std::size_t ones = 0;
  for (std::size_t k = 0; k < max_branches; ++k) {
    if (gradient[k] != 0 || (branch[k] != 0 && branch[k] != 1)) return false;
    ones += branch[k] == 1 ? 1 : 0;
  }
  return ones == 1 && tensor == 0;
}

// The weights that make `to` out of sum_k (branch[k] * y_k + gradient[k] * g_k) + tensor * s.
inline reading_weights weigh(const any_parameterisation& p, guidance_space space, quantity to, const noise_level& at,
                             const std::array<double, max_branches>& branch, double tensor,
                             const std::array<double, max_branches>& gradient = {}) {
  if (is_one_branch(branch, tensor, gradient)) space = guidance_space::output;
  const space_change leave = leave_space(p, space, to, at);
  const affine enter = enter_space(p, space, at);
  reading_weights w;
  double total = 0;
  for (std::size_t k = 0; k < max_branches; ++k) {
    total += branch[k];
    w.output[k] = branch[k] == 0 ? 0 : leave.y * enter.out * branch[k];
    if (gradient[k] != 0) w.output[k] += leave.y * gradient[k];
  }
  w.state = leave.x + (enter.x == 0 ? 0 : leave.y * enter.x * total);
  w.guidance_tensor = tensor == 0 ? 0 : leave.y * tensor;
  return w;
}

// Computes the branch weights of an evaluation, sample by sample where the rule looks at the data or the levels differ.
class guided_reader {
 public:
  guided_reader(const any_guidance& guidance, const any_parameterisation& parameterisation, std::size_t samples)
      : guidance_{&guidance},
        parameterisation_{&parameterisation},
        weights_(samples),
        gram_(guidance.needs_gram() ? samples * max_vectors * max_vectors : 0),
        basis_(guidance.needs_gram() ? max_vectors * (max_inputs + 1) : 0),
        scalars_(samples * guidance.scalars()),
        next_scalars_(samples * guidance.scalars()) {}

  static constexpr std::size_t max_inputs = max_branches + 2;  // of the Gram matrix: state, outputs, tensor

  // Lanes that this evaluation needs, of `samples`, with `levels` different levels.
  std::size_t lanes(std::size_t samples, std::size_t levels) const {
    return guidance_->needs_gram() || guidance_->scalars() > 0 ? samples : levels;
  }

  // Where the Gram matrices go that look() then reads, and the vectors that they are of: combinations of the state, the
  // raw outputs of so many branches, the guidance's tensor if it has one, and the constant 1. Differences are formed
  // from the raw outputs, before their products: c and u nearly agree.
  std::span<double> gram() { return gram_; }
  std::span<const double> basis(const noise_level& at, std::size_t branches, bool has_tensor) {
    const affine enter = enter_space(*parameterisation_, guidance_->space(), at);
    const std::size_t vectors = vectors_of(branches, has_tensor), columns = vectors + 1;
    for (double& b : basis_) b = 0;
    basis_[0] = enter.x;
    basis_[1] = enter.out;
    for (std::size_t k = 1; k < branches; ++k) {
      basis_[k * columns + 1] = enter.out;
      basis_[k * columns + 1 + k] = -enter.out;
    }
    if (has_tensor) basis_[branches * columns + 1 + branches] = 1;
    basis_[vectors * columns - 1] = 1;
    return std::span<const double>{basis_.data(), vectors * columns};
  }

  void look(const guidance_position& at, std::span<const noise_level> levels, std::size_t branches, bool has_tensor,
            std::size_t lanes, bool starts_step) {
    const std::size_t vectors = vectors_of(branches, has_tensor), scalars = guidance_->scalars();
    const std::size_t products = guidance_->needs_gram() ? vectors * vectors : 0;
    if (starts_step) tensor_rests_ = true;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      guidance_position here = at;
      here.at = levels[levels.size() == 1 ? 0 : lane];
      weights_[lane] = guidance_->weights(
          here, {{gram_.data() + lane * products, products}, vectors, {scalars_.data() + lane * scalars, scalars}});
      if (!starts_step) continue;
      for (std::size_t k = 0; k < scalars; ++k) next_scalars_[lane * scalars + k] = weights_[lane].next_scalars[k];
      tensor_rests_ = tensor_rests_ && rests(weights_[lane]);
    }
  }

  // Does the guidance's tensor stay what it is in this step? Then no pass writes it.
  bool tensor_rests() const { return tensor_rests_; }

  // The scalars that the step's first evaluation found become the samples' own.
  void commit() {
    for (std::size_t k = 0; k < scalars_.size(); ++k) scalars_[k] = next_scalars_[k];
  }
  void reset() {
    for (double& scalar : scalars_) scalar = 0;
  }
  void transfer(archive& to) { to(scalars_); }
  // The scalars of all samples.
  std::span<const double> remembered() const { return scalars_; }

  reading_weights guided(quantity of, const noise_level& at, std::size_t lane) const {
    const branch_weights& w = weights_[lane];
    return weigh(*parameterisation_, guidance_->space(), of, at, w.guided, w.guided_state, w.gradient);
  }
  reading_weights renoise(quantity of, const noise_level& at, std::size_t lane) const {
    const bool own = guidance_->two_readings();
    if (!own) return guided(of, at, lane);
    return weigh(*parameterisation_, guidance_->space(), of, at, weights_[lane].renoise, 0);
  }
  // The guidance's next tensor, which lives in the rule's space.
  reading_weights next_tensor(const noise_level& at, std::size_t lane) const {
    const affine enter = enter_space(*parameterisation_, guidance_->space(), at);
    reading_weights w;
    for (std::size_t k = 0; k < max_branches; ++k) {
      w.output[k] = enter.out * weights_[lane].next[k];
      w.state += enter.x * weights_[lane].next[k];
    }
    w.guidance_tensor = weights_[lane].next_state;
    return w;
  }

 private:
  static constexpr std::size_t max_vectors = max_branches + 2;  // c, differences, tensor, one
  static bool rests(const branch_weights& w) {
    for (const double v : w.next)
      if (v != 0) return false;
    return w.next_state == 1;
  }
  static std::size_t vectors_of(std::size_t branches, bool has_tensor) { return branches + (has_tensor ? 1 : 0) + 1; }

  const any_guidance* guidance_;
  const any_parameterisation* parameterisation_;
  std::vector<branch_weights> weights_;
  std::vector<double> gram_, basis_, scalars_, next_scalars_;
  bool tensor_rests_ = true;
};

}  // namespace noisefall
