// The policies of a sampler together, and the look ahead that refuses what cannot work before anything runs.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/random/noise_source.hpp>
#include <noisefall/sampler/reading.hpp>
#include <noisefall/sampler/threshold.hpp>
#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/erased_own_step.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// What a run must have room for, found by planning every leg once.
struct run_needs {
  std::size_t evaluations = 1;  // in the busiest step
  bool stages = false;          // some evaluation looks at a state other than x
  bool keeps = false;           // some step keeps a tensor for the next
  bool scales = false;          // some evaluation is fed a scaled state
  bool variance = false;        // the network supplies variances
  branch_set branches;
  std::vector<increment> draws;   // in the order in which they are drawn first
  std::uint64_t fingerprint = 0;  // of every coefficient of the run
};

struct policies {
  std::variant<erased_solver, erased_own_step> solver;
  any_schedule schedule;
  trajectory path;
  any_guidance guidance;
  any_parameterisation parameterisation;
  threshold map;
  std::vector<double> breakpoints{};  // the guidance's

  bool two_readings() const { return guidance.two_readings() || map.keep_eps; }
  bool has_own_steps() const { return std::holds_alternative<erased_own_step>(solver); }
  const erased_solver& planner() const { return std::get<erased_solver>(solver); }
  const erased_own_step& own_steps() const { return std::get<erased_own_step>(solver); }
  std::string solver_name() const {
    return std::string{std::visit([](const auto& s) { return s.name(); }, solver)};
  }

  // Does the guidance jump at this level? Then nothing from before it may be extrapolated across.
  bool cuts_history(const noise_level& at) const {
    return std::any_of(breakpoints.begin(), breakpoints.end(),
                       [&](double s) { return std::abs(at.rho() - s) <= 1e-12 * s; });
  }

  // Calls `see(window)` with the window of leg i.
  template <class See>
  auto with_window(std::size_t i, std::size_t stored, bool has_previous, See see) const {
    const auto legs = path.legs();
    const auto at_lambda = [this](double lambda) { return level_at_lambda(lambda); };
    const auto at_time = [this](double t) { return schedule.at(t); };
    const auto conversion = [this](quantity of, const noise_level& at) { return convert(parameterisation, of, at); };
    return see(step_window{.at = {i, legs.size(), legs[i].from, legs[i].to, legs[i].label},
                           .behind = legs.first(i),
                           .ahead = legs.subspan(i),
                           .stored = stored,
                           .has_previous = has_previous,
                           .two_readings = two_readings(),
                           .at_lambda = at_lambda,
                           .at_time = at_time,
                           .conversion = conversion});
  }

  noise_level level_at_lambda(double lambda) const { return noisefall::level_at_lambda(schedule, lambda); }

  // Throws noisefall::error if a policy is out of range or if some leg has no finite plan.
  run_needs check() const {
    std::visit([](const auto& s) { s.check(); }, solver);
    guidance.check();
    parameterisation.check();
    map.check();
    run_needs needs;
    if (has_own_steps())
      look_at_own_steps(needs);
    else
      plan_all(needs);
    return needs;
  }

 private:
  static bool finite(const row& r) {
    double total = r.x + r.previous;
    for (const auto& weights : {r.now, r.past, r.now_renoise, r.past_renoise})
      for (const double w : weights) total += w;
    for (const double w : r.noise) total += w;
    return std::isfinite(total);
  }

  // Which of the plan's slots the row draws from.
  static void note_draws(std::vector<increment>& draws, const step_plan& plan, const row& r) {
    for (std::size_t j = 0; j < max_noise_slots; ++j) {
      if (r.noise[j] == 0) continue;
      const noise_slot& z = plan.slots[j];
      const bool known = std::any_of(draws.begin(), draws.end(),
                                     [&](const increment& d) { return d.step == z.step && d.slot == z.slot; });
      if (!known) draws.push_back({0, z.step, z.slot, z.from.rho(), z.to.rho()});
    }
  }

  static void mix(std::uint64_t& hash, double value) {  // FNV-1a, a word at a time
    hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 0x100000001b3;
  }
  static void mix(std::uint64_t& hash, const row& r) {
    mix(hash, r.x);
    mix(hash, r.previous);
    for (const auto& weights : {r.now, r.past, r.now_renoise, r.past_renoise})
      for (const double w : weights) mix(hash, w);
    for (const double w : r.noise) mix(hash, w);
  }
  // What the guidance, the parameterisation and the map do at a level. Rules that look at inner products are shown
  // some.
  void mix_in(std::uint64_t& hash, const noise_level& from, const noise_level& to, const noise_level& at) const {
    static constexpr double products[] = {2, 0.5, 0.3, 1, 0.5, 1.5, 0.2, 0.4, 0.3, 0.2, 1.2, 0.1, 1, 0.4, 0.1, 4};
    const std::size_t vectors = guidance.has_state() ? 4 : 3;
    const guidance_position position{at, from, to, 0, 1};
    const branch_weights w = guidance.weights(position, gram_matrix{products, vectors});
    for (const auto& weights : {w.guided, w.renoise, w.next})
      for (const double v : weights) mix(hash, v);
    for (const double v : {w.guided_state, w.next_state, static_cast<double>(guidance.space())}) mix(hash, v);
    for (const affine a : {parameterisation.to_x0(at), parameterisation.to_eps(at)})
      for (const double v : {a.x, a.out}) mix(hash, v);
    for (const double v : {at.alpha, at.sigma, parameterisation.input_scale(at), static_cast<double>(map.how),
                           map.range, map.ratio, map.floor, map.ceiling, map.keep_eps ? 1.0 : 0.0})
      mix(hash, v);
  }

  static void require_rows(const step_plan& plan, const row& r, std::size_t evaluations, std::size_t stored,
                           bool has_previous, const std::string& where) {
    const auto reaches = [](const auto& first, const auto& second) {
      std::size_t n = 0;
      for (std::size_t k = 0; k < first.size(); ++k)
        if (first[k] != 0 || second[k] != 0) n = k + 1;
      return n;
    };
    require(finite(r), where, "a row with a coefficient that is not finite",
            "levels at which the solver's coefficients exist");
    require(reaches(r.now, r.now_renoise) <= evaluations, where, "a row over a reading that is not there yet",
            "the " + std::to_string(evaluations) + " readings before it");
    require(reaches(r.past, r.past_renoise) <= stored, where, "a row over a reading that is not remembered",
            std::to_string(stored) + " remembered readings (history())");
    require(r.previous == 0 || has_previous, where, "a row over the tensor that the last step kept, but it kept none",
            "window.has_previous");
    require(!plan.remember || *plan.remember < plan.evaluations.size(), where,
            "an evaluation to remember that is not made", "one of the plan's evaluations");
  }

  void refuse_two_readings() const {
    throw error{"sampler: " + solver_name(), "cannot renoise with another eps than it denoises with (CFG++, keep_eps)",
                "first-order solvers and dpm_pp_2m"};
  }

  void look_at_own_steps(run_needs& needs) const {
    const erased_own_step& own = own_steps();
    own.check_ends(path.front(), path.back());
    if (two_readings()) refuse_two_readings();
    require(!guidance.needs_gram() || own.couples_batch(), "sampler: " + solver_name(),
            "every sample has its own level, which a guidance that looks at inner products cannot use",
            "couples_batch, or a guidance with fixed weights");
    needs.evaluations = own.readings();
    require(!guidance.has_state(), "sampler: " + solver_name(), "a guidance with momentum counts steps, not trials",
            "a guidance without state");
    std::vector<noise_level> seen{path.front(), path.back()};
    for (const double s : breakpoints)
      for (const double side : {1 - 1e-6, 1 + 1e-6}) seen.push_back(level_at_lambda(-std::log(side * s)));
    for (const noise_level& at : seen) {
      needs.branches = needs.branches | guidance.needs({at, path.front(), path.back(), 0, 1});
      needs.scales = needs.scales || parameterisation.input_scale(at) != 1;
      look_at_reading(own.reads(), at, "sampler: " + solver_name());
      mix_in(needs.fingerprint, path.front(), path.back(), at);
    }
  }

  void plan_all(run_needs& needs) const {
    const erased_solver& planned = planner();
    if (two_readings() && !planned.takes_two_readings()) refuse_two_readings();
    std::size_t stored = 0;
    bool has_previous = false;
    require(planned.history() <= max_history, solver_name() + ": history", std::to_string(planned.history()),
            "0 to " + std::to_string(max_history));
    for (std::size_t i = 0; i < path.steps(); ++i) {
      if (cuts_history(path[i].from)) {
        stored = 0;
        has_previous = false;
      }
      const std::string where = "sampler: leg " + std::to_string(i) + " (sigma/alpha " +
                                std::to_string(path[i].from.rho()) + " to " + std::to_string(path[i].to.rho()) + ")";
      const step_plan plan =
          with_window(i, stored, has_previous, [&](const step_window& w) { return planned.plan(w); });
      require(!plan.evaluations.empty(), where, solver_name() + " plans no evaluation", "1 to 4");
      std::size_t made = 0;
      for (const stage& s : plan.evaluations) {
        require_rows(plan, s.state, made++, stored, has_previous, where + ": " + solver_name());
        note_draws(needs.draws, plan, s.state);
        mix(needs.fingerprint, s.state);
        look_at(plan, s, i, where);
        mix_in(needs.fingerprint, path[i].from, path[i].to, s.at);
        needs.stages = needs.stages || !(s.state == same_state);
        needs.scales = needs.scales || parameterisation.input_scale(s.at) != 1;
        needs.branches = needs.branches | guidance.needs({s.at, path[i].from, path[i].to, i, path.steps()});
      }
      for (const row* r : {&plan.result, plan.keep ? &*plan.keep : nullptr}) {
        if (r == nullptr) continue;
        require_rows(plan, *r, made, stored, has_previous, where + ": " + solver_name());
        note_draws(needs.draws, plan, *r);
        mix(needs.fingerprint, *r);
      }
      mix(needs.fingerprint, path[i].label);
      needs.evaluations = std::max(needs.evaluations, plan.evaluations.size());
      needs.keeps = needs.keeps || plan.keep.has_value();
      needs.variance = needs.variance || plan.variance.has_value();
      stored = plan.remember ? std::min(stored + 1, planned.history()) : stored;
      has_previous = plan.keep.has_value();
    }
  }

  void look_at(const step_plan& plan, const stage& s, std::size_t i, const std::string& where) const {
    look_at_reading(plan.of, s.at, where);
    if (two_readings()) require_reading(plan.renoise_of, s.at, where);
    require(guidance.needs({s.at, path[i].from, path[i].to, i, path.steps()}).size() > 0, where,
            "the guidance asks for no branch", "one branch or more");
  }

  // Can every conversion be done that a reading at this level takes?
  void look_at_reading(quantity of, const noise_level& at, const std::string& where) const {
    require_reading(of, at, where);
    if (map.how == threshold::kind::none) return;
    require_reading(quantity::x0, at, where);
    require(of == quantity::x0 || at.sigma > 0, where, "a threshold leaves no eps at sigma = 0",
            "a trajectory that starts above sigma = 0, or no threshold");
  }

  void require_reading(quantity of, const noise_level& at, const std::string& where) const {
    const reading_weights w = weigh(parameterisation, guidance.space(), of, at, {1, 1}, 0);
    if (std::isfinite(w.state + w.output[0])) return;
    const bool x0 = of == quantity::x0;
    throw error{where,
                std::string{"this parameterisation"} +
                    (guidance.space() == guidance_space::output ? "" : ", with a guidance in another space,") +
                    " cannot give " + (x0 ? "x0" : "eps") +
                    (at.alpha == 0   ? " at alpha = 0 (infinite noise)"
                     : at.sigma == 0 ? " at sigma = 0"
                                     : ""),
                x0 ? "x0-, v- or flow-prediction, or a trajectory that starts at finite noise"
                   : "eps-, v- or flow-prediction, or a trajectory that starts above sigma = 0"};
  }
};

}  // namespace noisefall
