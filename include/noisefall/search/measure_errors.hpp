// Measures a predictor's errors over noise levels, batch by batch.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Dense>

#include <noisefall/core/error.hpp>
#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/random/normals.hpp>
#include <noisefall/sampler/options.hpp>
#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/search/data_directions.hpp>
#include <noisefall/search/error_table.hpp>
#include <noisefall/search/measured_sums.hpp>
#include <noisefall/tensor/span_algebra.hpp>
#include <noisefall/tensor/tensor.hpp>

namespace noisefall {

// Where and how errors are measured. Sample i of the data gets the same noise at every level: (seed, i).
struct measurement_settings {
  std::size_t levels = 24;  // log-spaced, two or more
  double sigma_min = 0,
         sigma_max = 0;  // of sigma / alpha; 0: the schedule's own ends, where they are finite and above 0
  std::uint64_t seed = 0;
  bool correlation = true;  // between levels: keeps a batch's errors at all levels in memory
  any_parameterisation parameterisation = predicts_eps{};            // of the predictor
  any_parameterisation reference_parameterisation = predicts_eps{};  // of the reference
  any_guidance guidance = unguided{};                                // whose weights depend on the level alone
};

// Errors of a predictor over any number of batches:
//   error_measurement of{schedule, settings, directions};
//   while (there are batches) of.add(model, batch, {.conditional = ...});
//   error_table table = of.table();
// Branch k of the guidance is asked under the k-th condition of the options. Not for guidance that looks at the data.
class error_measurement {
 public:
  error_measurement(any_schedule schedule, measurement_settings settings, data_directions directions = {})
      : schedule_{std::move(schedule)}, how_{std::move(settings)}, directions_{std::move(directions)} {
    constexpr const char* where = "measure_errors";
    schedule_.check();
    how_.parameterisation.check();
    how_.guidance.check();
    require(how_.levels >= 2, where, {how_.levels, " levels"}, "two levels or more");
    require(!how_.guidance.needs_gram() && how_.guidance.scalars() == 0 && !how_.guidance.has_state() &&
                how_.guidance.gradients() == branch_set{},
            where, {"the guidance ", how_.guidance.name(), " looks at the data"},
            "a guidance whose weights depend on the noise level alone");
    const double low = how_.sigma_min > 0 ? how_.sigma_min : schedule_.at(schedule_.t_min()).rho();
    const double high = how_.sigma_max > 0 ? how_.sigma_max : schedule_.at(schedule_.t_max()).rho();
    require(low > 0 && high > low && std::isfinite(high), where, {"levels from ", low, " to ", high},
            "0 < sigma_min < sigma_max, finite; state them where the schedule reaches sigma = 0 or alpha = 0");
    for (std::size_t i = 0; i < how_.levels; ++i) {
      const double part = static_cast<double>(i) / static_cast<double>(how_.levels - 1);
      const double rho = i == 0 ? low : i + 1 == how_.levels ? high : low * std::pow(high / low, part);
      levels_.push_back(schedule_.at_rho(rho));
      sigmas_.push_back(rho);
      branches_ = std::max(branches_, last_branch(levels_.back()) + 1);
    }
  }

  const measured_sums& sums() const { return gathered_; }
  std::size_t samples() const { return gathered_.samples; }
  // Goes on from what another measurement with the same settings and directions gathered.
  void resume(measured_sums from) {
    require(from.sums.size() == (from.samples == 0 ? 0 : size_of_sums()) && gathered_.samples == 0,
            "measure_errors: resume", {from.sums.size(), " numbers, after ", gathered_.samples, " samples"},
            {size_of_sums(), ": the sums of the same settings and directions, before the first batch"});
    gathered_ = std::move(from);
  }

  // Data [B, ...] in batches of any size; clean, as the network was trained on.
  template <class Model, std::floating_point T>
  void add(Model& model, view<T> data, const run_options<typename Model::condition>& conditions) {
    add_batch<T>(model, static_cast<Model*>(nullptr), data, conditions);
  }
  // With a predictor that is exact, or stronger: the excess becomes known. The same conditions go to both.
  template <class Model, class Reference, std::floating_point T>
  void add(Model& model, Reference& reference, view<T> data, const run_options<typename Model::condition>& conditions) {
    static_assert(std::same_as<typename Model::condition, typename Reference::condition>,
                  "measure_errors: the reference takes the same conditions as the predictor");
    add_batch<T>(model, &reference, data, conditions);
  }

  [[gnu::cold]] error_table table() const {
    require(gathered_.samples >= 2, "measure_errors", {gathered_.samples, " samples"}, "two samples or more");
    const double n = static_cast<double>(gathered_.samples);
    error_table made;
    made.samples = gathered_.samples;
    made.branches = branches_;
    made.directions = directions_.groups;
    const bool knows = gathered_.has_reference;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      const double* s = gathered_.sums.data() + i * level_size();
      const auto deviation = [n](double sum, double squares) {
        return std::sqrt(std::max(0.0, squares / n - sum / n * sum / n) / (n - 1));
      };
      level_errors l;
      l.sigma = sigmas_[i];
      l.total = s[0] / n;
      l.total_deviation = deviation(s[0], s[1]);
      if (knows) {
        l.excess = s[2] / n;
        l.excess_deviation = deviation(s[2], s[3]);
      }
      l.mean = s[4] / n;
      const double* next = s + 5;
      const auto take = [&](std::size_t count, bool wanted) {
        std::vector<double> values;
        for (std::size_t k = 0; k < count && wanted; ++k) values.push_back(next[k] / n);
        next += count;
        return values;
      };
      const std::size_t groups = directions_.groups.size(), pairs = branches_ * branches_;
      l.total_along = take(groups, true);
      l.excess_along = take(groups, knows);
      l.branch_total = take(pairs, true);
      l.branch_excess = take(pairs, knows);
      made.levels.push_back(std::move(l));
    }
    if (how_.correlation) {
      const std::size_t count = levels_.size();
      const double* products = gathered_.sums.data() + count * level_size();
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t j = 0; j < count; ++j) {
          const double scale = std::sqrt(products[i * count + i] * products[j * count + j]);
          made.correlation.push_back(i == j      ? 1
                                     : scale > 0 ? std::clamp(products[i * count + j] / scale, -1.0, 1.0)
                                                 : 0);
        }
    }
    made.check();
    return made;
  }

 private:
  std::size_t level_size() const { return 5 + 2 * directions_.groups.size() + 2 * branches_ * branches_; }
  std::size_t size_of_sums() const {
    return levels_.size() * level_size() + (how_.correlation ? levels_.size() * levels_.size() : 0);
  }
  // Weights within the falling leg that ends here: where they jump at the level itself, those above it.
  guidance_position position_of(const noise_level& at) const {
    return {at, at, {at.t, at.alpha, at.sigma * 0.5}, 0, 1};
  }
  std::size_t last_branch(const noise_level& at) const {
    const branch_set wanted = how_.guidance.needs(position_of(at));
    std::size_t last = 0;
    for (std::size_t b = 0; b < max_branches; ++b)
      if (wanted.holds(b)) last = b;
    return last;
  }

  template <class T, class Model, class Reference>
  void add_batch(Model& model, Reference* reference, view<T> data,
                 const run_options<typename Model::condition>& conditions) {
    static_assert(NoisePredictor<Model, span_algebra<T>>, "measure_errors: the model is no predictor of this type");
    const std::size_t batch = data.samples(), d = data.sample_size();
    if (batch == 0) return;
    begin_batch(batch, d, reference != nullptr);
    const std::uint64_t first = gathered_.samples;
    tensor<T> noise{data.extents()}, x{data.extents()}, out{data.extents()};
    normals(normal_stream{how_.seed, 0, first, d}, 0, noise.size(), noise.data());
    const auto errors_of = [&](auto& predictor, const any_parameterisation& meaning, std::size_t level,
                               std::size_t branch, auto&& put) {
      const noise_level& at = levels_[level];
      const double scale = meaning.input_scale(at), label = meaning.label(at);
      for (std::size_t i = 0; i < batch; ++i)
        for (std::size_t e = 0; e < d; ++e)
          x[i * d + e] = static_cast<T>(scale * (at.alpha * static_cast<double>(data.sample(i)[e]) +
                                                 at.sigma * static_cast<double>(noise[i * d + e])));
      const evaluation asked{{&at, 1}, {&label, 1}, {&scale, 1}, how_.seed, first, 0, 0};
      std::fill(out.elements().begin(), out.elements().end(), std::numeric_limits<T>::quiet_NaN());
      predictor.predict(view<T>{x}, asked, conditions.of_branch(branch), mutable_view<T>{out});
      const affine to_eps = meaning.to_eps(at);
      for (std::size_t k = 0; k < out.size(); ++k) {
        const double eps = to_eps.x / scale * static_cast<double>(x[k]) + to_eps.out * static_cast<double>(out[k]);
        if (!std::isfinite(eps))
          refuse("measure_errors",
                 {"the predictor answers ", static_cast<double>(out[k]), " at sigma / alpha = ", sigmas_[level]},
                 "finite outputs, every element written");
        put(k, eps - static_cast<double>(noise[k]));
      }
    };
    for (std::size_t level = 0; level < levels_.size(); ++level) {
      const branch_weights weights = how_.guidance.weights(position_of(levels_[level]), gram_matrix{{}, 0});
      total_.setZero(branch_errors_[0].rows(), branch_errors_[0].cols());
      excess_.setZero(total_.rows(), total_.cols());
      for (std::size_t b = 0; b < branches_; ++b) {
        if (!how_.guidance.needs(position_of(levels_[level])).holds(b)) continue;
        Eigen::MatrixXd& own = branch_errors_[b];
        errors_of(model, how_.parameterisation, level, b, [&](std::size_t k, double e) { own.data()[k] = e; });
        total_ += weights.guided[b] * own;
        if (reference == nullptr) continue;
        Eigen::MatrixXd& beyond = branch_excess_[b];
        errors_of(*reference, how_.reference_parameterisation, level, b,
                  [&](std::size_t k, double e) { beyond.data()[k] = own.data()[k] - e; });
        excess_ += weights.guided[b] * beyond;
      }
      finish_level(level);
    }
    finish_batch(batch);
  }

  [[gnu::cold]] void begin_batch(std::size_t batch, std::size_t d, bool has_reference) {
    if (gathered_.samples == 0) {
      directions_.check(d);
      gathered_ = {0, d, has_reference, std::vector<double>(size_of_sums(), 0.0)};
      if (directions_.axes.cols() == 0 && directions_.groups.size() == 1)
        directions_.groups[0].multiplicity = static_cast<double>(d);
    }
    require(d == gathered_.sample_size && has_reference == gathered_.has_reference, "measure_errors",
            {"samples of ", d, has_reference ? " elements, with a reference" : " elements, without a reference"},
            {"samples of ", gathered_.sample_size, " elements, ", gathered_.has_reference ? "with" : "without",
             " a reference, as before"});
    const auto rows = static_cast<Eigen::Index>(d), columns = static_cast<Eigen::Index>(batch);
    for (auto* per_branch : {&branch_errors_, &branch_excess_})
      per_branch->assign(branches_, Eigen::MatrixXd::Zero(rows, columns));
    at_levels_.assign(how_.correlation ? levels_.size() : 0, Eigen::MatrixXd{});
  }

  void finish_level(std::size_t level) {
    double* to = gathered_.sums.data() + level * level_size();
    const bool knows = gathered_.has_reference;
    const Eigen::MatrixXd& best = knows ? excess_ : total_;
    const auto d = static_cast<double>(gathered_.sample_size);
    const std::size_t groups = directions_.groups.size(), pairs = branches_ * branches_;
    along_.assign(groups, 0.0);
    along_excess_.assign(groups, 0.0);
    for (Eigen::Index i = 0; i < total_.cols(); ++i) {
      const auto add = [&](const Eigen::MatrixXd& errors, double* sum, std::vector<double>& along) {
        const double square = errors.col(i).squaredNorm() / d;
        sum[0] += square;
        sum[1] += square * square;
        directions_.add_squares(errors.col(i), along);
      };
      add(total_, to, along_);
      if (knows) add(excess_, to + 2, along_excess_);
      to[4] += best.col(i).sum() / d;
    }
    double* next = to + 5;
    for (const auto* along : {&along_, &along_excess_})
      for (std::size_t g = 0; g < groups; ++g) *next++ += (*along)[g];
    for (const auto* errors : {&branch_errors_, &branch_excess_})
      for (std::size_t k = 0; k < pairs; ++k)
        *next++ += (*errors)[k / branches_].cwiseProduct((*errors)[k % branches_]).sum() / d;
    if (how_.correlation) at_levels_[level] = best;
  }

  void finish_batch(std::size_t batch) {
    double* products = gathered_.sums.data() + levels_.size() * level_size();
    for (std::size_t i = 0; i < at_levels_.size(); ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        const double product = at_levels_[i].cwiseProduct(at_levels_[j]).sum();
        products[i * at_levels_.size() + j] += product;
        if (i != j) products[j * at_levels_.size() + i] += product;
      }
    gathered_.samples += batch;
  }

  any_schedule schedule_;
  measurement_settings how_;
  data_directions directions_;
  std::vector<noise_level> levels_;
  std::vector<double> sigmas_;
  std::size_t branches_ = 1;
  measured_sums gathered_;
  Eigen::MatrixXd total_, excess_;  // of the batch at one level: a sample per column
  std::vector<Eigen::MatrixXd> branch_errors_, branch_excess_, at_levels_;
  std::vector<double> along_, along_excess_;
};

// What the loops below tell after each batch; false: stop there, with what has been gathered.
struct measurement_progress {
  std::size_t samples = 0, of = 0;
};

// What the loops take beside settings. `gathered`: what an earlier, interrupted measurement of the same data came to; it
// is brought up to date after every batch, so that whoever writes it to a file can go on from there, with the same bits.
struct measurement_options {
  measurement_settings settings{};
  std::optional<data_directions> directions{};  // none: the principal axes, up to `most_directions` of them
  std::size_t most_directions = 256;
  std::size_t batch = 64;
  measured_sums* gathered = nullptr;
  std::function<bool(const measurement_progress&)> progress{};
};

namespace detail {

template <std::floating_point T, class Add>
error_table measure_all(view<T> data, const any_schedule& schedule, const measurement_options& options,
                        const Add& add) {
  require(options.batch >= 1, "measure_errors", "batches of 0 samples", "batches of one sample or more");
  require(data.samples() >= 2, "measure_errors", {data.samples(), " samples"}, "two samples or more");
  error_measurement of{schedule, options.settings,
                       options.directions ? *options.directions : principal_directions(data, options.most_directions)};
  if (options.gathered != nullptr && options.gathered->samples > 0) of.resume(*options.gathered);
  while (of.samples() < data.samples()) {
    const std::size_t first = of.samples(), count = std::min(options.batch, data.samples() - first);
    add(of, data.part(first, 0, data.extents().with_extent(0, count)));
    if (options.gathered != nullptr) *options.gathered = of.sums();
    if (options.progress && !options.progress({of.samples(), data.samples()})) break;
  }
  return of.table();
}

}  // namespace detail

// The errors of a predictor over data [n, ...], all under the conditions given.
template <class Model, std::floating_point T>
error_table measure_errors(Model& model, view<T> data, const any_schedule& schedule,
                           const measurement_options& options = {},
                           const std::type_identity_t<run_options<typename Model::condition>>& conditions = {}) {
  return detail::measure_all<T>(data, schedule, options,
                                [&](error_measurement& of, view<T> batch) { of.add(model, batch, conditions); });
}
// The same against a predictor that is exact, or stronger: the excess becomes known.
template <class Model, class Reference, std::floating_point T>
error_table measure_excess(Model& model, Reference& reference, view<T> data, const any_schedule& schedule,
                           const measurement_options& options = {},
                           const std::type_identity_t<run_options<typename Model::condition>>& conditions = {}) {
  return detail::measure_all<T>(data, schedule, options, [&](error_measurement& of, view<T> batch) {
    of.add(model, reference, batch, conditions);
  });
}

}  // namespace noisefall
