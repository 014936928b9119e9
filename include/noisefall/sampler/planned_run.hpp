// A run of a solver with plans: turns rows into passes, keeps the history, and moves from leg to leg.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <noisefall/core/inline_vector.hpp>
#include <noisefall/sampler/running.hpp>
#include <noisefall/solver/ddim.hpp>

namespace noisefall {

template <Algebra A, class Z>
class planned_run final : public running<A, Z> {
 public:
  using view = typename A::view;
  using span = typename A::span;

  [[gnu::cold]] planned_run(A algebra, shared<policies> chosen, const run_needs& needs, span x,
                            const run_settings& settings, Z noise)
      : running<A, Z>{std::move(algebra), std::move(chosen), needs, x, settings, std::move(noise)},
        seconds_{core.chosen->two_readings()},
        history_{core.chosen->planner.history()},
        plans_{needs.plans} {
    for (std::size_t k = 0; k < history_ + needs.evaluations; ++k) {
      slots_.push_back(core.add_batch());
      renoise_slots_.push_back(seconds_ ? core.add_batch() : 0);
      order_.push_back(k);
    }
    if (needs.keeps) previous_ = core.add_batch();
    restart();
  }

  [[gnu::cold]] void restart() override {
    core.reset();
    steps = evaluation_ = stored_ = 0;
    end_ = core.chosen->path.steps();
    has_previous_ = planned_ = false;
    core.start();
  }

  void finish_now() override {
    const trajectory& path = core.chosen->path;
    std::size_t next = core.asked || evaluation_ > 0 ? steps + 1 : steps;
    if (next < end_ && !leads_to_end(path[next].from)) ++next;
    if (next >= end_) return;
    end_ = path[next].from == path.back() ? next : next + 1;
  }
  bool shortened() const override { return end_ < core.chosen->path.steps(); }

  bool done() const override { return steps == end_; }
  bool between_steps() const override { return evaluation_ == 0; }

  [[gnu::cold]] void transfer(archive& to) override {
    if (to.reads()) core.reset();
    to(steps);
    to(end_);
    to(stored_);
    to(has_previous_);
    to.elements(std::span<std::size_t>{order_.begin(), order_.size()});
    for (const std::size_t slot : slots_) core.transfer(to, core.batch(slot));
    if (seconds_)
      for (const std::size_t slot : renoise_slots_) core.transfer(to, core.batch(slot));
    if (previous_ != 0) core.transfer(to, core.batch(previous_));
    core.transfer(to);
    if (!to.reads()) return;
    evaluation_ = 0;
    planned_ = false;
  }
  [[gnu::cold]] bool is_sound() const override {
    std::uint64_t seen = 0;
    for (const std::size_t slot : order_) {
      if (slot >= order_.size() || (seen >> slot & 1) != 0) return false;
      seen |= std::uint64_t{1} << slot;
    }
    return steps <= end_ && end_ <= core.chosen->path.steps() && stored_ <= history_;
  }

  // The evaluation that the run waits for, the same until it is answered; nullptr when every leg is done.
  const evaluation_request<A>* next() override {
    if (core.asked) return &core.request;
    if (done()) return nullptr;
    if (!planned_) plan();
    const stage& s = plan_->evaluations[evaluation_];
    if (evaluation_ == 0 && !(s.state == same_state)) make_first_state(s);
    level_ = s.at;
    label_ = label(s);
    core.ask(looked_at(), {&level_, 1}, {&label_, 1},
             guidance_position{s.at, position.from, position.to, position.index, position.count}, steps, evaluation_);
    return &core.request;
  }

  // The outputs, one per branch of the request, in arrays of the caller's that stay valid during the call.
  void answer(std::span<const view> outputs) override {
    core.take(outputs);
    absorb();
    core.accept();
    if (++evaluation_ == plan_->evaluations.size()) finish_step();
  }

 private:
  using running<A, Z>::core;
  using running<A, Z>::steps;
  using running<A, Z>::position;

  bool last_evaluation() const { return evaluation_ + 1 == plan_->evaluations.size(); }
  bool looks_at_x(std::size_t evaluation) const { return plan_->evaluations[evaluation].state == same_state; }

  void plan() {
    const auto& p = *core.chosen;
    if (p.cuts_history(p.path[steps].from) && steps > 0) {
      stored_ = 0;
      has_previous_ = false;
    }
    if (steps + 1 == end_ && shortened()) {
      plan_last();
    } else if (steps < plans_->legs.size()) {
      position = plans_->legs[steps].at;
      plan_ = &plans_->legs[steps].plan;
    } else {
      p.with_window(steps, stored_, has_previous_, [&](const step_window& w) {
        position = w.at;
        own_plan_ = p.planner.plan(w);
      });
      plan_ = &own_plan_;
    }
    evaluation_ = 0;
    planned_ = true;
  }

  // Is there the reading that a first-order step from here to the end takes?
  [[gnu::cold]] bool leads_to_end(const noise_level& from) const {
    const auto& p = *core.chosen;
    const auto exists = [&](quantity of) {
      const reading_weights w = weigh(p.parameterisation, p.guidance.space(), of, from, {1, 1}, 0);
      return std::isfinite(w.state + w.output[0]);
    };
    if (falls(from, p.path.back()) || from.alpha == 0) return exists(quantity::x0);
    return exists(quantity::eps) && (p.map.how == threshold::kind::none || from.sigma > 0);
  }

  // Straight to the end.
  [[gnu::cold]] void plan_last() {
    const auto& p = *core.chosen;
    p.with_window(steps, 0, false, [&](step_window w) {
      w.at.to = p.path.back();
      position = w.at;
      own_plan_ = ddim{}.plan(w);
    });
    own_plan_.remember.reset();
    plan_ = &own_plan_;
  }

  double label(const stage& s) const {
    if (!std::isnan(s.label)) return s.label;
    return evaluation_ == 0 && s.at == position.from ? position.label : core.chosen->parameterisation.label(s.at);
  }

  // A step that raises the noise first looks at another state than x.
  void make_first_state(const stage& s) {
    core.builder.begin(1, core.settings.seed);
    add_row(core.builder.output(core.scratch()), s.state, reading_source::none);
    core.run_pass();
  }

  // How a row of the present pass gets at the reading of the present evaluation.
  enum class reading_source { none, value, slot };

  // The reading enters the pass as its value, clamped if there is a map; the next stage, or the step's result, is made
  // in the same pass. If that takes too many arrays, the reading is stored first.
  void absorb() {
    const threshold& map = core.chosen->map;
    if (map.how == threshold::kind::dynamic) find_limits(map);
    if (core.settings.keep_denoised && evaluation_ == 0) keep_denoised();
    if (build(reading_source::value)) {
      if (core.builder.what.stores || !core.builder.what.outputs.empty()) core.run_pass();
      return;
    }
    begin_pass();
    put_value(plan_->of);
    store_readings(true);
    run_complete_pass();
    if (evaluation_ == 0 && core.chosen->guidance.has_state()) {
      begin_pass();
      core.add_next_tensor(state_id());
      run_complete_pass();
    }
    build(reading_source::slot);
    run_complete_pass();
  }

  // The look ahead has counted the arrays of rows; what is left to go wrong is a rule over very many branches.
  void run_complete_pass() {
    if (core.builder.overflowed())
      throw error{
          core.chosen->solver_name(), {"a pass over more than 8 arrays in step ", steps}, "8 arrays: fewer branches"};
    core.run_pass();
  }

  std::size_t lanes() const {
    return core.chosen->map.how == threshold::kind::dynamic ? core.samples : core.reading_lanes();
  }

  void begin_pass() {
    core.builder.begin(lanes(), core.settings.seed);
    if (plan_->variance && last_evaluation()) {
      const learned_variance& v = *plan_->variance;
      auto& what = core.builder.what;
      what.gain_input = core.variance;
      const bool range = v.how == learned_variance::kind::range;
      what.gain = range ? gain_rule::exponential : gain_rule::square_root;
      what.gain_slope = range ? (v.log_high - v.log_low) / 4 : 1;
      what.gain_offset = range ? v.log_low / 2 + what.gain_slope : 0;
    }
  }

  bool build(reading_source source) {
    begin_pass();
    if (source == reading_source::value) {
      put_value(plan_->of);
      store_readings(false);
      if (evaluation_ == 0) core.add_next_tensor(state_id());
    }
    if (last_evaluation()) {
      add_row(core.builder.output(core.x), plan_->result, source);
      if (plan_->keep) add_row(core.builder.output(core.batch(previous_)), *plan_->keep, source);
    } else if (!looks_at_x(evaluation_ + 1)) {
      add_row(core.builder.output(core.scratch()), plan_->evaluations[evaluation_ + 1].state, source);
    }
    return !core.builder.overflowed();
  }

  // The pass's value: the guided x0, clamped, if there is a map; else the reading as `of`.
  void put_value(quantity of) {
    const threshold& map = core.chosen->map;
    auto& what = core.builder.what;
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
        core.builder.add(0, core.builder.input(slot_id(now(evaluation_)), slot(now(evaluation_))), 1);
        what.limit = what.divisor = core.limits();
        break;
    }
  }

  // Reading = after.x * state looked at + after.out * value.
  affine after_value() const {
    if (core.chosen->map.how == threshold::kind::none || plan_->of == quantity::x0) return {0, 1};
    const noise_level& at = level_;
    const affine eps{1 / at.sigma, -at.alpha / at.sigma};
    if (plan_->of == quantity::eps) return eps;
    const affine to_x0 = core.chosen->parameterisation.to_x0(at);
    return {-to_x0.x / to_x0.out, 1 / to_x0.out};
  }

  // Does a pass after this one look at the reading of this evaluation?
  bool is_looked_at_later() const {
    if (plan_->remember == evaluation_ && history_ > 0) return true;
    if (last_evaluation()) return false;
    const auto uses = [this](const noisefall::row& r) {
      return r.now[evaluation_] != 0 || r.now_renoise[evaluation_] != 0;
    };
    for (std::size_t k = evaluation_ + 2; k < plan_->evaluations.size(); ++k)
      if (uses(plan_->evaluations[k].state)) return true;
    return uses(plan_->result) || (plan_->keep && uses(*plan_->keep));
  }

  // Writes the readings that later passes look at.
  void store_readings(bool all) {
    if (all || is_looked_at_later()) {
      const affine after = after_value();
      auto& what = core.builder.what;
      if (after.x == 0 && after.out == 1) {
        what.stores = true;
        what.store = slot(now(evaluation_));
      } else {
        add_present_reading(core.builder.output(slot(now(evaluation_))), 1, reading_source::value);
      }
      if (seconds_) add_present_renoise(core.builder.output(renoise_slot(now(evaluation_))), 1, reading_source::value);
    }
  }

  void find_limits(const threshold& map) {
    core.builder.begin(core.reading_lanes(), core.settings.seed);
    add_reading_row(core.builder.output(slot(now(evaluation_))), quantity::x0);
    core.run_pass();
    core.find_limits(map, slot(now(evaluation_)));
  }

  // The guided, mapped x0, in a pass of its own: looking changes nothing that the step computes.
  [[gnu::cold]] void keep_denoised() {
    core.builder.begin(lanes(), core.settings.seed);
    put_value(quantity::x0);
    core.builder.what.stores = true;
    core.builder.what.store = core.denoised();
    core.run_pass();
  }

  int state_id() const { return looks_at_x(evaluation_) ? core.x_id : core.scratch_id; }

  void add_reading_row(std::size_t row, quantity of) { core.add_reading(row, state_id(), 1, reading_kind::guided, of); }

  void add_present_reading(std::size_t row, double weight, reading_source source) {
    if (source == reading_source::slot) {
      core.builder.add(row, core.builder.input(slot_id(now(evaluation_)), slot(now(evaluation_))), weight);
      return;
    }
    const affine after = after_value();
    if (after.x != 0) core.builder.add(row, core.builder.input(state_id(), looked_at()), weight * after.x);
    core.builder.add(row, pass_weights::value_term, weight * after.out);
  }

  void add_present_renoise(std::size_t row, double weight, reading_source source) {
    if (source == reading_source::slot) {
      core.builder.add(row, core.builder.input(renoise_id(now(evaluation_)), renoise_slot(now(evaluation_))), weight);
      return;
    }
    core.add_reading(row, state_id(), weight, reading_kind::renoise, plan_->renoise_of);
  }

  const view& looked_at() const { return looks_at_x(evaluation_) ? core.x_view : core.scratch_view(); }

  void add_row(std::size_t row, const noisefall::row& r, reading_source source) {
    const auto add = [&](double weight, int id, const view& from) {
      core.builder.add(row, core.builder.input(id, from), weight);
    };
    if (r.x != 0) add(r.x, core.x_id, core.x_view);
    if (r.previous != 0) add(r.previous, core.previous_id, core.batch_view(previous_));
    for (std::size_t k = 0; k < max_evaluations; ++k) {
      const bool present = k == evaluation_ && source != reading_source::none;
      if (r.now[k] != 0)
        present ? add_present_reading(row, r.now[k], source) : add(r.now[k], slot_id(now(k)), slot_view(now(k)));
      if (r.now_renoise[k] != 0)
        present ? add_present_renoise(row, r.now_renoise[k], source)
                : add(r.now_renoise[k], renoise_id(now(k)), renoise_view(now(k)));
    }
    for (std::size_t k = 0; k < max_history; ++k) {
      if (r.past[k] != 0) add(r.past[k], slot_id(past(k)), slot_view(past(k)));
      if (r.past_renoise[k] != 0) add(r.past_renoise[k], renoise_id(past(k)), renoise_view(past(k)));
    }
    for (std::size_t j = 0; j < max_noise_slots; ++j) {
      if (r.noise[j] == 0) continue;
      const noise_slot& z = plan_->slots[j];
      core.builder.add(row, core.draw_term({0, z.step, z.slot, z.from.rho(), z.to.rho()}, j), r.noise[j]);
    }
  }

  void finish_step() {
    if (plan_->remember && history_ > 0) {
      // The remembered reading becomes past 0; the slot that drops out is free for the next step.
      std::size_t k = history_ + *plan_->remember;
      const std::size_t newest = order_[k];
      for (; k > 0; --k) order_[k] = order_[k - 1];
      order_[0] = newest;
      stored_ = std::min(stored_ + 1, history_);
    }
    has_previous_ = plan_->keep.has_value();
    if (core.holds_known()) core.blend(position.to);
    core.commit_guidance();
    planned_ = false;
    evaluation_ = 0;
    ++steps;
  }

  // order_ lists the slots: history first (newest first), then those of this step's evaluations.
  std::size_t past(std::size_t k) const { return order_[k]; }
  std::size_t now(std::size_t k) const { return order_[history_ + k]; }
  const span& slot(std::size_t k) const { return core.batch(slots_[k]); }
  const view& slot_view(std::size_t k) const { return core.batch_view(slots_[k]); }
  const view& renoise_view(std::size_t k) const { return core.batch_view(renoise_slots_[k]); }
  const span& renoise_slot(std::size_t k) const { return core.batch(renoise_slots_[k]); }
  int slot_id(std::size_t k) const { return core.first_slot_id + static_cast<int>(k); }
  int renoise_id(std::size_t k) const { return core.first_renoise_id + static_cast<int>(k); }

  static constexpr std::size_t max_slots = max_history + max_evaluations;

  bool seconds_;
  std::size_t history_;
  inline_vector<std::size_t, max_slots> slots_, renoise_slots_;  // batches
  inline_vector<std::size_t, max_slots> order_;
  std::size_t previous_ = 0;  // the batch; 0: none, as batch 0 belongs to an output
  noise_level level_;
  double label_ = 0;
  const step_plan* plan_ = nullptr;
  step_plan own_plan_;
  shared<leg_plans> plans_;
  std::size_t evaluation_ = 0, stored_ = 0;
  std::size_t end_ = 0;  // steps to do
  bool has_previous_ = false, planned_ = false;
};

}  // namespace noisefall
