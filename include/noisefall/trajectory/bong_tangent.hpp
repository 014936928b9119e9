// A flow's levels along two arcs of arctan that meet in the middle (RES4LYF).
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// m = n + 2 points, of which the first l = floor(m (first_pivot + second_pivot) / 2) fall from 1 to `middle` and the
// others from there to 0, the meeting point counted once. Each part is an arc
//
//   v(x) = -arctan(slope 40 / m (x - pivot)),  x = 0, 1, ... of the part,  stretched to the part's two ends
//
// with the pivot at floor(m first_pivot), and floor(m second_pivot) - l of the second part. sigma is a flow's where the
// schedule begins at pure noise, elsewhere a share of its highest sigma / alpha. Ends in clean data. One step goes
// straight.
struct bong_tangent {
  static constexpr std::string_view name = "bong_tangent";
  static constexpr std::string_view reference = papers::res4lyf;

  std::size_t steps = 0;      // legs, 1 or more
  double middle = 0.5;        // inside (0, 1)
  double first_pivot = 0.6;   // inside (0, 1)
  double second_pivot = 0.6;  // inside (0, 1)
  double first_slope = 0.2;   // above 0
  double second_slope = 0.2;  // above 0

  void check() const {
    require_steps(steps, name);
    require(middle > 0 && middle < 1, name, {"middle: ", middle}, "inside (0, 1)");
    require(first_pivot > 0 && first_pivot < 1 && second_pivot > 0 && second_pivot < 1, name,
            {"first_pivot: ", first_pivot, ", second_pivot: ", second_pivot}, "inside (0, 1)");
    require(first_slope > 0 && second_slope > 0 && std::isfinite(first_slope + second_slope), name,
            {"first_slope: ", first_slope, ", second_slope: ", second_slope}, "above 0");
  }

  // The n + 1 sigmas, from 1 to 0.
  std::vector<double> sigmas() const {
    check();
    if (steps == 1) return {1, 0};
    const double points = static_cast<double>(steps) + 2, scale = 40 / points;
    const double first = std::floor((points * first_pivot + points * second_pivot) / 2);
    require(first >= 2 && first <= points - 2, name, {"first_pivot: ", first_pivot, ", second_pivot: ", second_pivot},
            {"pivots that leave each part two of ", steps + 2, " points"});
    std::vector<double> values = arc(first, first_slope * scale, std::floor(points * first_pivot), 1, middle);
    values.pop_back();
    for (const double v :
         arc(points - first, second_slope * scale, std::floor(points * second_pivot) - first, middle, 0))
      values.push_back(v);
    return values;
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    return trajectory{levels_from_unit_sigmas(schedule, sigmas())};
  }

 private:
  // `points` values from `from` to `to`, both exactly.
  static std::vector<double> arc(double points, double slope, double pivot, double from, double to) {
    const auto v = [&](double x) { return -std::atan(slope * (x - pivot)); };
    const double top = v(0), bottom = v(points - 1);
    std::vector<double> values{from};
    for (double x = 1; x < points - 1; ++x) values.push_back(to + (from - to) * ((v(x) - bottom) / (top - bottom)));
    values.push_back(to);
    return values;
  }
};

}  // namespace noisefall
