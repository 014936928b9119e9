// The fields of the guidances, and a guidance by its name.
#pragma once

#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/catalogue.hpp>
#include <noisefall/config/native/described.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/guidance/apg.hpp>
#include <noisefall/guidance/cfg_pp.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/rescale.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

template <>
inline constexpr auto spelling<guidance_space> = std::to_array<spelt<guidance_space>>(
    {{"output", guidance_space::output}, {"x0", guidance_space::x0}, {"eps", guidance_space::eps}});

// An extra weight is a number; or {"above": 0, "jumps": [{"sigma": 5, "weight": 2}, {"sigma": 0.3, "weight": 0}]}, the
// weight at the highest noise and what it becomes at and below each sigma / alpha; or for short
// {"weight": 2, "sigma_lo": 0.3, "sigma_hi": 5}, that weight between the two and 0 outside.
inline void read_value(const fields& from, std::string_view name, weight_schedule& value) {
  const nlohmann::json& given = from.value(name);
  const std::string pointer = from.at(name);
  if (!given.is_number() && !given.is_object())
    from.refuse(name, "a number, {above, jumps} or {weight, sigma_lo, sigma_hi}");
  const auto needed = [&](const fields& of, std::string_view field) {
    if (!of.has(field)) of.refuse(field, "a number");
    return of.number(field, 0);
  };
  try {
    if (given.is_number()) {
      value = given.get<double>();
      return;
    }
    const fields in{given, pointer};
    if (given.contains("weight")) {
      in.allow_only({"weight", "sigma_lo", "sigma_hi"});
      value = weight_schedule::interval(needed(in, "weight"), in.number("sigma_lo", 0),
                                        in.number("sigma_hi", std::numeric_limits<double>::infinity()));
    } else {
      in.allow_only({"above", "jumps"});
      std::vector<weight_schedule::jump> jumps;
      if (in.has("jumps") && !in.value("jumps").is_array()) in.refuse("jumps", "a list of {sigma, weight}");
      for (std::size_t i = 0; in.has("jumps") && i < in.value("jumps").size(); ++i) {
        const fields one{in.value("jumps")[i], in.at("jumps") + "/" + std::to_string(i)};
        one.allow_only({"sigma", "weight"});
        jumps.push_back({needed(one, "sigma"), needed(one, "weight")});
      }
      value = weight_schedule::piecewise(needed(in, "above"), std::move(jumps));
    }
  } catch (const error& e) {
    if (e.where().starts_with("/")) throw;
    throw error{pointer, e.problem(), e.allowed()};
  }
}

inline nlohmann::json json_of(const weight_schedule& value) {
  if (value.jumps().empty()) return value.above();
  nlohmann::json jumps = nlohmann::json::array();
  for (const auto& [sigma, weight] : value.jumps()) jumps.push_back({{"sigma", sigma}, {"weight", weight}});
  return {{"above", value.above()}, {"jumps", std::move(jumps)}};
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
}
template <class V>
void describe(V& visit, cfg_pp& g) {
  visit("scale", g.scale);
}

namespace detail {

inline void add_guidances(catalogue& to) {
  to.add<unguided>().add<classifier_free>().add<rescale>().add<apg>().add<cfg_pp>();
}

}  // namespace detail

inline loaded<any_guidance> load_guidance(const nlohmann::json& from, const catalogue& known,
                                          const std::string& pointer = {}) {
  return load_entry(known.guidances(), from, pointer, known);
}
inline loaded<any_guidance> load_guidance(const nlohmann::json& from, const std::string& pointer = {}) {
  return load_guidance(from, catalogue::built_in(), pointer);
}

}  // namespace noisefall
