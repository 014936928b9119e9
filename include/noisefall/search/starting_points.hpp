// Known ways to space levels between two ends, as starts and as what a search is to beat.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/search/search_problem.hpp>

namespace noisefall {

// A list of sigma / alpha under its name.
struct named_sigmas {
  std::string name;
  std::vector<double> sigmas;
};

// Between the ends of the problem's base, with as many steps: uniform and quadratic in the schedule's time, uniform in
// lambda, and Karras' spacing with rho from 3 to 11; to sigma = 0 also trailing, equal parts of time down to it. From
// infinite noise, or to sigma = 0, the levels between use the range [low, high], as k-diffusion's lists end before their
// last 0.
inline std::vector<named_sigmas> known_spacings(const search_problem& of, double low, double high) {
  const std::vector<double>& base = of.sigmas();
  const std::size_t n = of.steps();
  const bool to_zero = base.back() == 0, from_infinity = std::isinf(base.front());
  const double top = from_infinity ? high : base.front(), bottom = to_zero ? low : base.back();
  // Levels 0, ..., n of which those between are the first of n parts, or, before a last step to 0, of n - 1.
  const auto list = [&](const auto& sigma_at) {
    std::vector<double> s = base;
    const std::size_t first = from_infinity ? 1 : 0, last = to_zero ? n - 1 : n;
    for (std::size_t i = 1; i < n; ++i)
      s[i] = last == first ? bottom : sigma_at(static_cast<double>(i - first) / static_cast<double>(last - first));
    return s;
  };
  std::vector<named_sigmas> all;
  const double t0 = of.schedule().time_of(-std::log(top)), t1 = of.schedule().time_of(-std::log(bottom));
  if (t0 > t1 && t1 >= 0) {
    all.push_back({"uniform", list([&](double p) { return of.schedule().at(t0 + p * (t1 - t0)).rho(); })});
    all.push_back({"quadratic", list([&](double p) {
                     const double root = std::sqrt(t0) + p * (std::sqrt(t1) - std::sqrt(t0));
                     return of.schedule().at(root * root).rho();
                   })});
  }
  if (to_zero && t0 > t1 && t1 >= 0 && !from_infinity) {
    named_sigmas trailing{"trailing", base};
    for (std::size_t i = 1; i < n; ++i)
      trailing.sigmas[i] = of.schedule().at(t0 + static_cast<double>(i) / static_cast<double>(n) * (t1 - t0)).rho();
    all.push_back(std::move(trailing));
  }
  all.push_back({"log-SNR", list([&](double p) { return top * std::pow(bottom / top, p); })});
  for (int rho = 3; rho <= 11; ++rho)
    all.push_back({"karras " + std::to_string(rho), list([&](double p) {
                     const double a = std::pow(top, 1. / rho), b = std::pow(bottom, 1. / rho);
                     return std::pow(a + p * (b - a), rho);
                   })});
  // A clamped schedule may repeat a level: such a list is no trajectory.
  std::erase_if(all, [&](const named_sigmas& l) {
    for (std::size_t i = 1; i < l.sigmas.size(); ++i)
      if (!(l.sigmas[i] < l.sigmas[i - 1]) || !of.apart(l.sigmas[i - 1], l.sigmas[i])) return true;
    return false;
  });
  return all;
}

}  // namespace noisefall
