// Where a window, or a line, leaves the spread of a class what it is without guidance.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/function_ref.hpp>
#include <noisefall/guidance/weight.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// The noise that a sampler puts in between two values of sigma / alpha, as the strength lambda of the reverse SDE
//   dx = (1 + lambda) / 2 * score dtau + sqrt(lambda) dW:
// 0 for ODE solvers; 1 for the reverse SDE itself (DDPM, DDIM at eta = 1, ancestral and SDE-DPM solvers); near eta^2.
struct stochastic_leg {
  double from, to, lambda;
};

// That of EDM's churn on a trajectory: a leg whose start is raised by the factor 1 + gamma runs through the piece of
// log sigma above it twice, lambda = log(1 + gamma) / log(from / to), with gamma = min(s_churn / steps, sqrt(2) - 1)
// (Karras et al., arXiv:2206.00364, algorithm 2).
inline std::vector<stochastic_leg> churn_stochasticity(const trajectory& path, double s_churn, double s_tmin = 0,
                                                       double s_tmax = std::numeric_limits<double>::infinity()) {
  require(s_churn >= 0, "churn_stochasticity", {"s_churn ", s_churn}, "0 or more");
  const double gamma = std::min(s_churn / static_cast<double>(path.steps()), std::sqrt(2.0) - 1);
  std::vector<stochastic_leg> legs;
  for (const leg& l : path.legs()) {
    const double from = l.from.rho(), to = l.to.rho();
    const bool churns = from >= s_tmin && from <= s_tmax && to > 0 && std::isfinite(from);
    legs.push_back({from, to, churns ? std::log1p(gamma) / std::log(from / to) : 0});
  }
  return legs;
}

// What guidance does to a pair of Gaussians: data of variance `conditional` under the condition and `unconditional`
// without, per coordinate (for covariances that commute: per common eigenvector). In the time t = sigma^2 of a
// variance-exploding process, with w = w0 + omega * t on a piece of it, the variance V of the guided samples obeys
//   dV/dt = (1 + lambda) A V - lambda,   A = (1 + w) / (a + t) - w / (b + t),   a, b: the two variances.
// Any alpha and sigma map onto it by sigma / alpha.
class gaussian_pair {
 public:
  gaussian_pair(double conditional, double unconditional) : a_{conditional}, b_{unconditional} {
    for (const double v : {a_, b_})
      require(v > 0 && std::isfinite(v), "gaussian_pair", {"variance ", v}, "above 0, finite");
  }

  // A piece of time with one strength of noise and a weight that is linear in t.
  struct piece {
    double from, to, w0, omega = 0, lambda = 0;
  };
  // The variance at the end of a piece, from that at its start.
  double after(const piece& p, double variance) const {
    const double start = log_growth(p, p.from), end = log_growth(p, p.to);
    return variance * std::exp(end - start) + (p.lambda == 0 ? 0 : p.lambda * noise_through(p, end));
  }
  // Far above both variances every law is the noise's.
  double far() const { return 1e12 * std::max(a_, b_); }
  double conditional() const { return a_; }
  double unconditional() const { return b_; }

 private:
  // d/dt of it is (1 + lambda) A.
  double log_growth(const piece& p, double t) const {
    return (1 + p.lambda) * (std::log(a_ + t) + p.w0 * std::log((a_ + t) / (b_ + t)) +
                             (p.omega == 0 ? 0 : p.omega * (b_ * std::log(b_ + t) - a_ * std::log(a_ + t))));
  }
  // int exp(growth(to) - growth(t)) dt, by Gauss-Legendre rules of 8 points on panels of log(t + c) that are short
  // against the scale 1 on which the integrand changes.
  double noise_through(const piece& p, double end) const {
    static constexpr double nodes[] = {0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363};
    static constexpr double weights[] = {0.3626837833783620, 0.3137066458778873, 0.2223810344533745,
                                         0.1012285362903763};
    const double c = std::min(a_, b_), low = std::log(p.to + c), high = std::log(p.from + c);
    const double slope = (1 + p.lambda) * (2 + std::abs(p.w0) + std::abs(p.omega) * p.from);
    const auto panels = static_cast<std::size_t>(std::ceil((high - low) * std::clamp(slope / 8, 1.0, 64.0))) + 1;
    const double half = (high - low) / (2 * static_cast<double>(panels));
    double total = 0;
    for (std::size_t k = 0; k < panels; ++k) {
      const double middle = low + half * (2 * static_cast<double>(k) + 1);
      for (std::size_t i = 0; i < 4; ++i)
        for (const double side : {-1.0, 1.0}) {
          const double u = std::exp(middle + side * half * nodes[i]);
          total += weights[i] * half * u * std::exp(end - log_growth(p, u - c));
        }
    }
    return total;
  }

  double a_, b_;
};

namespace detail {

// The x at which a function that changes its sign between low and high is 0, to the last digits.
inline double bisected(double low, double high, std::string_view where, function_ref<double(double)> f) {
  const bool rises = f(low) < 0;
  require(rises != (f(high) < 0), where, "no weight within reach leaves the variance as it is",
          "w1 > 0 and w2 > 0, and variances that differ");
  for (int i = 0; i < 200 && high - low > 1e-15 * std::abs(low + high); ++i) {
    const double middle = (low + high) / 2;
    (((f(middle) < 0) == rises) ? low : high) = middle;
  }
  return (low + high) / 2;
}

inline void check_window(std::string_view where, double a, double b, double w1, double w2) {
  require(a != b, where, "equal variances", "variances that differ: else any window is neutral");
  require(w1 > 0 && w2 > 0 && std::isfinite(w1 + w2), where, {"w1 ", w1, ", w2 ", w2}, "both above 0, finite");
}

}  // namespace detail

// The sigma1 of the window +w1 above, -w2 below that leaves the variance within a class what it is without guidance,
// for a class of variance a in data of variance b (per coordinate; also the infinite mixture of such classes) and a
// sampler that puts in noise of one strength lambda. Without noise in closed form,
//   rho = (a/b)^(w2/(w1+w2)),   sigma1^2 = (rho b - a) / (1 - rho),
// with noise by bisection on the equation of the variance: a window for one sampler is none for another.
inline double neutral_sigma(double a, double b, double w1, double w2, double stochasticity = 0) {
  constexpr std::string_view where = "neutral_window";
  detail::check_window(where, a, b, w1, w2);
  require(stochasticity >= 0 && std::isfinite(stochasticity), where, {"stochasticity ", stochasticity},
          "0 or more, finite");
  if (stochasticity == 0) {
    const double log_rho = w2 / (w1 + w2) * std::log(a / b);
    return std::sqrt((b * std::exp(log_rho) - a) / -std::expm1(log_rho));
  }
  const gaussian_pair pair{a, b};
  const double found =
      detail::bisected(std::log(1e-12 * std::min(a, b)), std::log(pair.far()), where, [&](double log_t) {
        const double t1 = std::exp(log_t);
        const double there = pair.after({pair.far(), t1, w1, 0, stochasticity}, a + pair.far());
        return pair.after({t1, 0, -w2, 0, stochasticity}, there) - a;
      });
  return std::exp(found / 2);
}

// The same for noise of a strength that changes along the way (churn_stochasticity). Above the first leg and below the
// last one nothing happens: the run starts there from the conditional law.
inline double neutral_sigma(double a, double b, double w1, double w2, std::span<const stochastic_leg> noise) {
  constexpr std::string_view where = "neutral_window";
  detail::check_window(where, a, b, w1, w2);
  require(!noise.empty() && std::isfinite(noise.front().from), where, "no legs, or infinite noise",
          "legs that start at finite noise");
  const gaussian_pair pair{a, b};
  const double low = std::max(noise.back().to * noise.back().to, 1e-12 * std::min(a, b));
  const double found = detail::bisected(std::log(low), 2 * std::log(noise.front().from), where, [&](double log_t) {
    const double t1 = std::exp(log_t);
    double variance = a + noise.front().from * noise.front().from;
    for (const stochastic_leg& l : noise) {
      const double from = l.from * l.from, to = l.to * l.to, at = std::clamp(t1, to, from);
      if (at < from) variance = pair.after({from, at, w1, 0, l.lambda}, variance);
      if (at > to) variance = pair.after({at, to, -w2, 0, l.lambda}, variance);
    }
    return variance - a - noise.back().to * noise.back().to;
  });
  return std::exp(found / 2);
}

// weight_schedule::window at neutral_sigma(). The spread stays; the mean moves further than by w1 alone.
//   classifier_free{.weight = neutral_window(1, 4, 2, 0.5)}
inline weight_schedule neutral_window(double a, double b, double w1, double w2, double stochasticity = 0) {
  return weight_schedule::window(w1, w2, neutral_sigma(a, b, w1, w2, stochasticity));
}
inline weight_schedule neutral_window(double a, double b, double w1, double w2, std::span<const stochastic_leg> noise) {
  return weight_schedule::window(w1, w2, neutral_sigma(a, b, w1, w2, noise));
}

// The omega of weight_schedule::linear(w0, omega) that leaves the variance as it is, from sigma_max down. It goes with
// sigma_max: in absolute numbers it means nothing. Without noise, with T = sigma_max^2,
//   omega = -w0 K / L,   K = log((a+T) b / ((b+T) a)),   L = b log(1 + T/b) - a log(1 + T/a).
inline double neutral_slope(double a, double b, double sigma_max, double w0, double stochasticity = 0) {
  constexpr std::string_view where = "neutral_slope";
  require(a != b, where, "equal variances", "variances that differ: else any slope is neutral");
  require(sigma_max > 0 && std::isfinite(sigma_max), where, {"sigma_max ", sigma_max}, "above 0, finite");
  require(w0 >= -1 && w0 < 0, where, {"w0 ", w0}, "-1 <= w0 < 0: what is given back at the data");
  require(stochasticity >= 0 && std::isfinite(stochasticity), where, {"stochasticity ", stochasticity},
          "0 or more, finite");
  const gaussian_pair pair{a, b};
  const double top = sigma_max * sigma_max;
  const double k = std::log1p(top / a) - std::log1p(top / b), l = b * std::log1p(top / b) - a * std::log1p(top / a);
  const double closed = -w0 * k / l;
  if (stochasticity == 0) return closed;
  double high = 2 * closed;
  const auto excess = [&](double omega) { return pair.after({top, 0, w0, omega, stochasticity}, a + top) - a; };
  for (int i = 0; i < 40 && (excess(0) < 0) == (excess(high) < 0); ++i) high *= 2;
  return detail::bisected(0, high, where, excess);
}

}  // namespace noisefall
