// Goals of one pass at one size: against the triad, and against the noise in it.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/random/philox_source.hpp>

#include "limits/goal_group.hpp"
#include "support/block.hpp"
#include "support/passes.hpp"
#include "support/triad.hpp"

namespace bench {

// What a size is held to.
struct pass_limits {
  double two_m;      // its bytes per second over the triad's
  double ancestral;  // its time over that of its noise alone
  double noisy;      // the same for the 2M step with noise
};

// Bytes are those that the algorithm reads and writes.
class pass_goals final : public goal_group {
 public:
  pass_goals(std::string name, const nf::shape& extents, const pass_limits& limits)
      : name_{std::move(name)},
        limits_{limits},
        n_{extents.size()},
        memory_{arrays * n_},
        halves_(2 * n_, nf::half{0.25f}) {
    const auto array = [&](std::size_t i) { return memory_.array(i, extents); };
    const step_arrays at{array(0), array(1), array(2), array(3)};
    triad_ = add_triad(n_, n_ * 3);
    two_m_ = timed.add(two_m_clamp(at));
    prepared_pass narrow = two_m_clamp(at);
    for (std::size_t branch = 0; branch < 2; ++branch)  // the network's outputs
      narrow.what.inputs[1 + branch] = nf::mutable_view<nf::half>{halves_.data() + branch * n_, extents};
    narrow_ = timed.add(std::move(narrow));
    for (std::size_t k = 0; k < sums; ++k) {
      const std::array<algebra::span, 5> inputs{array(0), array(1), array(2), array(3), array(4)};
      const std::size_t terms = fewest_terms + k, floats = (terms + 1) * n_;
      sums_[k] = timed.add(combination(std::span{inputs}.first(terms), array(terms)));
      triad_floats_[k] = floats / 3 / 64 * 64;
      triads_[k] = add_triad(triad_floats_[k], 0);
    }
    const nf::normal_stream stream{42, nf::philox_draw({.step = 3}), 0, extents.sample_size()};
    noise_ = timed.add([this, stream] { nf::normals(stream, 0, n_, memory_.array(5, n_)); });
    ancestral_ = timed.add(ancestral(at));
    noisy_ = timed.add(two_m_noise(at));
  }

  void run_round(const effort& how) override {
    memory_.refresh();
    const bool in_memory = n_ > std::size_t{4} << 20;  // a call is as long as many slices
    timed.run_round({how.rounds, in_memory ? (how.laps + 2) / 3 : how.laps, how.slice});
  }

  void report(goal_table& to) const override {
    to.at_least("2M + guidance + clamp: bandwidth over the triad's, " + name_, 2 * ratio(triad_, two_m_),
                limits_.two_m);
    to.at_most("the same with outputs in half: time over that with floats, " + name_, ratio(narrow_, two_m_), 1.0);
    for (std::size_t k = 0; k < sums; ++k) {
      const std::size_t terms = fewest_terms + k;
      const double bytes = static_cast<double>((terms + 1) * n_), of_triad = static_cast<double>(3 * triad_floats_[k]);
      to.at_least("sum of " + std::to_string(terms) + " arrays: bandwidth over the triad's, " + name_,
                  ratio(triads_[k], sums_[k]) * bytes / of_triad, 0.9);
    }
    to.at_most("ancestral step: time over its noise's, " + name_, ratio(ancestral_, noise_), limits_.ancestral);
    to.at_most("2M step with noise: time over its noise's, " + name_, ratio(noisy_, noise_), limits_.noisy);
  }

  double triad_bandwidth() const { return triad_bytes * static_cast<double>(n_) / timed.seconds(triad_); }
  const std::string& name() const { return name_; }

 private:
  static constexpr std::size_t arrays = 6, fewest_terms = 3, sums = 3;

  // Over three arrays of n floats that lie one after the other from float `begin` on.
  timed_bodies::id add_triad(std::size_t n, std::size_t begin) {
    return timed.add([this, n, begin] {
      const float* from = memory_.array(0, n_) + begin;
      triad(from, from + n, memory_.array(0, n_) + begin + 2 * n, n);
    });
  }

  std::string name_;
  pass_limits limits_;
  std::size_t n_;
  block memory_;
  std::vector<nf::half> halves_;
  timed_bodies::id triad_, two_m_, narrow_, noise_, ancestral_, noisy_;
  std::array<timed_bodies::id, sums> sums_{}, triads_{};
  std::array<std::size_t, sums> triad_floats_{};
};

}  // namespace bench
