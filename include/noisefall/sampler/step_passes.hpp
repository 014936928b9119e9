// The passes of one evaluation of a planned step: its rows, over arrays by name.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <noisefall/core/error.hpp>
#include <noisefall/core/function_ref.hpp>
#include <noisefall/core/inline_vector.hpp>
#include <noisefall/sampler/pass_builder.hpp>
#include <noisefall/sampler/policies.hpp>
#include <noisefall/sampler/reading.hpp>
#include <noisefall/solver/plan.hpp>

namespace noisefall {

// What an evaluation looks at, and what it is told.
struct evaluation_plan {
  noise_level at{};
  double label = 0;
  branch_set branches{};
  array_name looks_at = arrays::state;
  bool gradient = false;
};

inline guidance_position position_of(const step_position& step, const noise_level& at) {
  return {at, step.from, step.to, step.index, step.count};
}

inline evaluation_plan plan_of(const policies& chosen, const step_position& step, const step_plan& plan,
                               std::size_t evaluation) {
  const stage& s = plan.evaluations[evaluation];
  const bool is_leg_start = evaluation == 0 && s.at == step.from;
  return {s.at,
          !std::isnan(s.label) ? s.label
          : is_leg_start       ? step.label
                               : chosen.parameterisation.label(s.at),
          s.gradient ? branch_set{0} : chosen.guidance.needs(position_of(step, s.at)),
          s.state == same_state ? arrays::state : arrays::scratch, s.gradient};
}

// A reading of the present evaluation: guided or renoise as a quantity, or the guidance's tensor for the next step.
enum class reading_kind : std::uint8_t { guided, renoise, next_tensor };

// What the readings of the present evaluation are made of.
struct present_reading {
  const guided_reader& reader;
  std::span<const noise_level> levels;    // 1 or lanes
  std::span<const std::size_t> branches;  // in the order of the outputs
  array_name state;                       // looked at
  std::size_t lanes;                      // of different weights: 1 or as many as the pass has
  bool gradient = false;                  // the one output is the reading

  // Adds weight * a reading to a row of a pass.
  void add_to(pass_builder& to, std::size_t row, double weight, reading_kind kind, quantity of = quantity::x0) const {
    const std::size_t state_term = to.input(state);
    inline_vector<std::size_t, max_branches> terms;
    for (std::size_t k = 0; k < branches.size(); ++k)
      terms.push_back(to.input(static_cast<array_name>(arrays::output + k)));
    for (std::size_t lane = 0; lane < to.lanes(); ++lane) {
      const reading_weights w = weights(kind, of, lane % lanes);
      to.add(row, state_term, lane, weight * w.state);
      for (std::size_t k = 0; k < branches.size(); ++k) to.add(row, terms[k], lane, weight * w.output[branches[k]]);
      if (w.guidance_tensor != 0) to.add(row, to.input(arrays::guidance), lane, weight * w.guidance_tensor);
    }
  }

 private:
  reading_weights weights(reading_kind kind, quantity of, std::size_t lane) const {
    if (gradient) {
      reading_weights w;
      w.output[branches[0]] = 1;
      return w;
    }
    const noise_level& at = levels[levels.size() == 1 ? 0 : lane];
    if (kind == reading_kind::guided) return reader.guided(of, at, lane);
    if (kind == reading_kind::renoise) return reader.renoise(of, at, lane);
    return reader.next_tensor(at, lane);
  }
};

// Builds one pass after the other.
class step_passes {
 public:
  // `storage` serves every pass: its lanes are the samples where they differ, else 1.
  step_passes(pass_builder& builder, const pass_weights& storage, const policies& chosen, const step_plan& plan,
              std::size_t evaluation, const present_reading& reading)
      : builder_{builder},
        storage_{storage},
        chosen_{chosen},
        plan_{plan},
        evaluation_{evaluation},
        reading_{reading},
        seconds_{chosen.two_readings()} {}

  // A step that raises the noise first looks at another state than x.
  void make_first_state() {
    builder_.begin(storage_);
    add_row(builder_.output(arrays::scratch), plan_.evaluations[evaluation_].state, reading_source::none);
  }

  // The state after a leg without an evaluation.
  void make_result() {
    builder_.begin(storage_);
    add_row(builder_.output(arrays::state), plan_.result, reading_source::none);
  }

  // The guided x0, of which a dynamic threshold takes quantiles.
  void make_unmapped() {
    builder_.begin(storage_);
    reading_.add_to(builder_, builder_.output(now()), 1, reading_kind::guided, quantity::x0);
  }

  // The guided, mapped x0, in a pass of its own: looking changes nothing that the step computes.
  [[gnu::cold]] void make_denoised(std::span<const double> limits) {
    builder_.begin(storage_);
    put_value(quantity::x0, limits);
    builder_.store(arrays::denoised);
  }

  // Takes the outputs into the step; calls `run()` after each pass. The reading enters the pass as its value, clamped
  // if there is a map; the next stage, or the step's result, is made in the same pass. If that takes too many arrays,
  // the reading is stored first. `limits` are those of a dynamic threshold.
  void absorb(std::span<const double> limits, function_ref<void()> run) {
    if (build(reading_source::value, limits)) {
      if (builder_.what.stores || !builder_.what.outputs.empty()) run();
      return;
    }
    begin();
    put_value(plan_.of, limits);
    store_readings();
    run_complete(run);
    if (moves_tensor()) {
      begin();
      add_next_tensor();
      run_complete(run);
    }
    build(reading_source::slot, limits);
    run_complete(run);
  }

 private:
  // How a row of the present pass gets at the reading of the present evaluation.
  enum class reading_source { none, value, slot };

  // The look ahead has counted the arrays of rows; what is left to go wrong is a rule over very many branches.
  void run_complete(function_ref<void()> run) const {
    if (builder_.overflowed())
      refuse(chosen_.solver_name(), "a pass over more than 8 arrays", "8 arrays: fewer branches");
    run();
  }

  bool moves_tensor() const {
    return evaluation_ == 0 && chosen_.guidance.has_state() && !reading_.reader.tensor_rests();
  }
  bool last_evaluation() const { return evaluation_ + 1 == plan_.evaluations.size(); }

  void begin() {
    builder_.begin(storage_);
    if (!plan_.variance || !last_evaluation()) return;
    const learned_variance& v = *plan_.variance;
    auto& what = builder_.what;
    const bool range = v.how == learned_variance::kind::range;
    what.gain = range ? gain_rule::exponential : gain_rule::square_root;
    what.gain_slope = range ? (v.log_high - v.log_low) / 4 : 1;
    what.gain_offset = range ? v.log_low / 2 + what.gain_slope : 0;
  }

  bool build(reading_source source, std::span<const double> limits) {
    begin();
    if (source == reading_source::value) {
      put_value(plan_.of, limits);
      if (is_looked_at_later()) store_readings();
      if (moves_tensor()) add_next_tensor();
    }
    if (last_evaluation()) {
      add_row(builder_.output(arrays::state), plan_.result, source);
      if (plan_.keep) add_row(builder_.output(arrays::kept), *plan_.keep, source);
    } else if (const row& next = plan_.evaluations[evaluation_ + 1].state; !(next == same_state)) {
      add_row(builder_.output(arrays::scratch), next, source);
    }
    return !builder_.overflowed();
  }

  // The pass's value: the guided x0, clamped, if there is a map; else the reading as `of`.
  void put_value(quantity of, std::span<const double> limits) {
    const threshold& map = chosen_.map;
    auto& what = builder_.what;
    what.has_value = true;
    switch (reading_.gradient ? threshold::kind::none : map.how) {
      case threshold::kind::none:
        reading_.add_to(builder_, 0, 1, reading_kind::guided, of);
        break;
      case threshold::kind::fixed:
        reading_.add_to(builder_, 0, 1, reading_kind::guided, quantity::x0);
        what.limit = {&map.range, 1};
        break;
      case threshold::kind::dynamic:  // make_unmapped() left the guided x0 in the slot
        builder_.add(0, builder_.input(now()), 1);
        what.limit = what.divisor = limits;
        break;
    }
  }

  // Reading = after.x * state looked at + after.out * value.
  affine after_value() const {
    if (reading_.gradient || chosen_.map.how == threshold::kind::none || plan_.of == quantity::x0) return {0, 1};
    const noise_level& at = plan_.evaluations[evaluation_].at;
    const affine eps{1 / at.sigma, -at.alpha / at.sigma};
    if (plan_.of == quantity::eps) return eps;
    const affine to_x0 = chosen_.parameterisation.to_x0(at);
    return {-to_x0.x / to_x0.out, 1 / to_x0.out};
  }

  // Does a pass after this one look at the reading of this evaluation?
  bool is_looked_at_later() const {
    if (plan_.remember == evaluation_ && chosen_.planner.history() > 0) return true;
    if (last_evaluation()) return false;
    const auto uses = [this](const row& r) { return r.now[evaluation_] != 0 || r.now_renoise[evaluation_] != 0; };
    for (std::size_t k = evaluation_ + 2; k < plan_.evaluations.size(); ++k)
      if (uses(plan_.evaluations[k].state)) return true;
    return uses(plan_.result) || (plan_.keep && uses(*plan_.keep));
  }

  void store_readings() {
    const affine after = after_value();
    if (after.x == 0 && after.out == 1)
      builder_.store(now());
    else
      add_present_reading(builder_.output(now()), 1, reading_source::value);
    if (seconds_) add_present_renoise(builder_.output(now_renoise()), 1, reading_source::value);
  }

  // The guidance's next tensor, from the step's first evaluation.
  void add_next_tensor() {
    reading_.add_to(builder_, builder_.output(arrays::next_guidance), 1, reading_kind::next_tensor);
  }

  void add_present_reading(std::size_t row, double weight, reading_source source) {
    if (source == reading_source::slot) return builder_.add(row, builder_.input(now()), weight);
    const affine after = after_value();
    if (after.x != 0) builder_.add(row, builder_.input(reading_.state), weight * after.x);
    builder_.add(row, pass_weights::value_term, weight * after.out);
  }

  void add_present_renoise(std::size_t row, double weight, reading_source source) {
    if (source == reading_source::slot) return builder_.add(row, builder_.input(now_renoise()), weight);
    reading_.add_to(builder_, row, weight, reading_kind::renoise, plan_.renoise_of);
  }

  void add_row(std::size_t row, const noisefall::row& r, reading_source source) {
    const auto add = [&](double weight, std::size_t name) {
      if (weight != 0) builder_.add(row, builder_.input(static_cast<array_name>(name)), weight);
    };
    add(r.x, arrays::state);
    add(r.previous, arrays::kept);
    for (std::size_t k = 0; k < max_evaluations; ++k) {
      const bool present = k == evaluation_ && source != reading_source::none;
      if (!present) {
        add(r.now[k], arrays::now + k);
        add(r.now_renoise[k], arrays::now_renoise + k);
        continue;
      }
      if (r.now[k] != 0) add_present_reading(row, r.now[k], source);
      if (r.now_renoise[k] != 0) add_present_renoise(row, r.now_renoise[k], source);
    }
    for (std::size_t k = 0; k < max_history; ++k) {
      add(r.past[k], arrays::past + k);
      add(r.past_renoise[k], arrays::past_renoise + k);
    }
    for (std::size_t j = 0; j < max_noise_slots; ++j) {
      if (r.noise[j] == 0) continue;
      const noise_slot& z = plan_.slots[j];
      builder_.add(row, builder_.draw({{0, z.step, z.slot, z.from.rho(), z.to.rho()}, j}), r.noise[j]);
    }
  }

  array_name now() const { return static_cast<array_name>(arrays::now + evaluation_); }
  array_name now_renoise() const { return static_cast<array_name>(arrays::now_renoise + evaluation_); }

  pass_builder& builder_;
  pass_weights storage_;
  const policies& chosen_;
  const step_plan& plan_;
  std::size_t evaluation_;
  const present_reading& reading_;
  bool seconds_;
};

}  // namespace noisefall
