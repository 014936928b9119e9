// The look ahead: every leg planned once, so that what cannot work is refused before anything runs.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/core/archive.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/core/owner.hpp>
#include <noisefall/random/noise_source.hpp>
#include <noisefall/sampler/policies.hpp>
#include <noisefall/sampler/reading.hpp>
#include <noisefall/sampler/run_needs.hpp>
#include <noisefall/sampler/step_passes.hpp>

namespace noisefall {

// Throws noisefall::error if a policy is out of range or if some leg has no finite plan.
class look_ahead {
 public:
  [[gnu::cold]] explicit look_ahead(const policies& of) : of_{of} {
    if (of.has_own_steps())
      of.own_steps.check();
    else
      of.planner.check();
    of.guidance.check();
    require(of.guidance.scalars() <= max_guidance_scalars, "guidance: scalars", {of.guidance.scalars()},
            {"0 to ", max_guidance_scalars});
    of.parameterisation.check();
    of.map.check();
    for (const char c : of.solver_name()) mix(needs_.fingerprint, static_cast<double>(c));
    if (of.has_own_steps())
      look_at_own_steps();
    else
      plan_all();
  }
  run_needs needs() { return std::move(needs_); }

 private:
  static bool finite(const row& r) {
    double total = r.x + r.previous;
    for (const auto weights : reading_weights_of(r))
      for (const double w : weights) total += w;
    for (const double w : r.noise) total += w;
    return std::isfinite(total);
  }

  // Which of the plan's slots the row draws from. A slot is named by its own step and perhaps by the next one.
  [[gnu::cold]] static void note_draws(std::vector<increment>& draws, const step_plan& plan, const row& r) {
    for (std::size_t j = 0; j < max_noise_slots; ++j) {
      if (r.noise[j] == 0) continue;
      const noise_slot& z = plan.slots[j];
      bool known = false;
      for (std::size_t k = draws.size(); k > 0 && k + 2 * max_noise_slots > draws.size() && !known; --k)
        known = draws[k - 1].step == z.step && draws[k - 1].slot == z.slot;
      if (!known) draws.push_back({0, z.step, z.slot, z.from.rho(), z.to.rho()});
    }
  }

  static void mix(std::uint64_t& hash, double value) {  // splitmix64's finaliser
    hash ^= std::bit_cast<std::uint64_t>(value);
    hash = (hash + 0x9e3779b97f4a7c15) ^ (hash >> 30);
    hash *= 0xbf58476d1ce4e5b9;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
    hash ^= hash >> 31;
  }
  class hashing_archive final : public archive {
   public:
    explicit hashing_archive(std::uint64_t& hash) : hash_{&hash} {}
    bool reads() const override { return false; }

   private:
    void bytes(std::span<std::byte> part) override {
      for (const std::byte b : part) mix(*hash_, static_cast<double>(b));
    }
    std::uint64_t* hash_;
  };
  [[gnu::cold]] static void mix(std::uint64_t& hash, const row& r) {
    mix(hash, r.x);
    mix(hash, r.previous);
    for (const auto weights : reading_weights_of(r))
      for (std::size_t k = 0; k < weights.size(); ++k)
        if (k < 4 || weights[k] != 0) mix(hash, weights[k]);  // a fifth reading came later than the first saved runs
    for (const double w : r.noise) mix(hash, w);
  }
  // What the guidance, the parameterisation and the map do at a level. Rules that look at inner products are shown
  // some.
  [[gnu::cold]] void mix_in(std::uint64_t& hash, const guidance_position& position) const {
    const noise_level& at = position.at;
    constexpr std::size_t most = max_branches + 2;
    const std::size_t vectors = of_.guidance.needs(position).size() + (of_.guidance.has_state() ? 1 : 0) + 1;
    std::array<double, most * most> products{};
    constexpr std::array<double, max_guidance_scalars> scalars{};
    for (const double size : {0.01, 1.0, 100.0, 10000.0}) {
      for (std::size_t k = 0; k < vectors; ++k)
        for (std::size_t l = 0; l < vectors; ++l)
          products[k * vectors + l] = size / static_cast<double>(1 + k + l) + (k == l ? size : 0);
      products[vectors * vectors - 1] = 64 + size;  // <1, 1>
      mix_weights(hash, of_.guidance.weights(position, gram_matrix{products, vectors, scalars}));
    }
    for (const affine a : {of_.parameterisation.to_x0(at), of_.parameterisation.to_eps(at)})
      for (const double v : {a.x, a.out}) mix(hash, v);
    for (const double v : {at.alpha, at.sigma, of_.parameterisation.input_scale(at), of_.parameterisation.label(at),
                           static_cast<double>(of_.guidance.space()), static_cast<double>(of_.map.how), of_.map.range,
                           of_.map.ratio, of_.map.floor, of_.map.ceiling, of_.map.keep_eps ? 1.0 : 0.0})
      mix(hash, v);
  }

  [[gnu::cold]] static void mix_weights(std::uint64_t& hash, const branch_weights& w) {
    for (const auto& weights : {w.guided, w.renoise, w.next})
      for (const double v : weights) mix(hash, v);
    for (const double v : w.gradient)
      if (v != 0) mix(hash, v);
    mix(hash, w.guided_state);
    mix(hash, w.next_state);
    for (const double v : w.next_scalars) mix(hash, v);
  }

  [[gnu::cold]] static void require_rows(const step_plan& plan, const row& r, std::size_t evaluations,
                                         std::size_t stored, bool has_previous, const message& where) {
    const auto reaches = [](const auto& first, const auto& second) {
      std::size_t n = 0;
      for (std::size_t k = 0; k < first.size(); ++k)
        if (first[k] != 0 || second[k] != 0) n = k + 1;
      return n;
    };
    require(finite(r), where, "a row with a coefficient that is not finite",
            "levels at which the solver's coefficients exist");
    require(reaches(r.now, r.now_renoise) <= evaluations, where, "a row over a reading that is not there yet",
            {"the ", evaluations, " readings before it"});
    require(reaches(r.past, r.past_renoise) <= stored, where, "a row over a reading that is not remembered",
            {stored, " remembered readings (history())"});
    require(r.previous == 0 || has_previous, where, "a row over the tensor that the last step kept, but it kept none",
            "window.has_previous");
    std::size_t arrays = (r.x != 0 ? 1 : 0) + (r.previous != 0 ? 1 : 0);
    for (const auto weights : reading_weights_of(r))
      for (const double w : weights) arrays += w != 0 ? 1 : 0;
    require(arrays <= 8, where, {"a row over ", arrays, " arrays"}, "8 or fewer");
    for (std::size_t j = 0; j < max_noise_slots; ++j)
      require(r.noise[j] == 0 || plan.slots[j].slot < max_noise_slots, where, {"noise slot ", plan.slots[j].slot},
              {"0 to ", max_noise_slots - 1});
    require(!plan.remember || *plan.remember < plan.evaluations.size(), where,
            "an evaluation to remember that is not made", "one of the plan's evaluations");
  }

  [[gnu::cold]] void refuse_two_readings() const {
    refuse({"sampler: ", of_.solver_name()}, "cannot renoise with another eps than it denoises with (CFG++, keep_eps)",
           "first-order solvers and dpm_pp_2m, dpm_singlestep and dpm_ancestral of x0");
  }

  [[gnu::cold]] void look_at_own_steps() {
    const erased_own_step& own = of_.own_steps;
    own.check_path(of_.path);
    require(of_.path.kind() != trajectory_kind::renoise, {"sampler: ", of_.solver_name()},
            "a trajectory that climbs, for a solver that walks from its first level to its last", "a descending one");
    if (of_.two_readings()) refuse_two_readings();
    require(!of_.guidance.needs_gram() || own.couples_batch(), {"sampler: ", of_.solver_name()},
            "every sample has its own level, which a guidance that looks at inner products cannot use",
            "couples_batch, or a guidance with fixed weights");
    require(own.reads() != quantity::output || of_.map.how == threshold::kind::none, {"sampler: ", of_.solver_name()},
            "a threshold on raw outputs", "a solver that reads x0 or eps, or no threshold");
    needs_.evaluations = own.evaluations();
    hashing_archive parameters{needs_.fingerprint};
    own.parameters(parameters);
    needs_.draws = own.draws(of_.path);
    require(!of_.guidance.has_state() && of_.guidance.scalars() == 0, {"sampler: ", of_.solver_name()},
            "a guidance with momentum counts steps, not trials", "a guidance without state");
    std::vector<noise_level> seen{of_.path.front(), of_.path.back()};
    if (own.walks_legs())
      for (const leg& l : of_.path.legs()) {
        seen.push_back(l.from);
        for (const double v : {l.from.alpha, l.from.sigma, l.to.alpha, l.to.sigma, l.label}) mix(needs_.fingerprint, v);
      }
    for (const double s : of_.breakpoints)
      for (const double side : {1 - 1e-6, 1 + 1e-6}) seen.push_back(of_.level_at_lambda(-std::log(side * s)));
    for (const noise_level& at : seen) {
      needs_.branches = needs_.branches | of_.guidance.needs({at, of_.path.front(), of_.path.back(), 0, 1});
      needs_.scales = needs_.scales || of_.parameterisation.input_scale(at) != 1;
      look_at_reading(own.reads(), at, {"sampler: ", of_.solver_name()});
      mix_in(needs_.fingerprint, {at, of_.path.front(), of_.path.back(), 0, 1});
    }
  }

  [[gnu::cold]] void plan_all() {
    const erased_solver& planned = of_.planner;
    if (of_.two_readings() && !planned.takes_two_readings()) refuse_two_readings();
    std::size_t stored = 0;
    bool has_previous = false;
    auto* plans = new leg_plans;
    needs_.plans = shared<leg_plans>{plans};
    plans->prepared =
        !of_.guidance.needs_gram() && of_.guidance.scalars() == 0 && of_.map.how != threshold::kind::dynamic;
    plans->legs.reserve(std::min(of_.path.steps(), leg_plans::most));
    if (plans->prepared) plans->passes.reserve(plans->legs.capacity());
    require(!of_.path.climbs(of_.path.steps() - 1), "sampler: the last leg", "climbs", "an end that is walked down to");
    require(planned.history() <= max_history, {of_.solver_name(), ": history"}, {planned.history()},
            {"0 to ", max_history});
    for (std::size_t i = 0; i < of_.path.steps(); ++i) {
      if (of_.cuts_history(i)) {
        stored = 0;
        has_previous = false;
      }
      const std::string where =
          message{"sampler: leg ", i, " (sigma/alpha ", of_.path[i].from.rho(), " to ", of_.path[i].to.rho(), ")"}
              .text();
      leg_plans::leg_plan leg;
      of_.with_window(i, stored, has_previous,
                      [&](const step_window& w) { leg = {w.at, of_.plan(w), false, false, {}, {}}; });
      const step_plan& plan = leg.plan;
      needs_.gradients = needs_.gradients || plan.gradients() > 0;
      require(plan.gradients() == 0 || !(of_.guidance.has_state() || of_.guidance.scalars() > 0), where,
              {of_.solver_name(), " asks for gradients, and the guidance has a state"}, "a guidance without state");
      require(plan.gradients() == 0 || !of_.two_readings(), where, {of_.solver_name(), " asks for gradients"},
              "one reading (no CFG++, no keep_eps)");
      require(!plan.evaluations.empty() || of_.path.climbs(i), where, {of_.solver_name(), " plans no evaluation"},
              {"1 to ", max_evaluations});
      std::size_t made = 0;
      for (const stage& s : plan.evaluations) {
        require_rows(plan, s.state, made++, stored, has_previous, {where, ": ", of_.solver_name()});
        note_draws(needs_.draws, plan, s.state);
        mix(needs_.fingerprint, s.state);
        if (s.gradient) needs_.branches = needs_.branches | branch_set{0};
        if (!s.gradient) look_at(plan, s, i, where);
        mix_in(needs_.fingerprint, {s.at, of_.path[i].from, of_.path[i].to, i, of_.path.steps()});
        mix(needs_.fingerprint, s.label);
        if (s.gradient) mix(needs_.fingerprint, 1.0);
        needs_.stages = needs_.stages || !(s.state == same_state);
        needs_.scales = needs_.scales || of_.parameterisation.input_scale(s.at) != 1;
        needs_.branches =
            needs_.branches | of_.guidance.needs({s.at, of_.path[i].from, of_.path[i].to, i, of_.path.steps()});
      }
      for (const row* r : {&plan.result, plan.keep ? &*plan.keep : nullptr}) {
        if (r == nullptr) continue;
        require_rows(plan, *r, made, stored, has_previous, {where, ": ", of_.solver_name()});
        note_draws(needs_.draws, plan, *r);
        mix(needs_.fingerprint, *r);
      }
      for (const double v : {of_.path[i].label, static_cast<double>(plan.of), static_cast<double>(plan.renoise_of),
                             plan.remember ? static_cast<double>(*plan.remember) : -1.0})
        mix(needs_.fingerprint, v);
      for (const noise_slot& z : plan.slots)
        for (const double v : {z.from.rho(), z.to.rho(), static_cast<double>(z.step), static_cast<double>(z.slot)})
          mix(needs_.fingerprint, v);
      if (plan.variance)
        for (const double v :
             {static_cast<double>(plan.variance->how), plan.variance->log_low, plan.variance->log_high})
          mix(needs_.fingerprint, v);
      needs_.evaluations = std::max(needs_.evaluations, plan.evaluations.size());
      needs_.keeps = needs_.keeps || plan.keep.has_value();
      needs_.variance = needs_.variance || plan.variance.has_value();
      if (i < leg_plans::most) {
        leg.cuts_history = of_.cuts_history(i);
        prepare(*plans, leg);
        plans->legs.push_back(leg);
      }
      stored = plan.remember ? std::min(stored + 1, planned.history()) : stored;
      has_previous = plan.keep.has_value();
    }
  }

  [[gnu::cold]] void prepare(leg_plans& plans, leg_plans::leg_plan& leg) const {
    guided_reader reader{of_.guidance, of_.parameterisation, 1};
    pass_builder builder;
    std::array<double, pass_weights::storage_size(1)> weights;
    const auto keep = [&] { plans.passes.push_back({builder.what, weights}); };
    if (plans.prepared && leg.plan.evaluations.empty()) {
      const present_reading none{reader, {}, {}, arrays::state, 1};
      leg.first_state.first = plans.passes.size();
      step_passes{builder, {weights, 1}, of_, leg.plan, 0, none}.make_result();
      keep();
      leg.first_state.end = plans.passes.size();
    }
    for (std::size_t k = 0; k < leg.plan.evaluations.size(); ++k) {
      leg_plans::evaluation& now = leg.evaluations.push_back({plan_of(of_, leg.at, leg.plan, k), {}});
      if (!plans.prepared) continue;
      inline_vector<std::size_t, max_branches> branches;
      for (std::size_t b = 0; b < max_branches; ++b)
        if (now.branches.holds(b)) branches.push_back(b);
      if (!now.gradient)
        reader.look(position_of(leg.at, now.at), {&now.at, 1}, branches.size(), of_.guidance.has_state(), 1, k == 0);
      if (k == 0) leg.moves_tensor = !reader.tensor_rests();
      const present_reading reading{reader, {&now.at, 1}, {branches.begin(), branches.size()}, now.looks_at,
                                    1,      now.gradient};
      step_passes passes{builder, {weights, 1}, of_, leg.plan, k, reading};
      if (k == 0 && now.looks_at != arrays::state) {
        leg.first_state.first = plans.passes.size();
        passes.make_first_state();
        keep();
        leg.first_state.end = plans.passes.size();
      }
      now.answered.first = plans.passes.size();
      passes.absorb({}, keep);
      now.answered.end = plans.passes.size();
    }
  }

  [[gnu::cold]] void look_at(const step_plan& plan, const stage& s, std::size_t i, const message& where) const {
    look_at_reading(plan.of, s.at, where);
    if (of_.two_readings()) require_reading(plan.renoise_of, s.at, where);
    require(of_.guidance.needs({s.at, of_.path[i].from, of_.path[i].to, i, of_.path.steps()}).size() > 0, where,
            "the guidance asks for no branch", "one branch or more");
  }

  // Can every conversion be done that a reading at this level takes?
  [[gnu::cold]] void look_at_reading(quantity of, const noise_level& at, const message& where) const {
    require_reading(of, at, where);
    if (of_.map.how == threshold::kind::none) return;
    require_reading(quantity::x0, at, where);
    require(of == quantity::x0 || at.sigma > 0, where, "a threshold leaves no eps at sigma = 0",
            "a trajectory that starts above sigma = 0, or no threshold");
  }

  [[gnu::cold]] void require_reading(quantity of, const noise_level& at, const message& where) const {
    const reading_weights w = weigh(of_.parameterisation, of_.guidance.space(), of, at, {1, 1}, 0);
    if (std::isfinite(w.state + w.output[0])) return;
    const bool x0 = of == quantity::x0;
    refuse(where,
           {"this parameterisation",
            (of_.guidance.space() == guidance_space::output ? "" : ", with a guidance in another space,"),
            " cannot give ", (x0 ? "x0" : "eps"),
            (at.alpha == 0   ? " at alpha = 0 (infinite noise)"
             : at.sigma == 0 ? " at sigma = 0"
                             : "")},
           x0 ? "x0-, v- or flow-prediction, or a trajectory that starts at finite noise"
              : "eps-, v- or flow-prediction, or a trajectory that starts above sigma = 0");
  }

  const policies& of_;
  run_needs needs_;
};

}  // namespace noisefall
