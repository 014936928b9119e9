// The search on the truth itself: the paired error at the end, against a fine run from the same noises.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Dense>

#include <noisefall/core/error.hpp>
#include <noisefall/search/evidence.hpp>
#include <noisefall/search/node_positions.hpp>
#include <noisefall/search/search_problem.hpp>
#include <noisefall/search/search_report.hpp>
#include <noisefall/search/starting_points.hpp>
#include <noisefall/search/teacher.hpp>

namespace noisefall {

// Evidence: a teacher. Reduces the mean square per element between the ends of runs and the reference, from common noises.
// A least-squares problem in the steps - 1 levels: Levenberg and Marquardt's method with differences for derivatives, which
// needs runs of the sampler and nothing of the network. Each iteration costs steps - 1 runs and some more. With whole times
// there are no differences: levels move one by one, by as many times as help, then by half as many, down to 1, until no
// move helps or as many runs are made as the iterations would cost. It begins at the best of the base, the known
// spacings and `starts`.
//
// soft_radius > 0: the student may begin a little beside the teacher's noise (Tong et al. 2024, LD3's relaxed objective):
// by so much of the noise's length at most, in the direction in which its end misses, where that helps the sample. Twice
// the runs.
struct paired_refine {
  using needs = needed_evidence<teacher>;
  static constexpr std::string_view name = "paired_refine";

  std::size_t iterations = 12;
  bool known_starts = true;                   // begin at the best known spacing, not only at the base
  std::vector<std::vector<double>> starts{};  // of sigma / alpha, with the base's ends: what other searches found
  double soft_radius = 0;                     // of the noise's length, 0 to 1
  double step = 1e-3;                         // of the differences, in logarithms of gaps of lambda
  double low = 0, high = 0;                   // where levels may stand, if the trajectory's ends are 0 or infinite

  void check() const {
    require(soft_radius >= 0 && soft_radius <= 1, "paired_refine.soft_radius", {"is ", soft_radius}, "0 to 1");
    require(step > 0 && step < 1, "paired_refine.step", {"is ", step}, "above 0, below 1");
  }

  search_result search(const search_problem& problem, const teacher& by) const {
    by.check_for(problem);
    const std::vector<double>& base = problem.sigmas();
    const std::size_t evaluations = by.evaluations();
    search_report report;
    report.objective = "the paired error at the end";
    std::vector<double> best = base;
    const auto ends_of = [&](const std::vector<double>& sigmas) {
      ++report.tried;
      return ends(problem, by, sigmas);
    };
    teacher::states at_best = ends_of(base);
    double least = by.error(at_best);
    report.objective_before = least;
    const double bottom = low > 0 ? low : lowest_level(problem), top = high > 0 ? high : highest_level(problem);
    const auto try_start = [&](const std::vector<double>& sigmas) {
      require(sigmas.size() == base.size() && sigmas.front() == base.front() && sigmas.back() == base.back(),
              "paired_refine.starts", {sigmas.size(), " levels, or other ends"},
              "lists with the base's steps and ends");
      const std::vector<double> allowed = problem.allowed(sigmas);
      teacher::states there = ends_of(allowed);
      const double value = by.error(there);
      if (!(value < least)) return;
      least = value;
      best = allowed;
      at_best = std::move(there);
    };
    for (const std::vector<double>& s : starts)
      if (!problem.stopped()) try_start(s);
    if (known_starts)
      for (const named_sigmas& s : known_spacings(problem, bottom, top))
        if (!problem.stopped()) try_start(s.sigmas);
    if (problem.how().whole_times) {
      descend_times(problem, by, ends_of, best, least);
    } else if (problem.steps() > 1 && least > 0 && std::isfinite(least)) {
      const node_positions positions{problem, bottom, top};
      descend_squares(problem, by, positions, ends_of, best, at_best, least);
      report.at_minimum_gap = positions.tight(best);
    }
    if (!(least < report.objective_before * (1 - 1e-9))) best = base;
    report.objective_after = std::min(least, report.objective_before);
    report.changed = best != base;
    report.stopped = problem.stopped();
    report.evaluations = by.evaluations() - evaluations;
    return {problem.path_of(best), std::move(report)};
  }

 private:
  // Of the base's own levels.
  static double lowest_level(const search_problem& problem) {
    const std::vector<double>& s = problem.sigmas();
    return s.back() > 0 ? s.back() : s[s.size() - 2] * 0.1;
  }
  static double highest_level(const search_problem& problem) {
    const std::vector<double>& s = problem.sigmas();
    return std::isfinite(s.front()) ? s.front() : s[1] * 10;
  }

  teacher::states ends(const search_problem& problem, const teacher& by, const std::vector<double>& sigmas) const {
    const trajectory path = problem.path_of(sigmas);
    teacher::states found = by.ends(problem.solver(), path);
    if (soft_radius == 0) return found;
    const noise_level& front = problem.base().front();
    teacher::states moved = by.starts(front);
    const std::size_t d = by.sample_size();
    for (std::size_t i = 0; i < by.samples(); ++i) {
      double miss = 0, length = 0;
      for (std::size_t e = i * d; e < (i + 1) * d; ++e) {
        miss += std::pow(by.reference()[e] - found[e], 2);
        length += moved[e] * moved[e];
      }
      // Noise of the first level stands for what it becomes: the whole way shrinks it by at least that.
      const double reach = soft_radius * std::sqrt(length), all = std::sqrt(miss) * front.sigma;
      const double factor = all > 0 ? front.sigma * std::min(1.0, reach / all) : 0;
      for (std::size_t e = i * d; e < (i + 1) * d; ++e) moved[e] += factor * (by.reference()[e] - found[e]);
    }
    const teacher::states again = by.ends(problem.solver(), path, moved);
    const std::vector<double> before = by.errors(found), after = by.errors(again);
    for (std::size_t i = 0; i < by.samples(); ++i)
      if (after[i] < before[i]) std::copy_n(again.data() + i * d, d, found.data() + i * d);
    return found;
  }

  // Moves one level at a time by whole numbers of times, no further than to its neighbours.
  template <class Ends>
  void descend_times(const search_problem& problem, const teacher& by, const Ends& ends_of, std::vector<double>& best,
                     double& least) const {
    const std::size_t n = problem.steps();
    const trajectory from = problem.path_of(best);
    std::vector<double> times;
    double widest = 1;
    for (std::size_t i = 0; i < n; ++i) {
      times.push_back(from[i].from.t);
      if (i > 0) widest = std::max(widest, times[i - 1] - times[i]);
    }
    std::vector<std::vector<double>> judged{times};
    std::size_t runs = iterations * (n + 2);
    // Is the i-th level better by `move` times?
    const auto gains = [&](std::size_t i, double move) {
      const double t = times[i] + move;
      if (t < problem.schedule().t_min() || t > problem.schedule().t_max()) return false;
      std::vector<double> sigmas = best;
      sigmas[i] = problem.schedule().at(t).rho();
      if (!(sigmas[i] < sigmas[i - 1] && sigmas[i] > sigmas[i + 1] && problem.apart(sigmas[i - 1], sigmas[i]) &&
            problem.apart(sigmas[i], sigmas[i + 1])))
        return false;
      std::vector<double> there = times;
      there[i] = t;
      if (std::find(judged.begin(), judged.end(), there) != judged.end()) return false;
      judged.push_back(there);
      --runs;
      const double value = by.error(ends_of(sigmas));
      if (!(value < least)) return false;
      least = value;
      best = std::move(sigmas);
      times = std::move(there);
      return true;
    };
    for (double stride = std::ceil(widest / 4); stride >= 1;) {
      bool better = false;
      for (std::size_t i = 1; i < n; ++i)
        for (const double move : {stride, -stride})
          while (runs > 0 && !problem.stopped() && gains(i, move)) better = true;
      if (runs == 0 || problem.stopped()) return;
      if (!better) stride = stride > 1 ? std::ceil(stride / 2) : 0;
    }
  }

  template <class Ends>
  void descend_squares(const search_problem& problem, const teacher& by, const node_positions& positions,
                       const Ends& ends_of, std::vector<double>& best, teacher::states& at_best, double& least) const {
    const Eigen::Index n = positions.size(), all = static_cast<Eigen::Index>(at_best.size());
    const auto residual = [&](const teacher::states& x) -> Eigen::VectorXd {
      return Eigen::Map<const Eigen::VectorXd>(x.data(), all) -
             Eigen::Map<const Eigen::VectorXd>(by.reference().data(), all);
    };
    Eigen::VectorXd u = positions.numbers(best);
    double damping = 1e-2;
    for (std::size_t k = 0; k < iterations && !problem.stopped(); ++k) {
      const Eigen::VectorXd r = residual(at_best);
      Eigen::MatrixXd slopes(all, n);
      for (Eigen::Index i = 0; i < n; ++i) {
        if (problem.stopped()) return;
        Eigen::VectorXd moved = u;
        moved[i] += step;
        slopes.col(i) = (residual(ends_of(positions.sigmas(moved))) - r) / step;
      }
      if (!slopes.allFinite()) return;
      const Eigen::MatrixXd products = slopes.transpose() * slopes;
      const Eigen::VectorXd gradient = slopes.transpose() * r;
      const double before = least;
      for (int attempt = 0; attempt < 6 && !problem.stopped(); ++attempt, damping *= 8) {
        Eigen::MatrixXd damped = products;
        damped.diagonal() += damping * (products.diagonal().array() + 1e-9 * products.trace()).matrix();
        const Eigen::VectorXd move = -damped.ldlt().solve(gradient);
        if (!move.allFinite() || move.cwiseAbs().maxCoeff() > 3) continue;
        const std::vector<double> sigmas = positions.sigmas(u + move);
        teacher::states there = ends_of(sigmas);
        const double value = by.error(there);
        if (!(value < least)) continue;
        least = value;
        best = sigmas;
        at_best = std::move(there);
        u += move;
        damping = std::max(1e-6, damping / 16);
        break;
      }
      if (!(least < before * (1 - 1e-4))) return;
    }
  }
};

}  // namespace noisefall
