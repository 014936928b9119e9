// The search by any metric of a user's: evolution of sets of levels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/search/evidence.hpp>
#include <noisefall/search/search_problem.hpp>
#include <noisefall/search/search_report.hpp>

namespace noisefall {

// What a trajectory is worth: less is better. Finite, and the same whenever it is asked; a FID of some thousand samples,
// a distance to a target's statistics, the cost of a task ...
class trajectory_metric {
 public:
  explicit trajectory_metric(std::function<double(const trajectory&)> of) : of_{std::move(of)} {}
  double operator()(const trajectory& path) const {
    const double value = of_(path);
    if (!std::isfinite(value))
      refuse("search: metric",
             {"gave ", value, " for a trajectory of ", path.steps(), " steps whose second level is sigma / alpha ",
              path[0].to.rho()},
             "a finite number; return a large one for what must not be chosen");
    return value;
  }

 private:
  std::function<double(const trajectory&)> of_;
};

// Evidence: a metric. AutoDiffusion (Li et al. 2023, arXiv:2309.10438) over the levels: a population of sets out of log-spaced
// candidates (of whole times, where those are asked for) beside the base's own; in each generation the best `parents`
// stay, mutants of them (each gene with a probability), crossings of two of them and fresh ones come. Half of the first
// generation mutates the base. No set is judged twice. Costs up to population * generations values of the metric, and
// trusts it: judged on few samples, or by what samples can cheat, the result is as good as that.
struct evolutionary {
  using needs = needed_evidence<trajectory_metric>;
  static constexpr std::string_view name = "evolutionary";

  std::size_t population = 50, generations = 10, parents = 10;
  std::size_t mutants = 25, crossings = 15;  // of a generation; the rest is fresh
  double mutation = 0.25;                    // of each gene
  std::size_t candidates = 200;
  double low = 0, high = 0;  // where levels may stand, if the trajectory's ends are 0 or infinite; 0: the base's own
  std::uint64_t seed = 0;

  void check() const {
    require(population >= 2 && generations >= 1 && parents >= 1 && parents < population, "evolutionary",
            {"population ", population, ", generations ", generations, ", parents ", parents},
            "a population of two or more, one generation or more, fewer parents than that");
    require(mutants + crossings <= population, "evolutionary", {mutants, " mutants, ", crossings, " crossings"},
            "no more than the population");
    require(mutation > 0 && mutation <= 1, "evolutionary.mutation", {"is ", mutation}, "above 0, to 1");
  }

  search_result search(const search_problem& problem, const trajectory_metric& metric) const {
    const std::vector<double>& base = problem.sigmas();
    const std::size_t genes = problem.steps() - 1;
    const std::vector<double> pool = pool_of(problem);
    require(genes < pool.size(), "evolutionary", {genes + 1, " steps through ", pool.size(), " candidates"},
            "more candidates than steps, at allowed times");
    search_report report;
    report.objective = "the metric";
    std::map<set, double> known;
    set base_set;
    for (std::size_t i = 1; i + 1 < base.size(); ++i) base_set.push_back(index_of(pool, base[i]));
    report.objective_before = metric(problem.base());
    report.tried = 1;
    known[base_set] = report.objective_before;
    set best = base_set;
    random next{seed};
    // Judged in the order in which they were made, so that nothing depends on the container.
    const auto judge = [&](const set& s) {
      if (known.contains(s) || !is_allowed(problem, pool, s)) return;
      const double value = metric(problem.path_of(sigmas_of(problem, pool, s)));
      ++report.tried;
      known[s] = value;
      if (value < known[best]) best = s;
    };
    for (std::size_t generation = 0; generation < generations && genes > 0; ++generation) {
      std::vector<std::pair<double, set>> ranked;
      ranked.reserve(known.size());
      for (const auto& [s, value] : known) ranked.push_back({value, s});
      std::sort(ranked.begin(), ranked.end());
      ranked.resize(std::min(ranked.size(), parents));
      const auto parent = [&]() -> const set& { return ranked[next.below(ranked.size())].second; };
      for (std::size_t k = 0; k < population; ++k) {
        if ((report.stopped = problem.stopped())) break;
        const bool first = generation == 0;
        if (first ? k < population / 2 : k < mutants)
          judge(mutated(parent(), pool.size(), next));
        else if (!first && k < mutants + crossings)
          judge(crossed(parent(), parent(), pool.size(), next));
        else
          judge(fresh(genes, pool.size(), next));
      }
      if (report.stopped) break;
    }
    report.objective_after = known[best];
    report.changed = best != base_set;
    return {report.changed ? problem.path_of(sigmas_of(problem, pool, best)) : problem.base(), std::move(report)};
  }

 private:
  using set = std::vector<std::size_t>;  // rising places in the pool, whose sigmas fall

  // Numbers that depend on the seed alone (Steele, Lea, Flood 2014: SplitMix64).
  class random {
   public:
    explicit random(std::uint64_t seed) : state_{seed} {}
    std::uint64_t word() {
      std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      return z ^ (z >> 31);
    }
    double unit() { return static_cast<double>(word() >> 11) * 0x1p-53; }
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(unit() * static_cast<double>(n)); }

   private:
    std::uint64_t state_;
  };

  std::vector<double> pool_of(const search_problem& problem) const {
    const std::vector<double>& base = problem.sigmas();
    const double top = std::isfinite(base.front()) ? base.front() : high > 0 ? high : 10 * base[1];
    const double bottom = base.back() > 0 ? base.back() : low > 0 ? low : 0.1 * base[base.size() - 2];
    std::vector<double> all(base.begin() + 1, base.end() - 1);
    for (std::size_t i = 0; i < candidates; ++i) {
      const double part = (static_cast<double>(i) + 0.5) / static_cast<double>(candidates);
      all.push_back(problem.allowed(top * std::pow(bottom / top, part)));
    }
    std::sort(all.begin(), all.end(), std::greater<>{});
    all.erase(std::unique(all.begin(), all.end()), all.end());
    std::erase_if(all, [&](double s) { return !(s < base.front() && s > base.back()); });
    return all;
  }
  static std::size_t index_of(const std::vector<double>& pool, double sigma) {
    return static_cast<std::size_t>(std::lower_bound(pool.begin(), pool.end(), sigma, std::greater<>{}) - pool.begin());
  }
  static std::vector<double> sigmas_of(const search_problem& problem, const std::vector<double>& pool, const set& s) {
    std::vector<double> sigmas{problem.sigmas().front()};
    for (const std::size_t k : s) sigmas.push_back(pool[k]);
    sigmas.push_back(problem.sigmas().back());
    return sigmas;
  }
  static bool is_allowed(const search_problem& problem, const std::vector<double>& pool, const set& s) {
    const std::vector<double> sigmas = sigmas_of(problem, pool, s);
    for (std::size_t i = 1; i < sigmas.size(); ++i)
      if (!(sigmas[i] < sigmas[i - 1]) || !problem.apart(sigmas[i - 1], sigmas[i])) return false;
    return true;
  }

  // Places that appear twice are drawn anew.
  static set distinct(set s, std::size_t pool, random& next) {
    std::sort(s.begin(), s.end());
    for (std::size_t i = 1; i < s.size();) {
      if (s[i] != s[i - 1]) {
        ++i;
        continue;
      }
      s[i] = next.below(pool);
      std::sort(s.begin(), s.end());
      i = 1;
    }
    return s;
  }
  set mutated(set s, std::size_t pool, random& next) const {
    for (std::size_t& gene : s)
      if (next.unit() < mutation) gene = next.below(pool);
    return distinct(std::move(s), pool, next);
  }
  static set crossed(const set& a, const set& b, std::size_t pool, random& next) {
    set s = a;
    for (std::size_t i = 0; i < s.size(); ++i)
      if (next.unit() < 0.5) s[i] = b[i];
    return distinct(std::move(s), pool, next);
  }
  static set fresh(std::size_t genes, std::size_t pool, random& next) {
    set s(genes);
    for (std::size_t& gene : s) gene = next.below(pool);
    return distinct(std::move(s), pool, next);
  }
};

}  // namespace noisefall
