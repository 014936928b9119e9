// The fields of the spacings that stand alone.
#pragma once

#include <array>

#include <noisefall/config/native/described.hpp>
#include <noisefall/trajectory/ays.hpp>
#include <noisefall/trajectory/beta.hpp>
#include <noisefall/trajectory/beta_indices.hpp>
#include <noisefall/trajectory/bong_tangent.hpp>
#include <noisefall/trajectory/consistency_grid.hpp>
#include <noisefall/trajectory/ddim_uniform.hpp>
#include <noisefall/trajectory/exponential.hpp>
#include <noisefall/trajectory/flow_uniform.hpp>
#include <noisefall/trajectory/iddpm_grid.hpp>
#include <noisefall/trajectory/index_list.hpp>
#include <noisefall/trajectory/indices.hpp>
#include <noisefall/trajectory/karras.hpp>
#include <noisefall/trajectory/kl_optimal.hpp>
#include <noisefall/trajectory/laplace_sigmas.hpp>
#include <noisefall/trajectory/leading.hpp>
#include <noisefall/trajectory/level_list.hpp>
#include <noisefall/trajectory/linear_quadratic.hpp>
#include <noisefall/trajectory/linspace.hpp>
#include <noisefall/trajectory/lists.hpp>
#include <noisefall/trajectory/logit_normal.hpp>
#include <noisefall/trajectory/normal.hpp>
#include <noisefall/trajectory/polyexponential.hpp>
#include <noisefall/trajectory/quadratic.hpp>
#include <noisefall/trajectory/sections.hpp>
#include <noisefall/trajectory/sgm_uniform.hpp>
#include <noisefall/trajectory/simple.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/stretched_list.hpp>
#include <noisefall/trajectory/time_quadratic.hpp>
#include <noisefall/trajectory/time_uniform.hpp>
#include <noisefall/trajectory/trailing.hpp>
#include <noisefall/trajectory/uniform_lambda.hpp>
#include <noisefall/trajectory/vp_times.hpp>
#include <noisefall/trajectory/whole_stride.hpp>

namespace noisefall {

template <>
inline constexpr auto spelling<final_level> =
    std::to_array<spelt<final_level>>({{"zero", final_level::zero}, {"sigma_min", final_level::sigma_min}});
template <>
inline constexpr auto spelling<shift_law> = std::to_array<spelt<shift_law>>({{"exponential", shift_law::exponential},
                                                                             {"linear", shift_law::linear}});
template <>
inline constexpr auto spelling<flow_grid> = std::to_array<spelt<flow_grid>>({{"uniform", flow_grid::uniform},
                                                                             {"karras", flow_grid::karras},
                                                                             {"exponential", flow_grid::exponential},
                                                                             {"beta", flow_grid::beta}});
template <>
inline constexpr auto spelling<index_rule> = std::to_array<spelt<index_rule>>({{"labels", index_rule::labels},
                                                                               {"points", index_rule::points}});
template <>
inline constexpr auto spelling<repeated_indices> =
    std::to_array<spelt<repeated_indices>>({{"spread", repeated_indices::spread}, {"once", repeated_indices::once}});
template <>
inline constexpr auto spelling<ays::found_for> =
    std::to_array<spelt<ays::found_for>>({{"stable_diffusion", ays::found_for::stable_diffusion},
                                          {"stable_diffusion_xl", ays::found_for::stable_diffusion_xl},
                                          {"stable_video_diffusion", ays::found_for::stable_video_diffusion}});

template <class V>
void describe(V& visit, ays& s) {
  visit("steps", s.steps);
  visit("model", s.model);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, beta& s) {
  visit("steps", s.steps);
  visit("a", s.a);
  visit("b", s.b);
  visit("sigma_min", s.sigma_min);
  visit("sigma_max", s.sigma_max);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, beta_indices& s) {
  visit("steps", s.steps);
  visit("a", s.a);
  visit("b", s.b);
  visit("repeats", s.repeats);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, bong_tangent& s) {
  visit("steps", s.steps);
  visit("middle", s.middle);
  visit("first_pivot", s.first_pivot);
  visit("second_pivot", s.second_pivot);
  visit("first_slope", s.first_slope);
  visit("second_slope", s.second_slope);
}
template <class V>
void describe(V& visit, consistency_grid& s) {
  visit("steps", s.steps);
  visit("origin_steps", s.origin_steps);
  visit("strength", s.strength);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, ddim_uniform& s) {
  visit("steps", s.steps);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, exponential& s) {
  visit("steps", s.steps);
  visit("sigma_min", s.sigma_min);
  visit("sigma_max", s.sigma_max);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, flow_sigma_list& s) {
  visit("sigmas", s.sigmas);
}
template <class V>
void describe(V& visit, flow_uniform& s) {
  visit("steps", s.steps);
  visit("shift", s.shift);
  visit("mu", s.mu);
  visit("law", s.law);
  visit("terminal", s.terminal);
  visit("grid", s.grid);
  visit("first", s.first);
  visit("last", s.last);
}
template <class V>
void describe(V& visit, iddpm_grid& s) {
  visit("steps", s.steps);
  visit("skip", s.skip);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, index_list& s) {
  visit("indices", s.indices);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, karras& s) {
  visit("steps", s.steps);
  visit("rho", s.rho);
  visit("sigma_min", s.sigma_min);
  visit("sigma_max", s.sigma_max);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, kl_optimal& s) {
  visit("steps", s.steps);
  visit("sigma_min", s.sigma_min);
  visit("sigma_max", s.sigma_max);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, laplace_sigmas& s) {
  visit("steps", s.steps);
  visit("mean", s.mean);
  visit("spread", s.spread);
  visit("sigma_min", s.sigma_min);
  visit("sigma_max", s.sigma_max);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, leading& s) {
  visit("steps", s.steps);
  visit("steps_offset", s.steps_offset);
  visit("rule", s.rule);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, level_list& s) {
  visit("alphas", s.alphas);
  visit("sigmas", s.sigmas);
  visit("labels", s.labels);
}
template <class V>
void describe(V& visit, linear_quadratic& s) {
  visit("steps", s.steps);
  visit("threshold", s.threshold);
  visit("linear_steps", s.linear_steps);
}
template <class V>
void describe(V& visit, linspace& s) {
  visit("steps", s.steps);
  visit("rule", s.rule);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, logit_normal& s) {
  visit("steps", s.steps);
  visit("mean", s.mean);
  visit("deviation", s.deviation);
}
template <class V>
void describe(V& visit, normal& s) {
  visit("steps", s.steps);
}
template <class V>
void describe(V& visit, polyexponential& s) {
  visit("steps", s.steps);
  visit("rho", s.rho);
  visit("sigma_min", s.sigma_min);
  visit("sigma_max", s.sigma_max);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, quadratic& s) {
  visit("steps", s.steps);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, sections& s) {
  visit("counts", s.counts);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, sgm_uniform& s) {
  visit("steps", s.steps);
}
template <class V>
void describe(V& visit, sigma_list& s) {
  visit("sigmas", s.sigmas);
}
template <class V>
void describe(V& visit, simple& s) {
  visit("steps", s.steps);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, stretched_list& s) {
  visit("steps", s.steps);
  visit("sigmas", s.sigmas);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, time_list& s) {
  visit("times", s.times);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, time_quadratic& s) {
  visit("steps", s.steps);
  visit("t_first", s.t_first);
  visit("t_last", s.t_last);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, time_uniform& s) {
  visit("steps", s.steps);
  visit("t_first", s.t_first);
  visit("t_last", s.t_last);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, trailing& s) {
  visit("steps", s.steps);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, uniform_lambda& s) {
  visit("steps", s.steps);
  visit("sigma_min", s.sigma_min);
  visit("sigma_max", s.sigma_max);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, vp_times& s) {
  visit("steps", s.steps);
  visit("beta_d", s.beta_d);
  visit("beta_min", s.beta_min);
  visit("t_last", s.t_last);
  visit("end", s.end);
}
template <class V>
void describe(V& visit, whole_stride& s) {
  visit("steps", s.steps);
  visit("end", s.end);
}

}  // namespace noisefall
