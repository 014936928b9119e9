// Goals of small states in control loops: what the engine adds to its passes, and that it allocates nothing.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "limits/allocations.hpp"
#include "limits/goal_group.hpp"
#include "support/samplers.hpp"

namespace bench {

// An action sequence of a robot: 16 moves of 7 joints.
inline const nf::shape action_sequence{1, 16, 7};

class control_goals final : public goal_group {
 public:
  control_goals() {
    add("2M + guidance + clamp", nf::dpm_pp_2m{});
    add("UniPC-3 + guidance + clamp", nf::unipc{});
  }

  void report(goal_table& to) const override {
    for (const step& s : steps_)
      to.at_most(s.name + ": step of 1x16x7 over its bare passes",
                 (timed.seconds(s.whole) - timed.seconds(s.bare)) * 1e9, 150, " ns", 0);
    to.at_most("allocations in runs and their restarts", static_cast<double>(allocations_in_runs()), 0, "", 0);
  }

 private:
  struct step {
    std::string name;
    timed_bodies::id whole, bare;
  };

  template <class Solver>
  void add(std::string name, const Solver& solver) {
    const nf::sampler sample = sampler_of(solver, nf::guidance_scale(7.5), nf::static_threshold(1));
    steps_.push_back({std::move(name), timed.add(endless_run<>{sample, action_sequence}),
                      timed.add(bare_step{sample, action_sequence})});
  }

  // Of an ODE solver, a corrector, noise, inner products and quantiles: two runs each.
  static std::size_t allocations_in_runs() {
    constexpr std::size_t steps = 20;
    const auto count = [](const nf::sampler& sample) {
      endless_run<> run{sample, action_sequence};
      const std::size_t before = allocations();
      for (std::size_t step = 0; step < 2 * steps; ++step) run();
      return allocations() - before;
    };
    const nf::classifier_free guided = nf::guidance_scale(7.5);
    return count(sampler_of(nf::dpm_pp_2m{}, guided, nf::static_threshold(1), steps)) +
           count(sampler_of(nf::unipc{}, guided, {}, steps)) +
           count(sampler_of(nf::dpm_multistep{.order = 2, .tau_squared = 1}, guided, {}, steps)) +
           count(sampler_of(nf::dpm_pp_2m{}, nf::rescale{}, nf::dynamic_threshold(), steps));
  }

  std::vector<step> steps_;
};

}  // namespace bench
