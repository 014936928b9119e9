// What a solver says about one step: which evaluations, and the rows of scalars that combine them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include <noisefall/core/function_ref.hpp>
#include <noisefall/core/inline_vector.hpp>
#include <noisefall/parameterisation/concept.hpp>
#include <noisefall/schedule/noise_level.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

inline constexpr std::size_t max_evaluations = 5;  // in a step: Hochbruck and Ostermann's tableau
inline constexpr std::size_t max_history = 4;      // stored readings: SA-Solver, iPNDM
inline constexpr std::size_t max_noise_slots = 3;  // SEEDS-3

// state = x * x + previous * previous + sum_k now[k] * m_k + past[k] * m_{-k} + renoise... + sum_j noise[j] * z_j
struct row {
  double x = 0;                                       // the state at the start of the step
  double previous = 0;                                // the tensor that the last step kept (step_plan::keep)
  std::array<double, max_evaluations> now{};          // this step's readings, in order of evaluation
  std::array<double, max_history> past{};             // remembered readings, newest first
  std::array<double, max_evaluations> now_renoise{};  // the second readings (step_window::two_readings)
  std::array<double, max_history> past_renoise{};
  std::array<double, max_noise_slots> noise{};  // the increments that step_plan::slots names

  friend bool operator==(const row&, const row&) = default;
};

// What a row weighs readings by.
inline std::array<std::span<const double>, 4> reading_weights_of(const row& r) {
  return {r.now, r.past, r.now_renoise, r.past_renoise};
}

inline constexpr row same_state{.x = 1};

// One evaluation: the state it looks at, made by a row (same_state: x itself), and the level and label it is told. A
// gradient is that of log p(condition | x) by x, asked of the predictor for the first branch's condition; it is its own
// reading, whatever step_plan::of, the guidance and the map.
struct stage {
  row state = same_state;
  noise_level at{};
  double label = std::numeric_limits<double>::quiet_NaN();  // NaN: the leg's own for the first stage, else by level
  bool gradient = false;
};

// A unit increment of noise over an interval of levels. Slots are disjoint, so increments are independent; a corrector
// that uses the last step's noise again names that step and slot.
struct noise_slot {
  noise_level from{}, to{};
  std::uint32_t step = 0, slot = 0;
};

// The element-wise factor on the noise that a network with learned variance supplies.
// range: exp((low + (high - low) * (v + 1) / 2) / 2) with log variances; direct: sqrt(v).
struct learned_variance {
  enum class kind : std::uint8_t { range, direct } how = kind::range;
  double log_low = 0, log_high = 0;
};

// One step: the evaluations in their order, then the rows that make the next state of them. Scalars only.
struct step_plan {
  quantity of = quantity::x0;           // what the readings are
  quantity renoise_of = quantity::eps;  // what the second readings are
  inline_vector<stage, max_evaluations> evaluations{};
  row result{};                             // the state after the step
  std::optional<row> keep{};                // becomes `previous` of the next step
  std::optional<std::size_t> remember = 0;  // the evaluation whose reading enters the history; none: nothing does
  std::array<noise_slot, max_noise_slots> slots{};
  std::optional<learned_variance> variance{};  // multiplies the noise of `result`

  // The first evaluation of the network; evaluations.size() if there is none.
  std::size_t first_output() const {
    std::size_t k = 0;
    while (k < evaluations.size() && evaluations[k].gradient) ++k;
    return k;
  }
  std::size_t gradients() const {
    std::size_t n = 0;
    for (const stage& s : evaluations) n += s.gradient ? 1 : 0;
    return n;
  }
};

// Where a step stands.
struct step_position {
  std::size_t index = 0, count = 1;
  noise_level from{}, to{};
  double label = 0;
};

// All that a solver may look at.
struct step_window {
  step_position at;
  std::span<const leg> behind;  // the legs done, newest LAST: behind.back() is the previous one
  std::span<const leg> ahead;   // this leg first
  std::size_t stored = 0;       // readings in the history (0 after a cut); past[k] was taken in leg index - 1 - k
  bool has_previous = false;
  bool two_readings = false;
  function_ref<noise_level(double)> at_lambda;
  function_ref<noise_level(double)> at_time;
  function_ref<affine(quantity, const noise_level&)> conversion;  // of the network's output

  // The level at which past[k] was read.
  const noise_level& past_level(std::size_t k) const { return behind[behind.size() - 1 - k].from; }
};

}  // namespace noisefall
