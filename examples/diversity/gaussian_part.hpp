// Part (a): a Gaussian class N(1.5, 1) in Gaussian data N(0, 4), where guidance has its law in closed form.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/models/gaussian_mixture.hpp>
#include <noisefall/noisefall.hpp>

#include "report.hpp"
#include "support/panels.hpp"

namespace diversity {

namespace nf = noisefall;

class gaussian_part {
 public:
  explicit gaussian_part(const settings& s) : settings_{s}, samples_{s.quick ? 4000u : 40000u} {}

  report run() {
    std::printf("(a) a class N(1.5, 1) in data N(0, 4): %zu samples each, beside the exact moments\n", samples_);
    std::printf("%-28s %5s   %8s %8s   %8s %8s\n", "", "w", "mean", "exact", "variance", "exact");
    examples::panel_sheet plot{.title = "A Gaussian class: exact curves, measured points"};
    examples::panel means[2], variances[2];
    report found = report::array();
    for (const bool noisy : {false, true}) {
      const std::string kind = noisy ? "SDE" : "ODE";
      examples::panel &mean = means[noisy ? 1 : 0], &variance = variances[noisy ? 1 : 0];
      mean = {kind + ": mean, 1.5 without guidance", "w", "mean"};
      variance = {kind + ": variance, 1 without guidance", "w", "variance"};
      variance.log_y = true;
      std::vector<rule> rules{
          {"constant", 1, [](double w) { return nf::weight_schedule{w}; }},
          {"interval 0.19 to 1.61", 2, [](double w) { return nf::weight_schedule::interval(w, 0.19, 1.61); }},
          {"neutral window, then -0.5", 3,
           [=](double w) { return w > 0 ? nf::neutral_window(1, 4, w, 0.5, noisy ? 1 : 0) : nf::weight_schedule{0}; }}};
      if (noisy)
        rules.push_back({"the ODE's window", 4,
                         [](double w) { return w > 0 ? nf::neutral_window(1, 4, w, 0.5) : nf::weight_schedule{0}; }});
      for (const rule& r : rules) {
        examples::series mean_curve{r.name, {}, r.ink, true, false}, variance_curve = mean_curve;
        examples::series mean_points{"", {}, r.ink, false, true}, variance_points = mean_points;
        for (double w = 0; w < 4.01; w += 0.1) {
          const law exact = exact_law(r.of(w), noisy);
          mean_curve.points.push_back({w, exact.mean});
          variance_curve.points.push_back({w, exact.variance});
        }
        for (const double w : {0.0, 0.5, 1.0, 2.0, 3.0, 4.0}) {
          const law exact = exact_law(r.of(w), noisy), measured = measure(r.of(w), noisy);
          const double n = static_cast<double>(samples_);
          const double of_mean = std::sqrt(exact.variance / n), of_variance = exact.variance * std::sqrt(2 / n);
          const double off = std::max(std::abs(measured.mean - exact.mean) / of_mean,
                                      std::abs(measured.variance - exact.variance) / of_variance);
          farthest_ = std::max(farthest_, off);
          ++points_;
          mean_points.points.push_back({w, measured.mean, 0, of_mean});
          variance_points.points.push_back({w, measured.variance, 0, of_variance});
          std::printf("%s, %-23s %5.1f   %8.4f %8.4f   %8.5f %8.5f\n", kind.c_str(), r.name.c_str(), w, measured.mean,
                      exact.mean, measured.variance, exact.variance);
          found.push_back({{"equation", kind},
                           {"weight", r.name},
                           {"w", w},
                           {"mean", measured.mean},
                           {"exact_mean", exact.mean},
                           {"variance", measured.variance},
                           {"exact_variance", exact.variance},
                           {"standard_errors_off", off}});
        }
        mean.all.insert(mean.all.end(), {mean_curve, mean_points});
        variance.all.insert(variance.all.end(), {variance_curve, variance_points});
      }
    }
    plot.panels = {means[0], means[1], variances[0], variances[1]};
    write_picture(settings_, "diversity.gaussian.png", plot.draw());
    std::printf("%zu points, the farthest %.2f standard errors off: %s\n\n", points_, farthest_,
                farthest_ < 4.5 ? "all on their curves" : "NOT on their curves");
    return found;
  }

 private:
  struct law {
    double mean, variance;
  };
  struct rule {
    std::string name;
    std::size_t ink;
    std::function<nf::weight_schedule(double)> of;
  };
  static constexpr double mu = 1.5, a = 1, b = 4, top = 80;  // sigma

  // dm/dt = (1 + l)/2 ((1 + w)(m - mu)/(a + t) - w m/(b + t)), dV/dt = (1 + l) ((1 + w)/(a + t) - w/(b + t)) V - l
  // from N(0, 6400) down to t = sigma^2 = 0; l = 0 for the ODE, 1 for the SDE. By Runge-Kutta's method in log(t + 1),
  // pieces between the weight's jumps.
  static law exact_law(const nf::weight_schedule& w, bool noisy) {
    const double l = noisy ? 1 : 0;
    std::vector<double> ends{top * top};
    for (const double sigma : w.breakpoints()) ends.push_back(sigma * sigma);
    ends.push_back(0);
    law now{0, top * top};
    for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
      const double weight = w.at(std::sqrt((ends[i] + ends[i + 1]) / 2));
      const auto slope = [&](double u, const law& at) -> law {
        const double t = std::expm1(u), c = (1 + weight) / (a + t), d = weight / (b + t), jacobian = std::exp(u);
        return {jacobian * (1 + l) / 2 * (c * (at.mean - mu) - d * at.mean),
                jacobian * ((1 + l) * (c - d) * at.variance - l)};
      };
      constexpr int steps = 2000;
      const double from = std::log1p(ends[i]), h = (std::log1p(ends[i + 1]) - from) / steps;
      for (int k = 0; k < steps; ++k) {
        const double u = from + k * h;
        const auto moved = [&](const law& by, double part) -> law {
          return {now.mean + part * by.mean, now.variance + part * by.variance};
        };
        const law k1 = slope(u, now), k2 = slope(u + h / 2, moved(k1, h / 2)), k3 = slope(u + h / 2, moved(k2, h / 2)),
                  k4 = slope(u + h, moved(k3, h));
        now.mean += h / 6 * (k1.mean + 2 * k2.mean + 2 * k3.mean + k4.mean);
        now.variance += h / 6 * (k1.variance + 2 * k2.variance + 2 * k3.variance + k4.variance);
      }
    }
    return now;
  }

  law measure(const nf::weight_schedule& w, bool noisy) {
    const nf::any_solver solver =
        noisy ? nf::any_solver{nf::dpm_multistep{.tau_squared = 1}} : nf::any_solver{nf::dpm_pp_2m{}};
    const nf::uniform_lambda path{.steps = 400, .sigma_min = 0.01, .sigma_max = top, .end = nf::final_level::zero};
    const nf::sampler sample{solver, nf::edm{}, path, nf::classifier_free{.weight = w}, nf::predicts_x0{}};
    nf::gaussian_mixture model{{{1, 1}, {{mu}, {0}}, {std::sqrt(a), std::sqrt(b)}}, nf::network_output::x0};
    nf::tensor<float> x({samples_, 1});
    sample(model, x, {.seed = ++seed_, .conditional = {{0}}, .unconditional = {{1}}});
    const double n = static_cast<double>(samples_);
    law found{0, 0};
    for (const float v : x.elements()) found.mean += static_cast<double>(v) / n;
    for (const float v : x.elements()) found.variance += std::pow(static_cast<double>(v) - found.mean, 2) / (n - 1);
    return found;
  }

  settings settings_;
  std::size_t samples_, points_ = 0;
  std::uint64_t seed_ = 0;
  double farthest_ = 0;
};

}  // namespace diversity
