// The ask-and-tell run: what a sampler starts.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <variant>

#include <noisefall/sampler/own_run.hpp>
#include <noisefall/sampler/planned_run.hpp>

namespace noisefall {

// One sampling in progress, on the algebra A with the noise Z. It looks at the caller's state x and owns all else;
// nothing is allocated after construction. It may be moved between two evaluations, not copied.
//   while (const auto* request = run.next()) { write request->outputs[k] for each branch; run.answer(); }
template <Algebra A, class Z>
class run {
 public:
  using scalar = typename A::scalar;
  using view = typename A::view;
  using request_type = evaluation_request<A>;

  run(A algebra, std::shared_ptr<const policies> chosen, const run_needs& needs, typename A::span x,
      const run_settings& settings, Z noise)
      : kind_{make(std::move(algebra), std::move(chosen), needs, x, settings, std::move(noise))} {}

  // The evaluation that the run waits for, the same until it is answered; nullptr when the run is done.
  const request_type* next() {
    return visit([](auto& r) { return r.next(); });
  }
  // The outputs were written into the request's own arrays.
  void answer() {
    inline_vector<view, max_branches> outputs;
    for (const auto& out : core().request.outputs) outputs.push_back(out);
    answer(std::span<const view>{outputs.begin(), outputs.size()});
  }
  // The outputs, one per branch of the request, in arrays of the caller's that stay valid during the call.
  void answer(std::span<const view> outputs) {
    visit([&](auto& r) { r.answer(outputs); });
  }
  // Starts anew on the same state, without allocating. Where the start is an image or given, refill the state first.
  void restart() {
    visit([](auto& r) { r.restart(); });
  }
  // The same with other noise: run.restart(philox{43}) gives the samples of seed 43.
  void restart(Z noise) {
    visit([&](auto& r) {
      r.replace_noise(std::move(noise));
      r.restart();
    });
  }

  bool done() const {
    return visit([](const auto& r) { return r.done(); });
  }
  std::size_t steps_done() const {
    return visit([](const auto& r) { return r.steps_done(); });
  }
  std::size_t evaluations() const {
    return visit([](const auto& r) { return r.evaluations(); });
  }
  view state() const {
    return visit([](const auto& r) { return r.state(); });
  }
  // The guided x0 of the last step's first evaluation, where run_settings::keep_denoised asks for it.
  view denoised() {
    return visit([](auto& r) -> view { return r.denoised(); });
  }
  // The state is not finite, or the solver could not go on.
  bool diverged() const {
    return visit([](const auto& r) { return r.diverged(); });
  }
  const step_position& last_position() const {
    return visit([](const auto& r) -> const step_position& { return r.last_position(); });
  }

  // For checkpoints (sampler/checkpoint.hpp).
  bool between_steps() const {
    return visit([](const auto& r) { return r.between_steps(); });
  }
  void transfer(archive& to) {
    visit([&](auto& r) { r.transfer(to); });
  }
  bool is_sound() const {
    return visit([](const auto& r) { return r.is_sound(); });
  }
  const evaluator<A, Z>& core() const {
    return visit([](const auto& r) -> const evaluator<A, Z>& { return r.core(); });
  }

 private:
  using kind = std::variant<planned_run<A, Z>, own_run<A, Z>>;

  template <class... Parts>
  static kind make(A algebra, std::shared_ptr<const policies> chosen, Parts&&... parts) {
    if (chosen->has_own_steps())
      return kind{std::in_place_type<own_run<A, Z>>, std::move(algebra), std::move(chosen),
                  std::forward<Parts>(parts)...};
    return kind{std::in_place_type<planned_run<A, Z>>, std::move(algebra), std::move(chosen),
                std::forward<Parts>(parts)...};
  }
  template <class F>
  decltype(auto) visit(F f) {
    return kind_.index() == 0 ? f(*std::get_if<0>(&kind_)) : f(*std::get_if<1>(&kind_));
  }
  template <class F>
  decltype(auto) visit(F f) const {
    return kind_.index() == 0 ? f(*std::get_if<0>(&kind_)) : f(*std::get_if<1>(&kind_));
  }

  kind kind_;
};

}  // namespace noisefall
