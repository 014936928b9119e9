// The Parameterisation concept: what the network's output means, as rows of two terms.
#pragma once

#include <concepts>
#include <cstdint>

#include <noisefall/schedule/noise_level.hpp>

namespace noisefall {

// value = x * state + out * network_output
struct affine {
  double x = 0, out = 0;
};

// What a solver, a guidance or a map wants to see: the clean data, the noise, or the network's output as it is.
enum class quantity : std::uint8_t { x0, eps, output };

// to_x0, to_eps   the conversions at a level; infinite where the limit does not exist (eps-prediction at alpha = 0)
// input_scale     the network is fed input_scale * state (1 except for preconditioned networks)
// label           what the network is fed as time, where the trajectory does not say
template <class P>
concept Parameterisation = std::copyable<P> && requires(const P& p, const noise_level& at) {
  { p.to_x0(at) } -> std::same_as<affine>;
  { p.to_eps(at) } -> std::same_as<affine>;
  { p.input_scale(at) } -> std::same_as<double>;
  { p.label(at) } -> std::same_as<double>;
};

template <Parameterisation P>
affine convert(const P& p, quantity of, const noise_level& at) {
  switch (of) {
    case quantity::x0:
      return p.to_x0(at);
    case quantity::eps:
      return p.to_eps(at);
    case quantity::output:
      break;
  }
  return {0, 1};
}

}  // namespace noisefall
