// prediction_type: what the network's output means, as diffusers converts it.
#pragma once

#include <limits>
#include <string>

#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/parameterisation/v.hpp>
#include <noisefall/parameterisation/x0.hpp>

namespace noisefall::diffusers {

// A velocity on levels that are no flow's (flow_prediction without use_flow_sigmas): diffusers takes sigma / alpha, its
// own sigma, for the flow's: D = x - (sigma / alpha) * out.
struct flow_by_ratio {
  affine to_x0(const noise_level& at) const { return {1, -at.rho()}; }
  affine to_eps(const noise_level& at) const { return {(1 - at.alpha) / at.sigma, 1}; }
  double input_scale(const noise_level&) const { return 1; }
  double label(const noise_level& at) const { return at.t; }
};

// A v on a flow's levels (v_prediction with use_flow_sigmas): D = alpha * x - sigma * out, although alpha^2 + sigma^2
// < 1.
struct v_as_if_preserving {
  affine to_x0(const noise_level& at) const { return {at.alpha, -at.sigma}; }
  affine to_eps(const noise_level& at) const { return {at.sigma, at.alpha}; }
  double input_scale(const noise_level&) const { return 1; }
  double label(const noise_level& at) const { return at.t; }
};

inline any_parameterisation parameterisation_of(const std::string& prediction_type, bool flow_levels) {
  if (prediction_type == "sample") return predicts_x0{};
  if (prediction_type == "v_prediction") {
    if (flow_levels) return v_as_if_preserving{};
    return predicts_v{};
  }
  if (prediction_type == "flow_prediction") {
    if (flow_levels) return predicts_flow{};
    return flow_by_ratio{};
  }
  return predicts_eps{};
}

}  // namespace noisefall::diffusers
