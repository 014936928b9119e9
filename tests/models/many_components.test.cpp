// Mixtures of so many components that products of matrices predict.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include <noisefall/models/gaussian_mixture.hpp>

#include "catch.hpp"

using namespace noisefall;

namespace {

constexpr std::size_t size = 20, count = 301;

// Means about 3 away from 0, and states that are samples of some of them.
struct problem {
  std::mt19937 bits{11};
  std::normal_distribution<double> normal;
  mixture_law law;

  explicit problem(double deviation, bool alike = true) {
    for (std::size_t k = 0; k < count; ++k) {
      law.weights.push_back(1 + 0.01 * static_cast<double>(k % 7));
      law.deviations.push_back(deviation * (alike ? 1 : 1 + 0.1 * static_cast<double>(k % 5)));
      law.means.push_back(normals(size));
      for (double& mean : law.means.back()) mean = 3 + mean;
    }
  }
  std::vector<double> normals(std::size_t n) {
    std::vector<double> z(n);
    for (double& value : z) value = normal(bits);
    return z;
  }
  template <class T>
  std::vector<T> states(std::size_t n, const noise_level& at) {
    std::vector<T> x;
    for (std::size_t i = 0; i < n; ++i) {
      const std::vector<double> data = normals(size), noise = normals(size);
      const std::size_t k = (37 * i) % count;
      for (std::size_t e = 0; e < size; ++e)
        x.push_back(static_cast<T>(at.alpha * (law.means[k][e] + law.deviations[k] * data[e]) + at.sigma * noise[e]));
    }
    return x;
  }
};

template <class T>
std::vector<T> ask(gaussian_mixture& model, std::vector<T> x, const std::vector<noise_level>& levels,
                   const component_subset& given = {}) {
  std::vector<T> out(x.size());
  const shape extents{x.size() / size, size};
  model.predict(view<T>{x.data(), extents}, {.levels = levels}, given, mutable_view<T>{out.data(), extents});
  return out;
}

// From the posterior as it stands in print, in long double.
template <class T>
std::vector<double> expected(const mixture_law& law, const std::vector<T>& x, const noise_level& at,
                             std::vector<std::size_t> components, bool eps) {
  if (components.empty())
    for (std::size_t k = 0; k < count; ++k) components.push_back(k);
  std::vector<double> out;
  for (std::size_t i = 0; i < x.size() / size; ++i) {
    std::vector<long double> l;
    long double total = 0, best = -1e300L;
    for (const std::size_t k : components) {
      const long double v = std::pow(at.alpha * law.deviations[k], 2) + at.sigma * at.sigma;
      long double square = 0;
      for (std::size_t e = 0; e < size; ++e) {
        const long double rest = static_cast<long double>(x[i * size + e]) - at.alpha * law.means[k][e];
        square += rest * rest;
      }
      l.push_back(std::log(static_cast<long double>(law.weights[k])) - size / 2.0L * std::log(v) - square / (2 * v));
      best = std::max(best, l.back());
    }
    for (const long double value : l) total += std::exp(value - best);
    for (std::size_t e = 0; e < size; ++e) {
      long double sum = 0;
      for (std::size_t j = 0; j < components.size(); ++j) {
        const std::size_t k = components[j];
        const long double s2 = law.deviations[k] * law.deviations[k],
                          v = at.alpha * at.alpha * s2 + at.sigma * at.sigma;
        const long double rest = static_cast<long double>(x[i * size + e]) - at.alpha * law.means[k][e];
        const long double share = std::exp(l[j] - best) / total;
        sum += share * (eps ? at.sigma * rest / v : law.means[k][e] + at.alpha * s2 / v * rest);
      }
      out.push_back(static_cast<double>(sum));
    }
  }
  return out;
}

template <class T>
double farthest(const std::vector<T>& got, const std::vector<double>& wanted) {
  double most = 0;
  for (std::size_t e = 0; e < got.size(); ++e) {
    const double apart = std::abs(static_cast<double>(got[e]) - wanted[e]);
    most = apart <= most ? most : apart;  // a NaN stays
  }
  return most;
}

}  // namespace

TEST_CASE("products predict a mixture of many components, in float and in double") {
  for (const bool alike : {true, false}) {
    problem p{0.5, alike};
    gaussian_mixture x0{p.law, network_output::x0}, eps{p.law, network_output::eps};
    for (const noise_level at : {noise_level{0, 1, 80}, {0, 1, 3}, {0, 0.6, 0.8}, {0, 1, 0.3}, {0, 0.999, 0.04}}) {
      const std::vector<double> exact = p.states<double>(9, at);
      const std::vector<float> x = p.states<float>(9, at);
      INFO("alike " << alike << ", alpha " << at.alpha << ", sigma " << at.sigma);
      CHECK(farthest(ask(x0, exact, {at}), expected(p.law, exact, at, {}, false)) < 1e-10);
      CHECK(farthest(ask(eps, exact, {at}), expected(p.law, exact, at, {}, true)) < 1e-10);
      CHECK(farthest(ask(x0, x, {at}), expected(p.law, x, at, {}, false)) < 1e-4);
      CHECK(farthest(ask(eps, x, {at}), expected(p.law, x, at, {}, true)) < 1e-4);
    }
  }
}

TEST_CASE("where float logits would mean nothing they are doubles, and near the data distances") {
  problem p{0};  // point masses
  for (std::size_t k = 0; k < count; k += 2) p.law.means[k + 1 < count ? k + 1 : 0] = p.law.means[k];
  for (std::size_t k = 1; k < count; k += 2) p.law.means[k][0] += 1e-3;  // pairs that only small noise tells apart
  gaussian_mixture model{p.law, network_output::x0};
  for (const double sigma : {1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-9}) {
    const noise_level at{0, 1, sigma};
    const std::vector<double> exact = p.states<double>(7, at);
    const std::vector<float> x = p.states<float>(7, at);
    INFO("sigma " << sigma);
    CHECK(farthest(ask(model, exact, {at}), expected(p.law, exact, at, {}, false)) < 1e-10);
    CHECK(farthest(ask(model, x, {at}), expected(p.law, x, at, {}, false)) < 1e-4);
  }
}

TEST_CASE("a condition may keep many components") {
  problem p{0.5};
  gaussian_mixture model{p.law, network_output::x0};
  component_subset even, twice{{3, 3, 5}};
  for (std::size_t k = 0; k < count; k += 2) even.only.push_back(k);
  for (std::size_t k = 0; k < count; ++k) twice.only.push_back(k);
  const noise_level at{0, 1, 2};
  const std::vector<double> x = p.states<double>(5, at);
  for (int again = 0; again < 2; ++again) {
    CHECK(farthest(ask(model, x, {at}, even), expected(p.law, x, at, even.only, false)) < 1e-10);
    CHECK(farthest(ask(model, x, {at}), expected(p.law, x, at, {}, false)) < 1e-10);
    CHECK(farthest(ask(model, x, {at}, twice), expected(p.law, x, at, twice.only, false)) < 1e-10);
  }
}

TEMPLATE_TEST_CASE("among many components, too, a sample does not depend on its batch, bit for bit", "", float,
                   double) {
  for (const bool alike : {true, false}) {
    problem p{0.2, alike};
    gaussian_mixture model{p.law, network_output::v};
    const std::size_t batch = 131;
    std::vector<noise_level> levels;
    std::vector<TestType> x;
    for (std::size_t i = 0; i < batch; ++i) {  // float, double and distances in turn
      levels.push_back({0, 1, std::vector<double>{5, 0.7, 1e-9, 0.02}[i % 4]});
      const std::vector<TestType> own = p.states<TestType>(1, levels.back());
      x.insert(x.end(), own.begin(), own.end());
    }
    const std::vector<TestType> together = ask(model, x, levels);
    for (const std::size_t i : {0, 1, 2, 3, 17, 64, 100, 129, 130}) {
      const auto first = static_cast<std::ptrdiff_t>(i * size), last = first + static_cast<std::ptrdiff_t>(size);
      CHECK(ask(model, std::vector<TestType>(x.begin() + first, x.begin() + last), {levels[i]}) ==
            std::vector<TestType>(together.begin() + first, together.begin() + last));
    }
  }
}
