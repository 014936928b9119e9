// How much every evaluation of a run weighs in its end: the solver's own plans, carried out on scalar impulses.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/sampler/policies.hpp>
#include <noisefall/solver/plan.hpp>

namespace noisefall {

// One evaluation of the network in a run.
struct path_evaluation {
  std::size_t step = 0, call = 0;
  noise_level at{};
  bool gradient = false;
};

// What a direction of the data of some variance makes of a run whose readings err, with x at the start and its end:
//   x_end = gain * x_start + sum_k of_x0[k] * (error of the k-th x0 reading) + noise
struct path_response {
  double gain = 0;
  double fresh = 0;                        // the variance of the noise that the run adds
  std::vector<double> of_x0, of_gradient;  // one per evaluation; a gradient's reading weighs by itself
  std::vector<double> of_noise;            // of each unit increment, max_noise_slots per step
};

// Every plan of a run, and what follows from them for data of a given variance. Exact for every solver that plans rows:
// multistep, singlestep, correctors, with noise, whatever it reads. The plans depend on levels alone, so a response
// costs a few products per coefficient.
class linear_response {
 public:
  // No feedback: errors do not change later outputs of the network.
  static constexpr double no_feedback = std::numeric_limits<double>::infinity();

  // Guidance matters by its jumps, which cut histories; the parameterisation to solvers that read raw outputs.
  linear_response(any_solver solver, any_schedule schedule, trajectory path, any_guidance guidance = unguided{},
                  any_parameterisation parameterisation = predicts_eps{})
      : linear_response{policies{std::move(solver), std::move(schedule), std::move(path), std::move(guidance),
                                 std::move(parameterisation), threshold{}}} {}

  explicit linear_response(const policies& of) : front_{of.path.front()}, back_{of.path.back()} {
    if (of.has_own_steps())
      refuse({"linear_response: ", of.own_steps.name()}, "chooses its own steps, by the data: it has no weights",
             "a solver that plans rows");
    of.planner.check();
    require(of.path.kind() == trajectory_kind::descending, "linear_response", "levels that rise or repeat",
            "a trajectory of kind descending");
    std::size_t stored = 0;
    bool has_previous = false;
    for (std::size_t i = 0; i < of.path.steps(); ++i) {
      if (of.cuts_history(i)) {
        stored = 0;
        has_previous = false;
      }
      of.with_window(i, stored, has_previous, [&](const step_window& w) { plans_.push_back(of.planner.plan(w)); });
      const step_plan& plan = plans_.back();
      require(!plan.variance, {"linear_response: ", of.planner.name()}, "noise by a variance that the network learned",
              "a variance by the levels");
      for (std::size_t k = 0; k < plan.evaluations.size(); ++k) {
        const stage& s = plan.evaluations[k];
        evaluations_.push_back({i, k, s.at, s.gradient});
        to_eps_.push_back(plan.of == quantity::output ? convert(of.parameterisation, quantity::eps, s.at)
                                                      : affine{0, 1});
      }
      if (plan.remember) stored = std::min(stored + 1, of.planner.history());
      has_previous = plan.keep.has_value();
    }
  }

  const std::vector<path_evaluation>& evaluations() const { return evaluations_; }
  const noise_level& front() const { return front_; }
  const noise_level& back() const { return back_; }

  // Directions of data variance v: what a perfect network answers is linear in the state there.
  path_response of(double variance) const {
    require(front_.alpha > 0 || !std::isinf(variance), "linear_response", "no feedback, from infinite noise",
            "a variance, or a trajectory that starts at finite noise");
    path_response found;
    respond(variance, found);
    return found;
  }
  // The same without an allocation, where `found` was filled before.
  void respond(double variance, path_response& found) const {
    found.of_x0.assign(evaluations_.size(), 0.0);
    found.of_gradient.assign(evaluations_.size(), 0.0);
    found.fresh = 0;
    found.of_noise.assign(plans_.size() * max_noise_slots, 0.0);
    const auto add_noise = [&](const noise_slot& s, double w) {
      found.of_noise[s.step * max_noise_slots + s.slot] += w;
    };
    // Backwards: the derivative of the end by the state, by the kept tensor and by the remembered readings.
    double of_x = 1, of_kept = 0;
    std::array<double, max_history + 1> of_past{};
    std::size_t number = evaluations_.size();
    for (std::size_t i = plans_.size(); i-- > 0;) {
      const step_plan& plan = plans_[i];
      double x = 0, kept = 0;
      std::array<double, max_history + 1> past{};
      std::array<double, max_evaluations> now{};
      const auto spread = [&](const row& r, double factor) {
        if (factor == 0) return;
        x += factor * r.x;
        kept += factor * r.previous;
        for (std::size_t k = 0; k < max_evaluations; ++k) now[k] += factor * r.now[k];
        for (std::size_t k = 0; k < max_history; ++k) past[k] += factor * r.past[k];
        for (std::size_t j = 0; j < max_noise_slots; ++j)
          if (r.noise[j] != 0) add_noise(plan.slots[j], factor * r.noise[j]);
      };
      spread(plan.result, of_x);
      if (plan.keep) spread(*plan.keep, of_kept);
      const std::size_t shift = plan.remember ? 1 : 0;
      if (plan.remember) now[*plan.remember] += of_past[0];
      for (std::size_t k = 0; k + shift < max_history + 1; ++k) past[k] += of_past[k + shift];
      for (std::size_t k = plan.evaluations.size(); k-- > 0;) {
        --number;
        const stage& s = plan.evaluations[k];
        if (s.gradient) {
          found.of_gradient[number] = now[k];
          continue;
        }
        const reading r = read(plan.of, to_eps_[number], s.at, variance);
        found.of_x0[number] = now[k] * r.per_x0;
        spread(s.state, now[k] * r.of_state);
      }
      of_x = x;
      of_kept = kept;
      of_past = past;
    }
    found.gain = of_x;
    for (const double n : found.of_noise) found.fresh += n * n;
  }

  // The weights of errors in eps, in units of the data: x_end / alpha_end = ... - sum_k w_k e_k. For evaluations at finite
  // noise.
  std::vector<double> weights(double variance = no_feedback) const {
    std::vector<double> w = of(variance).of_x0;
    for (std::size_t k = 0; k < w.size(); ++k) w[k] *= evaluations_[k].at.rho() / back_.alpha;
    return w;
  }

 private:
  struct reading {
    double of_state, per_x0;  // reading = of_state * state + per_x0 * (error in x0)
  };
  static reading read(quantity of, const affine& to_eps, const noise_level& at, double v) {
    const double a = at.alpha, s = at.sigma, spread = a * a * v + s * s;
    const bool free = std::isinf(v);
    if (of == quantity::x0) return {free ? 1 / a : a * v / spread, 1};
    const double eps_of_state = free ? 0 : s / spread, eps_per_x0 = -a / s;
    return {(eps_of_state - to_eps.x) / to_eps.out, eps_per_x0 / to_eps.out};
  }

  noise_level front_, back_;
  std::vector<step_plan> plans_;
  std::vector<path_evaluation> evaluations_;
  std::vector<affine> to_eps_;
};

}  // namespace noisefall
