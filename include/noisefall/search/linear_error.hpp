// The error at the end of a run, by the solver's own weights and what is known of the predictor's errors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <noisefall/search/error_curves.hpp>
#include <noisefall/search/error_table.hpp>
#include <noisefall/search/linear_response.hpp>

namespace noisefall {

// Mean squares per element, in units of the data.
struct error_split {
  double discretisation = std::numeric_limits<double>::quiet_NaN();  // what a perfect predictor would leave
  double prediction = std::numeric_limits<double>::quiet_NaN();      // what the predictor's errors add
  double total() const { return discretisation + prediction; }
};

// Mean over the directions of the data, v the variance of one, of
//   discretisation  (G - G_exact)^2 (v + sigma_K^2),  G_exact = sqrt((v + sigma_end^2) / (v + sigma_K^2))
//                   and with a solver that adds noise (sqrt(variance at the end) - sqrt(v + sigma_end^2))^2: the squared
//                   Wasserstein distance of the laws, which is the same thing without noise
//   prediction      w^T Cov w, with Cov_kl = correlation * sqrt(excess_k excess_l) + mean_k mean_l
// from the response of the very plans that sample. Exact for Gaussian data and errors that depend on nothing but the
// level; for others what the data's second moments say. Errors of gradients count as none.
class linear_error {
 public:
  // The table must outlive it.
  // most_groups: fewer directions, in a fraction of the time (error_curves.hpp).
  explicit linear_error(const error_table& table, std::size_t most_groups = error_curves::all_directions)
      : table_{table}, curves_{table, most_groups} {}

  // `shares`: of the prediction error, one per evaluation, summing to it.
  error_split operator()(const linear_response& run, std::vector<double>* shares = nullptr) {
    const std::vector<path_evaluation>& evaluations = run.evaluations();
    const std::size_t count = evaluations.size();
    places_.clear();
    for (const path_evaluation& e : evaluations)
      places_.push_back(e.gradient ? table_place{} : table_.place(e.at.rho()));
    if (!table_.correlation.empty()) {
      alike_.assign(count * count, 0.0);
      for (std::size_t k = 0; k < count; ++k)
        for (std::size_t l = 0; l < k; ++l)
          alike_[k * count + l] = 2 * table_.correlation_between(places_[k], places_[l]);
    }
    if (shares != nullptr) shares->assign(count, 0.0);
    error_split sum{0, 0};
    const noise_level &front = run.front(), &back = run.back();
    const double to_data = 1 / (back.alpha * back.alpha);
    for (std::size_t g = 0; g < curves_.groups(); ++g) {
      const double v = curves_.variance(g), part = curves_.share(g) * to_data;
      run.respond(v, response_);
      const double at_start = front.alpha * front.alpha * v + front.sigma * front.sigma;
      const double at_end = back.alpha * back.alpha * v + back.sigma * back.sigma;
      const double deviation = std::sqrt(response_.fresh + response_.gain * response_.gain * at_start);
      const double signed_one = response_.fresh == 0 && response_.gain < 0 ? -deviation : deviation;
      sum.discretisation += part * std::pow(signed_one - std::sqrt(at_end), 2);
      errors_.clear();
      double mean = 0;
      for (std::size_t k = 0; k < count; ++k) {
        double square = 0;
        if (!evaluations[k].gradient) {
          const double bias = table_.mean(places_[k]);
          square = std::max(0.0, curves_.excess(g, places_[k]) - bias * bias) * places_[k].to_x0;
          mean += response_.of_x0[k] * bias * std::sqrt(places_[k].to_x0);
        }
        errors_.push_back(response_.of_x0[k] * std::sqrt(square));
      }
      double prediction = mean * mean;
      for (std::size_t k = 0; k < count; ++k) {
        double own = errors_[k] * errors_[k];
        if (!table_.correlation.empty())
          for (std::size_t l = 0; l < k; ++l) own += alike_[k * count + l] * errors_[k] * errors_[l];
        prediction += own;
        if (shares != nullptr) (*shares)[k] += part * (own + mean * mean / static_cast<double>(count));
      }
      sum.prediction += part * prediction;
    }
    return sum;
  }

 private:
  const error_table& table_;
  error_curves curves_;
  path_response response_;
  std::vector<table_place> places_;
  std::vector<double> alike_, errors_;
};

}  // namespace noisefall
