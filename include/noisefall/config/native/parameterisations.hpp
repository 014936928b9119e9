// The fields of the parameterisations, and a parameterisation by its name.
#pragma once

#include <array>
#include <string>

#include <nlohmann/json.hpp>

#include <noisefall/config/catalogue.hpp>
#include <noisefall/config/native/described.hpp>
#include <noisefall/parameterisation/edm.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/parameterisation/score.hpp>
#include <noisefall/parameterisation/trigflow.hpp>
#include <noisefall/parameterisation/v.hpp>
#include <noisefall/parameterisation/x0.hpp>

namespace noisefall {

template <>
inline constexpr auto spelling<edm_output> = std::to_array<spelt<edm_output>>({{"eps_like", edm_output::eps_like},
                                                                               {"v_like", edm_output::v_like}});
template <>
inline constexpr auto spelling<edm_label> = std::to_array<spelt<edm_label>>({{"quarter_log", edm_label::quarter_log},
                                                                             {"arctan", edm_label::arctan}});

template <class V>
void describe(V& visit, edm_precond& p) {
  visit("sigma_data", p.sigma_data);
  visit("output", p.output);
  visit("fed", p.fed);
}
template <class V>
void describe(V& visit, predicts_eps& p) {
  visit("label_scale", p.label_scale);
  visit("label_offset", p.label_offset);
}
template <class V>
void describe(V& visit, predicts_flow& p) {
  visit("reversed", p.reversed);
  visit("label_scale", p.label_scale);
  visit("label_offset", p.label_offset);
}
template <class V>
void describe(V& visit, predicts_score& p) {
  visit("label_scale", p.label_scale);
  visit("label_offset", p.label_offset);
}
template <class V>
void describe(V& visit, predicts_trig_flow& p) {
  visit("sigma_data", p.sigma_data);
}
template <class V>
void describe(V& visit, predicts_v& p) {
  visit("label_scale", p.label_scale);
  visit("label_offset", p.label_offset);
}
template <class V>
void describe(V& visit, predicts_x0& p) {
  visit("label_scale", p.label_scale);
  visit("label_offset", p.label_offset);
}

inline loaded<any_parameterisation> load_parameterisation(const nlohmann::json& from, const catalogue& known,
                                                          const std::string& pointer = {}) {
  return load_entry(known.parameterisations(), from, pointer, known);
}
inline loaded<any_parameterisation> load_parameterisation(const nlohmann::json& from, const std::string& pointer = {}) {
  return load_parameterisation(from, catalogue::built_in(), pointer);
}

}  // namespace noisefall
