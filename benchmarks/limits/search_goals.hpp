// Goals of the trajectory search: what the searches by an error table take, on one core.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <noisefall/schedule/edm.hpp>
#include <noisefall/search/linear_surrogate.hpp>
#include <noisefall/search/search.hpp>
#include <noisefall/search/transport_dp.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/dpm_pp_2m.hpp>
#include <noisefall/trajectory/trajectory.hpp>

#include "limits/goal_group.hpp"

namespace bench {

// Gaussian data of 64 directions, spectrum k^-1.5, and a table of 60 levels.
class search_goals final : public goal_group {
 public:
  search_goals() {
    std::vector<nf::noise_level> levels;
    for (int i = 0; i <= 20; ++i) {
      const double root = std::pow(80, 1. / 7) + i / 20. * (std::pow(0.01, 1. / 7) - std::pow(80, 1. / 7));
      const double sigma = i == 20 ? 0.01 : std::pow(root, 7);
      levels.push_back({sigma, 1, sigma});
    }
    const nf::trajectory base{levels};
    std::vector<nf::data_direction> spectrum;
    for (int k = 1; k <= 64; ++k) spectrum.push_back({std::pow(k, -1.5), 1});
    const auto excess = [](double, double s) { return 0.02 / (1 + s * s) + 2e-6; };
    const nf::error_table table = nf::tabulate_errors(
        0.005, 100, 60, spectrum, [&](double v, double s) { return v / (v + s * s) + excess(v, s); }, excess);
    all_counts_ = timed.add([=] {
      keep(nf::search(base, nf::ddim{}, nf::edm{}, table, nf::transport_dp{.candidates = 400, .most_steps = 50}));
    });
    polish_ = timed.add([=] { keep(nf::search(base, nf::dpm_pp_2m{}, nf::edm{}, table, nf::linear_surrogate{})); });
  }

  // Each call takes longer than other groups' slices.
  void run_round(const effort& how) override {
    effort less = how;
    less.laps = std::max<std::size_t>(1, how.laps / 5);
    timed.run_round(less);
  }
  void report(goal_table& to) const override {
    to.at_most("transport_dp: 1 to 50 steps at once, 400 candidates", timed.seconds(all_counts_) * 1e3, 50, " ms", 0);
    to.at_most("linear_surrogate: 2M in 20 steps", timed.seconds(polish_) * 1e3, 200, " ms", 0);
  }

 private:
  timed_bodies::id all_counts_, polish_;
};

}  // namespace bench
