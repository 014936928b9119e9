// Several conditions at once: each pulls the prediction away from the unconditional one.
#pragma once

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

// guided = u + (1 + w)*(c - u) + sum_i h_i*(c_i - u)      Liu et al., arXiv:2206.01714, eq. 11
// with c branch 0, u branch 1 and c_i the branches from 2 on, one per weight in `further`; h < 0 negates a condition.
// These are usual scales: h = 0 leaves a condition away, unevaluated. Histories as conditions make it history guidance
// (arXiv:2502.06764). It does not sample the product of the conditional laws: that takes corrections. Linear, so the
// same in every space. Evaluations: one per branch that has a weight.
struct composition {
  static constexpr std::string_view name = "composition";
  static constexpr std::string_view reference = papers::composable;
  static constexpr guidance_space space = guidance_space::output;

  weight_schedule weight = 6.5;
  std::vector<weight_schedule> further{};

  void check() const {
    require(further.size() + 2 <= max_branches, "composition: further", {further.size(), " weights"},
            {"up to ", max_branches - 2});
  }
  branch_set needs(const guidance_position& at) const {
    classifier_free_needs(weight.at(at));
    return branches_weighed(weights(at));
  }
  branch_weights weights(const guidance_position& at) const {
    branch_weights made;
    double total = made.guided[0] = 1 + weight.at(at);
    for (std::size_t i = 0; i < further.size(); ++i) total += made.guided[2 + i] = further[i].at(at);
    made.guided[1] = 1 - total;
    return made;
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const {
    std::vector<double> sigmas = weight.breakpoints(on);
    for (const weight_schedule& h : further)
      for (const double sigma : h.breakpoints(on)) insert_falling(sigmas, sigma);
    return sigmas;
  }

  friend bool operator==(const composition&, const composition&) = default;
};

}  // namespace noisefall
