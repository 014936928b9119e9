// Every solver of the library in each of its forms, and what its rows must keep.
#pragma once

#include <array>
#include <string>

#include <noisefall/solver/built_in.hpp>

namespace scalar {

using namespace noisefall;

// ode: a row takes exact readings from (alpha, sigma) to (alpha, sigma). sde: it keeps alpha and the variance.
enum class keeps { ode, sde };

inline constexpr std::array every_exponential_method{
    exponential_method::res_2s,          exponential_method::etd_rk_2, exponential_method::etd_rk_3,
    exponential_method::res_3s,          exponential_method::etd_rk_4, exponential_method::krogstad,
    exponential_method::strehmel_weiner, exponential_method::friedli,  exponential_method::hochbruck_ostermann};

// f(name, solver, what it keeps)
template <class F>
void every_solver(const F& f) {
  f("ddim", ddim{}, keeps::ode);
  f("euler", euler{}, keeps::ode);
  f("heun", heun{}, keeps::ode);
  f("dpm_pp_sde, eta 0", dpm_pp_sde{.eta = 0}, keeps::ode);
  f("ddim, eta 1", ddim{.eta = 1}, keeps::sde);
  f("ddim, eta 0.4", ddim{.eta = 0.4}, keeps::sde);
  f("ddpm", ddpm{.at_end = ddpm::last_noise::unless_label_zero}, keeps::sde);
  f("ddpm, annealed to small",
    ddpm{.variance = ddpm::variance_kind::annealed, .large_first = 0, .at_end = ddpm::last_noise::unless_label_zero},
    keeps::sde);
  f("consistency_multistep", consistency_multistep{}, keeps::sde);
  f("tcd", tcd{}, keeps::sde);
  f("tcd, gamma 1", tcd{.gamma = 1}, keeps::sde);
  f("dpm_2_churn", dpm_2_churn{}, keeps::ode);
  f("flow_ancestral", flow_ancestral{}, keeps::sde);
  f("flow_ancestral, eta 0.4", flow_ancestral{.eta = 0.4}, keeps::sde);
  f("gradient_estimation", gradient_estimation{}, keeps::ode);
  for (int order = 1; order <= 3; ++order) {
    f("seeds of order " + std::to_string(order), seeds{.order = order}, keeps::sde);
    f("seeds, no noise", seeds{.order = order, .tau_squared = 0}, keeps::ode);
    f("er_sde of order " + std::to_string(order), er_sde{.order = order}, keeps::sde);
    f("er_sde, ddpm", er_sde{.order = order, .scale = er_sde::noise_scale::sde}, keeps::sde);
    f("er_sde, no noise", er_sde{.order = order, .scale = er_sde::noise_scale::ode}, keeps::ode);
  }
  for (const auto scale :
       {er_sde::noise_scale::power_3_2, er_sde::noise_scale::power_5_2, er_sde::noise_scale::logarithmic})
    f("er_sde, other scales", er_sde{.scale = scale}, keeps::sde);
  f("er_sde, as shipped", er_sde{.shipped_third = true}, keeps::sde);
  f("heun_pp", heun_pp{}, keeps::ode);
  for (const auto by : {rho_runge_kutta::method::midpoint, rho_runge_kutta::method::heun,
                        rho_runge_kutta::method::kutta_3, rho_runge_kutta::method::classical})
    f("rho_runge_kutta", rho_runge_kutta{.by = by}, keeps::ode);
  for (const auto of : {quantity::x0, quantity::eps}) {
    for (const auto by : every_exponential_method)
      f("exponential_runge_kutta", exponential_runge_kutta{.by = by, .of = of}, keeps::ode);
    f("exponential_runge_kutta, other stages",
      exponential_runge_kutta{.by = exponential_method::res_3s, .of = of, .c2 = 0.9, .c3 = 0.4}, keeps::ode);
  }
  f("seeds, r 1, midpoint", seeds{.r = 1, .correction = seeds::slope::midpoint}, keeps::sde);
  for (const auto method :
       {flow_runge_kutta::method::heun, flow_runge_kutta::method::midpoint, flow_runge_kutta::method::classical})
    f("flow_runge_kutta", flow_runge_kutta{.by = method}, keeps::ode);
  for (int order = 1; order <= 4; ++order) {
    f("lms of order " + std::to_string(order), lms{.order = order}, keeps::ode);
    for (const auto in :
         {deis::coordinate::time, deis::coordinate::rho, deis::coordinate::log_rho, deis::coordinate::index})
      if (order < 4 || in != deis::coordinate::log_rho)
        f("deis of order " + std::to_string(order), deis{.order = order, .in = in}, keeps::ode);
  }
  for (int order = 1; order <= 3; ++order)
    for (const auto of : {quantity::x0, quantity::eps}) {
      f("dpm_ancestral of order " + std::to_string(order), dpm_ancestral{.order = order, .of = of}, keeps::sde);
      f("dpm_ancestral, no noise", dpm_ancestral{.order = order, .of = of, .eta = 0}, keeps::ode);
      f("dpm_ancestral, floor", dpm_ancestral{.order = order, .of = of, .eta = 0.5, .end_is_floor = true}, keeps::sde);
      for (const auto kind : {dpm_singlestep::kind::midpoint, dpm_singlestep::kind::heun}) {
        f("dpm_singlestep_grid of order " + std::to_string(order),
          dpm_singlestep_grid{.order = order, .of = of, .correction = kind}, keeps::ode);
        if (of == quantity::x0)
          f("dpm_singlestep_grid, stochastic",
            dpm_singlestep_grid{.order = order, .of = of, .correction = kind, .tau_squared = 1}, keeps::sde);
      }
    }
  f("dpm_pp_sde", dpm_pp_sde{}, keeps::sde);
  f("dpm_pp_sde, r 0.3", dpm_pp_sde{.eta = 0.5, .r = 0.3}, keeps::sde);
  for (const auto kind : {dpm_multistep::kind::midpoint, dpm_multistep::kind::heun}) {
    f("dpm_pp_2m", dpm_pp_2m{.correction = kind}, keeps::ode);
    for (int order = 1; order <= 3; ++order) {
      const std::string at = " of order " + std::to_string(order);
      for (const auto of : {quantity::x0, quantity::eps})
        f("dpm_multistep" + at, dpm_multistep{.order = order, .of = of, .correction = kind}, keeps::ode);
      for (const auto third : {dpm_multistep::third::halved, dpm_multistep::third::shipped}) {
        f("dpm_multistep, as shipped" + at, dpm_multistep{.order = order, .correction = kind, .third_order = third},
          keeps::ode);
        f("dpm_multistep, stochastic, as shipped" + at,
          dpm_multistep{.order = order, .correction = kind, .tau_squared = 1, .third_order = third}, keeps::sde);
      }
      for (const double tau_squared : {0.25, 1.0})
        f("dpm_multistep, stochastic" + at,
          dpm_multistep{.order = order, .correction = kind, .tau_squared = tau_squared}, keeps::sde);
    }
  }
  for (const auto of : {quantity::x0, quantity::eps}) {
    f("dpm_multistep, singlestep start", dpm_multistep{.order = 3, .of = of, .start = multistep_start::singlestep},
      keeps::ode);
    f("unipc, singlestep start", unipc{.order = 4, .of = of, .corrector = false, .start = multistep_start::singlestep},
      keeps::ode);
  }
  for (const auto kind : {dpm_singlestep::kind::midpoint, dpm_singlestep::kind::heun})
    for (const auto of : {quantity::x0, quantity::eps})
      for (const auto stages : {dpm_singlestep::nodes::lambda, dpm_singlestep::nodes::time})
        for (int order = 1; order <= 3; ++order)
          f("dpm_singlestep of order " + std::to_string(order),
            dpm_singlestep{.order = order, .of = of, .correction = kind, .stages = stages}, keeps::ode);
  f("dpm_singlestep, budget 7", dpm_singlestep{.budget = 7}, keeps::ode);
  for (const auto form : {unipc::variant::bh1, unipc::variant::bh2, unipc::variant::vary_coeff})
    for (const auto of : {quantity::x0, quantity::eps})
      for (const bool corrector : {false, true})
        for (int order = 1; order <= 4; ++order)
          f("unipc of order " + std::to_string(order),
            unipc{.order = order, .of = of, .coefficients = form, .corrector = corrector}, keeps::ode);
  for (int predictor = 1; predictor <= 4; ++predictor)
    for (int corrector = 0; corrector <= 4; ++corrector)
      for (const auto mode : {sa_solver::mode::pec, sa_solver::mode::pece}) {
        const std::string at = " of orders " + std::to_string(predictor) + ", " + std::to_string(corrector);
        f("sa_solver" + at,
          sa_solver{.predictor_order = predictor, .corrector_order = corrector, .evaluate = mode, .tau = 0},
          keeps::ode);
        f("sa_solver of eps" + at,
          sa_solver{.predictor_order = predictor,
                    .corrector_order = corrector,
                    .of = quantity::eps,
                    .evaluate = mode,
                    .tau = 0},
          keeps::ode);
        f("sa_solver, stochastic" + at,
          sa_solver{.predictor_order = predictor, .corrector_order = corrector, .evaluate = mode}, keeps::sde);
      }
  for (const auto start : {pndm::start_kind::prk, pndm::start_kind::improved_euler, pndm::start_kind::ramp})
    f("pndm", pndm{.start = start}, keeps::ode);
}

}  // namespace scalar
