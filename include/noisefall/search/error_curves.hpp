// An error table made ready to be asked often: logarithms of its rows, directions of nearly one variance taken together.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include <noisefall/search/error_table.hpp>

namespace noisefall {

// The Bayes part and the excess of groups of directions over sigma / alpha: what error_table says, or, where there are
// more directions than `most_groups`, means over those of nearly one variance (by its logarithm; what has next to none is
// the last group). The table must outlive it.
class error_curves {
 public:
  static constexpr std::size_t all_directions = std::numeric_limits<std::size_t>::max();

  explicit error_curves(const error_table& table, std::size_t most_groups = all_directions) : table_{&table} {
    table.check();
    const std::vector<std::vector<std::size_t>> members = members_of(table, most_groups);
    const std::size_t rows = table.levels.size();
    for (const std::vector<std::size_t>& of : members) {
      group made;
      for (const std::size_t k : of) {
        made.multiplicity += table.directions[k].multiplicity;
        made.variance += table.directions[k].multiplicity * table.directions[k].variance;
      }
      made.variance /= made.multiplicity;
      axes_ += made.multiplicity;
      for (std::size_t i = 0; i < rows; ++i) {
        const table_place row = i + 1 < rows ? table_place{i, 0} : table_place{i - 1, 1};
        double bayes = 0, excess = 0;
        for (const std::size_t k : of) {
          const double weight = table.directions[k].multiplicity / made.multiplicity;
          bayes += weight * table.bayes_along(k, row);
          excess += weight * table.excess_along(k, row);
        }
        made.bayes.add(bayes);
        made.excess.add(excess);
      }
      groups_.push_back(std::move(made));
    }
  }

  const error_table& table() const { return *table_; }
  std::size_t groups() const { return groups_.size(); }
  double variance(std::size_t g) const { return groups_[g].variance; }
  double share(std::size_t g) const { return groups_[g].multiplicity / axes_; }
  double bayes(std::size_t g, const table_place& p) const { return groups_[g].bayes.at(p); }
  double excess(std::size_t g, const table_place& p) const { return groups_[g].excess.at(p); }

 private:
  // Straight lines of logarithms where both ends are above 0, else of the values.
  struct curve {
    std::vector<double> values{}, logs{};
    void add(double value) {
      values.push_back(value);
      logs.push_back(value > 0 ? std::log(value) : -std::numeric_limits<double>::infinity());
    }
    double at(const table_place& p) const {
      const double low = values[p.row], high = values[p.row + 1];
      if (p.part == 0) return low;
      if (p.part == 1) return high;
      if (low > 0 && high > 0) return std::exp(logs[p.row] + p.part * (logs[p.row + 1] - logs[p.row]));
      return low + p.part * (high - low);
    }
  };
  struct group {
    double variance = 0, multiplicity = 0;
    curve bayes{}, excess{};
  };

  static std::vector<std::vector<std::size_t>> members_of(const error_table& table, std::size_t most) {
    const std::size_t n = table.directions.size();
    std::vector<std::vector<std::size_t>> members;
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (n <= most) {
      for (const std::size_t k : order) members.push_back({k});
      return members;
    }
    const auto v = [&](std::size_t k) { return table.directions[k].variance; };
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return v(a) > v(b) || (v(a) == v(b) && a < b); });
    const double largest = v(order[0]), least = 1e-8 * largest;
    double smallest = largest;
    for (const std::size_t k : order)
      if (v(k) > least) smallest = v(k);
    const double span = largest > smallest ? std::log(largest / smallest) * (1 + 1e-9) : 1;
    std::size_t last = 0;
    for (const std::size_t k : order) {
      const double place = v(k) > least ? std::log(largest / v(k)) / span * static_cast<double>(most - 1)
                                        : static_cast<double>(most - 1);
      const auto bin = static_cast<std::size_t>(std::max(0.0, place));
      if (members.empty() || bin != last) members.emplace_back();
      members.back().push_back(k);
      last = bin;
    }
    return members;
  }

  const error_table* table_;
  std::vector<group> groups_;
  double axes_ = 0;
};

}  // namespace noisefall
