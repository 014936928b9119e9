// Shortest paths of every number of steps through ordered nodes, exactly, at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <noisefall/core/error.hpp>

namespace noisefall {

// Costs of going from node i straight to node j > i, for nodes 0 to nodes - 1; infinite: not allowed.
class pair_costs {
 public:
  explicit pair_costs(std::size_t nodes)
      : nodes_{nodes}, costs_(nodes * nodes, std::numeric_limits<double>::infinity()) {}
  std::size_t nodes() const { return nodes_; }
  double& operator()(std::size_t i, std::size_t j) { return costs_[j * nodes_ + i]; }
  double operator()(std::size_t i, std::size_t j) const { return costs_[j * nodes_ + i]; }
  const double* into(std::size_t j) const { return costs_.data() + j * nodes_; }  // from nodes 0, 1, ..., j - 1

 private:
  std::size_t nodes_;
  std::vector<double> costs_;
};

// The cheapest sums of costs from the first node to the last by exactly k pairs, for every k up to `most`: a table of
// k nodes^2 / 2 additions (Bellman). `growth`: the k-th pair counts growth^(k - 1) times. Ties go to the noisier node, so the result is one and the same everywhere.
class shortest_paths {
 public:
  shortest_paths(const pair_costs& costs, std::size_t most, double growth = 1) : nodes_{costs.nodes()}, most_{most} {
    require(nodes_ >= 2, "shortest_paths", {nodes_, " nodes"}, "two nodes or more");
    require(most >= 1 && most < nodes_, "shortest_paths", {most, " steps through ", nodes_, " candidates"},
            {"1 to ", nodes_ - 1, ": no more steps than candidates allow"});
    constexpr double infinity = std::numeric_limits<double>::infinity();
    least_.assign((most + 1) * nodes_, infinity);
    from_.assign((most + 1) * nodes_, 0);
    least_[0] = 0;
    double factor = 1;
    for (std::size_t k = 1; k <= most; ++k, factor *= growth) {
      const double* before = least_.data() + (k - 1) * nodes_;
      for (std::size_t j = k; j < nodes_; ++j) {
        const double* cost = costs.into(j);
        double bests[4] = {infinity, infinity, infinity, infinity};  // one chain of minima would wait for itself
        std::size_t at = k - 1;
        for (; at + 4 <= j; at += 4)
          for (std::size_t lane = 0; lane < 4; ++lane) {
            const double sum = before[at + lane] + factor * cost[at + lane];
            bests[lane] = sum < bests[lane] ? sum : bests[lane];
          }
        double best = std::min(std::min(bests[0], bests[1]), std::min(bests[2], bests[3]));
        for (; at < j; ++at) best = std::min(best, before[at] + factor * cost[at]);
        least_[k * nodes_ + j] = best;
        if (best == infinity) continue;
        std::size_t i = k - 1;
        while (before[i] + factor * cost[i] != best) ++i;
        from_[k * nodes_ + j] = static_cast<std::uint32_t>(i);
      }
    }
  }

  std::size_t most() const { return most_; }
  // Infinite: there is no such path.
  double cost(std::size_t steps) const { return least_[steps * nodes_ + nodes_ - 1]; }
  // The nodes of the path, both ends included.
  std::vector<std::size_t> path(std::size_t steps) const {
    require(steps >= 1 && steps <= most_ && cost(steps) < std::numeric_limits<double>::infinity(), "shortest_paths",
            {"no path of ", steps, " steps"}, "numbers of steps that the candidates and the costs allow");
    std::vector<std::size_t> nodes(steps + 1);
    std::size_t j = nodes_ - 1;
    for (std::size_t k = steps; k > 0; --k) {
      nodes[k] = j;
      j = from_[k * nodes_ + j];
    }
    nodes[0] = j;
    return nodes;
  }

 private:
  std::size_t nodes_, most_;
  std::vector<double> least_;
  std::vector<std::uint32_t> from_;
};

}  // namespace noisefall
