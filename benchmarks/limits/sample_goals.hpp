// Goals of what looks at samples one by one: rules over inner products, quantiles, weights per sample.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "limits/goal_group.hpp"
#include "support/block.hpp"
#include "support/samplers.hpp"

namespace bench {

// Whole steps of 2M by the engine. The network costs nothing, so nothing is subtracted.
class rule_goals final : public goal_group {
 public:
  rule_goals() {
    clamp_ = timed.add(endless_run<>{two_m_sampler(nf::guidance_scale(7.5), nf::static_threshold(1)), extents});
    rescale_ = timed.add(endless_run<>{two_m_sampler(nf::rescale{.weight = 6.5}, {}), extents});
    momentum_ =
        timed.add(endless_run<>{two_m_sampler(nf::apg{.weight = 6.5, .norm_cap = 15, .momentum = -0.5}, {}), extents});
    zero_ = timed.add(endless_run<>{two_m_sampler(nf::cfg_zero{.weight = 6.5}, {}), extents});
    tangential_ = timed.add(endless_run<>{two_m_sampler(nf::tcfg{.weight = 6.5}, {}), extents});
    dynamic_ = timed.add(endless_run<>{two_m_sampler(nf::guidance_scale(7.5), nf::dynamic_threshold()), extents});
  }

  void report(goal_table& to) const override {
    to.at_most("guidance rescale: step's time over the clamp step's, 64x3x64x64", ratio(rescale_, clamp_), 1.3);
    to.at_most("CFG-Zero*: step's time over the clamp step's, 64x3x64x64", ratio(zero_, clamp_), 1.3);
    to.at_most("TCFG: step's time over the clamp step's, 64x3x64x64", ratio(tangential_, clamp_), 1.3);
    // It reads its momentum twice and writes it: eight arrays to the five of rescale's second pass and the two before.
    to.at_most("APG with momentum: step's time over the clamp step's, 64x3x64x64", ratio(momentum_, clamp_), 2);
    to.at_most("dynamic threshold: step's time over the clamp step's, 64x3x64x64", ratio(dynamic_, clamp_), 3.3);
  }

 private:
  inline static const nf::shape extents{64, 3, 64, 64};
  timed_bodies::id clamp_, rescale_, momentum_, zero_, tangential_, dynamic_;
};

// Several samples, so that no branch predictor learns one by heart.
class quantile_goals final : public goal_group {
 public:
  quantile_goals() : memory_{extents.size()} {
    taken_ = timed.add([this] {
      std::array<double, samples> found{};
      algebra{}.quantile(memory_.array(0, extents), 0.995, found);
      keep(found);
    });
  }

  void report(goal_table& to) const override {
    if (nf::kernels::has(nf::kernels::instruction_set::avx512))
      to.at_most("quantile 0.995 of 12288 floats", timed.seconds(taken_) / samples * 1e6, 1.5, " us");
  }

 private:
  static constexpr std::size_t samples = 8;
  inline static const nf::shape extents{samples, 3, 64, 64};
  block memory_;
  timed_bodies::id taken_;
};

class lane_goals final : public goal_group {
 public:
  lane_goals() {
    add({64, 784}, 1.05);
    add({1000, 112}, 1.5);
  }

  void run_round(const effort& how) override {
    for (const auto& m : memory_) m->refresh();
    timed.run_round(how);
  }

  void report(goal_table& to) const override {
    for (const batch& b : batches_)
      to.at_most("2M pass: time with weights per sample over shared ones', " + std::to_string(b.extents[0]) + "x" +
                     std::to_string(b.extents[1]),
                 ratio(b.per_sample, b.shared), b.goal);
  }

 private:
  struct batch {
    nf::shape extents;
    double goal;
    timed_bodies::id shared, per_sample;
  };

  void add(const nf::shape& extents, double goal) {
    memory_.push_back(std::make_unique<block>(4 * extents.size()));
    const auto array = [&](std::size_t i) { return memory_.back()->array(i, extents); };
    const step_arrays at{array(0), array(1), array(2), array(3)};
    batches_.push_back({extents, goal, timed.add(two_m_clamp(at)), timed.add(two_m_clamp(at, extents.samples()))});
  }

  std::vector<std::unique_ptr<block>> memory_;
  std::vector<batch> batches_;
};

}  // namespace bench
