// A run of a solver with plans: turns rows into passes, keeps the history, and moves from leg to leg.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <noisefall/sampler/evaluator.hpp>

namespace noisefall {

template <Algebra A, class Z>
class planned_run {
 public:
  using view = typename A::view;
  using span = typename A::span;
  using scalar = typename A::scalar;
  using request_type = evaluation_request<A>;

  planned_run(A algebra, std::shared_ptr<const policies> chosen, const run_needs& needs, span x,
              const run_settings& settings, Z noise)
      : core_{std::move(algebra), std::move(chosen), needs, x, settings, std::move(noise)},
        levels_(1),
        labels_(1),
        seconds_{core_.chosen->two_readings()} {
    const std::size_t history = core_.chosen->planner().history();
    for (std::size_t k = 0; k < history + needs.evaluations; ++k) {
      slots_.push_back(core_.algebra.allocate(core_.shape_of(x)));
      if (seconds_) renoise_slots_.push_back(core_.algebra.allocate(core_.shape_of(x)));
      order_.push_back(k);
    }
    if (needs.keeps) previous_ = core_.algebra.allocate(core_.shape_of(x));
    restart();
  }

  planned_run(planned_run&&) noexcept = default;
  planned_run& operator=(planned_run&&) noexcept = default;

  void restart() {
    core_.reset();
    step_ = evaluation_ = stored_ = 0;
    has_previous_ = planned_ = false;
    core_.start();
  }

  bool done() const { return step_ == core_.chosen->path.steps(); }
  std::size_t steps_done() const { return step_; }
  std::size_t evaluations() const { return core_.evaluations; }
  view state() const { return core_.x; }
  view denoised() { return core_.denoised(); }
  const step_position& last_position() const { return position_; }
  bool diverged() const { return !core_.algebra.finite(core_.x); }
  const evaluator<A, Z>& core() const { return core_; }
  void replace_noise(Z source) { core_.replace_noise(std::move(source)); }
  bool between_steps() const { return evaluation_ == 0; }

  // All that the next step depends on, for checkpoints.
  void transfer(archive& to) {
    if (to.reads()) core_.reset();
    to(step_);
    to(stored_);
    to(has_previous_);
    to(order_);
    for (auto* buffers : {&slots_, &renoise_slots_})
      for (auto& b : *buffers) core_.transfer(to, core_.algebra.view_of(b));
    if (previous_) core_.transfer(to, core_.algebra.view_of(*previous_));
    core_.transfer(to);
    if (!to.reads()) return;
    evaluation_ = 0;
    planned_ = false;
  }
  // Can these numbers, read from a file, be a run's?
  bool is_sound() const {
    std::vector<char> seen(order_.size(), 0);
    for (const std::size_t slot : order_) {
      if (slot >= seen.size() || seen[slot]) return false;
      seen[slot] = 1;
    }
    return step_ <= core_.chosen->path.steps() && stored_ <= core_.chosen->planner().history();
  }

  // The evaluation that the run waits for, the same until it is answered; nullptr when every leg is done.
  const request_type* next() {
    if (core_.asked) return &core_.request;
    if (done()) return nullptr;
    if (!planned_) plan();
    const stage& s = plan_.evaluations[evaluation_];
    if (evaluation_ == 0 && !(s.state == same_state)) make_first_state(s);
    levels_[0] = s.at;
    labels_[0] = label(s);
    core_.ask(looked_at(), levels_, labels_,
              guidance_position{s.at, position_.from, position_.to, position_.index, position_.count}, step_,
              evaluation_);
    return &core_.request;
  }

  // The outputs, one per branch of the request, in arrays of the caller's that stay valid during the call.
  void answer(std::span<const view> outputs) {
    if (!core_.asked) throw error{"run: answer", "nothing was asked", "next() first"};
    core_.take(outputs);
    absorb();
    core_.accept();
    if (++evaluation_ == plan_.evaluations.size()) finish_step();
  }

 private:
  bool last_evaluation() const { return evaluation_ + 1 == plan_.evaluations.size(); }
  bool looks_at_x(std::size_t evaluation) const { return plan_.evaluations[evaluation].state == same_state; }

  void plan() {
    const auto& p = *core_.chosen;
    if (p.cuts_history(p.path[step_].from) && step_ > 0) {
      stored_ = 0;
      has_previous_ = false;
    }
    plan_ = p.with_window(step_, stored_, has_previous_, [&](const step_window& w) {
      position_ = w.at;
      return p.planner().plan(w);
    });
    evaluation_ = 0;
    planned_ = true;
  }

  double label(const stage& s) const {
    if (!std::isnan(s.label)) return s.label;
    return evaluation_ == 0 && s.at == position_.from ? position_.label : core_.chosen->parameterisation.label(s.at);
  }

  // A step that raises the noise first looks at another state than x.
  void make_first_state(const stage& s) {
    core_.builder.begin(1, core_.settings.seed);
    add_row(core_.builder.output(core_.scratch()), s.state, reading_source::none);
    core_.run_pass();
  }

  // How a row of the present pass gets at the reading of the present evaluation.
  enum class reading_source { none, value, slot };

  // The reading enters the pass as its value, clamped if there is a map; the next stage, or the step's result, is made
  // in the same pass. If that takes too many arrays, the reading is stored first.
  void absorb() {
    const threshold& map = core_.chosen->map;
    if (map.how == threshold::kind::dynamic) find_limits(map);
    if (core_.settings.keep_denoised && evaluation_ == 0) keep_denoised();
    if (build(reading_source::value)) {
      if (core_.builder.what.stores || !core_.builder.what.outputs.empty()) core_.run_pass();
      return;
    }
    begin_pass();
    put_value(plan_.of);
    store_readings(true);
    run_complete_pass();
    if (evaluation_ == 0 && core_.chosen->guidance.has_state()) {
      begin_pass();
      core_.add_next_tensor(state_id());
      run_complete_pass();
    }
    build(reading_source::slot);
    run_complete_pass();
  }

  // The look ahead has counted the arrays of rows; what is left to go wrong is a rule over very many branches.
  void run_complete_pass() {
    if (core_.builder.overflowed())
      throw error{
          core_.chosen->solver_name(), {"a pass over more than 8 arrays in step ", step_}, "8 arrays: fewer branches"};
    core_.run_pass();
  }

  std::size_t lanes() const {
    return core_.chosen->map.how == threshold::kind::dynamic ? core_.samples : core_.reading_lanes();
  }

  void begin_pass() {
    core_.builder.begin(lanes(), core_.settings.seed);
    if (plan_.variance && last_evaluation()) {
      const learned_variance& v = *plan_.variance;
      auto& what = core_.builder.what;
      what.gain_input = core_.variance;
      const bool range = v.how == learned_variance::kind::range;
      what.gain = range ? gain_rule::exponential : gain_rule::square_root;
      what.gain_slope = range ? (v.log_high - v.log_low) / 4 : 1;
      what.gain_offset = range ? v.log_low / 2 + what.gain_slope : 0;
    }
  }

  bool build(reading_source source) {
    begin_pass();
    if (source == reading_source::value) {
      put_value(plan_.of);
      store_readings(false);
      if (evaluation_ == 0) core_.add_next_tensor(state_id());
    }
    if (last_evaluation()) {
      add_row(core_.builder.output(core_.x), plan_.result, source);
      if (plan_.keep) add_row(core_.builder.output(core_.algebra.view_of(*previous_)), *plan_.keep, source);
    } else if (!looks_at_x(evaluation_ + 1)) {
      add_row(core_.builder.output(core_.scratch()), plan_.evaluations[evaluation_ + 1].state, source);
    }
    return !core_.builder.overflowed();
  }

  // The pass's value: the guided x0, clamped, if there is a map; else the reading as `of`.
  void put_value(quantity of) {
    const threshold& map = core_.chosen->map;
    auto& what = core_.builder.what;
    what.has_value = true;
    switch (map.how) {
      case threshold::kind::none:
        add_reading_row(0, of);
        break;
      case threshold::kind::fixed:
        add_reading_row(0, quantity::x0);
        what.limit = {&map.range, 1};
        break;
      case threshold::kind::dynamic:  // find_limits() left the guided x0 in the slot
        core_.builder.add(0, core_.builder.input(slot_id(now(evaluation_)), slot(now(evaluation_))), 1);
        what.limit = what.divisor = core_.limits();
        break;
    }
  }

  // Reading = after.x * state looked at + after.out * value.
  affine after_value() const {
    if (core_.chosen->map.how == threshold::kind::none || plan_.of == quantity::x0) return {0, 1};
    const noise_level& at = levels_[0];
    const affine eps{1 / at.sigma, -at.alpha / at.sigma};
    if (plan_.of == quantity::eps) return eps;
    const affine to_x0 = core_.chosen->parameterisation.to_x0(at);
    return {-to_x0.x / to_x0.out, 1 / to_x0.out};
  }

  // Does a pass after this one look at the reading of this evaluation?
  bool is_looked_at_later() const {
    if (plan_.remember == evaluation_ && core_.chosen->planner().history() > 0) return true;
    if (last_evaluation()) return false;
    const auto uses = [this](const noisefall::row& r) {
      return r.now[evaluation_] != 0 || r.now_renoise[evaluation_] != 0;
    };
    for (std::size_t k = evaluation_ + 2; k < plan_.evaluations.size(); ++k)
      if (uses(plan_.evaluations[k].state)) return true;
    return uses(plan_.result) || (plan_.keep && uses(*plan_.keep));
  }

  // Writes the readings that later passes look at.
  void store_readings(bool all) {
    if (all || is_looked_at_later()) {
      const affine after = after_value();
      auto& what = core_.builder.what;
      if (after.x == 0 && after.out == 1) {
        what.stores = true;
        what.store = slot(now(evaluation_));
      } else {
        add_present_reading(core_.builder.output(slot(now(evaluation_))), 1, reading_source::value);
      }
      if (seconds_) add_present_renoise(core_.builder.output(renoise_slot(now(evaluation_))), 1, reading_source::value);
    }
  }

  void find_limits(const threshold& map) {
    core_.builder.begin(core_.reading_lanes(), core_.settings.seed);
    add_reading_row(core_.builder.output(slot(now(evaluation_))), quantity::x0);
    core_.run_pass();
    core_.algebra.quantile(slot(now(evaluation_)), map.ratio, core_.limits());
    for (double& limit : core_.limits()) limit = std::clamp(limit, map.floor, map.ceiling);
  }

  // The guided, mapped x0, in a pass of its own: looking changes nothing that the step computes.
  void keep_denoised() {
    core_.builder.begin(lanes(), core_.settings.seed);
    put_value(quantity::x0);
    core_.builder.what.stores = true;
    core_.builder.what.store = core_.denoised();
    core_.run_pass();
  }

  int state_id() const { return looks_at_x(evaluation_) ? core_.x_id : core_.scratch_id; }

  void add_reading_row(std::size_t row, quantity of) {
    core_.add_reading(row, state_id(), 1,
                      [&](std::size_t lane) { return core_.guided(of, lane % core_.reading_lanes()); });
  }

  void add_present_reading(std::size_t row, double weight, reading_source source) {
    if (source == reading_source::slot) {
      core_.builder.add(row, core_.builder.input(slot_id(now(evaluation_)), slot(now(evaluation_))), weight);
      return;
    }
    const affine after = after_value();
    if (after.x != 0) core_.builder.add(row, core_.builder.input(state_id(), looked_at()), weight * after.x);
    core_.builder.add(row, pass_weights::value_term, weight * after.out);
  }

  void add_present_renoise(std::size_t row, double weight, reading_source source) {
    if (source == reading_source::slot) {
      core_.builder.add(row, core_.builder.input(renoise_id(now(evaluation_)), renoise_slot(now(evaluation_))), weight);
      return;
    }
    core_.add_reading(row, state_id(), weight,
                      [&](std::size_t lane) { return core_.renoise(plan_.renoise_of, lane % core_.reading_lanes()); });
  }

  view looked_at() { return looks_at_x(evaluation_) ? core_.x : core_.scratch(); }

  void add_row(std::size_t row, const noisefall::row& r, reading_source source) {
    const auto add = [&](double weight, int id, const view& from) {
      if (weight != 0) core_.builder.add(row, core_.builder.input(id, from), weight);
    };
    add(r.x, core_.x_id, core_.x);
    if (r.previous != 0) add(r.previous, core_.previous_id, core_.algebra.view_of(*previous_));
    for (std::size_t k = 0; k < max_evaluations; ++k) {
      const bool present = k == evaluation_ && source != reading_source::none;
      if (r.now[k] != 0)
        present ? add_present_reading(row, r.now[k], source) : add(r.now[k], slot_id(now(k)), slot(now(k)));
      if (r.now_renoise[k] != 0)
        present ? add_present_renoise(row, r.now_renoise[k], source)
                : add(r.now_renoise[k], renoise_id(now(k)), renoise_slot(now(k)));
    }
    for (std::size_t k = 0; k < max_history; ++k) {
      if (r.past[k] != 0) add(r.past[k], slot_id(past(k)), slot(past(k)));
      if (r.past_renoise[k] != 0) add(r.past_renoise[k], renoise_id(past(k)), renoise_slot(past(k)));
    }
    for (std::size_t j = 0; j < max_noise_slots; ++j) {
      if (r.noise[j] == 0) continue;
      const noise_slot& z = plan_.slots[j];
      core_.builder.add(row, core_.draw_term({0, z.step, z.slot, z.from.rho(), z.to.rho()}, j), r.noise[j]);
    }
  }

  void finish_step() {
    const std::size_t history = core_.chosen->planner().history();
    if (plan_.remember && history > 0) {
      // The remembered reading becomes past 0; the slot that drops out is free for the next step.
      const std::size_t from = history + *plan_.remember;
      std::rotate(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(from),
                  order_.begin() + static_cast<std::ptrdiff_t>(from) + 1);
      stored_ = std::min(stored_ + 1, history);
    }
    has_previous_ = plan_.keep.has_value();
    core_.commit_guidance();
    planned_ = false;
    evaluation_ = 0;
    ++step_;
  }

  // order_ lists the slots: history first (newest first), then those of this step's evaluations.
  std::size_t past(std::size_t k) const { return order_[k]; }
  std::size_t now(std::size_t k) const { return order_[core_.chosen->planner().history() + k]; }
  span slot(std::size_t k) { return core_.algebra.view_of(slots_[k]); }
  span renoise_slot(std::size_t k) { return core_.algebra.view_of(renoise_slots_[k]); }
  int slot_id(std::size_t k) const { return core_.first_slot_id + static_cast<int>(k); }
  int renoise_id(std::size_t k) const { return core_.first_renoise_id + static_cast<int>(k); }

  evaluator<A, Z> core_;
  std::vector<noise_level> levels_;
  std::vector<double> labels_;
  bool seconds_;
  std::vector<typename A::buffer> slots_, renoise_slots_;
  std::vector<std::size_t> order_;
  std::optional<typename A::buffer> previous_;
  step_plan plan_;
  step_position position_;
  std::size_t step_ = 0, evaluation_ = 0, stored_ = 0;
  bool has_previous_ = false, planned_ = false;
};

}  // namespace noisefall
