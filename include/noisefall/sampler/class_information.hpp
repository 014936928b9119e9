// The budget meter: how much of the class each noise level decides, and the windows that spend and refund it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/function_ref.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>
#include <noisefall/sampler/sampler.hpp>

namespace noisefall {

// I(C; X) = int E|eps_c - eps_u|^2 dlog sigma: the information that samples carry about their class, in nats, and where
// along the noise levels it is decided. Guidance of extra weight w lowers the entropy within the classes by w times
// that, to first order (and exactly for a Gaussian class in a Gaussian whole): int w dI is what a schedule burns, and a
// schedule that burns nothing keeps the spread.
class class_information {
 public:
  // E|eps_c - eps_u|^2 over samples of the class at a value of sigma / alpha.
  struct rate {
    double sigma, nats_per_log_sigma;
  };

  // Rates at two levels or more, falling strictly and above 0; straight lines over log sigma in between.
  explicit class_information(std::vector<rate> rates) : rates_{std::move(rates)}, gathered_(rates_.size(), 0.0) {
    require(rates_.size() >= 2, "class_information", {rates_.size(), " levels"}, "two levels or more");
    for (std::size_t i = 0; i < rates_.size(); ++i) {
      const bool falls = i == 0 || rates_[i].sigma < rates_[i - 1].sigma;
      require(falls && rates_[i].sigma > 0 && std::isfinite(rates_[i].sigma), "class_information",
              {"a level at sigma ", rates_[i].sigma}, "finite sigma > 0, in falling order");
      require(rates_[i].nats_per_log_sigma >= 0 && std::isfinite(rates_[i].nats_per_log_sigma), "class_information",
              {"a rate of ", rates_[i].nats_per_log_sigma}, "0 or more, finite");
      if (i > 0)
        gathered_[i] =
            gathered_[i - 1] + width(i) * (rates_[i - 1].nats_per_log_sigma + rates_[i].nats_per_log_sigma) / 2;
    }
  }

  const std::vector<rate>& rates() const { return rates_; }
  // I(C; X), in nats.
  double total() const { return gathered_.back(); }
  // I(C; X_sigma): what is decided at that level of noise already.
  double at(double sigma) const {
    if (sigma >= rates_.front().sigma) return 0;
    for (std::size_t i = 1; i < rates_.size(); ++i)
      if (sigma >= rates_[i].sigma) return gathered_[i - 1] + part(i, std::log(rates_[i - 1].sigma / sigma));
    return total();
  }
  // The level at which so many nats are decided: the inverse of at().
  double level_of(double nats) const {
    require(nats >= 0 && nats <= total(), "class_information: level_of", {nats, " nats"}, {"0 to ", total()});
    double low = std::log(rates_.back().sigma), high = std::log(rates_.front().sigma);
    for (int i = 0; i < 100 && high > low; ++i) {
      const double middle = (low + high) / 2;
      (at(std::exp(middle)) > nats ? low : high) = middle;
    }
    return std::exp((low + high) / 2);
  }

  // The same as far down as so many nats, and nothing below: K classes that are equally likely have log K of them, and
  // what a network shows beyond that, mostly at small sigma, is the branches' own errors.
  class_information at_most(double nats) const {
    require(nats > 0, "class_information: at_most", {nats, " nats"}, "above 0");
    if (nats >= total()) return *this;
    const double end = level_of(nats), last = rates_.back().sigma;
    std::vector<rate> kept;
    for (std::size_t i = 0; i < rates_.size(); ++i) {
      if (rates_[i].sigma > end) {
        kept.push_back(rates_[i]);
        continue;
      }
      const double down = i == 0 ? 0 : std::log(rates_[i - 1].sigma / end) / width(i);
      const double above = rates_[i == 0 ? 0 : i - 1].nats_per_log_sigma;
      kept.push_back({end, above + (rates_[i].nats_per_log_sigma - above) * down});
      break;
    }
    for (const double sigma : {end * (1 - 1e-9), last * (1 - 2e-9)}) kept.push_back({sigma, 0});
    return class_information{std::move(kept)};
  }

  // int w dI: what a schedule burns, in nats; below 0 it widens. Weights over sigma or log-SNR only.
  double burnt_by(const weight_schedule& w) const {
    const std::vector<double> jumps = w.breakpoints();
    double nats = 0;
    for (std::size_t i = 1; i < rates_.size(); ++i) {
      double from = rates_[i - 1].sigma;
      for (const double jump : jumps)
        if (jump < from && jump > rates_[i].sigma) {
          nats += burnt_between(w, i, from, jump);
          from = jump;
        }
      nats += burnt_between(w, i, from, rates_[i].sigma);
    }
    return nats;
  }

  // The window +w1 above, -w2 below that burns nothing: sigma1 with I(C; X_sigma1) = I(C; X) w2 / (w1 + w2).
  weight_schedule window(double w1, double w2 = 0.5) const {
    require(w1 > 0 && w2 > 0 && std::isfinite(w1 + w2), "class_information: window", {"w1 ", w1, ", w2 ", w2},
            "both above 0, finite");
    require(total() > 0, "class_information: window", "no class information at all",
            "branches that differ, and a trajectory that spans the levels where they do");
    return weight_schedule::window(w1, w2, level_of(total() * w2 / (w1 + w2)));
  }

  // Has a tail that begins at sigma1 nothing left to refund: less than this share of the information is decided below?
  bool is_spent_at(double sigma1, double share = 0.01) const { return total() - at(sigma1) < share * total(); }

 private:
  double width(std::size_t i) const { return std::log(rates_[i - 1].sigma / rates_[i].sigma); }
  // From the start of the i-th panel so far down in log sigma.
  double part(std::size_t i, double down) const {
    const double first = rates_[i - 1].nats_per_log_sigma, last = rates_[i].nats_per_log_sigma;
    return down * (first + (last - first) * down / width(i) / 2);
  }
  double burnt_between(const weight_schedule& w, std::size_t i, double from, double to) const {
    static constexpr double nodes[] = {-0.8611363115940526, -0.3399810435848563, 0.3399810435848563,
                                       0.8611363115940526};
    static constexpr double weights[] = {0.3478548451374538, 0.6521451548625461, 0.6521451548625461,
                                         0.3478548451374538};
    const double high = std::log(from), half = std::log(from / to) / 2, top = std::log(rates_[i - 1].sigma);
    const double first = rates_[i - 1].nats_per_log_sigma, last = rates_[i].nats_per_log_sigma;
    double nats = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const double log_sigma = high - half * (1 + nodes[k]);
      const double here = first + (last - first) * (top - log_sigma) / width(i);
      nats += weights[k] * half * here * w.at(std::exp(log_sigma));
    }
    return nats;
  }

  std::vector<rate> rates_;
  std::vector<double> gathered_;  // at each level, from the noise down
};

// The guidance of the pilot run: no guidance, with both branches evaluated. It remembers |eps_c - eps_u|^2 of the step and
// the level that it was found at.
struct class_probe {
  static constexpr guidance_space space = guidance_space::eps;
  static constexpr bool needs_gram = true;
  static constexpr std::size_t scalars = 2;

  void check() const {}
  branch_set needs(const guidance_position&) const { return {0, 1}; }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    return {.guided = {1}, .next_scalars = {gram(1, 1), at.at.rho()}};
  }
  std::vector<double> breakpoints() const { return {}; }
};

namespace detail {

// The same sampler under another guidance.
template <Guidance G>
sampler with_guidance(const sampler& of, G rule) {
  const policies& p = of.parts();
  if (p.has_own_steps()) return {p.own_steps, p.schedule, p.path, std::move(rule), p.parameterisation, p.map};
  return {p.planner, p.schedule, p.path, std::move(rule), p.parameterisation, p.map};
}

}  // namespace detail

// Runs the sampler unguided, with both branches evaluated, and measures. Samples should be of one condition (or one law
// of conditions) and some dozens; x holds them afterwards. The sampler's own guidance is left away; its trajectory should
// span the levels where the branches differ. Not for solvers that choose their own steps.
template <class Model, std::floating_point T>
class_information measure_class_information(const sampler& of, Model& model, tensor<T>& x,
                                            const run_options<typename Model::condition>& options) {
  require(!of.parts().has_own_steps(), "measure_class_information", "a solver that chooses its own steps",
          "a solver that walks the trajectory");
  const sampler pilot = detail::with_guidance(of, class_probe{});
  auto run = pilot.start(
      x,
      {.seed = options.seed, .first_sample = options.first_sample, .start = options.start, .checked = options.checked});
  std::vector<class_information::rate> rates;
  while (!run.done()) {
    step(run, model, options);
    const std::span<const double> found = run.core().reader.remembered();
    double mean = 0;
    for (std::size_t i = 0; i < x.extents().samples(); ++i) mean += found[2 * i];
    const double sigma = found[1];
    const bool counts = sigma > 0 && std::isfinite(sigma) && (rates.empty() || sigma < rates.back().sigma);
    if (counts) rates.push_back({sigma, mean / static_cast<double>(x.extents().samples())});
  }
  return class_information{std::move(rates)};
}

// The mean over elements of the variance over samples: the spread within a class, if all samples are of one.
template <class T>
double spread_of(view<T> x) {
  const std::size_t n = x.samples(), d = x.sample_size();
  if (n < 2) refuse("spread_of", {n, " samples"}, "two samples or more");
  double total = 0;
  for (std::size_t e = 0; e < d; ++e) {
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < n; ++i) mean += static_cast<double>(x.sample(i)[e]) / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) square += std::pow(static_cast<double>(x.sample(i)[e]) - mean, 2);
    total += square / static_cast<double>(n - 1);
  }
  return total / static_cast<double>(d);
}

// What samples under a weight look like: their spread within the class, and the share of them that is of the class, by
// any judge; 1 where there is none.
struct class_measure {
  double spread = 0, accuracy = 1;
};

// A window whose tail was moved until the spread is right, and what to mind about it.
struct refined_window {
  double sigma1 = 0;
  weight_schedule weight;
  class_measure measured;
  bool reaches_target = false;     // the spread is the wanted one, to a hundredth
  bool loses_class = false;        // a longer tail gives samples of other classes: the window stops short of it
  bool nothing_to_refund = false;  // below sigma1 no class information is left: the tail does nothing
};

// Moves sigma1 from where the information rule puts it until `measure` of the window finds the spread `target` (that of
// unguided samples, or of real ones of the class), by bisection. `measure` samples under the weight, with the same seed
// each time, some 15 times. A tail that starts too early does not refund spread but gives up the class: then the spread
// jumps over the target, or the accuracy falls below `least_accuracy`, and the window stops at the last sigma1 before it.
inline refined_window refine_window(const class_information& by, double w1, double w2, double target,
                                    function_ref<class_measure(const weight_schedule&)> measure,
                                    double least_accuracy = 0.9) {
  require(target > 0 && std::isfinite(target), "refine_window", {"target ", target}, "above 0, finite");
  struct tried {
    double sigma1;
    class_measure found;
  };
  const auto attempt = [&](double sigma1) { return tried{sigma1, measure(weight_schedule::window(w1, w2, sigma1))}; };
  const auto too_long = [&](const tried& t) { return t.found.spread > target || t.found.accuracy < least_accuracy; };
  const double lowest = by.rates().back().sigma, highest = by.rates().front().sigma;
  const double start = std::clamp(by.window(w1, w2).jumps()[0].at, lowest, highest);
  tried kept = attempt(start), beyond = kept;
  for (double factor = 1.25; !too_long(beyond) && beyond.sigma1 < highest; factor *= factor) {
    kept = beyond;
    beyond = attempt(std::min(highest, beyond.sigma1 * factor));
  }
  if (!too_long(beyond)) kept = beyond;
  for (double factor = 1.25; too_long(kept) && kept.sigma1 > lowest; factor *= factor) {
    beyond = kept;
    kept = attempt(std::max(lowest, kept.sigma1 / factor));
  }
  const auto is_close = [&](const tried& t) { return std::abs(t.found.spread - target) < 0.001 * target; };
  while (too_long(beyond) && !is_close(kept) && beyond.sigma1 > kept.sigma1 * 1.001) {
    const tried middle = attempt(std::sqrt(kept.sigma1 * beyond.sigma1));
    (too_long(middle) ? beyond : kept) = middle;
  }
  refined_window result{kept.sigma1, weight_schedule::window(w1, w2, kept.sigma1), kept.found};
  result.reaches_target = std::abs(kept.found.spread - target) < 0.01 * target;
  result.loses_class = too_long(beyond) && !too_long(kept) && !result.reaches_target;
  result.nothing_to_refund = by.is_spent_at(kept.sigma1);
  return result;
}

// The same by sampling `like.extents()` with a sampler, whose own guidance is left away for classifier-free guidance of
// the windows' weights. `accuracy` judges the samples: a share of them, 0 to 1.
template <class Model, std::floating_point T>
refined_window refine_window(const class_information& by, double w1, double w2, double target, const sampler& of,
                             Model& model, const tensor<T>& like, const run_options<typename Model::condition>& options,
                             function_ref<double(view<T>)> accuracy, double least_accuracy = 0.9) {
  return refine_window(
      by, w1, w2, target,
      [&](const weight_schedule& weight) {
        tensor<T> x = like;
        detail::with_guidance(of, classifier_free{.weight = weight})(model, x, options);
        return class_measure{spread_of(view<T>{x}), accuracy(view<T>{x})};
      },
      least_accuracy);
}

}  // namespace noisefall
