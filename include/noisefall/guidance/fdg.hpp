// Frequency-decoupled guidance: one weight for what is smooth in an image, another for its detail.
#pragma once

#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// guided = c + high * (d - L d) + low * L d,   d = c - u     Sadat et al., arXiv:2506.19713, eq. 5, with two levels
// with L the low-pass of a Laplacian pyramid. L d is branch 2: wrap the predictor in with_low_pass
// (predictor/with_low_pass.hpp), which answers it from the outputs of branches 0 and 1. low and high are extra weights;
// the paper's scales for SDXL, 5 and 10, are the defaults. The network's output is filtered, and the result does not
// depend on that. Two evaluations and a filter; no filter where low = high, one evaluation where both are 0 or -1.
struct fdg {
  static constexpr std::string_view name = "fdg";
  static constexpr std::string_view reference = papers::fdg;
  static constexpr guidance_space space = guidance_space::output;
  static constexpr branch_set gradients{2};

  weight_schedule low = 4, high = 9;

  void check() const {}
  branch_set needs(const guidance_position& at) const {
    for (const double w : {low.at(at), high.at(at)}) classifier_free_needs(w);
    const branch_weights w = weights(at);
    return w.gradient[2] == 0 ? branches_weighed(w) : branch_set{0, 1, 2};  // the filter looks at both
  }
  branch_weights weights(const guidance_position& at) const {
    const double of_low = low.at(at), of_high = high.at(at);
    branch_weights made = classifier_free_weights(of_high);
    made.gradient[2] = of_low - of_high;
    return made;
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const {
    return (low * high).breakpoints(on);  // where either jumps
  }

  friend bool operator==(const fdg&, const fdg&) = default;
};

}  // namespace noisefall
