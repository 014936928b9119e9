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

// What an OwnStep solver may touch. Tensors are numbered: 0 is x, 1 + k its own k-th tensor; readings come after them,
// 1 + tensors() + k. Every coefficient is one number per sample.
template <class Run>
class bench {
 public:
  explicit bench(Run& run) : run_{&run} {}

  std::size_t samples() const { return run_->core().samples; }
  const trajectory& path() const { return run_->core().policies->path; }
  noise_level at_lambda(double lambda) const { return run_->core().policies->level_at_lambda(lambda); }
  noise_level at_time(double t) const { return run_->core().policies->schedule.at(t); }

  // The level that each sample's next evaluation is told.
  std::span<noise_level> levels() { return run_->levels(); }

  struct term {
    std::size_t tensor;
    std::span<const double> weights;  // one per sample
  };
  // to = sum of weights * tensors, in one pass; `to` may be among them.
  void combine(std::size_t to, std::span<const term> terms) { run_->combine(to, terms); }

  // to = standard normals for the samples that are wanted; sample i's are those of its own step number steps[i].
  void draw(std::size_t to, std::span<const std::uint32_t> steps, std::span<const noise_level> from,
            std::span<const noise_level> until, std::span<const std::uint8_t> wanted) {
    run_->draw(to, steps, from, until, wanted);
  }

  // Per sample the root mean square of (high - low) / max(atol, rtol * max(|low|, |previous|)).
  void error(std::size_t low, std::size_t high, std::size_t previous, double atol, double rtol,
             std::span<double> out) {
    run_->scaled_error(low, high, previous, atol, rtol, out);
  }

 private:
  Run* run_;
};

template <Algebra A, class Z, class Policies>
class own_run {
 public:
  using view = typename A::view;
  using span = typename A::span;
  using scalar = typename A::scalar;
  using request_type = evaluation_request<A>;
  using solver_type = decltype(Policies::solver);

  own_run(A algebra, std::shared_ptr<const Policies> policies, const run_needs& needs, span x,
          const run_settings& settings, Z noise)
      : core_{std::move(algebra), std::move(policies), needs, x, settings, std::move(noise)},
        levels_(core_.samples),
        labels_(core_.samples) {
    for (std::size_t k = 0; k < solver().tensors() + solver().readings(); ++k)
      tensors_.push_back(core_.algebra.allocate(core_.shape_of(x)));
    position_ = {0, 1, core_.policies->path.front(), core_.policies->path.back(), 0};
    restart();
  }

  void restart() {
    core_.reset();
    steps_ = 0;
    pending_ = done_ = false;
    solver().begin(state_, core_.samples);
    core_.start();
  }

  bool done() {
    settle();
    return done_;
  }
  std::size_t steps_done() const { return steps_; }
  std::size_t evaluations() const { return core_.evaluations; }
  view state() const { return core_.x; }
  view denoised() { return core_.denoised(); }
  const run_settings& settings() const { return core_.settings; }
  bool finite() const { return core_.algebra.finite(core_.x); }
  const step_position& last_position() const { return position_; }

  const request_type* next() {
    if (core_.asked) return &core_.request;
    settle();
    if (done_) return nullptr;
    for (std::size_t i = 0; i < core_.samples; ++i) labels_[i] = core_.policies->parameterisation.label(levels_[i]);
    core_.ask(view_of(action_.tensor), levels_, labels_,
              guidance_position{levels_[0], position_.from, position_.to, 0, 1}, steps_, action_.reading);
    return &core_.request;
  }

  void answer() {
    inline_vector<view, max_branches> outputs;
    for (const span& out : core_.request.outputs) outputs.push_back(out);
    answer(std::span<const view>{outputs.begin(), outputs.size()});
  }

  void answer(std::span<const view> outputs) {
    require(core_.asked, "run: answer", "nothing was asked", "next() first");
    core_.take(outputs);
    store_reading();
    pending_ = false;
    advance();
    if (action_.what == own_action::kind::step_done) {
      ++steps_;
      core_.commit_guidance();
      pending_ = false;
    }
  }

  bool between_steps() const { return !core_.asked && !pending_; }

  // All that the next step depends on, for checkpoints.
  template <class Archive>
  void transfer(Archive& archive) {
    if constexpr (Archive::reads) core_.reset();
    archive(steps_);
    archive(done_);
    for (auto& b : tensors_) archive.elements(core_.elements_of(b));
    solver().transfer(archive, state_);
    core_.transfer(archive);
    pending_ = false;
  }

  auto& core() { return core_; }

  // For the bench.
  std::span<noise_level> levels() { return levels_; }
  template <class Term>
  void combine(std::size_t to, std::span<const Term> terms) {
    core_.builder.begin(core_.samples, core_.settings.seed);
    const std::size_t row = core_.builder.output(view_of(to));
    for (const Term& t : terms) {
      const std::size_t term = core_.builder.input(static_cast<int>(t.tensor), view_of(t.tensor));
      for (std::size_t i = 0; i < core_.samples; ++i) core_.builder.add(row, term, i, t.weights[i]);
    }
    core_.run_pass();
  }
  void draw(std::size_t to, std::span<const std::uint32_t> steps, std::span<const noise_level> from,
            std::span<const noise_level> until, std::span<const std::uint8_t> wanted) {
    const span out = view_of(to);
    for (std::size_t i = 0; i < core_.samples; ++i)
      if (wanted[i]) core_.noise.fill(out.elements().subspan(i * out.sample_size(), out.sample_size()), out.sample_size(),
                       increment{core_.settings.first_sample + i, steps[i], 0, from[i].rho(), until[i].rho()});
  }
  void scaled_error(std::size_t low, std::size_t high, std::size_t previous, double atol, double rtol,
                    std::span<double> out) {
    core_.algebra.scaled_error(view_of(high), view_of(low), view_of(previous), atol, rtol, out);
  }

 private:
  const solver_type& solver() const { return core_.policies->solver; }
  span view_of(std::size_t tensor) { return tensor == 0 ? core_.x : core_.algebra.view_of(tensors_[tensor - 1]); }

  void advance() {
    bench<own_run> here{*this};
    action_ = solver().advance(state_, here);
    pending_ = true;
  }
  void settle() {
    if (pending_ || core_.asked) return;
    advance();
    done_ = action_.what == own_action::kind::finished;
  }

  // Readings are stored at once: rows over them follow in passes of the solver's own.
  void store_reading() {
    const threshold& map = core_.policies->map;
    const std::size_t to = 1 + solver().tensors() + action_.reading;
    const auto lane_of = [this](std::size_t lane) { return lane % core_.reading_lanes(); };
    const auto guided = [&](quantity of) {
      return [this, of, lane_of](std::size_t lane) { return core_.guided(of, lane_of(lane)); };
    };
    core_.builder.begin(core_.samples, core_.settings.seed);
    const bool mapped = map.how != threshold::kind::none;
    core_.add_reading(core_.builder.output(view_of(to)), state_id(), 1,
                      guided(mapped ? quantity::x0 : solver().reads()));
    core_.add_next_tensor(state_id());
    core_.run_pass();
    if (mapped) apply_map(map, to);
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

  evaluator<A, Z, Policies> core_;
  std::vector<noise_level> levels_;
  std::vector<double> labels_;
  std::vector<typename A::buffer> tensors_;
  typename solver_type::state state_;
  own_action action_;
  step_position position_;
  std::size_t steps_ = 0;
  bool pending_ = false, done_ = false;
};

}  // namespace noisefall
