#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <noisefall/guidance/unguided.hpp>
#include <noisefall/parameterisation/x0.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/solver/dpm_2_churn.hpp>
#include <noisefall/solver/dpm_adaptive.hpp>
#include <noisefall/solver/dpm_ancestral.hpp>
#include <noisefall/solver/dpm_multistep.hpp>
#include <noisefall/solver/dpm_pp_2m.hpp>
#include <noisefall/solver/dpm_pp_sde.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/euler.hpp>
#include <noisefall/solver/heun.hpp>
#include <noisefall/solver/lms.hpp>
#include <noisefall/trajectory/ramps.hpp>

#include "golden/drive.hpp"
#include "golden/replay.hpp"
#include "golden/trace_file.hpp"

namespace noisefall::golden {

using nlohmann::json;

namespace {

double argument(const json& kwargs, const std::string& name, double otherwise) {
  return kwargs.contains(name) ? number(kwargs.at(name)) : otherwise;
}

noise_level exploding(double sigma) { return {sigma, 1, sigma}; }

// get_sigmas_*, with the 0 at the end.
std::vector<double> sigmas_of(const json& schedule) {
  const std::string fn = schedule.at("fn").get<std::string>();
  const json& args = schedule.at("args");
  const std::size_t n = args.at("n").get<std::size_t>();
  std::vector<double> sigmas;
  if (fn == "get_sigmas_vp") {
    sigmas = vp_ramp(n, argument(args, "beta_d", 19.9), argument(args, "beta_min", 0.1), argument(args, "eps_s", 1e-3));
  } else {
    const double lo = number(args.at("sigma_min")), hi = number(args.at("sigma_max"));
    if (fn == "get_sigmas_karras")
      sigmas = karras_ramp(n, lo, hi, argument(args, "rho", 7));
    else if (fn == "get_sigmas_exponential")
      sigmas = exponential_ramp(n, lo, hi);
    else if (fn == "get_sigmas_polyexponential")
      sigmas = polyexponential_ramp(n, lo, hi, argument(args, "rho", 1));
    else
      throw std::runtime_error{"schedule " + fn};
  }
  sigmas.push_back(0);
  return sigmas;
}

trajectory path_of(const std::vector<double>& sigmas) {
  std::vector<noise_level> levels;
  for (const double s : sigmas) levels.push_back(exploding(s));
  return trajectory{levels};
}

// One draw per outer step, times `scale`; none where gamma is 0.
std::vector<recorded_draw<double>> one_per_step(const json& c, double scale = 1) {
  std::vector<recorded_draw<double>> draws;
  if (!has(c, "noise")) return draws;
  for (std::size_t i = 0; i < c.at("noise").size(); ++i)
    if (!c.at("noise")[i].is_null()) draws.push_back({static_cast<std::uint32_t>(i), 0, flat(c.at("noise")[i])});
  for (auto& draw : draws)
    for (double& z : draw.values) z *= scale;
  return draws;
}

// dpmpp_sde draws over [s, s1] and over [s, t]; disjoint increments are z over [s, s1] and, in the clock sigma,
// (sqrt|s - t| z_st - sqrt|s - s1| z_ss1) / sqrt|s1 - t|.
std::vector<recorded_draw<double>> disjoint_increments(const json& c) {
  std::vector<recorded_draw<double>> draws;
  if (!has(c, "noise")) return draws;
  const json &noise = c.at("noise"), &over = c.at("noise_sigma");
  for (std::size_t i = 0; 2 * i + 1 < noise.size(); ++i) {
    const std::uint32_t step = static_cast<std::uint32_t>(i);
    const std::vector<double> first = flat(noise[2 * i]), whole = flat(noise[2 * i + 1]);
    const double s = number(over.at(2 * i).at(0)), middle = number(over.at(2 * i).at(1)),
                 t = number(over.at(2 * i + 1).at(1));
    std::vector<double> second(whole.size());
    for (std::size_t k = 0; k < whole.size(); ++k)
      second[k] = (std::sqrt(std::abs(s - t)) * whole[k] - std::sqrt(std::abs(s - middle)) * first.at(k)) /
                  std::sqrt(std::abs(middle - t));
    draws.push_back({step, 0, first});
    draws.push_back({step, 1, second});
  }
  return draws;
}

// The intervals of the draws: two a step, over [s, s_1] and [s, t], or one.
void look_at_noise_sigma(const json& c, const std::vector<double>& sigmas, std::optional<double> r, comparison& seen) {
  if (!has(c, "noise_sigma")) return;
  const json& over = c.at("noise_sigma");
  const std::size_t draws = r ? 2 : 1;
  for (std::size_t i = 0; i < over.size(); ++i) {
    const double s = sigmas.at(i / draws), t = sigmas.at(i / draws + 1);
    const std::string where = "noise_sigma" + bracketed(i);
    seen.look(s, number(over[i].at(0)), where);
    const bool inner = r && i % 2 == 0;
    seen.look(inner ? std::exp(std::log(s) + *r * (std::log(t) - std::log(s))) : t, number(over[i].at(1)), where);
  }
}

// Every recorded call: its sigma, its input, its output; callback_x: the input of each step's first call.
struct calls {
  const json& c;
  double tolerance;
  bool has_callbacks;  // whose x is the input of the step's first call
  comparison& seen;
  std::vector<double> sigmas = numbers(c.at("model_sigmas"));

  void operator()(const asked& a) const {
    const std::string i = std::string{"["} + std::to_string(a.call) + "]";
    if (a.call >= sigmas.size())
      throw std::runtime_error{"more evaluations than the " + std::to_string(sigmas.size()) + " recorded"};
    // A state's own scale; and trial states of dpm_adaptive, which has no callbacks at given sigmas, follow from the
    // data.
    const double size = std::max(1.0, sigmas[a.call]) * (has_callbacks ? 1 : 100);
    seen.look(a.at.sigma, sigmas[a.call], (has_callbacks ? 1e-9 : 1e-8) * size, "model_sigmas" + i);
    seen.look(a.x, flat(c.at("model_inputs").at(a.call)), tolerance * size, "model_inputs" + i);
    seen.look(a.out, flat(c.at("model_outputs").at(a.call)), tolerance * size, "model_outputs" + i);
    if (has_callbacks && a.stage == 0 && has(c, "callback_x"))
      seen.look(a.x, flat(c.at("callback_x").at(a.step)), tolerance * size, "callback_x" + bracketed(a.step));
  }
};

template <class Solver, class After>
driven run(const json& c, const Solver& solver, const trajectory& path, std::vector<recorded_draw<double>> draws,
           const mixture& exact, bool has_callbacks, comparison& seen, After after) {
  network net{.exact = &exact, .rule = {}};
  net.rule.what = output_rule::kind::x0;
  const shape extents{c.at("shape").at(0).get<std::size_t>(), c.at("shape").at(1).get<std::size_t>()};
  const sampler sample{solver, edm{}, path, unguided{}, predicts_x0{}};
  const double tolerance = tolerance_of(c);
  const driven end = drive(
      sample, extents, flat(c.at("initial_sample")), std::move(draws), net,
      [](const auto& request) { return request.at.levels[0]; }, calls{c, tolerance, has_callbacks, seen}, after);
  seen.look(static_cast<double>(end.calls), static_cast<double>(c.at("model_sigmas").size()), 0,
            "how many evaluations");
  seen.look(end.x, flat(c.at("final")), tolerance, "final");
  return end;
}

void replay_adaptive(const json& c, const mixture& exact, comparison& seen) {
  const json kwargs = with_numbers(c.at("kwargs"));
  const dpm_adaptive solver{.order = static_cast<int>(argument(kwargs, "order", 3)),
                            .of = quantity::eps,
                            .atol = argument(kwargs, "atol", 0.0078),
                            .rtol = argument(kwargs, "rtol", 0.05),
                            .h_init = argument(kwargs, "h_init", 0.05),
                            .pcoeff = argument(kwargs, "pcoeff", 0),
                            .icoeff = argument(kwargs, "icoeff", 1),
                            .dcoeff = argument(kwargs, "dcoeff", 0),
                            .accept_safety = argument(kwargs, "accept_safety", 0.81),
                            .eta = argument(kwargs, "eta", 0),
                            .s_noise = argument(kwargs, "s_noise", 1),
                            .couples_batch = true};
  // After each trial: the state for the callback, and whether it moved.
  const double tolerance = tolerance_of(c);
  std::vector<double> at = flat(c.at("initial_sample")), starts{number(c.at("sigma_max"))};
  std::size_t trials = 0;
  const auto after = [&](std::size_t, std::span<const double> x, auto& run) {
    if (run.steps_done() == trials) return;
    if (has(c, "callback_x"))
      seen.look(x, flat(c.at("callback_x").at(trials)), 100 * tolerance * std::max(1.0, starts[0]),
                "callback_x" + bracketed(trials));
    ++trials;
    if (std::equal(x.begin(), x.end(), at.begin())) return;
    at.assign(x.begin(), x.end());
    starts.push_back(run.next() ? run.next()->at.levels[0].sigma : number(c.at("sigma_min")));
  };
  const driven end = run(c, solver, path_of({number(c.at("sigma_max")), number(c.at("sigma_min"))}), one_per_step(c),
                         exact, false, seen, after);
  const json& info = c.at("info");
  const double accepted = static_cast<double>(starts.size() - 1), all = static_cast<double>(end.steps);
  seen.look(all, number(info.at("steps")), "info.steps");
  seen.look(static_cast<double>(end.calls), number(info.at("nfe")), "info.nfe");
  seen.look(accepted, number(info.at("n_accept")), "info.n_accept");
  seen.look(all - accepted, number(info.at("n_reject")), "info.n_reject");
  if (has(c, "noise_sigma"))
    for (std::size_t i = 0; i < c.at("noise_sigma").size(); ++i)
      for (const std::size_t end_of : {0u, 1u})
        seen.look(starts.at(i + end_of), number(c.at("noise_sigma")[i].at(end_of)), 1e-6 * starts[0],
                  "noise_sigma" + bracketed(i));
}

// The sampler of a function's name and arguments; none if there is none.
std::optional<erased_solver> solver_of(const std::string& fn, const json& kwargs) {
  const auto given = [&](const std::string& name, double otherwise) { return argument(kwargs, name, otherwise); };
  const churn by{given("s_churn", 0), given("s_tmin", 0), given("s_tmax", std::numeric_limits<double>::infinity()),
                 given("s_noise", 1)};
  const double eta = given("eta", 1);
  const bool heun_slope = kwargs.value("solver_type", "midpoint") == "heun";
  if (fn == "sample_euler") return euler{by.s_churn, by.s_tmin, by.s_tmax, by.s_noise};
  if (fn == "sample_heun") return heun{by.s_churn, by.s_tmin, by.s_tmax, by.s_noise};
  if (fn == "sample_dpm_2") return dpm_2_churn{by.s_churn, by.s_tmin, by.s_tmax, by.s_noise};
  if (fn == "sample_euler_ancestral") return dpm_ancestral{.order = 1, .eta = eta, .s_noise = by.s_noise};
  if (fn == "sample_dpm_2_ancestral")
    return dpm_ancestral{.order = 2, .of = quantity::eps, .eta = eta, .s_noise = by.s_noise};
  if (fn == "sample_dpmpp_2s_ancestral") return dpm_ancestral{.order = 2, .eta = eta, .s_noise = by.s_noise};
  if (fn == "sample_lms") return lms{.order = static_cast<int>(given("order", 4)), .full_order_at_zero = true};
  if (fn == "sample_dpmpp_2m") return dpm_pp_2m{};
  if (fn == "sample_dpmpp_sde") return dpm_pp_sde{.eta = eta, .r = given("r", 0.5), .s_noise = by.s_noise};
  if (fn == "sample_dpmpp_2m_sde")
    return dpm_multistep{.order = 2,
                         .correction = heun_slope ? dpm_multistep::kind::heun : dpm_multistep::kind::midpoint,
                         .tau_squared = eta};
  if (fn == "sample_dpmpp_3m_sde")
    return dpm_multistep{.order = 3,
                         .correction = dpm_multistep::kind::heun,
                         .tau_squared = eta,
                         .third_order = dpm_multistep::third::halved};
  if (fn == "sample_dpm_fast")
    return dpm_ancestral{.order = 3,
                         .of = quantity::eps,
                         .budget = kwargs.at("n").get<std::size_t>(),
                         .eta = given("eta", 0),
                         .s_noise = by.s_noise,
                         .end_is_floor = true};
  return {};
}

// sample_dpm_fast's steps for n evaluations, equidistant in ln(sigma).
std::vector<double> fast_sigmas(double first, double last, std::size_t n) {
  std::vector<double> sigmas = linear_ramp(n / 3 + 2, std::log(first), std::log(last));
  for (double& s : sigmas) s = std::exp(s);
  return sigmas;
}

}  // namespace

bool replay_k_diffusion(const json& c, const std::vector<mixture>& mixtures, comparison& seen) {
  const std::string fn = c.at("fn").get<std::string>();
  json kwargs = with_numbers(c.at("kwargs"));
  if (fn == "sample_dpm_fast") kwargs["n"] = c.at("n");
  const mixture& exact = mixtures.at(c.at("mixture").get<std::size_t>());
  if (fn == "sample_dpm_adaptive") {
    replay_adaptive(c, exact, seen);
    return true;
  }
  const std::optional<erased_solver> solver = solver_of(fn, kwargs);
  if (!solver) return false;

  std::vector<double> sigmas;
  if (fn == "sample_dpm_fast") {
    sigmas = fast_sigmas(number(c.at("sigma_max")), number(c.at("sigma_min")), c.at("n").get<std::size_t>());
  } else {
    sigmas = sigmas_of(c.at("schedule"));
    const std::vector<double> recorded = numbers(c.at("sigmas"));
    seen.look(static_cast<double>(sigmas.size()), static_cast<double>(recorded.size()), 0, "sigmas: how many");
    for (std::size_t i = 0; i < std::min(sigmas.size(), recorded.size()); ++i)
      seen.look(sigmas[i], recorded[i], "sigmas" + bracketed(i));
  }
  const bool overlap = fn == "sample_dpmpp_sde";
  look_at_noise_sigma(c, sigmas, overlap ? std::optional{argument(kwargs, "r", 0.5)} : std::nullopt, seen);
  // The SDE multistep solvers have no s_noise of their own: it multiplies their only draw.
  const bool scaled = fn == "sample_dpmpp_2m_sde" || fn == "sample_dpmpp_3m_sde";
  run(c, *solver, path_of(sigmas),
      overlap ? disjoint_increments(c) : one_per_step(c, scaled ? argument(kwargs, "s_noise", 1) : 1), exact, true,
      seen, [](auto&&...) {});
  return true;
}

}  // namespace noisefall::golden
