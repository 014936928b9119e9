#include "golden/network.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "golden/trace_file.hpp"

namespace noisefall::golden {

mixture::mixture(const nlohmann::json& description)
    : size_{description.at("d").get<std::size_t>()},
      weights_{numbers(description.at("weights"))},
      deviations_{numbers(description.at("std"))} {
  for (const auto& mean : description.at("means")) means_.push_back(numbers(mean));
  bool fits = deviations_.size() == weights_.size() && means_.size() == weights_.size() && !weights_.empty();
  for (const auto& mean : means_) fits = fits && mean.size() == size_;
  if (!fits) throw std::runtime_error{"a mixture whose weights, means and std do not fit"};
}

mixture::answer mixture::at(std::span<const double> y, const noise_level& level) const {
  const auto& [t, alpha, sigma] = level;
  std::vector<double> logs, variances;
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    const double v = alpha * alpha * deviations_[k] * deviations_[k] + sigma * sigma;
    double distance = 0;
    for (std::size_t j = 0; j < size_; ++j) {
      const double e = y[j] - alpha * means_[k][j];
      distance += e * e;
    }
    variances.push_back(v);
    logs.push_back(std::log(weights_[k]) - static_cast<double>(size_) / 2 * std::log(v) - distance / (2 * v));
  }
  const double largest = *std::max_element(logs.begin(), logs.end());
  double total = 0;
  for (double& l : logs) total += l = std::exp(l - largest);
  answer a{std::vector<double>(size_), std::vector<double>(size_)};
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    const double share = logs[k] / total, gain = alpha * deviations_[k] * deviations_[k] / variances[k];
    for (std::size_t j = 0; j < size_; ++j) {
      const double e = y[j] - alpha * means_[k][j];
      a.x0[j] += share * (means_[k][j] + gain * e);
      a.eps[j] += sigma * share * e / variances[k];
    }
  }
  return a;
}

output_rule rule_of(const std::string& class_name, const nlohmann::json& config) {
  using kind = output_rule::kind;
  output_rule rule;
  const std::string prediction = config.value("prediction_type", "epsilon");
  if (class_name.starts_with("EDM") || class_name.starts_with("Cosine")) {
    rule.what = kind::edm;
    rule.sigma_data = number(config.at("sigma_data"));
    rule.sign = prediction == "v_prediction" ? -1 : 1;
  } else if (class_name == "CMStochasticIterativeScheduler") {
    rule.what = kind::consistency;
    rule.sigma_data = number(config.at("sigma_data"));
    rule.sigma_min = number(config.at("sigma_min"));
  } else if (class_name.starts_with("FlowMatch") || prediction == "flow_prediction") {
    rule.what = kind::flow;
  } else if (class_name == "IPNDMScheduler" || prediction == "v_prediction") {
    rule.what = kind::v;
  } else if (prediction == "sample") {
    rule.what = kind::x0;
  }
  if (class_name == "DDPMScheduler" || class_name == "UnCLIPScheduler") {
    const std::string variance = config.value("variance_type", "");
    if (variance.starts_with("learned")) rule.learned = variance;
  }
  return rule;
}

void network::answer(std::span<const double> x, std::span<const double> scaled, std::size_t size,
                     const noise_level& level, double t, std::span<double> out) const {
  const std::size_t width = columns(size);
  for (std::size_t row = 0; row * size < x.size(); ++row) {
    const auto here = x.subspan(row * size, size), fed = scaled.subspan(row * size, size);
    const auto to = out.subspan(row * width, width);
    if (!exact) {
      for (std::size_t j = 0; j < size; ++j) to[j] = fed[j] * t / (t + 1);
    } else if (rule.what == output_rule::kind::edm || rule.what == output_rule::kind::consistency) {
      const double s = level.sigma, d = rule.sigma_data, away = s - rule.sigma_min, root = std::sqrt(s * s + d * d);
      const bool edm = rule.what == output_rule::kind::edm;
      const double skip = edm ? d * d / (s * s + d * d) : d * d / (away * away + d * d);
      const double gain = edm ? rule.sign * s * d / root : away * d / root;
      const auto a = exact->at(here, {0, 1, s});
      for (std::size_t j = 0; j < size; ++j) to[j] = (a.x0[j] - skip * here[j]) / gain;
    } else {
      const auto a = exact->at(fed, level);
      for (std::size_t j = 0; j < size; ++j) switch (rule.what) {
          case output_rule::kind::x0:
            to[j] = a.x0[j];
            break;
          case output_rule::kind::v:
            to[j] = level.alpha * a.eps[j] - level.sigma * a.x0[j];
            break;
          case output_rule::kind::flow:
            to[j] = a.eps[j] - a.x0[j];
            break;
          default:
            to[j] = a.eps[j];
            break;
        }
    }
    for (std::size_t j = size; j < width; ++j) {
      const double wave = std::sin(3 * here[j - size]);
      to[j] = rule.learned == "learned_range" ? 0.5 * wave : 0.01 * (1.5 + wave);
    }
  }
}

}  // namespace noisefall::golden
