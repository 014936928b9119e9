// Temporal score rescaling: sampling at another temperature.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// eps = r * (c + w*(c - u)),   r = (alpha^2 s^2 + sigma^2) / (alpha^2 s^2 / k + sigma^2)     Xu et al., arXiv:2510.01184, eq. 9
// Exact from N(0, s^2) to N(0, s^2 / k); for other data a local sharpening (k > 1) or flattening (k < 1) at the scale
// data_deviation = s. k = inverse_temperature. The weights do not sum to 1: eps, and nothing else. One evaluation
// where w is 0 or -1, which is the default, else two.
struct temperature {
  static constexpr std::string_view name = "temperature";
  static constexpr std::string_view reference = papers::temporal_score_rescaling;
  static constexpr guidance_space space = guidance_space::eps;

  weight_schedule weight = 0;
  double inverse_temperature = 1.1, data_deviation = 1;

  void check() const {
    require(inverse_temperature > 0 && std::isfinite(inverse_temperature), "temperature",
            {"inverse_temperature ", inverse_temperature}, "above 0, finite");
    require(data_deviation > 0 && std::isfinite(data_deviation), "temperature", {"data_deviation ", data_deviation},
            "above 0, finite");
  }
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_weights weights(const guidance_position& at) const {
    branch_weights made = classifier_free_weights(weight.at(at));
    const double data = std::pow(at.at.alpha * data_deviation, 2), noise = std::pow(at.at.sigma, 2);
    const double rescaled = (data + noise) / (data / inverse_temperature + noise);
    for (double& g : made.guided) g *= rescaled;
    return made;
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const temperature&, const temperature&) = default;
};

}  // namespace noisefall
