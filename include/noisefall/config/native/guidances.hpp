// The fields of the guidances, and a guidance by its name.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/catalogue.hpp>
#include <noisefall/config/native/described.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/guidance/adaptive_guidance.hpp>
#include <noisefall/guidance/adg.hpp>
#include <noisefall/guidance/apg.hpp>
#include <noisefall/guidance/autoguidance.hpp>
#include <noisefall/guidance/beta_cfg.hpp>
#include <noisefall/guidance/cfg_norm.hpp>
#include <noisefall/guidance/cfg_pp.hpp>
#include <noisefall/guidance/cfg_zero.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/classifier_guidance.hpp>
#include <noisefall/guidance/composition.hpp>
#include <noisefall/guidance/fdg.hpp>
#include <noisefall/guidance/feynman_kac.hpp>
#include <noisefall/guidance/mambo_g.hpp>
#include <noisefall/guidance/neutral.hpp>
#include <noisefall/guidance/particle_guidance.hpp>
#include <noisefall/guidance/perp_neg.hpp>
#include <noisefall/guidance/perturbed.hpp>
#include <noisefall/guidance/power_law.hpp>
#include <noisefall/guidance/rescale.hpp>
#include <noisefall/guidance/tcfg.hpp>
#include <noisefall/guidance/temperature.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/guidance/weight.hpp>
#include <noisefall/predictor/with_recfg.hpp>
#include <noisefall/sampler/cads.hpp>

namespace noisefall {

template <>
inline constexpr auto spelling<guidance_space> = std::to_array<spelt<guidance_space>>({{"output",
                                                                                        guidance_space::output},
                                                                                       {"x0", guidance_space::x0},
                                                                                       {"eps", guidance_space::eps},
                                                                                       {"v", guidance_space::v},
                                                                                       {"flow", guidance_space::flow}});

// An extra weight (guidance/weight.hpp) is a number or an object of one of these forms. A level is said in its unit:
// {"sigma": 5, "weight": 2}, and so with "log_snr", "time" or "fraction" (of the steps); lists run from noise to data.
//   {"above": 0, "jumps": [{"sigma": 5, "weight": 2}, {"sigma": 0.3, "weight": 0}]}
//       the weight at the highest noise, and what it becomes at and below each level
//   {"table": [{"sigma": 5, "weight": 2}, {"sigma": 0.3, "weight": 0}]}      straight lines
//   {"cosine": [{"fraction": 0, "weight": 0}, {"fraction": 1, "weight": 6}]}   half a cosine
//   {"beta": [{"fraction": 0}, {"fraction": 1}], "weight": 6, "a": 2, "b": 2}
//   {"linear": {"w0": -0.5, "omega": 0.2}}                                    w0 + omega sigma^2
//   {"product": [weight, weight, ...]},  {"clamp": weight, "low": 0, "high": 9}
// or for short, and read only:
//   {"weight": 2, "sigma_lo": 0.3, "sigma_hi": 5}                             an interval; also fraction_lo, ...
//   {"window": {"w1": 2, "w2": 0.5, "sigma1": 1.5}}
//   {"neutral_window": {"a": 1, "b": 4, "w1": 2, "w2": 0.5, "stochasticity": 0}}
namespace detail {

inline constexpr std::size_t deepest_weight = 8;  // a file must not ask for more stack than there is
inline void read_weight(const fields& from, std::string_view name, weight_schedule& value, std::size_t depth);

inline constexpr std::string_view forms_of_weights =
    "a number, {above, jumps} or {weight, sigma_lo, sigma_hi}, {table}, {cosine}, {beta}, {linear}, {product}, "
    "{clamp}, "
    "{window}, {neutral_window}";

inline double needed_number(const fields& of, std::string_view field) {
  if (!of.has(field)) of.refuse(field, "a number");
  return of.number(field, 0);
}

inline constexpr weight_unit all_weight_units[] = {weight_unit::sigma, weight_unit::log_snr, weight_unit::time,
                                                   weight_unit::fraction};

// The unit that an object speaks of, by a field `name + suffix`; sigma if by none.
inline weight_unit unit_of(const fields& of, std::string_view suffix = {}) {
  for (const weight_unit unit : all_weight_units)
    if (of.object().contains(std::string{name_of(unit)} + std::string{suffix})) return unit;
  return weight_unit::sigma;
}

// A list of levels, with weights unless they have none, all in one unit.
inline std::vector<weight_schedule::point> read_points(const fields& in, std::string_view list, bool weighed,
                                                       weight_unit& unit) {
  const std::string allowed = weighed ? "a list of {sigma, weight}" : "a list of {sigma}";
  std::vector<weight_schedule::point> points;
  if (!in.has(list)) return points;
  if (!in.value(list).is_array()) in.refuse(list, allowed);
  for (std::size_t i = 0; i < in.value(list).size(); ++i) {
    const fields one{in.value(list)[i], in.at(list) + "/" + std::to_string(i)};
    if (i == 0) unit = unit_of(one);
    if (weighed)
      one.allow_only({name_of(unit), "weight"});
    else
      one.allow_only({name_of(unit)});
    points.push_back({needed_number(one, name_of(unit)), weighed ? needed_number(one, "weight") : 0});
  }
  return points;
}

inline weight_schedule read_interval(const fields& in) {
  const weight_unit unit = unit_of(in, "_lo") == weight_unit::sigma ? unit_of(in, "_hi") : unit_of(in, "_lo");
  const std::string low = std::string{name_of(unit)} + "_lo", high = std::string{name_of(unit)} + "_hi";
  in.allow_only({"weight", low, high});
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return weight_schedule::interval(needed_number(in, "weight"),
                                   in.number(low, unit == weight_unit::log_snr ? -infinity : 0),
                                   in.number(high, unit == weight_unit::fraction ? 1 : infinity), unit);
}

inline weight_schedule read_weight_of(const fields& in, std::size_t depth) {
  const nlohmann::json& object = in.object();
  weight_unit unit = weight_unit::sigma;
  if (object.contains("table")) {
    in.allow_only({"table"});
    auto points = read_points(in, "table", true, unit);
    return weight_schedule::table(std::move(points), unit);
  }
  if (object.contains("cosine") || object.contains("beta")) {
    const bool cosine = object.contains("cosine");
    const std::string_view list = cosine ? "cosine" : "beta";
    if (cosine)
      in.allow_only({"cosine"});
    else
      in.allow_only({"beta", "weight", "a", "b"});
    const auto ends = read_points(in, list, cosine, unit);
    if (ends.size() != 2) in.refuse(list, "a list of two levels");
    if (cosine) return weight_schedule::cosine(ends[0].weight, ends[0].at, ends[1].weight, ends[1].at, unit);
    return weight_schedule::beta(needed_number(in, "weight"), needed_number(in, "a"), needed_number(in, "b"),
                                 ends[0].at, ends[1].at, unit);
  }
  if (object.contains("linear")) {
    in.allow_only({"linear"});
    const fields of{in.value("linear"), in.at("linear")};
    of.allow_only({"w0", "omega"});
    return weight_schedule::linear(needed_number(of, "w0"), needed_number(of, "omega"));
  }
  if (object.contains("window")) {
    in.allow_only({"window"});
    const fields of{in.value("window"), in.at("window")};
    of.allow_only({"w1", "w2", "sigma1"});
    return weight_schedule::window(needed_number(of, "w1"), needed_number(of, "w2"), needed_number(of, "sigma1"));
  }
  if (object.contains("neutral_window")) {
    in.allow_only({"neutral_window"});
    const fields of{in.value("neutral_window"), in.at("neutral_window")};
    of.allow_only({"a", "b", "w1", "w2", "stochasticity"});
    return neutral_window(needed_number(of, "a"), needed_number(of, "b"), needed_number(of, "w1"),
                          needed_number(of, "w2"), of.number("stochasticity", 0));
  }
  if (object.contains("product")) {
    in.allow_only({"product"});
    if (!in.value("product").is_array()) in.refuse("product", "a list of weights");
    std::vector<weight_schedule> factors;
    for (std::size_t i = 0; i < in.value("product").size(); ++i) {
      const nlohmann::json wrapped{{std::to_string(i), in.value("product")[i]}};
      read_weight(fields{wrapped, in.at("product")}, std::to_string(i), factors.emplace_back(), depth + 1);
    }
    return weight_schedule::product(std::move(factors));
  }
  if (object.contains("clamp")) {
    in.allow_only({"clamp", "low", "high"});
    weight_schedule inner;
    read_weight(in, "clamp", inner, depth + 1);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return inner.clamped(in.number("low", -infinity), in.number("high", infinity));
  }
  if (object.contains("weight")) return read_interval(in);
  in.allow_only({"above", "jumps"});
  auto jumps = read_points(in, "jumps", true, unit);
  return weight_schedule::piecewise(needed_number(in, "above"), std::move(jumps), unit);
}

inline void read_weight(const fields& from, std::string_view name, weight_schedule& value, std::size_t depth) {
  const nlohmann::json& given = from.value(name);
  const std::string pointer = from.at(name);
  if (!given.is_number() && !given.is_object()) from.refuse(name, forms_of_weights);
  if (depth > deepest_weight) from.refuse(name, "a weight inside of weights inside of weights", "8 of them");
  try {
    value = given.is_number() ? weight_schedule{given.get<double>()} : read_weight_of(fields{given, pointer}, depth);
  } catch (const error& e) {
    if (e.where().starts_with("/")) throw;
    throw error{pointer, e.problem(), e.allowed()};
  }
}

}  // namespace detail

inline void read_value(const fields& from, std::string_view name, weight_schedule& value) {
  detail::read_weight(from, name, value, 0);
}

inline nlohmann::json json_of(const weight_schedule& value) {
  const std::string unit{name_of(value.over())};
  const auto listed = [&](bool weighed) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& [at, weight] : value.points()) {
      nlohmann::json one{{unit, at}};
      if (weighed) one["weight"] = weight;
      list.push_back(std::move(one));
    }
    return list;
  };
  switch (value.how()) {
    case weight_schedule::shape::steps:
      break;
    case weight_schedule::shape::table:
      return {{"table", listed(true)}};
    case weight_schedule::shape::cosine:
      return {{"cosine", listed(true)}};
    case weight_schedule::shape::beta:
      return {{"beta", listed(false)}, {"weight", value.points()[0].weight}, {"a", value.a()}, {"b", value.b()}};
    case weight_schedule::shape::linear:
      return {{"linear", {{"w0", value.a()}, {"omega", value.b()}}}};
    case weight_schedule::shape::product: {
      nlohmann::json factors = nlohmann::json::array();
      for (const weight_schedule& factor : value.parts()) factors.push_back(json_of(factor));
      return {{"product", std::move(factors)}};
    }
    case weight_schedule::shape::clamp: {
      nlohmann::json made{{"clamp", json_of(value.parts()[0])}};
      if (std::isfinite(value.a())) made["low"] = value.a();
      if (std::isfinite(value.b())) made["high"] = value.b();
      return made;
    }
  }
  if (value.is_constant()) return value.above();
  return {{"above", value.above()}, {"jumps", listed(true)}};
}

inline void read_value(const fields& from, std::string_view name, std::vector<weight_schedule>& value) {
  const nlohmann::json& list = from.value(name);
  if (!list.is_array()) from.refuse(name, "a list of weights");
  value.clear();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const nlohmann::json wrapped{{std::to_string(i), list[i]}};
    read_value(fields{wrapped, from.at(name)}, std::to_string(i), value.emplace_back());
  }
}
inline nlohmann::json json_of(const std::vector<weight_schedule>& value) {
  nlohmann::json list = nlohmann::json::array();
  for (const weight_schedule& w : value) list.push_back(json_of(w));
  return list;
}

template <class V>
void describe(V&, unguided&) {}
template <class V>
void describe(V& visit, classifier_free& g) {
  visit("weight", g.weight);
}
template <class V>
void describe(V& visit, rescale& g) {
  visit("weight", g.weight);
  visit("phi", g.phi);
  visit("space", g.space);
}
template <class V>
void describe(V& visit, apg& g) {
  visit("weight", g.weight);
  visit("eta", g.eta);
  visit("norm_cap", g.norm_cap);
  visit("momentum", g.momentum);
  visit("on_unconditional", g.on_unconditional);
}
template <class V>
void describe(V& visit, cfg_pp& g) {
  visit("scale", g.scale);
}

template <class V>
void describe(V& visit, adaptive_guidance& g) {
  visit("weight", g.weight);
  visit("threshold", g.threshold);
  visit("space", g.space);
}
template <class V>
void describe(V& visit, adg& g) {
  visit("weight", g.weight);
  visit("max_angle", g.max_angle);
}
template <class V>
void describe(V& visit, autoguidance& g) {
  visit("weight", g.weight);
}
template <class V>
void describe(V& visit, beta_cfg& g) {
  visit("weight", g.weight);
  visit("a", g.a);
  visit("b", g.b);
  visit("gamma", g.gamma);
  visit("space", g.space);
}
template <class V>
void describe(V& visit, cfg_norm& g) {
  visit("weight", g.weight);
  visit("ratio", g.ratio);
  visit("only_shrinks", g.only_shrinks);
  visit("space", g.space);
}
template <class V>
void describe(V& visit, cfg_zero& g) {
  visit("weight", g.weight);
  visit("zero_steps", g.zero_steps);
}
template <class V>
void describe(V& visit, classifier_guidance& g) {
  visit("weight", g.weight);
}
template <class V>
void describe(V& visit, composition& g) {
  visit("weight", g.weight);
  visit("further", g.further);
}
template <class V>
void describe(V& visit, fdg& g) {
  visit("low", g.low);
  visit("high", g.high);
}
template <class V>
void describe(V& visit, feynman_kac& g) {
  visit("weight", g.weight);
}
template <class V>
void describe(V& visit, mambo_g& g) {
  visit("weight", g.weight);
  visit("alpha", g.alpha);
  visit("space", g.space);
}
template <class V>
void describe(V& visit, particle_guidance& g) {
  visit("weight", g.weight);
  visit("strength", g.strength);
}
template <class V>
void describe(V& visit, perp_neg& g) {
  visit("weight", g.weight);
  visit("strengths", g.strengths);
}
template <class V>
void describe(V& visit, perturbed_branch& g) {
  visit("weight", g.weight);
  visit("perturbed", g.perturbed);
}
template <class V>
void describe(V& visit, power_law& g) {
  visit("weight", g.weight);
  visit("alpha", g.alpha);
}
template <class V>
void describe(V& visit, tcfg& g) {
  visit("weight", g.weight);
  visit("space", g.space);
}
template <class V>
void describe(V& visit, temperature& g) {
  visit("weight", g.weight);
  visit("inverse_temperature", g.inverse_temperature);
  visit("data_deviation", g.data_deviation);
}

// Not a guidance but a hook for predictors: nlohmann::json j = cads{}.
template <class V>
void describe(V& visit, cads& c) {
  visit("tau1", c.tau1);
  visit("tau2", c.tau2);
  visit("scale", c.scale);
  visit("mixing", c.mixing);
  visit("horizon", c.horizon);
}

// A table for predictors (predictor/with_recfg.hpp): nlohmann::json j = recfg_table{...}.
template <class V>
void describe(V& visit, recfg_table& t) {
  visit("sigmas", t.sigmas);
  visit("ratios", t.ratios);
}

inline loaded<any_guidance> load_guidance(const nlohmann::json& from, const catalogue& known,
                                          const std::string& pointer = {}) {
  return load_entry(known.guidances(), from, pointer, known);
}
inline loaded<any_guidance> load_guidance(const nlohmann::json& from, const std::string& pointer = {}) {
  return load_guidance(from, catalogue::built_in(), pointer);
}

}  // namespace noisefall
