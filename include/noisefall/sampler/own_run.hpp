// A run of a solver that takes its own steps: the bench it works on, and the loop around it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/sampler/evaluator.hpp>
#include <noisefall/solver/own_step.hpp>

namespace noisefall {

template <Algebra A, class Z>
class own_run final : private bench {
 public:
  using view = typename A::view;
  using span = typename A::span;
  using scalar = typename A::scalar;
  using request_type = evaluation_request<A>;

  own_run(A algebra, std::shared_ptr<const policies> chosen, const run_needs& needs, span x,
          const run_settings& settings, Z noise)
      : core_{std::move(algebra), std::move(chosen), needs, x, settings, std::move(noise)},
        levels_(core_.samples),
        labels_(core_.samples),
        walk_{core_.chosen->own_steps().walk()} {
    for (std::size_t k = 0; k < solver().tensors() + solver().readings(); ++k)
      tensors_.push_back(core_.algebra.allocate(core_.shape_of(x)));
    restart();
  }

  own_run(own_run&&) noexcept = default;
  own_run& operator=(own_run&&) noexcept = default;

  void restart() {
    core_.reset();
    steps_ = 0;
    inside_ = false;
    walk_->begin(core_.samples);
    core_.start();
    advance();
  }

  bool done() const { return action_.what != own_action::kind::evaluate; }
  bool diverged() const { return action_.what == own_action::kind::diverged || !core_.algebra.finite(core_.x); }
  std::size_t steps_done() const { return steps_; }
  std::size_t evaluations() const { return core_.evaluations; }
  view state() const { return core_.x; }
  view denoised() { return core_.denoised(); }
  const step_position& last_position() const { return position_; }
  void replace_noise(Z source) { core_.replace_noise(std::move(source)); }

  const request_type* next() {
    if (core_.asked) return &core_.request;
    if (done()) return nullptr;
    for (std::size_t i = 0; i < core_.samples; ++i) labels_[i] = core_.chosen->parameterisation.label(levels_[i]);
    core_.ask(view_of(action_.tensor), levels_, labels_,
              guidance_position{levels_[0], path().front(), path().back(), 0, 1}, steps_, action_.reading);
    return &core_.request;
  }

  void answer(std::span<const view> outputs) {
    if (!core_.asked) throw noisefall::error{"run: answer", "nothing was asked", "next() first"};
    core_.take(outputs);
    if (!inside_) position_ = {steps_, steps_ + 1, levels_[0], path().back(), labels_[0]};
    store_reading();
    core_.accept();
    inside_ = true;
    advance();
    if (action_.what != own_action::kind::step_done) return;
    ++steps_;
    inside_ = false;
    advance();
  }

  bool between_steps() const { return !inside_; }

  // All that the next step depends on, for checkpoints.
  void transfer(archive& to) {
    if (to.reads()) core_.reset();
    to(steps_);
    to(action_.what);
    to(action_.tensor);
    to(action_.reading);
    to(levels_);
    for (auto& b : tensors_) core_.transfer(to, core_.algebra.view_of(b));
    walk_->transfer(to);
    core_.transfer(to);
    if (to.reads()) inside_ = false;
  }
  bool is_sound() const {
    return action_.what <= own_action::kind::diverged && action_.tensor <= solver().tensors() &&
           action_.reading < solver().readings();
  }

  const evaluator<A, Z>& core() const { return core_; }

 private:
  std::size_t samples() const override { return core_.samples; }
  const trajectory& path() const override { return core_.chosen->path; }
  noise_level at_lambda(double lambda) const override { return core_.chosen->level_at_lambda(lambda); }
  std::span<noise_level> levels() override { return levels_; }

  void combine(std::size_t to, std::span<const term> terms) override {
    core_.builder.begin(core_.samples, core_.settings.seed);
    const std::size_t row = core_.builder.output(view_of(to));
    for (const term& t : terms) {
      const std::size_t from = core_.builder.input(static_cast<int>(t.tensor), view_of(t.tensor));
      for (std::size_t i = 0; i < core_.samples; ++i) core_.builder.add(row, from, i, t.weights[i]);
    }
    core_.run_pass();
  }

  void draw(std::size_t to, std::span<const std::uint32_t> steps, std::span<const noise_level> from,
            std::span<const noise_level> until, std::span<const std::uint8_t> wanted) override {
    core_.fill(
        view_of(to), [&](std::size_t i) { return wanted[i] != 0; },
        [&](std::size_t i) {
          return increment{core_.settings.first_sample + i, steps[i], 0, from[i].rho(), until[i].rho()};
        });
  }

  void error(std::size_t low, std::size_t high, std::size_t previous, double atol, double rtol,
             std::span<double> out) override {
    core_.algebra.scaled_error(view_of(high), view_of(low), view_of(previous), atol, rtol, out);
  }

  const erased_own_step& solver() const { return core_.chosen->own_steps(); }
  span view_of(std::size_t tensor) { return tensor == 0 ? core_.x : core_.algebra.view_of(tensors_[tensor - 1]); }

  void advance() { action_ = walk_->advance(*this); }

  // Readings are stored at once: rows over them follow in passes of the solver's own.
  void store_reading() {
    const threshold& map = core_.chosen->map;
    const std::size_t to = 1 + solver().tensors() + action_.reading;
    const auto lane_of = [this](std::size_t lane) { return lane % core_.reading_lanes(); };
    const auto guided = [&](quantity of) {
      return [this, of, lane_of](std::size_t lane) { return core_.guided(of, lane_of(lane)); };
    };
    core_.builder.begin(core_.samples, core_.settings.seed);
    const bool mapped = map.how != threshold::kind::none;
    core_.add_reading(core_.builder.output(view_of(to)), state_id(), 1,
                      guided(mapped ? quantity::x0 : solver().reads()));
    core_.run_pass();
    if (mapped) apply_map(map, to);
    if (!inside_ && core_.settings.keep_denoised) keep_denoised(to);
  }

  // The guided, mapped x0 of the step's first evaluation.
  void keep_denoised(std::size_t reading) {
    auto& builder = core_.builder;
    builder.begin(core_.samples, core_.settings.seed);
    const std::size_t row = builder.output(core_.denoised());
    const std::size_t from = builder.input(static_cast<int>(reading), view_of(reading));
    const std::size_t state = builder.input(state_id(), view_of(action_.tensor));
    for (std::size_t i = 0; i < core_.samples; ++i) {
      const noise_level& at = levels_[i];
      affine x0{0, 1};
      if (solver().reads() == quantity::eps) x0 = {1 / at.alpha, -at.sigma / at.alpha};
      if (solver().reads() == quantity::output) x0 = core_.chosen->parameterisation.to_x0(at);
      builder.add(row, from, i, x0.out);
      builder.add(row, state, i, x0.x);
    }
    core_.run_pass();
  }

  void apply_map(const threshold& map, std::size_t to) {
    auto& limits = core_.limits();
    std::fill(limits.begin(), limits.end(), map.range);
    if (map.how == threshold::kind::dynamic) {
      core_.algebra.quantile(view_of(to), map.ratio, limits);
      for (double& limit : limits) limit = std::clamp(limit, map.floor, map.ceiling);
    }
    auto& builder = core_.builder;
    builder.begin(core_.samples, core_.settings.seed);
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
      for (std::size_t i = 0; i < core_.samples; ++i) {
        builder.add(row, pass_weights::value_term, i, -levels_[i].alpha / levels_[i].sigma);
        builder.add(row, state, i, 1 / levels_[i].sigma);
      }
    }
    core_.run_pass();
  }

  int state_id() const { return static_cast<int>(action_.tensor); }

  evaluator<A, Z> core_;
  std::vector<noise_level> levels_;
  std::vector<double> labels_;
  std::vector<typename A::buffer> tensors_;
  std::unique_ptr<own_walk> walk_;
  own_action action_;
  step_position position_;
  std::size_t steps_ = 0;
  bool inside_ = false;  // a step has begun: one of its evaluations is answered
};

}  // namespace noisefall
