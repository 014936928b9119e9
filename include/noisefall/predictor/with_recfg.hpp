// A predictor for rectified guidance: its unconditional output is multiplied, element by element, by a table.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// E[c] / E[u] of every element of a sample at some noise levels, for one condition: what is between two levels lies on a
// straight line over log sigma, what is beyond them is as at the nearest. measure_recfg() finds one.
struct recfg_table {
  std::vector<double> sigmas{};               // sigma / alpha, above 0, falling strictly
  std::vector<std::vector<double>> ratios{};  // [sigmas][elements]

  void check() const {
    require(!sigmas.empty() && sigmas.size() == ratios.size(), "recfg_table",
            {sigmas.size(), " sigmas, ", ratios.size(), " lists of ratios"}, "as many of each, one or more");
    for (std::size_t i = 0; i < sigmas.size(); ++i) {
      require(sigmas[i] > 0 && std::isfinite(sigmas[i]) && (i == 0 || sigmas[i] < sigmas[i - 1]), "recfg_table",
              {"sigma ", sigmas[i]}, "finite sigmas above 0, in falling order");
      require(!ratios[i].empty() && ratios[i].size() == ratios[0].size(), "recfg_table",
              {ratios[i].size(), " ratios beside ", ratios[0].size()}, "as many at every sigma, one or more");
      for (const double r : ratios[i]) require(std::isfinite(r), "recfg_table", {"a ratio of ", r}, "finite ratios");
    }
  }

  // `to` has an element for each of a sample's.
  void at(double sigma, std::span<double> to) const {
    if (to.size() != ratios[0].size())
      refuse("recfg_table", {"samples of ", to.size(), " elements"}, {ratios[0].size(), ", as the table has"});
    std::size_t next = 0;
    while (next < sigmas.size() && sigmas[next] > sigma) ++next;
    if (next == 0 || next == sigmas.size()) {
      const std::vector<double>& nearest = ratios[next == 0 ? 0 : next - 1];
      std::copy(nearest.begin(), nearest.end(), to.begin());
      return;
    }
    const double part = std::log(sigmas[next - 1] / sigma) / std::log(sigmas[next - 1] / sigmas[next]);
    for (std::size_t e = 0; e < to.size(); ++e)
      to[e] = ratios[next - 1][e] + part * (ratios[next][e] - ratios[next - 1][e]);
  }

  friend bool operator==(const recfg_table&, const recfg_table&) = default;
};

// guided = c + w (c - (E[c] / E[u]) u)                                      Xia et al. (ReCFG), arXiv:2410.18737
// that is classifier_free over this predictor: the mean of the guided outputs is that of the conditional ones, so guidance
// no longer moves the mean of the samples. Refers to `model`, which must outlive it; outputs under a condition that is
// equal to `unconditional` are multiplied. No allocation per call.
//   nf::with_recfg rectified{network, nf::measure_recfg(sample, network, x, options), options.unconditional};
template <class P, std::floating_point T = float>
requires std::equality_comparable<typename P::condition>
class with_recfg {
 public:
  using condition = typename P::condition;

  with_recfg(P& model, recfg_table table, condition unconditional)
      : model_{&model}, table_{std::move(table)}, unconditional_{std::move(unconditional)} {
    table_.check();
    factors_.resize(table_.ratios[0].size());
  }

  void predict(view<T> x, const evaluation& at, const condition& c, mutable_view<T> out) {
    model_->predict(x, at, c, out);
    if (!(c == unconditional_)) return;
    for (std::size_t i = 0; i < out.samples(); ++i) {
      if (i == 0 || at.levels.size() > 1) table_.at(at.level(i).rho(), factors_);
      T* const of_sample = out.sample(i);
      for (std::size_t e = 0; e < factors_.size(); ++e)
        of_sample[e] = static_cast<T>(static_cast<double>(of_sample[e]) * factors_[e]);
    }
  }

 private:
  P* model_;
  recfg_table table_;
  condition unconditional_;
  std::vector<double> factors_;
};

}  // namespace noisefall
