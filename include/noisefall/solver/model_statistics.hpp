// Statistics of a network along lambda, by channel or element, and their integrals: what DPM-Solver-v3 integrates by.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/solver/exponential_tableau.hpp>

namespace noisefall {

// The coefficients l, s and b of Zheng et al. 2023 (arXiv:2310.13268, equations 6 to 11), linear between the lambdas
// that they are given at and constant beyond. Each list holds lambdas.size() rows of as many numbers: one, one per
// channel, or one per element of a sample; for a state [B, C, ...] number k of E stands for the k-th E-th of a sample.
struct model_statistics {
  std::vector<double> lambdas{};  // two or more, rising
  std::vector<double> l{}, s{}, b{};

  std::size_t width() const { return lambdas.empty() ? 0 : l.size() / lambdas.size(); }

  // Throws with `where` for what it stands in.
  void check(std::string_view where) const {
    require(lambdas.size() >= 2, where, {lambdas.size(), " lambdas"}, "two or more");
    for (std::size_t i = 0; i < lambdas.size(); ++i)
      require(std::isfinite(lambdas[i]) && (i == 0 || lambdas[i] > lambdas[i - 1]), where,
              {"lambda ", lambdas[i], " at ", i}, "finite lambdas that rise");
    require(!l.empty() && l.size() % lambdas.size() == 0 && s.size() == l.size() && b.size() == l.size(), where,
            {l.size(), " values of l, ", s.size(), " of s, ", b.size(), " of b for ", lambdas.size(), " lambdas"},
            "equally many for each lambda, and of l, s and b");
    for (const auto* list : {&l, &s, &b})
      for (const double v : *list) require(std::isfinite(v), where, {"a value of ", v}, "finite values");
  }

  // l, s and b of number e at a lambda.
  std::array<double, 3> at(double lambda, std::size_t e) const {
    const std::size_t above =
        static_cast<std::size_t>(std::upper_bound(lambdas.begin(), lambdas.end(), lambda) - lambdas.begin());
    const std::size_t hi = std::min(above, lambdas.size() - 1), lo = above == 0 ? 0 : above - 1;
    const double part = hi == lo ? 0 : (lambda - lambdas[lo]) / (lambdas[hi] - lambdas[lo]);
    const auto value = [&](const std::vector<double>& of) {
      const double a = of[lo * width() + e];
      return a + part * (of[hi * width() + e] - a);
    };
    return {value(l), value(s), value(b)};
  }

  // From one lambda to another, both ways: with L, S the integrals of l and s since `from`,
  struct integrals {
    double l = 0, s = 0;            // L and S
    double b = 0;                   // of exp(-S) b
    std::array<double, 4> power{};  // of exp(L + S) (lambda - from)^k
    double product = 0;             // of exp(L + S) times the integral of exp(-S) b so far
  };
  // exact where l and s are constant and b = 0, else to second order in the distance of the lambdas.
  integrals between(double from, double to, std::size_t e) const {
    integrals sum;
    double at_lambda = from;
    std::array<double, 3> here = at(from, e);
    const bool up = to > from;
    auto next = up ? std::upper_bound(lambdas.begin(), lambdas.end(), from)
                   : std::lower_bound(lambdas.begin(), lambdas.end(), from);
    while (at_lambda != to) {
      double end = to;
      if (up && next != lambdas.end())
        end = std::min(to, *next++);
      else if (!up && next != lambdas.begin())
        end = std::max(to, *--next);
      const std::array<double, 3> there = at(end, e);
      add_cell(sum, at_lambda - from, end - at_lambda, here, there);
      at_lambda = end;
      here = there;
    }
    return sum;
  }

 private:
  // The integral over v from 0 to 1 of exp(y v) v^m.
  static double growth(std::size_t m, double y) {
    constexpr double factorials[] = {1, 1, 2, 6};
    return std::exp(y) * factorials[m] * phi(m + 1, y);
  }

  static void add_cell(integrals& sum, double begun, double length, const std::array<double, 3>& here,
                       const std::array<double, 3>& there) {
    const double rise_l = length * (here[0] + there[0]) / 2, rise_s = length * (here[1] + there[1]) / 2;
    const double rise_b =
        std::exp(-sum.s) * length * (here[2] * growth(0, -rise_s) + (there[2] - here[2]) * growth(1, -rise_s));
    const double y = rise_l + rise_s, scale = std::exp(sum.l + sum.s) * length;
    const std::array<double, 4> part{growth(0, y), growth(1, y) * length, growth(2, y) * length * length,
                                     growth(3, y) * length * length * length};
    sum.power[0] += scale * part[0];
    sum.power[1] += scale * (begun * part[0] + part[1]);
    sum.power[2] += scale * (begun * begun * part[0] + 2 * begun * part[1] + part[2]);
    sum.power[3] += scale * (begun * begun * (begun * part[0] + 3 * part[1]) + 3 * begun * part[2] + part[3]);
    sum.product += scale * (sum.b * part[0] + rise_b * growth(1, y));
    sum.l += rise_l;
    sum.s += rise_s;
    sum.b += rise_b;
  }
};

}  // namespace noisefall
