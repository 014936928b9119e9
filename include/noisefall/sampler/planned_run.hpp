// A run of a solver with plans: runs their passes, keeps the history, and moves from leg to leg.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <noisefall/core/inline_vector.hpp>
#include <noisefall/sampler/running.hpp>
#include <noisefall/sampler/step_passes.hpp>
#include <noisefall/solver/ddim.hpp>

namespace noisefall {

// One plan per leg; an answered evaluation is one pass wherever guidance, conversion and row fold into one.
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
    if (needs.keeps) core.place(arrays::kept, kept_ = core.add_batch());
    place_slots();
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
    if (kept_ != 0) core.transfer(to, core.batch(kept_));
    core.transfer(to);
    if (!to.reads()) return;
    evaluation_ = 0;
    planned_ = false;
    if (is_sound()) place_slots();
  }
  [[gnu::cold]] bool is_sound() const override {
    std::uint64_t seen = 0;
    for (const std::size_t slot : order_) {
      if (slot >= order_.size() || (seen >> slot & 1) != 0) return false;
      seen |= std::uint64_t{1} << slot;
    }
    return core.is_sound() && steps <= end_ && end_ <= core.chosen->path.steps() && stored_ <= history_;
  }

  // The evaluation that the run waits for, the same until it is answered; nullptr when every leg is done.
  const evaluation_request<A>* next() override {
    if (core.asked) return &core.request;
    if (done()) return nullptr;
    if (!planned_) plan();
    while (plan_->evaluations.empty()) {  // which the last leg's are not
      make_climb();
      plan();
    }
    if (leg_ != nullptr) {
      here_ = &leg_->evaluations[evaluation_];
    } else {
      own_evaluation_ = plan_of(*core.chosen, position, *plan_, evaluation_);
      here_ = &own_evaluation_;
    }
    if (evaluation_ == 0 && here_->looks_at != arrays::state) make_first_state();
    branch_set wanted = here_->branches;
    if (const any_guidance& rule = core.chosen->guidance; rule.narrows() && !here_->gradient)
      wanted = rule.needs(position_of(position, here_->at), core.reader.remembered());
    core.ask(here_->looks_at, {&here_->at, 1}, {&here_->label, 1}, wanted, steps, evaluation_, here_->gradient);
    return &core.request;
  }

  // The outputs, one per branch of the request, in arrays of the caller's that stay valid during the call.
  void answer(std::span<const view> outputs) override {
    core.take(outputs);
    const bool keeps_denoised = core.settings.keep_denoised && evaluation_ == plan_->first_output();
    const bool was_prepared = leg_ != nullptr && plans_->prepared && !keeps_denoised;
    if (was_prepared)
      run_prepared(leg_->evaluations[evaluation_].answered);
    else
      build_passes(keeps_denoised);
    if (evaluation_ == 0) moves_tensor_ = was_prepared ? leg_->moves_tensor : !core.reader.tensor_rests();
    core.accept();
    if (++evaluation_ == plan_->evaluations.size()) finish_step();
  }

 private:
  using running<A, Z>::core;
  using running<A, Z>::steps;
  using running<A, Z>::position;

  void plan() {
    const auto& p = *core.chosen;
    leg_ = steps < plans_->legs.size() ? &plans_->legs[steps] : nullptr;
    if (steps > 0 && (leg_ != nullptr ? leg_->cuts_history : p.cuts_history(steps))) {
      stored_ = 0;
      has_previous_ = false;
    }
    if (steps + 1 == end_ && shortened()) {
      plan_last();
    } else if (leg_ != nullptr) {
      position = leg_->at;
      plan_ = &leg_->plan;
    } else {
      p.with_window(steps, stored_, has_previous_, [&](const step_window& w) {
        position = w.at;
        own_plan_ = p.plan(w);
      });
      plan_ = &own_plan_;
    }
    evaluation_ = 0;
    planned_ = true;
  }

  void run_prepared(const prepared_passes& which) {
    for (std::size_t k = which.first; k < which.end; ++k) {
      const prepared_pass& pass = plans_->passes[k];
      core.run_pass(pass.what, pass_weights::of_constants(pass.weights, 1));
    }
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
    leg_ = nullptr;
  }

  void make_climb() {
    if (leg_ != nullptr && plans_->prepared) {
      run_prepared(leg_->first_state);
    } else {
      const present_reading none{core.reader, {}, {}, arrays::state, 1};
      step_passes{core.builder, core.storage(1), *core.chosen, *plan_, 0, none}.make_result();
      core.run_pass();
    }
    has_previous_ = false;
    if (core.holds_known()) core.blend(position.to);
    ++steps;
  }

  // A step that raises the noise first looks at another state than x.
  void make_first_state() {
    if (leg_ != nullptr && plans_->prepared) return run_prepared(leg_->first_state);
    const present_reading none{core.reader, {}, {}, arrays::state, 1};
    step_passes{core.builder, core.storage(1), *core.chosen, *plan_, evaluation_, none}.make_first_state();
    core.run_pass();
  }

  // The passes of an answer whose weights depend on the data, or differ between samples.
  void build_passes(bool keeps_denoised) {
    const threshold& map = core.chosen->map;
    const bool dynamic = map.how == threshold::kind::dynamic && !here_->gradient;
    const present_reading reading = core.read(here_->looks_at, position_of(position, here_->at));
    const auto passes = [&](std::size_t lanes) {
      return step_passes{core.builder, core.storage(lanes), *core.chosen, *plan_, evaluation_, reading};
    };
    if (dynamic) {
      passes(reading.lanes).make_unmapped();
      core.run_pass();
      core.find_limits(map, core.array(static_cast<array_name>(arrays::now + evaluation_)));
    }
    step_passes of_answer = passes(dynamic ? core.samples : reading.lanes);
    if (keeps_denoised) {
      of_answer.make_denoised(core.limits());
      core.run_pass();
    }
    of_answer.absorb(core.limits(), [this] { core.run_pass(); });
  }

  void finish_step() {
    if (plan_->remember && history_ > 0) {
      // The remembered reading becomes past 0; the slot that drops out is free for the next step.
      std::size_t k = history_ + *plan_->remember;
      const std::size_t newest = order_[k];
      for (; k > 0; --k) order_[k] = order_[k - 1];
      order_[0] = newest;
      stored_ = std::min(stored_ + 1, history_);
      place_slots();
    }
    has_previous_ = plan_->keep.has_value();
    if (core.holds_known()) core.blend(position.to);
    core.commit_guidance(moves_tensor_);
    planned_ = false;
    evaluation_ = 0;
    ++steps;
  }

  // order_ lists the slots: history first (newest first), then those of this step's evaluations.
  void place_slots() {
    for (std::size_t k = 0; k < order_.size(); ++k) {
      const bool past = k < history_;
      const std::size_t at = past ? k : k - history_;
      core.place(static_cast<array_name>((past ? arrays::past : arrays::now) + at), slots_[order_[k]]);
      if (seconds_)
        core.place(static_cast<array_name>((past ? arrays::past_renoise : arrays::now_renoise) + at),
                   renoise_slots_[order_[k]]);
    }
  }

  static constexpr std::size_t max_slots = max_history + max_evaluations;

  bool seconds_;
  std::size_t history_;
  inline_vector<std::size_t, max_slots> slots_, renoise_slots_;  // batches
  inline_vector<std::size_t, max_slots> order_;
  std::size_t kept_ = 0;  // the batch; 0: none
  shared<leg_plans> plans_;
  const leg_plans::leg_plan* leg_ = nullptr;  // the present one, if it was planned ahead
  const step_plan* plan_ = nullptr;
  const evaluation_plan* here_ = nullptr;
  step_plan own_plan_;
  evaluation_plan own_evaluation_;
  std::size_t evaluation_ = 0, stored_ = 0;
  std::size_t end_ = 0;  // steps to do
  bool has_previous_ = false, planned_ = false;
  bool moves_tensor_ = false;  // this step makes the guidance's next tensor
};

}  // namespace noisefall
