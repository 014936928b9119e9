// The Guidance concept: weights over the branches of an evaluation, anchored on the conditional one.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include <noisefall/guidance/position.hpp>

namespace noisefall {

inline constexpr std::size_t max_branches = 6;
inline constexpr std::size_t max_guidance_scalars = 4;

// Branch k is the network under the k-th condition: 0 conditional, 1 unconditional, 2 negative, further ones by index.
class branch_set {
 public:
  constexpr branch_set() = default;
  constexpr branch_set(std::initializer_list<std::size_t> branches) {
    for (const std::size_t b : branches) bits_ = static_cast<std::uint8_t>(bits_ | (1u << b));
  }
  constexpr bool holds(std::size_t branch) const { return (bits_ >> branch & 1u) != 0; }
  constexpr std::size_t size() const {
    std::size_t n = 0;
    for (std::size_t b = 0; b < max_branches; ++b) n += holds(b) ? 1 : 0;
    return n;
  }
  friend constexpr branch_set operator|(branch_set a, branch_set b) {
    a.bits_ = static_cast<std::uint8_t>(a.bits_ | b.bits_);
    return a;
  }
  friend constexpr branch_set operator&(branch_set a, branch_set b) {
    a.bits_ = static_cast<std::uint8_t>(a.bits_ & b.bits_);
    return a;
  }
  friend constexpr bool operator==(branch_set, branch_set) = default;

 private:
  std::uint8_t bits_ = 0;
};

// The space a rule works in; it matters to every rule that is not linear in the branches with weights that sum to 1.
// v = (alpha eps - sigma x0) / sqrt(alpha^2 + sigma^2), flow = eps - x0, whatever the network predicts.
enum class guidance_space : std::uint8_t { output, x0, eps, v, flow };

// Branch predictions, in the rule's space, mixed with the one state tensor a guidance may own (APG's momentum):
//   guided  = sum_k guided[k] * y_k  + guided_state * s  + sum_k gradient[k] * g_k      what is denoised with
//   renoise = sum_k renoise[k] * y_k                         what is renoised with, if two_readings
//   s'      = sum_k next[k] * y_k    + next_state * s        the state after commit
// g_k is the output of branch k as it is, where that is no prediction but a gradient (gradients() below).
struct branch_weights {
  std::array<double, max_branches> guided{}, renoise{}, next{}, gradient{};
  double guided_state = 0, next_state = 0;
  std::array<double, max_guidance_scalars> next_scalars{};  // the sample's scalars after commit
};

// The branches that have a weight; the conditional one if none has.
inline branch_set branches_weighed(const branch_weights& w) {
  branch_set wanted;
  for (std::size_t k = 0; k < max_branches; ++k)
    if (w.guided[k] != 0 || w.gradient[k] != 0) wanted = wanted | branch_set{k};
  return wanted == branch_set{} ? branch_set{0} : wanted;
}

// Per sample, the inner products of (c, d_1, d_2, ..., s, 1): the conditional prediction y_0, the differences
// d_k = y_0 - y_k for each further branch needed, in order of branch, the state tensor if the guidance has one, and the
// constant one.
class gram_matrix {
 public:
  gram_matrix(std::span<const double> products, std::size_t vectors, std::span<const double> scalars = {})
      : products_{products}, vectors_{vectors}, scalars_{scalars} {}
  // The sample's k-th scalar, if the rule has any.
  double scalar(std::size_t k) const { return scalars_[k]; }
  std::size_t vectors() const { return vectors_; }
  double operator()(std::size_t i, std::size_t j) const { return products_[i * vectors_ + j]; }
  double elements() const { return (*this)(vectors_ - 1, vectors_ - 1); }  // <1, 1>: the size of a sample
  double sum(std::size_t i) const { return (*this)(i, vectors_ - 1); }     // <v_i, 1>

 private:
  std::span<const double> products_;
  std::size_t vectors_;
  std::span<const double> scalars_;
};

// name, reference             static constexpr
// check()                     throws noisefall::error on parameters out of range
// needs(position)             the branches to evaluate; at least one
// weights(position[, gram])   pure; the longer form for rules that need a Gram matrix, called once per sample with that
//                             sample's products
// breakpoints([grid])         values of sigma / alpha at which a weight jumps; the longer form for rules whose weights
//                             may be stated over time or fractions of the steps
// Properties, each a static constexpr member, a data member or a member function; all but `space` may be left out:
// space          what its weights mix
// needs_gram     its weights depend on the branches
// two_readings   renoise differs from guided
// scalars        how many numbers per sample it remembers, zero at the start of a run and advanced like the tensor;
//                weights() finds them in the longer form's second argument, without needing a Gram matrix
// has_state      it owns one state tensor, zero at the start of a run; weights().next makes the next one. It is
//                advanced once per step, from the step's first evaluation.
// gradients      the branches that the predictor answers with a gradient with respect to the state
//                (predictor/concept.hpp), not with the network's output
// couples_batch  a sample depends on its batch neighbours, by what answers a gradient
// A rule that remembers scalars may have a second needs(position, remembered): fewer branches than the first one, once
// the scalars of all samples, one after the other, allow it.
// Read them with the functions below.
template <class G>
concept HasGuidanceSpace = requires(const G& g) {
  { g.space } -> std::convertible_to<guidance_space>;
}
|| requires(const G& g) {
  { g.space() } -> std::convertible_to<guidance_space>;
};
template <HasGuidanceSpace G>
constexpr guidance_space space_of(const G& g) {
  if constexpr (requires { g.space(); })
    return g.space();
  else
    return g.space;
}
template <class G>
constexpr bool wants_gram(const G& g) {
  if constexpr (requires { g.needs_gram(); })
    return g.needs_gram();
  else if constexpr (requires { g.needs_gram; })
    return g.needs_gram;
  else
    return false;
}
template <class G>
constexpr bool makes_two_readings(const G& g) {
  if constexpr (requires { g.two_readings(); })
    return g.two_readings();
  else if constexpr (requires { g.two_readings; })
    return g.two_readings;
  else
    return false;
}
template <class G>
constexpr bool has_state(const G& g) {
  if constexpr (requires { g.has_state(); })
    return g.has_state();
  else if constexpr (requires { g.has_state; })
    return g.has_state;
  else
    return false;
}

template <class G>
constexpr std::size_t scalars_of(const G& g) {
  if constexpr (requires { g.scalars(); })
    return g.scalars();
  else if constexpr (requires { g.scalars; })
    return g.scalars;
  else
    return 0;
}

template <class G>
constexpr branch_set gradients_of(const G& g) {
  if constexpr (requires { g.gradients(); })
    return g.gradients();
  else if constexpr (requires { g.gradients; })
    return g.gradients;
  else
    return {};
}
template <class G>
constexpr bool couples_batch(const G& g) {
  if constexpr (requires { g.couples_batch(); })
    return g.couples_batch();
  else if constexpr (requires { g.couples_batch; })
    return g.couples_batch;
  else
    return false;
}

// Does it need fewer branches by what it remembers?
template <class G>
concept NarrowsBranches = requires(const G& g, const guidance_position& at, std::span<const double> remembered) {
  { g.needs(at, remembered) } -> std::same_as<branch_set>;
};

template <class G>
std::vector<double> breakpoints_of(const G& g, const guidance_grid& on) {
  if constexpr (requires { g.breakpoints(on); })
    return g.breakpoints(on);
  else
    return g.breakpoints();
}

template <class G>
concept HasBranchWeights = requires(const G& g, const guidance_position& at) {
  { g.weights(at) } -> std::same_as<branch_weights>;
}
|| requires(const G& g, const guidance_position& at, const gram_matrix& gram) {
  { g.weights(at, gram) } -> std::same_as<branch_weights>;
};
// The weights by whichever form the rule has; `gram` is not looked at unless wants_gram(g).
template <HasBranchWeights G>
branch_weights weights_of(const G& g, const guidance_position& at, const gram_matrix& gram) {
  if constexpr (requires { g.weights(at, gram); })
    return g.weights(at, gram);
  else
    return g.weights(at);
}

template <class G>
concept Guidance = std::copyable<G> && HasGuidanceSpace<G> && HasBranchWeights<G> &&
    requires(const G& g, const guidance_position& at) {
  { g.check() } -> std::same_as<void>;
  { g.needs(at) } -> std::same_as<branch_set>;
  { g.breakpoints() } -> std::same_as<std::vector<double>>;
};

}  // namespace noisefall
