// Adaptive projected guidance: guidance without the part along the conditional prediction, capped, with momentum.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// g_i = (c - u) + beta * g_{i-1};   h = g_i * min(1, r / |g_i|);   p = c * <h, c> / <c, c>
// guided = c + w * ((h - p) + eta * p)          Sadat, Hilliges and Weber, arXiv:2410.02416, sec. 4
// in x0 space, norms over one sample. Anchored on c: w = 0 gives c. eta: the parallel factor, 1 keeps that part,
// 0 drops it. norm_cap: r, in units of |x0| of a whole sample; 0 none. momentum: beta, negative in the paper; the state
// g advances once per step, and rests where only one branch is evaluated. w < 0 gives guidance back by the plain rule
// c + w*(c - u). on_unconditional: guided = u + (1 + w) * ((h - p) + eta * p), as diffusers has it, which does not
// tend to c as w tends to 0. Published w, eta, r, beta: SDXL 14, 0, 15, -0.5; SD 2.1 9, 0, 7.5, -0.75; DiT 3, 0, 5, -0.5.
// Needs a Gram matrix. Two evaluations, one where w is 0 or -1.
struct apg {
  static constexpr std::string_view name = "apg";
  static constexpr std::string_view reference = papers::apg;
  static constexpr guidance_space space = guidance_space::x0;
  static constexpr bool needs_gram = true;

  weight_schedule weight = 9;
  double eta = 0, norm_cap = 0, momentum = 0;
  bool on_unconditional = false;

  bool has_state() const { return momentum != 0; }

  void check() const {
    require(std::isfinite(eta), "apg", {"eta ", eta}, "a finite eta");
    require(std::isfinite(norm_cap) && norm_cap >= 0, "apg", {"norm_cap ", norm_cap}, "norm_cap > 0, or 0 for none");
    require(momentum > -1 && momentum < 1, "apg", {"momentum ", momentum}, "-1 < momentum < 1");
  }
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    const double w = weight.at(at);
    const bool both = w != 0 && w != -1;
    branch_weights result = w > 0 ? projected(w, gram) : classifier_free_weights(w);
    if (both) result.next = {1, -1};
    result.next_state = both ? momentum : 1;
    return result;
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const apg&, const apg&) = default;

 private:
  branch_weights projected(double w, const gram_matrix& gram) const {
    constexpr std::size_t c = 0, d = 1, s = 2;
    double along = gram(d, c), square = gram(d, d);  // <g, c>, <g, g>
    if (has_state()) {
      along += momentum * gram(s, c);
      square += momentum * (2 * gram(s, d) + momentum * gram(s, s));
    }
    const double norm = std::sqrt(std::max(square, 0.0));
    const double scale = on_unconditional ? 1 + w : w;
    const double strength = norm_cap > 0 && norm > norm_cap ? scale * norm_cap / norm : scale;
    const double parallel = gram(c, c) > 0 ? along / gram(c, c) : 0;
    const double of_c = strength * (1 - (1 - eta) * parallel);
    const double anchor = on_unconditional ? 1 : 0;
    return {.guided = {1 - anchor + of_c, anchor - strength}, .guided_state = strength * momentum};
  }
};

}  // namespace noisefall
