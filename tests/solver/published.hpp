// Published samplers as their authors write them: loops on one number y = x / alpha over rho = sigma / alpha. They
// share no formula with the library's solvers.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "solver/scalar_run.hpp"

namespace published {

// What a loop is run on: falling rho, of which the last may be 0, a denoiser, and unit noises by step and slot.
struct problem {
  std::vector<double> rho;
  std::function<double(double y, double rho)> denoise;
  std::function<double(std::size_t step, std::size_t slot)> z;

  std::size_t steps() const { return rho.size() - 1; }
  double noise_prediction(double y, double at) const { return (y - denoise(y, at)) / at; }
  double lambda(std::size_t i) const { return -std::log(rho[i]); }
  double h(std::size_t i) const { return lambda(i + 1) - lambda(i); }
};

using loop = std::function<double(const problem&, double)>;

// A loop from its step to a rho above 0; one that ends at 0 gives the denoised value.
template <class Step>
loop ending_in_denoised(Step make) {
  return [make](const problem& p, double y) {
    auto step = make();
    for (std::size_t i = 0; i < p.steps(); ++i) y = p.rho[i + 1] == 0 ? p.denoise(y, p.rho[i]) : step(p, i, y);
    return y;
  };
}
template <class Step>
loop stateless(Step step) {
  return ending_in_denoised([step] { return step; });
}

struct ancestral {
  double up, down;
  ancestral(double s, double t, double eta)
      : up{std::min(t, eta * std::sqrt(t * t * (s * s - t * t) / (s * s)))}, down{std::sqrt(t * t - up * up)} {}
};

// The integral of the polynomial through (at[j], values[j]) against a kernel, by 2-point Gauss rules on many pieces.
template <class Kernel>
double against(const std::vector<double>& at, const std::vector<double>& values, double from, double to,
               const Kernel& kernel) {
  constexpr int pieces = 2000;
  double sum = 0;
  for (int i = 0; i < pieces; ++i)
    for (const double g : {-0.5, 0.5}) {
      const double l = from + (to - from) * (i + 0.5 + g / std::sqrt(3.0)) / pieces;
      double value = 0;
      for (std::size_t j = 0; j < at.size(); ++j) {
        double basis = values[j];
        for (std::size_t k = 0; k < at.size(); ++k)
          if (k != j) basis *= (l - at[k]) / (at[j] - at[k]);
        value += basis;
      }
      sum += value * kernel(l) * (to - from) / (2 * pieces);
    }
  return sum;
}

// The multistep family in lambda: order 1, 2, ... up to `order`, by the polynomial itself; where `half`, the step of
// order 2 has 1/2 for the exact weight of its slope.
inline loop adams(std::size_t order, bool data, bool half, double tau_squared) {
  return ending_in_denoised([=] {
    return [=, at = std::vector<double>{}, values = std::vector<double>{}](const problem& p, std::size_t i,
                                                                           double y) mutable {
      const double s = p.lambda(i), t = p.lambda(i + 1), h = t - s, rho = p.rho[i + 1], c = 1 + tau_squared;
      at.insert(at.begin(), s);
      values.insert(values.begin(), data ? p.denoise(y, p.rho[i]) : p.noise_prediction(y, p.rho[i]));
      at.resize(std::min(order, at.size())), values.resize(at.size());
      std::vector<double> nodes = at, used = values;
      const auto kernel = [&](double l) { return data ? c * std::exp(-c * (t - l)) : -rho * c * std::exp(t - l); };
      if (half && used.size() == 2) {
        used[0] += (used[0] - used[1]) / (nodes[0] - nodes[1]) * h / 2;
        nodes.pop_back(), used.pop_back();
      }
      const double z = p.z(i, 0), start = data ? rho / p.rho[i] * std::exp(-tau_squared * h) : 1;
      const double noise =
          data ? rho * std::sqrt(-std::expm1(-2 * tau_squared * h)) : rho * std::sqrt(tau_squared * std::expm1(2 * h));
      return start * y + against(nodes, used, s, t, kernel) + noise * z;
    };
  });
}

// Elimination with pivots; a [n][n + 1].
inline std::vector<double> solve(std::vector<std::vector<double>> a) {
  const std::size_t n = a.size();
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i][k]) > std::abs(a[k][k])) std::swap(a[i], a[k]);
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double f = a[i][k] / a[k][k];
      for (std::size_t j = k; j <= n; ++j) a[i][j] -= f * a[k][j];
    }
  }
  std::vector<double> x;
  for (std::size_t k = 0; k < n; ++k) x.push_back(a[k][n] / a[k][k]);
  return x;
}

// UniPC's update of order k over [s, t] in terms of R, b and B(h). `older`: the readings before m_0 with their lambdas;
// `now`: that at t, for the corrector.
inline double unipc_update(double y, double s, double t, double m0, std::vector<std::pair<double, double>> older,
                           std::size_t k, const double* now, bool bh1) {
  const double h = t - s, hh = -h, big_b = bh1 ? hh : std::expm1(hh);
  std::vector<double> r, slopes;
  for (std::size_t j = 0; j + 1 < k; ++j) {
    r.push_back((older[j].first - s) / h);
    slopes.push_back((older[j].second - m0) / r.back());
  }
  if (now != nullptr) {
    r.push_back(1);
    slopes.push_back(*now - m0);
  }
  std::vector<std::vector<double>> system;
  double g = std::expm1(hh) / hh - 1, factorial = 1;
  for (std::size_t row = 1; row <= r.size(); ++row) {
    system.emplace_back();
    for (const double x : r) system.back().push_back(std::pow(x, static_cast<double>(row - 1)));
    system.back().push_back(g * factorial / big_b);
    factorial *= static_cast<double>(row + 1);
    g = g / hh - 1 / factorial;
  }
  const bool half = r.size() == 1;  // the predictor of order 2, the corrector of order 1
  const std::vector<double> weights = half ? std::vector{0.5} : solve(system);
  double result = std::exp(hh) * y - std::expm1(hh) * m0;
  for (std::size_t j = 0; j < weights.size(); ++j) result -= big_b * weights[j] * slopes[j];
  return result;
}

inline loop unipc_loop(std::size_t order, bool bh1, bool corrector) {
  return [=](const problem& p, double y) {
    std::vector<std::pair<double, double>> past;  // newest first
    double corrected = y;
    std::size_t last_order = 0;
    for (std::size_t i = 0; i < p.steps(); ++i) {
      const double m = p.denoise(y, p.rho[i]);
      if (corrector && i > 0) {
        const std::vector<std::pair<double, double>> older(past.begin() + 1, past.end());
        y = unipc_update(corrected, past[0].first, p.lambda(i), past[0].second, older, last_order, &m, bh1);
      }
      corrected = y;
      last_order = std::min({order, p.steps() - i, i + 1});
      if (p.rho[i + 1] == 0)
        y = m;
      else
        y = unipc_update(y, p.lambda(i), p.lambda(i + 1), m, past, last_order, nullptr, bh1);
      past.insert(past.begin(), {p.lambda(i), m});
    }
    return y;
  };
}

// SA-Solver with two nodes each, tau = 1, the published few-step weights, and two evaluations a step.
inline double sa_pece(const problem& p, double y) {
  double corrected = y, m_before = 0, m_older = 0;
  for (std::size_t i = 0; i < p.steps(); ++i) {
    double m = p.denoise(y, p.rho[i]);
    if (i > 0) {
      const double h = p.h(i - 1), rho = p.rho[i], b = h;  // c h / 2 with c = 2
      y = rho / p.rho[i - 1] * std::exp(-h) * corrected + b * m + (-std::expm1(-2 * h) - b) * m_before +
          rho * std::sqrt(-std::expm1(-2 * h)) * p.z(i - 1, 0);
      m = p.denoise(y, p.rho[i]);
    }
    corrected = y;
    m_older = m_before, m_before = m;
    if (p.rho[i + 1] == 0) return m;
    const double h = p.h(i), rho = p.rho[i + 1];
    const bool second = i > 0 && i + 1 < p.steps();
    const double b = second ? h * h / (p.lambda(i - 1) - p.lambda(i)) : 0;
    y = rho / p.rho[i] * std::exp(-h) * y + (-std::expm1(-2 * h) - b) * m + b * m_older +
        rho * std::sqrt(-std::expm1(-2 * h)) * p.z(i, 0);
  }
  return y;
}

enum class pndm_start { runge_kutta, improved_euler, ramp };
inline loop pndm_loop(pndm_start start, std::size_t remembered = 3) {
  return [start, remembered](const problem& p, double y) {
    std::vector<double> e;  // newest first
    for (std::size_t i = 0; i < p.steps(); ++i) {
      const double s = p.rho[i], t = p.rho[i + 1];
      e.insert(e.begin(), p.noise_prediction(y, s));
      double mean = e[0];
      if (start == pndm_start::runge_kutta && i < 3 && t > 0) {
        const double middle = std::sqrt(s * t);  // the middle of the time -lambda
        const double e2 = p.noise_prediction(y + (middle - s) * e[0], middle);
        const double e3 = p.noise_prediction(y + (middle - s) * e2, middle);
        const double e4 = p.noise_prediction(y + (t - s) * e3, t);
        mean = (e[0] + 2 * e2 + 2 * e3 + e4) / 6;
      } else if (start == pndm_start::improved_euler && i == 0 && t > 0) {
        mean = (e[0] + p.noise_prediction(y + (t - s) * e[0], t)) / 2;
      } else if (std::min(e.size(), remembered + 1) == 2) {
        mean = (3 * e[0] - e[1]) / 2;
      } else if (std::min(e.size(), remembered + 1) == 3) {
        mean = (23 * e[0] - 16 * e[1] + 5 * e[2]) / 12;
      } else if (e.size() > 3) {
        mean = (55 * e[0] - 59 * e[1] + 37 * e[2] - 9 * e[3]) / 24;
      }
      y += (t - s) * mean;
    }
    return y;
  };
}

// k-diffusion's 2M SDE (eta 1) and 3M SDE.
inline loop k_2m_sde(bool heun) {
  return ending_in_denoised([heun] {
    return [heun, old = 0.0, h_last = 0.0](const problem& p, std::size_t i, double y) mutable {
      const double d = p.denoise(y, p.rho[i]), h = p.h(i), c = 2 * h, rho = p.rho[i + 1];
      y = rho / p.rho[i] * std::exp(-h) * y - std::expm1(-c) * d;
      if (h_last > 0) y += (heun ? std::expm1(-c) / c + 1 : -0.5 * std::expm1(-c)) * (h / h_last) * (d - old);
      old = d, h_last = h;
      return y + rho * std::sqrt(-std::expm1(-2 * h)) * p.z(i, 0);
    };
  });
}
inline loop k_3m_sde() {
  return ending_in_denoised([] {
    return [d1 = 0.0, d2 = 0.0, h1 = 0.0, h2 = 0.0](const problem& p, std::size_t i, double y) mutable {
      const double d = p.denoise(y, p.rho[i]), h = p.h(i), c = 2 * h, rho = p.rho[i + 1];
      const double phi2 = std::expm1(-c) / c + 1, phi3 = phi2 / c - 0.5;
      y = std::exp(-c) * y - std::expm1(-c) * d;
      if (h2 > 0) {
        const double r0 = h1 / h, r1 = h2 / h, a = (d - d1) / r0, b = (d1 - d2) / r1;
        y += phi2 * (a + (a - b) * r0 / (r0 + r1)) - phi3 * (a - b) / (r0 + r1);
      } else if (h1 > 0) {
        y += phi2 * (d - d1) / (h1 / h);
      }
      d2 = d1, d1 = d, h2 = h1, h1 = h;
      return y + rho * std::sqrt(-std::expm1(-2 * h)) * p.z(i, 0);
    };
  });
}

// Over readings of the last steps with their rho: the noise a polynomial in rho, integrated over the step.
inline loop rho_adams(std::size_t order) {
  return ending_in_denoised([order] {
    return [order, at = std::vector<double>{}, values = std::vector<double>{}](const problem& p, std::size_t i,
                                                                               double y) mutable {
      at.insert(at.begin(), p.rho[i]);
      values.insert(values.begin(), p.noise_prediction(y, p.rho[i]));
      at.resize(std::min(order, at.size())), values.resize(at.size());
      return y + against(at, values, p.rho[i], p.rho[i + 1], [](double) { return 1; });
    };
  });
}

// iPNDM of diff-sampler: the weights of equal steps; and iPNDM_v as shipped, in terms of its coeff1 to coeff4.
inline loop ipndm_loop(std::size_t order, bool variable) {
  return ending_in_denoised([=] {
    return [=, e = std::vector<double>{}](const problem& p, std::size_t i, double y) mutable {
      e.insert(e.begin(), p.noise_prediction(y, p.rho[i]));
      const std::size_t k = std::min(order, i + 1);
      const double h = p.rho[i + 1] - p.rho[i];
      if (k == 1) return y + h * e[0];
      if (!variable && k == 2) return y + h * (3 * e[0] - e[1]) / 2;
      if (!variable && k == 3) return y + h * (23 * e[0] - 16 * e[1] + 5 * e[2]) / 12;
      const double a = p.rho[i] - p.rho[i - 1];
      if (k == 2) return y + h * ((2 + h / a) / 2 * e[0] - h / a / 2 * e[1]);
      const double b = p.rho[i - 1] - p.rho[i - 2], temp = (1 - h / (3 * (h + a)) * (h * (h + a)) / (a * (a + b))) / 2;
      if (k == 3)
        return y +
               h * (((2 + h / a) / 2 + temp) * e[0] + (-h / a / 2 - (1 + a / b) * temp) * e[1] + temp * a / b * e[2]);
      const double c = p.rho[i - 2] - p.rho[i - 3], ratio = a * (a + b) / (b * (b + c));
      const double temp2 = ((1 - h / (3 * (h + a))) / 2 + (1 - h / (2 * (h + a))) * h / (6 * (h + a + b))) *
                           (h * (h + a) * (h + a + b)) / (a * (a + b) * (a + b + c));
      const double c1 = (2 + h / a) / 2 + temp + temp2;
      const double c2 = -h / a / 2 - (1 + a / b) * temp - (1 + a / b + ratio) * temp2;
      const double c3 = temp * a / b + (a / b + ratio * (1 + b / c)) * temp2;
      const double c4 = -temp2 * ratio * a / b;
      return y + h * (c1 * e[0] + c2 * e[1] + c3 * e[2] + c4 * e[3]);
    };
  });
}

inline double heun_pp(const problem& p, double y) {
  for (std::size_t i = 0; i < p.steps(); ++i) {
    const double s = p.rho[i], t = p.rho[i + 1], dt = t - s, d = p.noise_prediction(y, s);
    const std::size_t left = p.steps() - i;
    if (left == 1) {
      y += d * dt;
      continue;
    }
    const double x2 = y + d * dt, d2 = p.noise_prediction(x2, t);
    if (left == 2) {
      const double w2 = t / (2 * p.rho[0]);
      y += (d * (1 - w2) + d2 * w2) * dt;
    } else {
      const double r = p.rho[i + 2], d3 = p.noise_prediction(x2 + d2 * (r - t), r);
      const double w2 = t / (3 * p.rho[0]), w3 = r / (3 * p.rho[0]);
      y += ((1 - w2 - w3) * d + w2 * d2 + w3 * d3) * dt;
    }
  }
  return y;
}

// Explicit Runge-Kutta in rho: the rows of the tableau, the last one that of the result.
inline loop rho_stages(std::vector<double> nodes, std::vector<std::vector<double>> rows) {
  return stateless([=](const problem& p, std::size_t i, double y) {
    const double s = p.rho[i], h = p.rho[i + 1] - s;
    std::vector<double> k;
    for (std::size_t j = 0; j <= nodes.size(); ++j) {
      double u = y;
      for (std::size_t l = 0; l < k.size(); ++l) u += h * rows[j][l] * k[l];
      if (j == nodes.size()) return u;
      k.push_back(p.noise_prediction(u, s + nodes[j] * h));
    }
    return y;
  });
}

// phi_k(-h) by its recursion.
inline double phi_of(int k, double h) {
  return k == 0 ? std::exp(-h) : k == 1 ? -std::expm1(-h) / h : (1 / std::tgamma(k) - phi_of(k - 1, h)) / h;
}

// ETD-RK4 in the form of its authors, c = -1.
inline double cox_matthews(const problem& p, std::size_t i, double y) {
  const double h = p.h(i), s = p.rho[i], middle = s * std::exp(-h / 2), t = p.rho[i + 1];
  const double half = std::exp(-h / 2), whole = std::exp(-h), q = 1 - half, h2 = h * h;
  const double n = p.denoise(y, s), a = half * y + q * n, na = p.denoise(a, middle);
  const double b = half * y + q * na, nb = p.denoise(b, middle);
  const double c = half * a + q * (2 * nb - n), nc = p.denoise(c, t);
  const double first = -4 + h + whole * (4 + 3 * h + h2), second = 2 - h + whole * (-2 - h);
  const double last = -4 + 3 * h - h2 + whole * (4 + h);
  return whole * y - (first * n + 2 * second * (na + nb) + last * nc) / h2;
}
inline double krogstad(const problem& p, std::size_t i, double y) {
  const double h = p.h(i), s = p.rho[i], middle = s * std::exp(-h / 2), t = p.rho[i + 1];
  const double half = std::exp(-h / 2), whole = std::exp(-h);
  const double n = p.denoise(y, s), n2 = p.denoise(half * y + h / 2 * phi_of(1, h / 2) * n, middle);
  const double n3 = p.denoise(half * y + h / 2 * phi_of(1, h / 2) * n + h * phi_of(2, h / 2) * (n2 - n), middle);
  const double n4 = p.denoise(whole * y + h * phi_of(1, h) * n + 2 * h * phi_of(2, h) * (n3 - n), t);
  return whole * y + h * phi_of(1, h) * n + h * phi_of(2, h) * (-3 * n + 2 * n2 + 2 * n3 - n4) +
         4 * h * phi_of(3, h) * (n - n2 - n3 + n4);
}
inline double hochbruck_ostermann(const problem& p, std::size_t i, double y) {
  const double h = p.h(i), s = p.rho[i], middle = s * std::exp(-h / 2), t = p.rho[i + 1];
  const double half = std::exp(-h / 2), whole = std::exp(-h);
  const double i1 = phi_of(1, h / 2), i2 = phi_of(2, h / 2), i3 = phi_of(3, h / 2);
  const double f1 = phi_of(1, h), f2 = phi_of(2, h), f3 = phi_of(3, h);
  const double n1 = p.denoise(y, s), n2 = p.denoise(half * y + h * i1 / 2 * n1, middle);
  const double n3 = p.denoise(half * y + h * ((i1 / 2 - i2) * n1 + i2 * n2), middle);
  const double n4 = p.denoise(whole * y + h * ((f1 - 2 * f2) * n1 + f2 * (n2 + n3)), t);
  const double a52 = i2 / 2 - f3 + f2 / 4 - i3 / 2, a54 = i2 / 4 - a52, a51 = i1 / 2 - 2 * a52 - a54;
  const double n5 = p.denoise(half * y + h * (a51 * n1 + a52 * (n2 + n3) + a54 * n4), middle);
  return whole * y + h * ((f1 - 3 * f2 + 4 * f3) * n1 + (-f2 + 4 * f3) * n4 + (4 * f2 - 8 * f3) * n5);
}
// RES, three stages at 0, 1/2, 1: gamma = 4.
inline double res_3s(const problem& p, std::size_t i, double y) {
  const double h = p.h(i), s = p.rho[i], middle = s * std::exp(-h / 2), t = p.rho[i + 1], gamma = 4;
  const double n1 = p.denoise(y, s), n2 = p.denoise(std::exp(-h / 2) * y + h / 2 * phi_of(1, h / 2) * n1, middle);
  const double a32 = gamma * phi_of(2, h / 2) / 2 + 2 * phi_of(2, h), a31 = phi_of(1, h) - a32;
  const double n3 = p.denoise(std::exp(-h) * y + h * (a31 * n1 + a32 * n2), t);
  const double b3 = phi_of(2, h) / (gamma / 2 + 1), b2 = gamma * b3, b1 = phi_of(1, h) - b2 - b3;
  return std::exp(-h) * y + h * (b1 * n1 + b2 * n2 + b3 * n3);
}

// SEEDS at eta = 1 as ComfyUI writes it: `exact` for its phi_2, else phi_1.
inline double seeds_2(const problem& p, std::size_t i, double y, double r, bool exact) {
  const double h = p.h(i), s = p.rho[i], one = s * std::exp(-r * h), t = p.rho[i + 1], c = 2 * h;
  const double d = p.denoise(y, s), first = std::sqrt(-std::expm1(-2 * r * h)) * p.z(i, 0);
  const double rest = r < 1 ? std::sqrt(-std::expm1(-2 * (1 - r) * h)) * p.z(i, 1) : 0;
  const double u = one / s * std::exp(-r * h) * y - std::expm1(-r * c) * d + one * first, d1 = p.denoise(u, one);
  const double f = exact ? (1 + std::expm1(-c) / c) / r / -std::expm1(-c) : 1 / (2 * r);
  return t / s * std::exp(-h) * y - std::expm1(-c) * ((1 - f) * d + f * d1) +
         t * (std::exp(-(1 - r) * h) * first + rest);
}
inline double seeds_3(const problem& p, std::size_t i, double y) {
  const double h = p.h(i), s = p.rho[i], t = p.rho[i + 1], c = 2 * h, part = h / 3;
  const double one = s * std::exp(-part), two = s * std::exp(-2 * part);
  const double fresh = std::sqrt(-std::expm1(-2 * part)), keep = std::exp(-part);
  const double z1 = fresh * p.z(i, 0), z2 = keep * z1 + fresh * p.z(i, 1), z3 = keep * z2 + fresh * p.z(i, 2);
  const double d = p.denoise(y, s);
  const double d1 = p.denoise(one / s * keep * y - std::expm1(-c / 3) * d + one * z1, one);
  const double a32 = 2 * (1 + std::expm1(-2 * c / 3) / (2 * c / 3)), a31 = -std::expm1(-2 * c / 3) - a32;
  const double d2 = p.denoise(two / s * keep * keep * y + a31 * d + a32 * d1 + two * z2, two);
  const double b3 = (1 + std::expm1(-c) / c) * 3 / 2, b1 = -std::expm1(-c) - b3;
  return t / s * std::exp(-h) * y + b1 * d + b3 * d2 + t * z3;
}

// Every alias of a solver that plans rows, except those whose noise the network supplies.
inline std::map<std::string, loop> methods() {
  std::map<std::string, loop> m;
  m["dpm_pp_1"] = stateless([](const problem& p, std::size_t i, double y) {
    return p.rho[i + 1] / p.rho[i] * y - std::expm1(-p.h(i)) * p.denoise(y, p.rho[i]);
  });
  m["dpm_solver_1"] = stateless([](const problem& p, std::size_t i, double y) {
    return y - p.rho[i + 1] * std::expm1(p.h(i)) * p.noise_prediction(y, p.rho[i]);
  });
  m["euler_ancestral"] = stateless([](const problem& p, std::size_t i, double y) {
    const ancestral a{p.rho[i], p.rho[i + 1], 1};
    return y + (a.down - p.rho[i]) * p.noise_prediction(y, p.rho[i]) + a.up * p.z(i, 0);
  });
  m["flow_euler"] = [](const problem& p, double y) {
    for (std::size_t i = 0; i < p.steps(); ++i) {
      const double s = p.rho[i] / (1 + p.rho[i]), t = p.rho[i + 1] / (1 + p.rho[i + 1]), x = (1 - s) * y;
      const double v = (x - p.denoise(y, p.rho[i])) / s;
      y = (x + (t - s) * v) / (1 - t);
    }
    return y;
  };
  m["lcm"] = stateless(
      [](const problem& p, std::size_t i, double y) { return p.denoise(y, p.rho[i]) + p.rho[i + 1] * p.z(i, 0); });

  m["dpm_pp_3m"] = adams(3, true, true, 0);
  m["dpm_solver_2m"] = adams(2, false, true, 0);
  m["dpm_solver_3m"] = adams(3, false, true, 0);
  m["deis_log_rho_2"] = adams(2, false, false, 0);
  m["deis_log_rho_3"] = adams(3, false, false, 0);
  m["sde_dpm_pp_1"] = adams(1, true, true, 1);
  m["sde_dpm_pp_2m"] = adams(2, true, true, 1);
  m["sde_dpm_pp_3m"] = adams(3, true, true, 1);
  m["sde_dpm_solver_2m"] = adams(2, false, true, 1);
  m["dpmpp_2m_sde"] = k_2m_sde(false);
  m["dpmpp_2m_sde_heun"] = k_2m_sde(true);
  m["dpmpp_3m_sde"] = k_3m_sde();
  m["dpmpp_2m"] = ending_in_denoised([] {
    return [old = 0.0, last = 0.0](const problem& p, std::size_t i, double y) mutable {
      const double d = p.denoise(y, p.rho[i]), h = p.h(i), r = last / h;
      const double mixed = last > 0 ? (1 + 1 / (2 * r)) * d - 1 / (2 * r) * old : d;
      old = d, last = h;
      return p.rho[i + 1] / p.rho[i] * y - std::expm1(-h) * mixed;
    };
  });
  m["res_multistep"] = ending_in_denoised([] {
    return [old = 0.0, last = 0.0](const problem& p, std::size_t i, double y) mutable {
      const double d = p.denoise(y, p.rho[i]), h = p.h(i), phi1 = -std::expm1(-h) / h, phi2 = (1 - phi1) / h;
      const double b2 = last > 0 ? phi2 * h / -last : 0, b1 = phi1 - b2, before = old;
      old = d, last = h;
      return std::exp(-h) * y + h * (b1 * d + b2 * before);
    };
  });

  m["dpm_2"] = stateless([](const problem& p, std::size_t i, double y) {
    const double s = p.rho[i], t = p.rho[i + 1], middle = std::exp((std::log(s) + std::log(t)) / 2);
    const double u = y + (middle - s) * p.noise_prediction(y, s);
    return y + (t - s) * p.noise_prediction(u, middle);
  });
  m["dpm_2_ancestral"] = stateless([](const problem& p, std::size_t i, double y) {
    const ancestral a{p.rho[i], p.rho[i + 1], 1};
    const double s = p.rho[i], middle = std::exp((std::log(s) + std::log(a.down)) / 2);
    const double u = y + (middle - s) * p.noise_prediction(y, s);
    return y + (a.down - s) * p.noise_prediction(u, middle) + a.up * p.z(i, 0);
  });
  m["dpmpp_2s_ancestral"] = stateless([](const problem& p, std::size_t i, double y) {
    const ancestral a{p.rho[i], p.rho[i + 1], 1};
    const double s = p.rho[i], h = std::log(s / a.down), middle = s * std::exp(-h / 2);
    const double u = middle / s * y - std::expm1(-h / 2) * p.denoise(y, s);
    return a.down / s * y - std::expm1(-h) * p.denoise(u, middle) + a.up * p.z(i, 0);
  });
  m["dpm_solver_2"] = stateless([](const problem& p, std::size_t i, double y) {
    const double h = p.h(i), middle = p.rho[i] * std::exp(-h / 2);
    const double u = y - middle * std::expm1(h / 2) * p.noise_prediction(y, p.rho[i]);
    return y - p.rho[i + 1] * std::expm1(h) * p.noise_prediction(u, middle);
  });
  m["dpm_solver_3"] = stateless([](const problem& p, std::size_t i, double y) {
    const double h = p.h(i), r1 = 1. / 3, r2 = 2. / 3;
    const double first = p.rho[i] * std::exp(-r1 * h), second = p.rho[i] * std::exp(-r2 * h), t = p.rho[i + 1];
    const double e = p.noise_prediction(y, p.rho[i]);
    const double e1 = p.noise_prediction(y - first * std::expm1(r1 * h) * e, first);
    const double u2 =
        y - second * std::expm1(r2 * h) * e - second * r2 / r1 * (std::expm1(r2 * h) / (r2 * h) - 1) * (e1 - e);
    return y - t * std::expm1(h) * e - t / r2 * (std::expm1(h) / h - 1) * (p.noise_prediction(u2, second) - e);
  });
  m["dpm_pp_2s"] = stateless([](const problem& p, std::size_t i, double y) {
    const double h = p.h(i), middle = p.rho[i] * std::exp(-h / 2);
    const double u = middle / p.rho[i] * y - std::expm1(-h / 2) * p.denoise(y, p.rho[i]);
    return p.rho[i + 1] / p.rho[i] * y - std::expm1(-h) * p.denoise(u, middle);
  });
  m["dpm_pp_3s"] = stateless([](const problem& p, std::size_t i, double y) {
    const double h = p.h(i), r1 = 1. / 3, r2 = 2. / 3;
    const double first = p.rho[i] * std::exp(-r1 * h), second = p.rho[i] * std::exp(-r2 * h);
    const double d = p.denoise(y, p.rho[i]);
    const double d1 = p.denoise(std::exp(-r1 * h) * y - std::expm1(-r1 * h) * d, first);
    const double u2 =
        std::exp(-r2 * h) * y - std::expm1(-r2 * h) * d + r2 / r1 * (std::expm1(-r2 * h) / (r2 * h) + 1) * (d1 - d);
    return std::exp(-h) * y - std::expm1(-h) * d + (std::expm1(-h) / h + 1) / r2 * (p.denoise(u2, second) - d);
  });
  m["res_2s"] = stateless([](const problem& p, std::size_t i, double y) {
    const double h = p.h(i), middle = p.rho[i] * std::exp(-h / 2), d = p.denoise(y, p.rho[i]);
    const double phi1 = -std::expm1(-h) / h, phi2 = (1 - phi1) / h, b2 = 2 * phi2;
    const double u = std::exp(-h / 2) * y - std::expm1(-h / 2) * d;
    return std::exp(-h) * y + h * ((phi1 - b2) * d + b2 * p.denoise(u, middle));
  });
  m["dpmpp_sde"] = stateless([](const problem& p, std::size_t i, double y) {
    const double s = p.rho[i], t = p.rho[i + 1], middle = std::sqrt(s * t), share = (s - middle) / (s - t);
    const double over_whole = std::sqrt(share) * p.z(i, 0) + std::sqrt(1 - share) * p.z(i, 1);
    const ancestral half{s, middle, 1}, whole{s, t, 1};
    const double d = p.denoise(y, s);
    const double u = half.down / s * y + (1 - half.down / s) * d + half.up * p.z(i, 0);
    return whole.down / s * y + (1 - whole.down / s) * p.denoise(u, middle) + whole.up * over_whole;
  });

  m["deis_t_ab_2"] = adams(2, false, false, 0);  // the time is -lambda
  m["deis_t_ab_3"] = adams(3, false, false, 0);
  m["deis_rho_ab_2"] = rho_adams(2);
  m["deis_rho_ab_3"] = m["ipndm_v_3"] = rho_adams(3);
  m["ipndm_v"] = rho_adams(4);
  m["ipndm_2"] = ipndm_loop(2, false);
  m["ipndm_3"] = ipndm_loop(3, false);
  m["ipndm_v_shipped"] = ipndm_loop(4, true);
  m["ipndm_v_shipped_3"] = ipndm_loop(3, true);
  m["heunpp2"] = heun_pp;
  m["deis_rho_2_heun"] = rho_stages({0, 1}, {{}, {1}, {0.5, 0.5}});
  m["deis_rho_3_kutta"] = rho_stages({0, 0.5, 1}, {{}, {0.5}, {-1, 2}, {1. / 6, 2. / 3, 1. / 6}});
  m["deis_rho_4_rk"] = rho_stages({0, 0.5, 0.5, 1}, {{}, {0.5}, {0, 0.5}, {0, 0, 1}, {1. / 6, 1. / 3, 1. / 3, 1. / 6}});
  m["etd_rk_4"] = stateless(cox_matthews);
  m["krogstad_4"] = stateless(krogstad);
  m["res_3s"] = stateless(res_3s);
  m["res_5s"] = stateless(hochbruck_ostermann);
  m["exp_heun_2_x0"] = stateless([](const problem& p, std::size_t i, double y) {
    const double h = p.h(i), d = p.denoise(y, p.rho[i]), u = std::exp(-h) * y - std::expm1(-h) * d;
    return u + (1 + std::expm1(-h) / h) * (p.denoise(u, p.rho[i + 1]) - d);
  });
  m["exp_heun_2_x0_sde"] =
      stateless([](const problem& p, std::size_t i, double y) { return seeds_2(p, i, y, 1, true); });
  m["seeds_2"] = stateless([](const problem& p, std::size_t i, double y) { return seeds_2(p, i, y, 0.5, false); });
  m["seeds_3"] = stateless(seeds_3);

  m["uni_p_2"] = unipc_loop(2, false, false);
  m["uni_p_3"] = unipc_loop(3, false, false);
  m["uni_pc"] = unipc_loop(3, true, true);
  m["uni_pc_bh2"] = m["unipc_3"] = unipc_loop(3, false, true);
  m["unipc_1"] = unipc_loop(1, false, true);
  m["unipc_2"] = unipc_loop(2, false, true);
  m["sa_solver_pece"] = sa_pece;
  m["f_pndm"] = pndm_loop(pndm_start::runge_kutta);
  m["s_pndm"] = pndm_loop(pndm_start::improved_euler, 1);
  m["plms"] = pndm_loop(pndm_start::improved_euler);
  m["ipndm"] = pndm_loop(pndm_start::ramp);
  return m;
}

}  // namespace published
