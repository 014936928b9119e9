// Part (b): many classes in many dimensions, with exact scores: K = exp(alpha d) of them against fewer.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/models/gaussian_mixture.hpp>
#include <noisefall/noisefall.hpp>

#include "report.hpp"
#include "support/panels.hpp"

namespace diversity {

namespace nf = noisefall;

// Classes N(mu_k, s^2 I) with centres mu_k ~ N(0, m2 I), all equally likely.
inline constexpr double class_variance = 0.5, centre_variance = 1;

// The two branches: each sample under its own class, or under all of them.
class many_classes {
 public:
  enum class given { own, any };
  using condition = given;

  many_classes(std::size_t d, std::size_t count, std::size_t samples, unsigned seed) : d_{d} {
    std::mt19937 bits{seed};
    std::normal_distribution<double> normal;
    nf::mixture_law law;
    for (std::size_t k = 0; k < count; ++k) {
      law.weights.push_back(1);
      law.deviations.push_back(std::sqrt(class_variance));
      law.means.emplace_back(d);
      for (double& mean : law.means.back()) mean = std::sqrt(centre_variance) * normal(bits);
    }
    std::uniform_int_distribution<std::size_t> any_class{0, count - 1};
    for (std::size_t i = 0; i < samples; ++i) asked_.push_back(any_class(bits));
    all_.emplace_back(std::move(law), nf::network_output::x0);
  }

  void predict(nf::view<float> x, const nf::evaluation& at, const given& which, nf::mutable_view<float> out) {
    if (which == given::any) return all_[0].predict<float>(x, at, {}, out);
    for (std::size_t i = 0; i < x.samples(); ++i) {
      const nf::noise_level& level = at.level(i);
      const double t = level.sigma * level.sigma, gain = class_variance / (class_variance + t);
      const std::vector<double>& centre = own_centre(i);
      for (std::size_t e = 0; e < d_; ++e)
        out.sample(i)[e] = static_cast<float>(centre[e] + gain * (static_cast<double>(x.sample(i)[e]) - centre[e]));
    }
  }

  // Of samples x = m mu + rest: the mean m, the variance of the rest over s^2, and the share whose nearest centre is
  // their own class's.
  struct looks {
    double overlap = 0, variance = 0, accuracy = 0;
  };
  looks measure(nf::view<float> x) const {
    looks found;
    const double n = static_cast<double>(x.samples());
    const auto inner = [this](const auto& a, const auto& b) {
      double sum = 0;
      for (std::size_t e = 0; e < d_; ++e) sum += static_cast<double>(a[e]) * static_cast<double>(b[e]);
      return sum;
    };
    for (std::size_t i = 0; i < x.samples(); ++i) {
      const float* own = x.sample(i);
      const std::vector<double>& centre = own_centre(i);
      const double along = inner(own, centre), square = inner(centre, centre), m = along / square;
      found.overlap += m / n;
      found.variance +=
          (inner(own, own) - 2 * m * along + m * m * square) / static_cast<double>(d_ - 1) / class_variance / n;
      const double likelihood = along - square / 2;
      const bool is_own = std::all_of(centres().begin(), centres().end(), [&](const std::vector<double>& other) {
        return inner(own, other) - inner(other, other) / 2 <= likelihood;
      });
      found.accuracy += (is_own ? 1 : 0) / n;
    }
    return found;
  }

 private:
  const std::vector<std::vector<double>>& centres() const { return all_[0].law().means; }
  const std::vector<double>& own_centre(std::size_t i) const { return centres()[asked_[i]]; }

  std::size_t d_;
  std::vector<std::size_t> asked_;
  std::vector<nf::gaussian_mixture> all_;
};

// What a random-energy argument gives for K = exp(alpha d), d to infinity: the state is m mu + sqrt(q) z. While the other
// classes dominate the posterior, the unconditional score is that of N(0, (s^2 + m2 + t) I); once the own class does
// ("condensed"), it is the class's own, and guidance does nothing:
//   ((m-1)^2 m2 + q) / (2 (s^2+t)) < log((b+t) / (s^2+t)) / 2 + (m^2 m2 + q) / (2 (b+t)) - alpha,   b = s^2 + m2.
inline many_classes::looks mean_field(double alpha, const nf::weight_schedule& w, double top) {
  constexpr double a = class_variance, b = class_variance + centre_variance;
  constexpr int steps = 40000;
  const double ratio = std::exp(std::log(1e-8 / top) / (steps - 1));
  double m = 0, q = top, t = top;
  for (int i = 0; i + 1 < steps; ++i, t *= ratio) {
    const double left = ((m - 1) * (m - 1) * centre_variance + q) / (2 * (a + t));
    const double right = std::log((b + t) / (a + t)) / 2 + (m * m * centre_variance + q) / (2 * (b + t)) - alpha;
    const double weight = left < right ? 0 : w.at(std::sqrt(t)), h = t * (1 - ratio);
    const double c = (1 + weight) / (a + t), slope = c - weight / (b + t);
    m -= h / 2 * (slope * m - c);
    q *= std::exp(-h * slope);
  }
  return {m, q / class_variance, 0};
}

class classes_part {
 public:
  explicit classes_part(const settings& s)
      : settings_{s}, samples_{s.quick ? 150u : 300u}, steps_{s.quick ? 60u : 300u} {}

  report run() {
    std::printf("(b) K classes in d dimensions: %zu samples each, Heun's method in %zu steps\n", samples_, steps_);
    report found;
    found["weights"] = weights();
    found["dimensions"] = dimensions();
    found["windows"] = windows();
    examples::panel_sheet plot{.title = "Many classes: samples, and lines of the mean field",
                               .panels = {overlaps_, variances_, over_d_, tails_}};
    write_picture(settings_, "diversity.classes.png", plot.draw());
    std::printf("\n");
    return found;
  }

 private:
  static constexpr double top = 400;  // of t = sigma^2

  // Even in log(t + 0.02).
  nf::sigma_list path() const {
    nf::sigma_list list;
    constexpr double offset = 0.02;
    for (std::size_t i = 0; i <= steps_; ++i) {
      const double along = static_cast<double>(i) / static_cast<double>(steps_);
      const double t = std::exp(std::log(top + offset) * (1 - along) + std::log(offset) * along) - offset;
      list.sigmas.push_back(i == steps_ ? 0 : std::sqrt(t));
    }
    return list;
  }

  many_classes::looks sampled(std::size_t d, std::size_t count, const nf::weight_schedule& w, unsigned seed = 0) const {
    many_classes model{d, count, samples_, seed};
    const nf::sampler sample{nf::heun{}, nf::edm{}, path(), nf::classifier_free{.weight = w}, nf::predicts_x0{}};
    nf::tensor<float> x({samples_, d});
    sample(model, x,
           {.seed = seed, .conditional = many_classes::given::own, .unconditional = many_classes::given::any});
    return model.measure(x);
  }

  static std::size_t exponential(double alpha, std::size_t d) {
    return static_cast<std::size_t>(std::lround(std::exp(alpha * static_cast<double>(d))));
  }

  static report row_of(const many_classes::looks& of) {
    return {{"overlap", of.overlap}, {"variance", of.variance}, {"accuracy", of.accuracy}};
  }

  // Overlap and variance against w for three settings.
  report weights() {
    struct setting {
      std::size_t d;
      double alpha;
    };
    std::vector<setting> settings{{40, 0.2}, {22, 0.4}, {160, 0.05}};
    if (settings_.quick) settings = {{40, 0.2}, {40, 0.05}};
    overlaps_ = {"overlap with the class's centre", "w", "overlap m"};
    variances_ = {"variance in a class, over the data's", "w", "variance ratio"};
    std::printf("%4s %6s %6s %4s   %8s %8s   %8s %8s   %8s\n", "d", "alpha", "K", "w", "overlap", "field", "variance",
                "field", "accuracy");
    report found = report::array();
    std::size_t ink = 1;
    for (const auto& [d, alpha] : settings) {
      char name[64];
      std::snprintf(name, sizeof name, "d %zu, K %zu", d, exponential(alpha, d));
      examples::series overlap{name, {}, ink, false, true}, variance = overlap;
      examples::series overlap_line{"", {}, ink, true, false}, variance_line = overlap_line;
      for (double w = 0; w < 2.01; w += 0.1) {
        const auto field = mean_field(alpha, w, top);
        overlap_line.points.push_back({w, field.overlap});
        variance_line.points.push_back({w, field.variance});
      }
      for (const double w : {0.0, 1.0, 2.0}) {
        const auto got = sampled(d, exponential(alpha, d), w), field = mean_field(alpha, w, top);
        std::printf("%4zu %6.2f %6zu %4.1f   %8.3f %8.3f   %8.3f %8.3f   %8.3f\n", d, alpha, exponential(alpha, d), w,
                    got.overlap, field.overlap, got.variance, field.variance, got.accuracy);
        overlap.points.push_back({w, got.overlap});
        variance.points.push_back({w, got.variance});
        found.push_back({{"d", d},
                         {"alpha", alpha},
                         {"classes", exponential(alpha, d)},
                         {"w", w},
                         {"sampled", row_of(got)},
                         {"mean_field", row_of(field)}});
      }
      overlaps_.all.insert(overlaps_.all.end(), {overlap_line, overlap});
      variances_.all.insert(variances_.all.end(), {variance_line, variance});
      ++ink;
    }
    return found;
  }

  // The variance at w = 1 as d grows, for K that grows exponentially and for K = d^2.
  report dimensions() {
    over_d_ = {"variance at w = 1, more and more classes", "d", "variance ratio"};
    report found = report::array();
    std::vector<std::size_t> sizes{10, 15, 20, 25, 30, 35, 40};
    if (settings_.quick) sizes = {10, 20, 40};
    examples::series exponentially{"K = exp(0.2 d)", {}, 4}, slowly{"K = d d", {}, 5},
        field{"", {}, 4, true, false, true};
    const double limit = mean_field(0.2, 1, top).variance;
    const auto add = [&](examples::series& to, std::size_t d, std::size_t count) {
      const std::size_t repeats = settings_.quick ? 1 : 3;
      many_classes::looks mean;
      for (unsigned seed = 1; seed <= repeats; ++seed)
        mean.variance += sampled(d, count, 1, seed).variance / static_cast<double>(repeats);
      to.points.push_back({static_cast<double>(d), mean.variance});
      std::printf("w = 1, d %3zu, %s: K %5zu, variance %.3f\n", d, to.name.c_str(), count, mean.variance);
      found.push_back({{"d", d}, {"classes", count}, {"growth", to.name}, {"variance", mean.variance}});
    };
    for (const std::size_t d : sizes) {
      add(exponentially, d, exponential(0.2, d));
      field.points.push_back({static_cast<double>(d), limit});
    }
    for (const std::size_t d : settings_.quick ? std::vector<std::size_t>{10, 20, 40, 80}
                                               : std::vector<std::size_t>{10, 20, 30, 40, 60, 80, 120})
      add(slowly, d, d * d);
    over_d_.all = {field, exponentially, slowly};
    return found;
  }

  // A tail of w = -1 that begins too early gives up the class.
  report windows() {
    struct tail {
      double w1, w2, t1;
    };
    std::vector<tail> tails{{1, 1, 1.5}, {1, 1, 3}, {1, 1, 5}, {1, 1, 7}, {2, 0.5, 14}};
    if (settings_.quick) tails = {{1, 1, 1.5}, {1, 1, 7}, {2, 0.5, 14}};
    tails_ = {"d 40, K 2981: w = 1, below t1 then -1", "t1 = sigma1 squared", "variance, accuracy"};
    examples::series variance{"variance ratio", {}, 6}, accuracy{"accuracy", {}, 7, true, true, true};
    report found = report::array();
    for (const auto& [w1, w2, t1] : tails) {
      const nf::weight_schedule w = nf::weight_schedule::window(w1, w2, std::sqrt(t1));
      const auto got = sampled(40, exponential(0.2, 40), w), field = mean_field(0.2, w, top);
      std::printf(
          "d 40, alpha 0.2, w = %g, then %g below t %4.1f: variance %.3f (field %.3f), overlap %.3f, accuracy %.3f\n",
          w1, -w2, t1, got.variance, field.variance, got.overlap, got.accuracy);
      if (w2 == 1) {
        variance.points.push_back({t1, got.variance});
        accuracy.points.push_back({t1, got.accuracy});
      }
      found.push_back({{"w1", w1}, {"w2", w2}, {"t1", t1}, {"sampled", row_of(got)}, {"mean_field", row_of(field)}});
    }
    tails_.all = {variance, accuracy};
    return found;
  }

  settings settings_;
  std::size_t samples_, steps_;
  examples::panel overlaps_, variances_, over_d_, tails_;
};

}  // namespace diversity
