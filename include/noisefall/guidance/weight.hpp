// The extra weight of a guidance as a value over the noise level.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/guidance/position.hpp>

namespace noisefall {

// What the numbers of a weight schedule are levels of.
//   sigma     sigma / alpha, the level as users type it
//   log_snr   log(alpha^2 / sigma^2)
//   time      the schedule's own time: an index for discrete tables
//   fraction  of the steps, from 0 to 1; a jump lies at the nearest end of a step. It means another level on another
//             grid: prefer the others.
enum class weight_unit : std::uint8_t { sigma, log_snr, time, fraction };

constexpr std::string_view name_of(weight_unit unit) {
  constexpr std::string_view names[] = {"sigma", "log_snr", "time", "fraction"};
  return names[static_cast<std::size_t>(unit)];
}
// Do its numbers fall from noise to data?
constexpr bool falls_to_data(weight_unit unit) { return unit == weight_unit::sigma || unit == weight_unit::time; }

// Into a falling list, once. (By hand: std::sort costs every file that includes this more than it is worth here.)
inline void insert_falling(std::vector<double>& list, double value) {
  std::size_t at = 0;
  while (at < list.size() && list[at] > value) ++at;
  if (at < list.size() && list[at] == value) return;
  list.push_back(value);
  for (std::size_t k = list.size() - 1; k > at; --k) list[k] = list[k - 1];
  list[at] = value;
}

// A function w of the noise level. w is the *extra* weight of c + w*(c - u): 0 no guidance, -1 the unconditional
// branch; the usual guidance scale is g = 1 + w. A number converts to a constant. Points and jumps are listed from
// noise to data.
//   classifier_free{.weight = 6.5}
//   classifier_free{.weight = weight_schedule::interval(2, 0.28, 5.42)}
//   classifier_free{.weight = weight_schedule::ramp(0, 0.1, 6.5, 0.6, weight_unit::fraction)}
// Where a schedule jumps, the trajectory is pulled onto the jump and multistep history is cut; kinks are left alone.
// Reading allocates nothing.
class weight_schedule {
 public:
  // A weight at a level, in the schedule's unit.
  struct point {
    double at, weight;
    friend bool operator==(const point&, const point&) = default;
  };
  // At the level and below, down to the next jump, the weight is `weight`.
  using jump = point;

  enum class shape : std::uint8_t { steps, table, cosine, beta, linear, product, clamp };

  weight_schedule() = default;                                  // 0 everywhere
  weight_schedule(double weight) : above_{weight} { check(); }  // NOLINT(google-explicit-constructor): a constant

  // w1 above sigma1, -w2 at and below it: guidance that is partly given back at low noise, to restore the spread within
  // a class (arXiv:2602.00716). It does not restore the mean. w2 above 1 extrapolates past the unconditional branch.
  // neutral_window() and class_information find sigma1.
  static weight_schedule window(double w1, double w2, double sigma1) { return piecewise(w1, {{sigma1, -w2}}); }

  // w between two levels, 0 outside (Kynkaanniemi et al., arXiv:2404.07724); the noisier end belongs to it, the other
  // does not: (lo, hi] of sigma. sigma_lo = 0 leaves no lower end, sigma_hi = infinity no upper one; so do the ends of
  // the other units: infinite log-SNR, time 0, fractions 0 and 1.
  static weight_schedule interval(double w, double lo, double hi, weight_unit over = weight_unit::sigma) {
    const double infinity = std::numeric_limits<double>::infinity();
    require(lo < hi && (over == weight_unit::log_snr || lo >= 0), "weight_schedule::interval",
            {"from ", lo, " to ", hi},
            over == weight_unit::sigma ? "0 <= sigma_lo < sigma_hi" : "a lower end below the upper one, in range");
    const double first = falls_to_data(over) ? hi : lo, last = falls_to_data(over) ? lo : hi;
    const bool begins = over == weight_unit::fraction ? first > 0 : std::abs(first) != infinity;
    const bool ends = over == weight_unit::fraction ? last < 1 : falls_to_data(over) ? last > 0 : last != infinity;
    std::vector<jump> jumps;
    if (begins) jumps.push_back({first, w});
    if (ends) jumps.push_back({last, 0});
    return piecewise(begins ? 0 : w, std::move(jumps), over);
  }

  // `above` at the highest noise, then the jumps.
  static weight_schedule piecewise(double above, std::vector<jump> jumps, weight_unit over = weight_unit::sigma) {
    return of_points(shape::steps, above, std::move(jumps), over);
  }

  // Straight lines between the points, in the unit's own coordinate; constant before the first and after the last.
  static weight_schedule table(std::vector<point> points, weight_unit over = weight_unit::sigma) {
    require(!points.empty(), "weight_schedule::table", "no points", "one point or more");
    const double first = points.front().weight;
    return of_points(shape::table, first, std::move(points), over);
  }
  // From one weight at a level to another at a later one (Wang et al., arXiv:2404.13040).
  static weight_schedule ramp(double w_from, double from, double w_to, double to,
                              weight_unit over = weight_unit::sigma) {
    return table({{from, w_from}, {to, w_to}}, over);
  }
  // From w_ends to the peak half way and back.
  static weight_schedule triangle(double w_ends, double peak, double from, double to,
                                  weight_unit over = weight_unit::fraction) {
    return table({{from, w_ends}, {(from + to) / 2, peak}, {to, w_ends}}, over);
  }
  // The ramp along half a cosine, level at both ends: w_from + (w_to - w_from) (1 - cos(pi p)) / 2.
  static weight_schedule cosine(double w_from, double from, double w_to, double to,
                                weight_unit over = weight_unit::fraction) {
    return of_points(shape::cosine, w_from, {{from, w_from}, {to, w_to}}, over);
  }

  // w times the density of the beta distribution between two levels, 0 outside: w p^(a-1) (1-p)^(b-1) / B(a, b).
  // a, b: 1 to 50; at 1 the weight jumps there.
  static weight_schedule beta(double w, double a, double b, double from = 0, double to = 1,
                              weight_unit over = weight_unit::fraction) {
    for (const double v : {a, b}) require(v >= 1 && v <= 50, "weight_schedule::beta", {"a ", a, ", b ", b}, "1 to 50");
    weight_schedule made = of_points(shape::beta, 0, {{from, w}, {to, w}}, over);
    made.a_ = a;
    made.b_ = b;
    made.factor_ = std::tgamma(a + b) / (std::tgamma(a) * std::tgamma(b));
    return made;
  }

  // w0 + omega * sigma^2: linear in the time of a variance-exploding process (arXiv:2602.00716), guidance that starts
  // positive and ends negative. neutral_slope() finds omega. It has no end at infinite noise: clamp it there.
  static weight_schedule linear(double w0, double omega) {
    weight_schedule made;
    made.how_ = shape::linear;
    made.above_ = made.a_ = w0;
    made.b_ = omega;
    made.check();
    return made;
  }

  // The product of weights, whatever they are stated over.
  static weight_schedule product(std::vector<weight_schedule> factors) {
    require(!factors.empty(), "weight_schedule::product", "no factors", "one factor or more");
    weight_schedule made;
    made.how_ = shape::product;
    made.parts_ = std::move(factors);
    return made;
  }
  friend weight_schedule operator*(const weight_schedule& a, const weight_schedule& b) { return product({a, b}); }

  // This weight, kept between two values.
  weight_schedule clamped(double low, double high) const {
    require(low <= high, "weight_schedule::clamped", {"from ", low, " to ", high}, "low <= high");
    weight_schedule made;
    made.how_ = shape::clamp;
    made.a_ = low;
    made.b_ = high;
    made.parts_ = {*this};
    return made;
  }

  double at(const guidance_position& here) const {
    switch (how_) {
      case shape::linear:
        return at_sigma(here.sigma());
      case shape::product: {
        double all = 1;
        for (const weight_schedule& factor : parts_) {
          const double w = factor.at(here);
          if (w == 0) return 0;  // whatever another factor does at infinite noise
          all *= w;
        }
        return all;
      }
      case shape::clamp:
        return std::clamp(parts_[0].at(here), a_, b_);
      default:
        break;
    }
    if (points_.empty()) return above_;
    switch (over_) {
      case weight_unit::sigma:
        return along(here.sigma(), 1);
      case weight_unit::log_snr:
        return along(-2 * std::log(here.sigma()), 1);
      case weight_unit::time:
        return along(here.time(), 1);
      case weight_unit::fraction:
        break;
    }
    return along(here.fraction(), here.steps);
  }
  // The same at a level far from any leg's end. Throws where the weight is stated over time or fractions.
  double at(double sigma) const {
    if (!is_over_noise())
      refuse("weight_schedule", "over time or steps", "a position, or a weight over sigma or log_snr");
    const noise_level here{.t = 0, .alpha = 1, .sigma = sigma}, none{.t = 0, .alpha = 1, .sigma = -1};
    return at(guidance_position{.at = here, .from = none, .to = none});
  }
  // Between what it lies, at any level; not always the narrowest such range.
  struct range {
    double low, high;
  };
  range bounds() const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    range all{above_, above_};
    if (how_ == shape::linear) (b_ > 0 ? all.high : all.low) = b_ == 0 ? a_ : b_ > 0 ? infinity : -infinity;
    if (how_ == shape::product) {
      all = {1, 1};
      for (const weight_schedule& factor : parts_) {
        const range by = factor.bounds();
        const double ends[] = {all.low * by.low, all.low * by.high, all.high * by.low, all.high * by.high};
        all = {infinity, -infinity};
        for (double end : ends) {
          if (std::isnan(end)) end = 0;  // 0 * infinity: at() says 0 too
          all = {std::min(all.low, end), std::max(all.high, end)};
        }
      }
    }
    if (how_ == shape::clamp) {
      const range of = parts_[0].bounds();
      return {std::clamp(of.low, a_, b_), std::clamp(of.high, a_, b_)};
    }
    for (const point& p : points_) {
      const double w = how_ == shape::beta ? p.weight * factor_ * peak() : p.weight;
      all = {std::min(all.low, w), std::max(all.high, w)};
    }
    return all;
  }

  // Is it a function of sigma alone, on whatever grid?
  bool is_over_noise() const {
    for (const weight_schedule& part : parts_)
      if (!part.is_over_noise()) return false;
    return points_.empty() || over_ == weight_unit::sigma || over_ == weight_unit::log_snr;
  }

  // The values of sigma / alpha at which the weight jumps on a grid, falling. Without a grid those that need none.
  std::vector<double> breakpoints(const guidance_grid& on = {}) const {
    std::vector<double> sigmas;
    collect_breakpoints(on, sigmas);
    return sigmas;
  }

  // What it is made of: above() and jumps() of steps; the points of the others; a() and b(): shape of a beta, w0 and
  // omega of a line, the ends of a clamp; the weights that a product or clamp is of.
  shape how() const { return how_; }
  weight_unit over() const { return over_; }
  double above() const { return above_; }
  const std::vector<jump>& jumps() const { return points_; }
  const std::vector<point>& points() const { return points_; }
  double a() const { return a_; }
  double b() const { return b_; }
  const std::vector<weight_schedule>& parts() const { return parts_; }
  bool is_constant() const { return how_ == shape::steps && points_.empty(); }

  friend bool operator==(const weight_schedule&, const weight_schedule&) = default;

 private:
  static weight_schedule of_points(shape how, double above, std::vector<point> points, weight_unit over) {
    weight_schedule made;
    made.how_ = how;
    made.over_ = over;
    made.above_ = above;
    made.points_ = std::move(points);
    made.check();
    if (made.points_.empty()) made.over_ = weight_unit::sigma;  // one constant, however it was said
    return made;
  }

  bool is_noisier(double a, double b) const { return falls_to_data(over_) ? a > b : a < b; }

  // Where a jump lies on a run of so many steps.
  double placed(double at, std::size_t steps) const {
    if (over_ != weight_unit::fraction || steps < 2) return at;
    return std::round(at * static_cast<double>(steps)) / static_cast<double>(steps);
  }

  double at_sigma(double sigma) const { return b_ == 0 ? a_ : a_ + b_ * sigma * sigma; }

  double along(double u, std::size_t steps) const {
    if (how_ == shape::steps) {
      double weight = above_;
      for (const jump& j : points_) {
        if (is_noisier(u, placed(j.at, steps))) break;
        weight = j.weight;
      }
      return weight;
    }
    std::size_t next = 0;
    while (next < points_.size() && !is_noisier(u, points_[next].at)) ++next;
    const bool inside = next > 0 && next < points_.size();
    if (how_ == shape::beta) return inside ? density((u - points_[0].at) / (points_[1].at - points_[0].at)) : 0;
    if (!inside) return points_[next == 0 ? 0 : points_.size() - 1].weight;
    const point &a = points_[next - 1], &b = points_[next];
    const double p = (u - a.at) / (b.at - a.at);
    return a.weight + (b.weight - a.weight) * (how_ == shape::cosine ? (1 - std::cos(pi * p)) / 2 : p);
  }
  double density(double p) const { return points_[0].weight * factor_ * std::pow(p, a_ - 1) * std::pow(1 - p, b_ - 1); }

  // The most that p^(a-1) (1-p)^(b-1) is.
  double peak() const {
    if (a_ + b_ == 2) return 1;
    const double p = (a_ - 1) / (a_ + b_ - 2);
    return std::pow(p, a_ - 1) * std::pow(1 - p, b_ - 1);
  }

  void collect_breakpoints(const guidance_grid& on, std::vector<double>& to) const {
    for (const weight_schedule& part : parts_) part.collect_breakpoints(on, to);
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const bool jumps = how_ == shape::steps ? points_[i].weight != (i == 0 ? above_ : points_[i - 1].weight)
                                              : on.kinks || (how_ == shape::beta && (i == 0 ? a_ : b_) == 1);
      const double sigma = jumps ? sigma_of(points_[i].at, on) : 0;
      if (sigma > 0 && std::isfinite(sigma)) insert_falling(to, sigma);
    }
  }

  // 0: nowhere on this grid.
  double sigma_of(double u, const guidance_grid& on) const {
    switch (over_) {
      case weight_unit::sigma:
        return u;
      case weight_unit::log_snr:
        return std::exp(-u / 2);
      case weight_unit::time:
        return on.schedule == nullptr ? 0 : on.schedule->at(u).rho();
      case weight_unit::fraction:
        break;
    }
    const std::size_t steps = on.legs.size();
    if (steps == 0) return 0;
    if (steps == 1) {
      const double from = on.legs[0].from.rho(), end = on.legs[0].to.rho();
      return end > 0 && from > 0 ? from * std::pow(end / from, u) : from + u * (end - from);
    }
    const double step = std::round(u * static_cast<double>(steps));
    return step > 0 && step < static_cast<double>(steps) ? on.legs[static_cast<std::size_t>(step)].from.rho() : 0;
  }

  [[gnu::cold]] void check() const {
    constexpr std::string_view where = "weight_schedule";
    for (const double w : {above_, a_, b_}) require(std::isfinite(w), where, {"weight ", w}, "finite weights");
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const point& p = points_[i];
      require(std::isfinite(p.weight), where, {"weight ", p.weight}, "finite weights");
      const bool in_range = std::isfinite(p.at) &&
                            (over_ == weight_unit::log_snr ||
                             (over_ == weight_unit::sigma && how_ == shape::steps ? p.at > 0 : p.at >= 0)) &&
                            (over_ != weight_unit::fraction || p.at <= 1);
      require(in_range && (i == 0 || is_noisier(points_[i - 1].at, p.at)), where,
              {how_ == shape::steps ? "a jump at " : "a point at ", name_of(over_), " ", p.at}, allowed_points());
    }
  }
  std::string_view allowed_points() const {
    switch (over_) {
      case weight_unit::sigma:
        return how_ == shape::steps ? "finite sigma > 0, in falling order" : "finite sigma >= 0, in falling order";
      case weight_unit::log_snr:
        return "finite log_snr, in rising order";
      case weight_unit::time:
        return "finite time >= 0, in falling order";
      case weight_unit::fraction:
        break;
    }
    return "fractions from 0 to 1, in rising order";
  }

  static constexpr double pi = 3.141592653589793238462643383279502884;

  shape how_ = shape::steps;
  weight_unit over_ = weight_unit::sigma;
  double above_ = 0, a_ = 0, b_ = 0, factor_ = 1;
  std::vector<point> points_;
  std::vector<weight_schedule> parts_;
};

}  // namespace noisefall
