// A run of a solver that takes its own steps: the bench it works on, and the loop around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <noisefall/core/owner.hpp>
#include <noisefall/sampler/running.hpp>
#include <noisefall/solver/own_step.hpp>

namespace noisefall {

template <Algebra A, class Z>
class own_run final : public running<A, Z>, private bench {
 public:
  using view = typename A::view;
  using span = typename A::span;

  [[gnu::cold]] own_run(A algebra, shared<policies> chosen, const run_needs& needs, span x,
                        const run_settings& settings, Z noise)
      : running<A, Z>{std::move(algebra), std::move(chosen), needs, x, settings, std::move(noise)},
        levels_(core.samples),
        labels_(core.samples),
        walk_{solver().walk()} {
    first_tensor_ = core.add_batch();
    for (std::size_t k = 1; k < solver().tensors() + solver().readings(); ++k) core.add_batch();
    restart();
  }

  [[gnu::cold]] void restart() override {
    core.reset();
    steps = 0;
    inside_ = false;
    walk_->begin(core.samples);
    core.start();
    advance();
  }

  bool done() const override { return action_.what != own_action::kind::evaluate; }
  bool diverged() const override { return action_.what == own_action::kind::diverged || running<A, Z>::diverged(); }
  bool between_steps() const override { return !inside_; }

  [[gnu::cold]] const evaluation_request<A>* next() override {
    if (core.asked) return &core.request;
    if (done()) return nullptr;
    for (std::size_t i = 0; i < core.samples; ++i) labels_[i] = core.chosen->parameterisation.label(levels_[i]);
    core.ask(view_of(action_.tensor), levels_, labels_,
             guidance_position{levels_[0], path().front(), path().back(), 0, 1}, steps, action_.reading);
    return &core.request;
  }

  [[gnu::cold]] void answer(std::span<const view> outputs) override {
    core.take(outputs);
    if (!inside_) position = {steps, steps + 1, levels_[0], path().back(), labels_[0]};
    store_reading();
    core.accept();
    inside_ = true;
    advance();
    if (action_.what != own_action::kind::step_done) return;
    ++steps;
    inside_ = false;
    advance();
  }

  [[gnu::cold]] void transfer(archive& to) override {
    if (to.reads()) core.reset();
    to(steps);
    to(action_.what);
    to(action_.tensor);
    to(action_.reading);
    to(levels_);
    for (std::size_t k = 1; k <= solver().tensors() + solver().readings(); ++k) core.transfer(to, view_of(k));
    walk_->transfer(to);
    core.transfer(to);
    if (to.reads()) inside_ = false;
  }
  [[gnu::cold]] bool is_sound() const override {
    return core.is_sound() && walk_->is_sound() && action_.what <= own_action::kind::diverged &&
           action_.tensor <= solver().tensors() && action_.reading < solver().readings();
  }

 private:
  using running<A, Z>::core;
  using running<A, Z>::steps;
  using running<A, Z>::position;

  std::size_t samples() const override { return core.samples; }
  const trajectory& path() const override { return core.chosen->path; }
  noise_level at_lambda(double lambda) const override { return core.chosen->level_at_lambda(lambda); }
  std::span<noise_level> levels() override { return levels_; }

  [[gnu::cold]] void combine(std::size_t to, std::span<const term> terms) override {
    core.builder.begin(core.samples, core.settings.seed);
    const std::size_t row = core.builder.output(view_of(to));
    for (const term& t : terms) {
      const std::size_t from = core.builder.input(static_cast<int>(t.tensor), view_of(t.tensor));
      for (std::size_t i = 0; i < core.samples; ++i) core.builder.add(row, from, i, t.weights[i]);
    }
    core.run_pass();
  }

  [[gnu::cold]] void draw(std::size_t to, std::span<const std::uint32_t> numbers, std::span<const noise_level> from,
                          std::span<const noise_level> until, std::span<const std::uint8_t> wanted) override {
    for (std::size_t i = 0; i < core.samples; ++i)
      if (wanted[i] != 0)
        core.stage_normals(i, {core.settings.first_sample + i, numbers[i], 0, from[i].rho(), until[i].rho()});
    core.upload_normals(view_of(to));
  }

  [[gnu::cold]] void error(std::size_t low, std::size_t high, std::size_t previous, double atol, double rtol,
                           std::span<double> out) override {
    core.algebra.scaled_error(view_of(high), view_of(low), view_of(previous), atol, rtol, out);
  }

  const erased_own_step& solver() const { return core.chosen->own_steps; }
  span view_of(std::size_t tensor) { return tensor == 0 ? core.x : core.batch(first_tensor_ + tensor - 1); }

  void advance() { action_ = walk_->advance(*this); }

  // Readings are stored at once: rows over them follow in passes of the solver's own.
  [[gnu::cold]] void store_reading() {
    const threshold& map = core.chosen->map;
    const std::size_t to = 1 + solver().tensors() + action_.reading;
    core.builder.begin(core.samples, core.settings.seed);
    const bool mapped = map.how != threshold::kind::none;
    core.add_reading(core.builder.output(view_of(to)), state_id(), 1, reading_kind::guided,
                     mapped ? quantity::x0 : solver().reads());
    core.run_pass();
    if (mapped) apply_map(map, to);
    if (!inside_ && core.settings.keep_denoised) keep_denoised(to);
  }

  // The guided, mapped x0 of the step's first evaluation.
  [[gnu::cold]] void keep_denoised(std::size_t reading) {
    auto& builder = core.builder;
    builder.begin(core.samples, core.settings.seed);
    const std::size_t row = builder.output(core.denoised());
    const std::size_t from = builder.input(static_cast<int>(reading), view_of(reading));
    const std::size_t state = builder.input(state_id(), view_of(action_.tensor));
    for (std::size_t i = 0; i < core.samples; ++i) {
      const noise_level& at = levels_[i];
      affine x0{0, 1};
      if (solver().reads() == quantity::eps) x0 = {1 / at.alpha, -at.sigma / at.alpha};
      if (solver().reads() == quantity::output) x0 = core.chosen->parameterisation.to_x0(at);
      builder.add(row, from, i, x0.out);
      builder.add(row, state, i, x0.x);
    }
    core.run_pass();
  }

  [[gnu::cold]] void apply_map(const threshold& map, std::size_t to) {
    const std::span<const double> limits = core.find_limits(map, view_of(to));
    auto& builder = core.builder;
    builder.begin(core.samples, core.settings.seed);
    auto& what = builder.what;
    what.has_value = true;
    what.limit = limits;
    if (map.how == threshold::kind::dynamic) what.divisor = limits;
    builder.add(0, builder.input(static_cast<int>(to), view_of(to)), 1);
    const std::size_t row = builder.output(view_of(to));
    if (solver().reads() == quantity::x0) {
      builder.add(row, pass_weights::value_term, 1);
    } else {
      const std::size_t state = builder.input(state_id(), view_of(action_.tensor));
      for (std::size_t i = 0; i < core.samples; ++i) {
        builder.add(row, pass_weights::value_term, i, -levels_[i].alpha / levels_[i].sigma);
        builder.add(row, state, i, 1 / levels_[i].sigma);
      }
    }
    core.run_pass();
  }

  int state_id() const { return static_cast<int>(action_.tensor); }

  std::vector<noise_level> levels_;
  std::vector<double> labels_;
  std::size_t first_tensor_ = 0;  // the batches of the solver's own tensors, then of its readings
  owned<own_walk> walk_;
  own_action action_;
  bool inside_ = false;  // a step has begun: one of its evaluations is answered
};

}  // namespace noisefall
