// Whether samples are of the class that was asked for, by the exact posterior of a mixture.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/metrics/sample_rows.hpp>

namespace noisefall {

// p(x) = sum_k weights[k] N(means[k], deviations[k]^2 I): mixture_law of models/mixture_law.hpp is one.
template <class L>
concept IsotropicMixture = requires(const L& law, std::size_t k) {
  static_cast<double>(law.weights[k]);
  static_cast<double>(law.deviations[k]);
  static_cast<double>(law.means[k][k]);
  law.means.size();
  law.check();
};

// Both from 0 to 1.
struct class_scores {
  double accuracy = 0;        // the share of samples whose most likely class is the one that was asked for
  double mean_posterior = 0;  // the mean probability of the class that was asked for
};

// Class c is made of the components `classes[c]`; `asked[i]` is the class that sample i should be of. With
//   p(c | x) = sum over k in c of w_k N(x; mu_k, s_k^2 I) / the same sum over all the components of all classes
// the accuracy is that of Bayes' rule, the best that any classifier could report. Between two classes that are equally
// likely the lower one counts. N(m, s^2) against N(-m, s^2): Phi(m / s). Throws on a class without components, on a
// component or class that there is none of, on deviations of 0 (points have no density), and on samples of another
// size than the means. Cost: n K d.
template <IsotropicMixture Law>
class_scores class_accuracy(const Law& law, std::span<const std::vector<std::size_t>> classes, const sample_rows& x,
                            std::span<const std::size_t> asked) {
  constexpr const char* where = "class_accuracy";
  law.check();
  x.check(where, 1);
  const std::size_t d = x.size(), components = law.means.size();
  require(law.means[0].size() == d, where, {"samples of ", d, " elements"}, {law.means[0].size(), ", as the means"});
  require(asked.size() == x.count(), where, {asked.size(), " classes for ", x.count(), " samples"}, "one per sample");
  require(!classes.empty(), where, "no classes", "one or more");
  for (const std::vector<std::size_t>& of : classes) {
    require(!of.empty(), where, "a class without components", "one or more in each");
    for (const std::size_t k : of) {
      require(k < components, where, {"component ", k}, {"0 to ", components - 1});
      require(law.deviations[k] > 0, where, {"component ", k, " has the deviation 0"}, "deviations above 0");
    }
  }
  class_scores total;
  std::vector<double> row(d), logs(components), likelihoods(classes.size());
  for (std::size_t i = 0; i < x.count(); ++i) {
    require(asked[i] < classes.size(), where, {"sample ", i, " is asked to be of class ", asked[i]},
            {"0 to ", classes.size() - 1});
    x.read(i, 1, row.data());
    double largest = -std::numeric_limits<double>::infinity();
    for (const std::vector<std::size_t>& of : classes)
      for (const std::size_t k : of) {
        double distance = 0;
        for (std::size_t e = 0; e < d; ++e) distance += (row[e] - law.means[k][e]) * (row[e] - law.means[k][e]);
        const double s = law.deviations[k];
        logs[k] = std::log(law.weights[k]) - static_cast<double>(d) * std::log(s) - distance / (2 * s * s);
        largest = std::max(largest, logs[k]);
      }
    double all = 0;
    for (std::size_t c = 0; c < classes.size(); ++c) {
      likelihoods[c] = 0;
      for (const std::size_t k : classes[c]) likelihoods[c] += std::exp(logs[k] - largest);
      all += likelihoods[c];
    }
    const auto likeliest = std::max_element(likelihoods.begin(), likelihoods.end()) - likelihoods.begin();
    total.accuracy += static_cast<std::size_t>(likeliest) == asked[i] ? 1 : 0;
    total.mean_posterior += likelihoods[asked[i]] / all;
  }
  const double n = static_cast<double>(x.count());
  return {total.accuracy / n, total.mean_posterior / n};
}

// Every component a class of its own, as the conditions of a gaussian_mixture with one component each.
template <IsotropicMixture Law>
class_scores class_accuracy(const Law& law, const sample_rows& x, std::span<const std::size_t> asked) {
  std::vector<std::vector<std::size_t>> classes(law.means.size());
  for (std::size_t k = 0; k < classes.size(); ++k) classes[k] = {k};
  return class_accuracy(law, std::span<const std::vector<std::size_t>>{classes}, x, asked);
}

}  // namespace noisefall
