// A pass whose arrays are named, not given, and what assembles one: names its arrays and fills its coefficients.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <noisefall/core/inline_vector.hpp>
#include <noisefall/tensor/pass.hpp>

namespace noisefall {

// An array of a run by its part in a step. Which batch stands behind a name may change from step to step, so that a
// pass over names holds for every run of a sampler.
using array_name = std::uint16_t;
namespace arrays {
inline constexpr array_name state = 0;          // x
inline constexpr array_name scratch = 1;        // another state that the network looks at
inline constexpr array_name scaled = 2;         // what the network looks at, times its input scale
inline constexpr array_name kept = 3;           // step_plan::keep
inline constexpr array_name guidance = 4;       // the guidance's tensor
inline constexpr array_name next_guidance = 5;  // and what it becomes
inline constexpr array_name denoised = 6;       // run_settings::keep_denoised
inline constexpr array_name output = 8;         // of the network; + its place among the branches asked for
inline constexpr array_name now = 16;           // readings of this step; + evaluation
inline constexpr array_name now_renoise = 24;
inline constexpr array_name past = 32;  // remembered readings; + age
inline constexpr array_name past_renoise = 36;
inline constexpr array_name own = 40;  // tensors and readings of a solver with its own steps; + number
}  // namespace arrays

// pass_description without arrays. Its coefficients lie elsewhere.
struct named_pass {
  // An increment of noise, and which of the coefficients is its.
  struct draw {
    increment which;  // first_sample is the run's
    std::size_t slot;
  };
  inline_vector<array_name, pass_weights::inputs> inputs;
  inline_vector<array_name, pass_weights::outputs> outputs;
  inline_vector<draw, pass_weights::draws> draws;
  array_name store = 0;
  bool has_value = false, stores = false;
  gain_rule gain = gain_rule::none;  // on the network's variances
  double gain_offset = 0, gain_slope = 1;
  std::span<const double> limit{}, divisor{};
};

// Asking for a ninth input, or for a fourth output, sets overflowed() and is otherwise ignored: the run then stores the
// reading first and builds the rest anew.
class pass_builder {
 public:
  void begin(const pass_weights& storage) {
    what.inputs.clear();
    what.outputs.clear();
    what.draws.clear();
    what.has_value = what.stores = false;
    what.gain = gain_rule::none;
    what.limit = what.divisor = {};
    weights = storage;
    weights.clear();
    overflowed_ = false;
  }
  bool overflowed() const { return overflowed_; }
  std::size_t lanes() const { return weights.lanes(); }

  // The term of an array.
  std::size_t input(array_name from) {
    for (std::size_t i = 0; i < what.inputs.size(); ++i)
      if (what.inputs[i] == from) return i;
    if (what.inputs.size() == what.inputs.capacity()) {
      overflowed_ = true;
      return 0;
    }
    what.inputs.push_back(from);
    return what.inputs.size() - 1;
  }

  // The row of a new output.
  std::size_t output(array_name to) {
    if (what.outputs.size() == what.outputs.capacity()) {
      overflowed_ = true;
      return pass_weights::outputs;
    }
    what.outputs.push_back(to);
    return what.outputs.size();
  }

  // The term of a draw.
  std::size_t draw(const named_pass::draw& z) {
    for (std::size_t i = 0; i < what.draws.size(); ++i)
      if (what.draws[i].slot == z.slot) return pass_weights::first_draw + i;
    what.draws.push_back(z);
    return pass_weights::first_draw + what.draws.size() - 1;
  }

  void store(array_name to) {
    what.stores = true;
    what.store = to;
  }
  void add(std::size_t row, std::size_t term, double weight) {
    for (std::size_t lane = 0; lane < lanes(); ++lane) add(row, term, lane, weight);
  }
  void add(std::size_t row, std::size_t term, std::size_t lane, double weight) {
    weights.at(row, term, lane) += weight;
  }

  named_pass what;
  pass_weights weights;

 private:
  bool overflowed_ = false;
};

}  // namespace noisefall
