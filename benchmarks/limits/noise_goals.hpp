// Goals of the normals, in cycles of the core.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "limits/goal_group.hpp"
#include "support/block.hpp"

namespace bench {

// The goals are those of a core whose vector units are 512 bits wide. Where AVX-512 is done in two halves (Zen 4), the
// Philox words alone take 1.08 cycles per float.
class noise_goals final : public goal_group {
 public:
  noise_goals() : memory_{floats} {
    using nf::kernels::instruction_set;
    cycles_ = timed.add([] { spend_cycles(counted_cycles); });
    add(instruction_set::avx512, 1.1);
    add(instruction_set::avx2, 3.2);
  }

  void report(goal_table& to) const override {
    for (const by_set& by : sets_)
      to.at_most(std::string{"normals by "} + name_of(by.set) + ", per float",
                 ratio(by.made, cycles_) * static_cast<double>(counted_cycles) / static_cast<double>(floats), by.goal,
                 " cycles");
  }

  double hertz() const { return static_cast<double>(counted_cycles) / timed.seconds(cycles_); }

 private:
  static constexpr std::size_t floats = std::size_t{1} << 16, counted_cycles = std::size_t{1} << 17;

  struct by_set {
    nf::kernels::instruction_set set;
    double goal;
    timed_bodies::id made;
  };

  // Nothing where the processor lacks the instructions.
  void add(nf::kernels::instruction_set set, double goal) {
    if (!nf::kernels::has(set)) return;
    const auto make = [this, set] {
      nf::kernels::normals_by(set, {42, 1, 0, floats / 4}, 0, floats, memory_.array(0, floats));
    };
    sets_.push_back({set, goal, timed.add(make)});
  }

  block memory_;
  timed_bodies::id cycles_;
  std::vector<by_set> sets_;
};

}  // namespace bench
