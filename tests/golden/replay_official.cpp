#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <noisefall/guidance/unguided.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/betas.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/schedule/vp_table.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/dpm_adaptive.hpp>
#include <noisefall/solver/dpm_multistep.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/unipc.hpp>
#include <noisefall/trajectory/ramps.hpp>

#include "golden/drive.hpp"
#include "golden/replay.hpp"
#include "golden/trace_file.hpp"

namespace noisefall::golden {

using nlohmann::json;

namespace {

// NoiseScheduleVP. The tables are given as "linear(first,last,n)" or as a list.
any_schedule schedule_of(const json& c) {
  const json& s = c.at("noise_schedule");
  const std::string kind = s.value("schedule", "discrete");
  if (kind == "linear")
    return vp_linear{.beta_0 = number(s.value("continuous_beta_0", json(0.1))),
                     .beta_1 = number(s.value("continuous_beta_1", json(20.0)))};
  if (kind != "discrete") throw std::runtime_error{"noise_schedule " + kind};
  std::vector<double> bars;
  if (s.contains("alphas_cumprod")) {
    bars = numbers(s.at("alphas_cumprod"));
  } else if (s.at("betas").is_string()) {
    double first = 0, last = 0;
    std::size_t n = 0;
    if (std::sscanf(s.at("betas").get_ref<const std::string&>().c_str(), "linear(%lf,%lf,%zu)", &first, &last, &n) != 3)
      throw std::runtime_error{"betas " + s.at("betas").dump()};
    bars = alphas_cumprod(betas::linear(n, first, last));
  } else {
    bars = alphas_cumprod(numbers(s.at("betas")));
  }
  // The DPM-Solver repository cuts levels below lambda = -5.1 off, UniPC's does not.
  return vp_table{bars, c.at("lib") == "unipc" ? -std::numeric_limits<double>::infinity() : -5.1};
}

// What one case asks for.
struct request {
  std::string skip, method;
  std::size_t steps = 20;
  int order = 2;
  bool by_eps = false, taylor = false, lower_order_final = true, denoise_to_zero = false;
  double t_first = 1, t_last = 1e-3, atol = 0.0078, rtol = 0.05;

  explicit request(const json& c, const any_schedule& schedule) {
    const json& s = c.at("sample");
    skip = s.value("skip_type", "time_uniform");
    method = s.value("method", "multistep");
    steps = s.value("steps", steps);
    order = s.value("order", order);
    if (order < 1 || order > 3) throw std::runtime_error{"order " + std::to_string(order) + ": 1 to 3"};
    const std::string algorithm = s.at("algorithm_type").get<std::string>();
    by_eps = algorithm == "dpmsolver" || algorithm == "noise_prediction";
    taylor = s.value("solver_type", "dpmsolver") == "taylor";
    lower_order_final = s.value("lower_order_final", true);
    denoise_to_zero = s.value("denoise_to_zero", false);
    t_first = has(s, "t_start") ? number(s.at("t_start")) : 1;
    t_last = has(s, "t_end") ? number(s.at("t_end")) : schedule.t_min();
    atol = s.value("atol", atol);
    rtol = s.value("rtol", rtol);
  }

  quantity of() const { return by_eps ? quantity::eps : quantity::x0; }
  dpm_singlestep::nodes nodes() const {
    return skip == "logSNR"         ? dpm_singlestep::nodes::lambda
           : skip == "time_uniform" ? dpm_singlestep::nodes::time
                                    : dpm_singlestep::nodes::time_quadratic;
  }

  // get_time_steps
  std::vector<double> times(const any_schedule& schedule, std::size_t n) const {
    if (skip == "time_uniform") return linear_ramp(n + 1, t_first, t_last);
    std::vector<double> values;
    if (skip == "time_quadratic") {
      values = linear_ramp(n + 1, std::sqrt(t_first), std::sqrt(t_last));
      for (double& t : values) t *= t;
    } else {
      values = linear_ramp(n + 1, schedule.at(t_first).lambda(), schedule.at(t_last).lambda());
      for (double& l : values) l = schedule.time_of(l);
    }
    return values;
  }
};

trajectory path_of(const any_schedule& schedule, const std::vector<double>& times) {
  std::vector<noise_level> levels;
  for (const double t : times) levels.push_back(schedule.at(t));
  return trajectory{levels};
}

// The run, with everything that is recorded of its calls, and the last evaluation of denoise_to_zero, which is a DDIM
// step from t_end to clean data.
template <class Solver, class See>
void run(const json& c, const request& r, const any_schedule& schedule, const Solver& solver, const trajectory& path,
         const mixture& exact, std::optional<std::size_t> intermediates_from, comparison& seen, See see_more) {
  const network net{.exact = &exact, .rule = {}};
  const shape extents{c.at("shape").at(0).get<std::size_t>(), c.at("shape").at(1).get<std::size_t>()};
  const double tolerance = tolerance_of(c);
  const std::vector<double> times = numbers(c.at("model_t"));
  std::size_t before = 0;  // calls of an earlier run
  const sampler sample{solver, schedule, path, unguided{}, predicts_eps{}};
  const auto level_of = [](const auto& q) { return q.at.levels[0]; };
  const auto see = [&](const asked& a) {
    const std::size_t call = before + a.call;
    const std::string i = bracketed(call);
    if (call >= times.size())
      throw std::runtime_error{"more evaluations than the " + std::to_string(times.size()) + " recorded"};
    const bool follows = r.method == "adaptive";  // times and trial states follow from the data
    const double slack = follows ? 1e-6 : 1e-9, of_states = follows ? 100 * tolerance : tolerance;
    seen.look(a.at.t, times[call], slack, "model_t" + i);
    seen.look(a.at.alpha, number(c.at("alpha").at(call)), slack, "alpha" + i);
    seen.look(a.at.sigma, number(c.at("sigma").at(call)), slack, "sigma" + i);
    seen.look(a.x, flat(c.at("model_inputs").at(call)), of_states, "model_inputs" + i);
    seen.look(a.out, flat(c.at("model_outputs").at(call)), of_states, "model_outputs" + i);
    if (intermediates_from && a.stage == 0 && a.step + *intermediates_from >= 1) {
      const std::size_t k = a.step + *intermediates_from - 1;
      seen.look(a.x, flat(c.at("intermediates").at(k)), tolerance, "intermediates" + bracketed(k));
    }
    if (before == 0) see_more(a, sample.parts());
  };
  driven end = drive(sample, extents, flat(c.at("initial_sample")), {}, net, level_of, see, [](auto&&...) {});
  if (intermediates_from)
    seen.look(end.x, flat(c.at("intermediates").at(path.steps() - 1 + *intermediates_from)), tolerance,
              "intermediates: the last step");
  before = end.calls;
  if (r.denoise_to_zero) {
    const noise_level last = schedule.at(r.t_last);
    intermediates_from.reset();
    end = drive(
        sampler{ddim{}, schedule, trajectory{std::vector{last, noise_level{0, 1, 0}}}, unguided{}, predicts_eps{}},
        extents, end.x, {}, net, level_of, see, [](auto&&...) {});
    before += end.calls;
  }
  seen.look(static_cast<double>(before), static_cast<double>(times.size()), 0, "how many evaluations");
  seen.look(static_cast<double>(before), number(c.at("nfe")), 0, "nfe");
  if (has(c, "intermediates"))
    seen.look(end.x, flat(c.at("intermediates").back()), tolerance, "intermediates: the last");
  seen.look(end.x, flat(c.at("final")), tolerance, "final");
}

void look_at_times(const json& c, const std::vector<double>& times, comparison& seen) {
  const std::vector<double> recorded = numbers(c.at("timesteps"));
  seen.look(static_cast<double>(times.size()), static_cast<double>(recorded.size()), 0, "timesteps: how many");
  for (std::size_t i = 0; i < std::min(times.size(), recorded.size()); ++i)
    seen.look(times[i], recorded[i], "timesteps" + bracketed(i));
}

void replay_multistep(const json& c, const request& r, const any_schedule& schedule, const mixture& exact,
                      comparison& seen) {
  const std::vector<double> times = r.times(schedule, r.steps);
  look_at_times(c, times, seen);
  const dpm_multistep solver{.order = r.order,
                             .of = r.of(),
                             .correction = r.taylor ? dpm_multistep::kind::heun : dpm_multistep::kind::midpoint,
                             .lower_order_below = r.lower_order_final ? 10u : 0u,
                             .third_order = dpm_multistep::third::halved};
  run(c, r, schedule, solver, path_of(schedule, times), exact, 1, seen, [](auto&&...) {});
}

void replay_singlestep(const json& c, const request& r, const any_schedule& schedule, const mixture& exact,
                       comparison& seen) {
  const bool fixed = r.method == "singlestep_fixed";
  const std::size_t order = static_cast<std::size_t>(r.order);
  std::vector<int> orders = dpm_singlestep::orders(r.steps, r.order);
  if (fixed) orders.assign(r.steps / order, r.order);
  if (has(c, "orders")) {
    const std::vector<double> mine(orders.begin(), orders.end());
    seen.look(mine, numbers(c.at("orders")), 0, "orders");
  }
  std::vector<double> times;
  if (fixed || r.skip == "logSNR") {
    times = r.times(schedule, orders.size());
  } else {
    const std::vector<double> all = r.times(schedule, r.steps);
    std::size_t at = 0;
    times.push_back(all[0]);
    for (const int k : orders) times.push_back(all[at += static_cast<std::size_t>(k)]);
  }
  look_at_times(c, times, seen);
  const dpm_singlestep solver{.order = r.order,
                              .of = r.of(),
                              .correction = r.taylor ? dpm_singlestep::kind::heun : dpm_singlestep::kind::midpoint,
                              .budget = fixed ? 0 : r.steps,
                              .stages = r.nodes()};
  run(c, r, schedule, solver, path_of(schedule, times), exact, 0, seen, [](auto&&...) {});
}

void replay_adaptive(const json& c, const request& r, const any_schedule& schedule, const mixture& exact,
                     comparison& seen) {
  const dpm_adaptive solver{.order = r.order,
                            .of = r.of(),
                            .correction = r.taylor ? dpm_singlestep::kind::heun : dpm_singlestep::kind::midpoint,
                            .controller = dpm_adaptive::control::power,
                            .atol = r.atol,
                            .rtol = r.rtol,
                            .couples_batch = true};
  run(c, r, schedule, solver, path_of(schedule, {r.t_first, r.t_last}), exact, {}, seen, [](auto&&...) {});
}

void replay_unipc(const json& c, const request& r, const any_schedule& schedule, const mixture& exact,
                  comparison& seen) {
  const std::vector<double> times = r.times(schedule, r.steps);
  look_at_times(c, times, seen);
  const std::string variant = c.at("sample").value("variant", "bh1");
  const unipc solver{.order = r.order,
                     .of = r.of(),
                     .coefficients = variant == "bh1"   ? unipc::variant::bh1
                                     : variant == "bh2" ? unipc::variant::bh2
                                                        : unipc::variant::vary_coeff,
                     .corrector = true,
                     .lower_order_final = r.lower_order_final};

  // intermediates are the corrected states, which the run never shows: made here from the rows of the same plans.
  std::vector<double> corrected;
  std::vector<std::vector<double>> readings;  // newest first
  const auto correct = [&](const asked& a, const policies& parts) {
    parts.with_window(a.step, std::min(readings.size(), solver.history()), a.step > 0, [&](const step_window& window) {
      const step_plan plan = solver.plan(window);
      const row keep = plan.keep.value_or(same_state);
      const affine to_reading = window.conversion(plan.of, a.at);
      std::vector<double> now(a.x.size()), kept(a.x.size());
      for (std::size_t j = 0; j < a.x.size(); ++j) {
        now[j] = to_reading.x * a.x[j] + to_reading.out * a.out[j];
        kept[j] = keep.x * a.x[j] + keep.now[0] * now[j] + (corrected.empty() ? 0 : keep.previous * corrected[j]);
        for (std::size_t k = 0; k < std::min(readings.size(), max_history); ++k)
          kept[j] += keep.past[k] * readings[k][j];
      }
      seen.look(kept, flat(c.at("intermediates").at(a.step)), tolerance_of(c), "intermediates" + bracketed(a.step));
      corrected = kept;
      readings.insert(readings.begin(), now);
    });
  };
  run(c, r, schedule, solver, path_of(schedule, times), exact, {}, seen, correct);
}

}  // namespace

bool replay_official(const json& c, const std::vector<mixture>& mixtures, comparison& seen) {
  const any_schedule schedule = schedule_of(c);
  const request r{c, schedule};
  const mixture& exact = mixtures.at(c.at("mixture").get<std::size_t>());
  if (c.at("lib") == "unipc")
    replay_unipc(c, r, schedule, exact, seen);
  else if (r.method == "multistep")
    replay_multistep(c, r, schedule, exact, seen);
  else if (r.method == "adaptive")
    replay_adaptive(c, r, schedule, exact, seen);
  else if (r.method == "singlestep" || r.method == "singlestep_fixed")
    replay_singlestep(c, r, schedule, exact, seen);
  else
    return false;
  return true;
}

}  // namespace noisefall::golden
