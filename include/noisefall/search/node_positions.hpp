// The levels of a trajectory as free numbers: whatever these are, the levels fall and keep their distance.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <Eigen/Dense>

#include <noisefall/core/error.hpp>
#include <noisefall/search/search_problem.hpp>

namespace noisefall {

// lambda's gaps between neighbours are m + (range - n m) * softmax(u), the last u being 0. Where the trajectory starts at
// infinite noise or ends at sigma = 0, the levels between may use the range that is given, ends included, and the first
// or last gap is what they leave of it.
class node_positions {
 public:
  // [low, high]: where levels may stand if the trajectory's own ends do not say.
  node_positions(const search_problem& of, double low, double high) : of_{of} {
    const std::vector<double>& base = of.sigmas();
    high_ = std::isinf(base.front()) ? high : base.front();
    low_ = base.back() == 0 ? low : base.back();
    gaps_ = base.size() - 1;
    require(low_ > 0 && high_ > low_ && std::isfinite(high_), "search", {"levels from ", low_, " to ", high_},
            "0 < low < high, finite: by the trajectory's ends or the error table");
    range_ = std::log(high_ / low_);
    slack_ = range_ - of.how().minimum_gap * static_cast<double>(gaps_);
    require(slack_ > 0, "search",
            {"constraints that cross: ", gaps_, " gaps of at least ", of.how().minimum_gap,
             " in lambda over a range of ", range_},
            "fewer steps, or a smaller minimum_gap");
  }

  // As many as levels between the ends.
  Eigen::Index size() const { return static_cast<Eigen::Index>(gaps_ - 1); }

  std::vector<double> sigmas(const Eigen::VectorXd& u) const {
    std::vector<double> all;
    sigmas(u, all);
    return all;
  }
  void sigmas(const Eigen::VectorXd& u, std::vector<double>& all) const {
    const double top = size() > 0 ? std::max(0.0, u.maxCoeff()) : 0;
    double sum = std::exp(-top);
    for (Eigen::Index i = 0; i < size(); ++i) sum += std::exp(u[i] - top);
    all.assign(1, of_.sigmas().front());
    double place = 0;
    for (Eigen::Index i = 0; i < size(); ++i) {
      place += of_.how().minimum_gap + slack_ * std::exp(u[i] - top) / sum;
      all.push_back(high_ * std::exp(-place));
    }
    all.push_back(of_.sigmas().back());
  }

  // The numbers of a list of sigmas, moved apart where they stand too near.
  Eigen::VectorXd numbers(const std::vector<double>& sigmas) const {
    std::vector<double> at{0.0};
    for (std::size_t i = 1; i + 1 < sigmas.size(); ++i) at.push_back(std::log(high_ / sigmas[i]));
    at.push_back(range_);
    const double m = of_.how().minimum_gap, least = slack_ * 1e-9;
    std::vector<double> rest;
    for (std::size_t i = 1; i < at.size(); ++i) rest.push_back(std::max(at[i] - at[i - 1] - m, least));
    Eigen::VectorXd u(size());
    for (Eigen::Index i = 0; i < size(); ++i) u[i] = std::log(rest[static_cast<std::size_t>(i)] / rest.back());
    return u;
  }

  // How many gaps are the smallest allowed, within a hundredth of it.
  std::size_t tight(const std::vector<double>& sigmas) const {
    std::size_t count = 0;
    for (std::size_t i = 1; i < sigmas.size(); ++i)
      if (sigmas[i] > 0 && std::isfinite(sigmas[i - 1]) &&
          std::log(sigmas[i - 1] / sigmas[i]) < of_.how().minimum_gap * 1.01)
        ++count;
    return count;
  }

 private:
  const search_problem& of_;
  double low_ = 0, high_ = 0, range_ = 0, slack_ = 0;
  std::size_t gaps_ = 0;
};

}  // namespace noisefall
