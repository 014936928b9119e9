// A run of a solver that takes its own steps: the bench it works on, and the loop around it.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <noisefall/core/owner.hpp>
#include <noisefall/sampler/running.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/own_step.hpp>

namespace noisefall {

// The solver is walked from evaluation to evaluation; each sample may take its own levels.
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
    for (std::size_t k = 0; k < solver().tensors() + solver().readings(); ++k)
      core.place(static_cast<array_name>(arrays::own + k), core.add_batch());
    restart();
  }

  [[gnu::cold]] void restart() override {
    core.reset();
    steps = 0;
    inside_ = last_ = shortened_ = false;
    walk_->begin(core.samples);
    core.start();
    advance();
  }

  void finish_now() override { last_ = true; }
  bool shortened() const override { return shortened_; }

  bool done() const override { return action_.what != own_action::kind::evaluate; }
  bool diverged() const override { return action_.what == own_action::kind::diverged || running<A, Z>::diverged(); }
  bool between_steps() const override { return !inside_; }

  [[gnu::cold]] const evaluation_request<A>* next() override {
    if (core.asked) return &core.request;
    if (done()) return nullptr;
    const std::optional<std::size_t> leg = walk_->present_leg();
    for (std::size_t i = 0; i < core.samples; ++i)
      labels_[i] = leg ? path()[*leg].label : core.chosen->parameterisation.label(levels_[i]);
    branch_set wanted;
    guidance_position here = guidance_place();
    for (const noise_level& at : levels_) {
      here.at = at;
      wanted = wanted | core.chosen->guidance.needs(here);
    }
    core.ask(name_of(action_.tensor), levels_, labels_, wanted, steps, action_.reading);
    return &core.request;
  }

  [[gnu::cold]] void answer(std::span<const view> outputs) override {
    core.take(outputs);
    if (!inside_) position = {steps, steps + 1, levels_[0], path().back(), labels_[0]};
    store_reading();
    core.accept();
    if (last_ && !inside_) return step_to_end();
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
    to(last_);
    to(shortened_);
    to(levels_);
    for (std::size_t k = 1; k <= solver().tensors() + solver().readings(); ++k) core.transfer(to, view_of(k));
    walk_->transfer(to);
    core.transfer(to);
    if (to.reads()) inside_ = false;
  }
  [[gnu::cold]] bool is_sound() const override {
    const std::optional<std::size_t> leg = walk_->present_leg();
    return core.is_sound() && walk_->is_sound() && action_.what <= own_action::kind::diverged &&
           action_.tensor <= solver().tensors() && action_.reading < solver().readings() &&
           (done() || !leg || *leg < path().steps());
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
    core.builder.begin(core.storage(core.samples));
    const std::size_t row = core.builder.output(name_of(to));
    for (const term& t : terms) {
      const std::size_t from = core.builder.input(name_of(t.tensor));
      for (std::size_t i = 0; i < core.samples; ++i) core.builder.add(row, from, i, t.weights[i]);
    }
    core.run_pass();
  }

  [[gnu::cold]] void set(std::size_t to, std::span<const double> numbers) override {
    core.stage_numbers(numbers);
    core.upload_normals(view_of(to));
  }
  [[gnu::cold]] void add_product(std::size_t to, std::size_t factor, std::size_t tensor) override {
    core.add_product(view_of(to), view_of(factor), view_of(tensor));
  }

  [[gnu::cold]] void draw(std::size_t to, std::span<const std::uint32_t> numbers, std::span<const noise_level> from,
                          std::span<const noise_level> until, std::span<const std::uint8_t> wanted) override {
    // At once where that is possible: some sources draw whole batches only.
    bool together = true;
    for (std::size_t i = 0; i < core.samples; ++i)
      together = together && wanted[i] != 0 && numbers[i] == numbers[0] && from[i] == from[0] && until[i] == until[0];
    const std::size_t each = together ? core.samples : 1;
    for (std::size_t i = 0; i < core.samples; i += each)
      if (wanted[i] != 0)
        core.stage_normals(i, each, {core.settings.first_sample + i, numbers[i], 0, from[i].rho(), until[i].rho()});
    core.upload_normals(view_of(to));
  }

  [[gnu::cold]] void error(std::size_t low, std::size_t high, std::size_t previous, double atol, double rtol,
                           std::span<double> out) override {
    core.algebra.scaled_error(view_of(high), view_of(low), view_of(previous), atol, rtol, out);
  }

  [[gnu::cold]] void norms(std::size_t tensor, std::span<double> out) override {
    constexpr double itself[] = {1, 0};
    const view of = view_of(tensor);
    core.algebra.gram(std::span<const view>{&of, 1}, itself, out);
    for (double& square : out) square = std::sqrt(square);
  }

  const erased_own_step& solver() const { return core.chosen->own_steps; }
  static array_name name_of(std::size_t tensor) {
    return tensor == 0 ? arrays::state : static_cast<array_name>(arrays::own + tensor - 1);
  }
  const span& view_of(std::size_t tensor) const { return core.array(name_of(tensor)); }
  guidance_position guidance_place() const { return {levels_[0], path().front(), path().back(), 0, 1}; }

  void advance() { action_ = walk_->advance(*this); }

  // Readings are stored at once: rows over them follow in passes of the solver's own.
  [[gnu::cold]] void store_reading() {
    const threshold& map = core.chosen->map;
    const std::size_t to = 1 + solver().tensors() + action_.reading;
    const present_reading reading = core.read(name_of(action_.tensor), guidance_place());
    core.builder.begin(core.storage(core.samples));
    const bool mapped = map.how != threshold::kind::none;
    reading.add_to(core.builder, core.builder.output(name_of(to)), 1, reading_kind::guided,
                   mapped ? quantity::x0 : solver().reads());
    core.run_pass();
    if (mapped) apply_map(map, to);
    if (!inside_ && core.settings.keep_denoised) keep_denoised(to);
  }

  // The guided, mapped x0 of the step's first evaluation.
  [[gnu::cold]] void keep_denoised(std::size_t reading) {
    auto& builder = core.builder;
    builder.begin(core.storage(core.samples));
    const std::size_t row = builder.output(arrays::denoised);
    const std::size_t from = builder.input(name_of(reading)), state = builder.input(name_of(action_.tensor));
    for (std::size_t i = 0; i < core.samples; ++i) {
      const affine x0 = reading_to_x0(levels_[i]);
      builder.add(row, from, i, x0.out);
      builder.add(row, state, i, x0.x);
    }
    core.run_pass();
  }

  [[gnu::cold]] void apply_map(const threshold& map, std::size_t to) {
    const std::span<const double> limits = core.find_limits(map, view_of(to));
    auto& builder = core.builder;
    builder.begin(core.storage(core.samples));
    auto& what = builder.what;
    what.has_value = true;
    what.limit = limits;
    if (map.how == threshold::kind::dynamic) what.divisor = limits;
    builder.add(0, builder.input(name_of(to)), 1);
    const std::size_t row = builder.output(name_of(to));
    if (solver().reads() == quantity::x0) {
      builder.add(row, pass_weights::value_term, 1);
    } else {
      const std::size_t state = builder.input(name_of(action_.tensor));
      for (std::size_t i = 0; i < core.samples; ++i) {
        builder.add(row, pass_weights::value_term, i, -levels_[i].alpha / levels_[i].sigma);
        builder.add(row, state, i, 1 / levels_[i].sigma);
      }
    }
    core.run_pass();
  }

  // From where each sample stands straight to the end: finish_now(). Samples that have arrived stay.
  [[gnu::cold]] void step_to_end() {
    auto& builder = core.builder;
    builder.begin(core.storage(core.samples));
    const std::size_t row = builder.output(arrays::state), x = builder.input(arrays::state);
    const std::size_t state = builder.input(name_of(action_.tensor));
    const std::size_t from = builder.input(name_of(1 + solver().tensors() + action_.reading));
    for (std::size_t i = 0; i < core.samples; ++i) {
      if (!falls(levels_[i], path().back())) {
        builder.add(row, x, i, 1);
        continue;
      }
      const noisefall::row r = data_row(levels_[i], path().back(), path().back().sigma / levels_[i].sigma);
      const affine x0 = reading_to_x0(levels_[i]);
      builder.add(row, state, i, r.x + r.now[0] * x0.x);
      builder.add(row, from, i, r.now[0] * x0.out);
    }
    core.run_pass();
    ++steps;
    shortened_ = true;
    action_ = {};
  }

  // x0 = x * state + out * reading
  affine reading_to_x0(const noise_level& at) const {
    if (solver().reads() == quantity::eps) return {1 / at.alpha, -at.sigma / at.alpha};
    if (solver().reads() == quantity::output) return core.chosen->parameterisation.to_x0(at);
    return {0, 1};
  }

  std::vector<noise_level> levels_;
  std::vector<double> labels_;
  owned<own_walk> walk_;
  own_action action_;
  bool inside_ = false;  // a step has begun: one of its evaluations is answered
  bool last_ = false, shortened_ = false;
};

}  // namespace noisefall
