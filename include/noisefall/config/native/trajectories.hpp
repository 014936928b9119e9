// The fields of the spacings made of others, and a spacing by its name.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/catalogue.hpp>
#include <noisefall/config/native/described.hpp>
#include <noisefall/config/native/spacing_fields.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/trajectory/hybrid.hpp>
#include <noisefall/trajectory/inversion.hpp>
#include <noisefall/trajectory/partial.hpp>
#include <noisefall/trajectory/re_paint.hpp>
#include <noisefall/trajectory/restart.hpp>
#include <noisefall/trajectory/time_travel.hpp>
#include <noisefall/trajectory/trajectory.hpp>
#include <noisefall/trajectory/whole_labels.hpp>
#include <noisefall/trajectory/without_penultimate.hpp>

namespace noisefall {

// Another spacing, `of`: the last part of its legs, or all of them from data to noise.
using loaded_spacing = std::optional<loaded<any_spacing>>;
// image_to_image{spacing, strength}.
struct image_to_image_settings {
  loaded_spacing of{};
  double strength = 1;
  void check() const { require(of.has_value(), "of", "missing", "a spacing"); }
  operator image_to_image<any_spacing>() const { return {of->policy, strength}; }  // NOLINT
};
// A spacing walked from data to noise.
struct inverted {
  static constexpr std::string_view name = "inversion";
  static constexpr std::string_view reference = papers::guided_diffusion;
  any_spacing rule;
  trajectory operator()(const any_schedule& schedule) const { return inversion(rule(schedule)); }
};
// inverted{spacing}.
struct inversion_settings {
  loaded_spacing of{};
  void check() const { require(of.has_value(), "of", "missing", "a spacing"); }
  operator inverted() const { return {of->policy}; }  // NOLINT
};
// restart{spacing, intervals, rho, s_noise}.
struct restart_settings {
  loaded_spacing of{};
  std::vector<restart_interval> intervals{};
  double rho = 7, s_noise = 1;
  void check() const { require(of.has_value(), "of", "missing", "a spacing"); }
  operator restart<any_spacing>() const { return {of->policy, intervals, rho, s_noise}; }  // NOLINT
};
// re_paint{spacing, jump_length, resamplings}.
struct re_paint_settings {
  loaded_spacing of{};
  std::size_t jump_length = 10, resamplings = 10;
  void check() const { require(of.has_value(), "of", "missing", "a spacing"); }
  operator re_paint<any_spacing>() const { return {of->policy, jump_length, resamplings}; }  // NOLINT
};
// time_travel{spacing, times, sigma_min, sigma_max}.
struct time_travel_settings {
  loaded_spacing of{};
  std::size_t times = 10;
  double sigma_min = 0;
  std::optional<double> sigma_max{};
  void check() const { require(of.has_value(), "of", "missing", "a spacing"); }
  operator time_travel<any_spacing>() const { return {of->policy, times, sigma_min, sigma_max}; }  // NOLINT
};
// whole_labels{spacing}.
struct whole_labels_settings {
  loaded_spacing of{};
  void check() const { require(of.has_value(), "of", "missing", "a spacing"); }
  operator whole_labels<any_spacing>() const { return {of->policy}; }  // NOLINT
};
// without_penultimate{spacing}.
struct without_penultimate_settings {
  loaded_spacing of{};
  void check() const { require(of.has_value(), "of", "missing", "a spacing"); }
  operator without_penultimate<any_spacing>() const { return {of->policy}; }  // NOLINT
};
// hybrid{coarse, fine, sigma} or with a time.
struct hybrid_settings {
  loaded_spacing coarse{}, fine{};
  std::optional<double> sigma{}, time{};
  void check() const {
    require(coarse.has_value(), "coarse", "missing", "a spacing");
    require(fine.has_value(), "fine", "missing", "a spacing");
    static_cast<hybrid<any_spacing, any_spacing>>(*this).check();
  }
  operator hybrid<any_spacing, any_spacing>() const { return {coarse->policy, fine->policy, sigma, time}; }  // NOLINT
};
template <>
struct described_as<whole_labels_settings> {
  using policy = whole_labels<any_spacing>;
};
template <>
struct described_as<without_penultimate_settings> {
  using policy = without_penultimate<any_spacing>;
};
template <>
struct described_as<hybrid_settings> {
  using policy = hybrid<any_spacing, any_spacing>;
};
template <>
struct described_as<image_to_image_settings> {
  using policy = image_to_image<any_spacing>;
};
template <>
struct described_as<inversion_settings> {
  using policy = inverted;
};

template <>
struct described_as<restart_settings> {
  using policy = restart<any_spacing>;
};
template <>
struct described_as<re_paint_settings> {
  using policy = re_paint<any_spacing>;
};

template <>
struct described_as<time_travel_settings> {
  using policy = time_travel<any_spacing>;
};

// [{"sigma_min": 0.1, "sigma_max": 0.3, "steps": 3, "times": 2}, ...]; steps and times may be left out.
inline void read_value(const fields& from, std::string_view name, std::vector<restart_interval>& value) {
  const nlohmann::json& list = from.value(name);
  if (!list.is_array()) from.refuse(name, "a list of {sigma_min, sigma_max, steps, times}");
  value.clear();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const fields one{list[i], from.at(name) + "/" + std::to_string(i)};
    one.allow_only({"sigma_min", "sigma_max", "steps", "times"});
    restart_interval item;
    for (const auto& [field, to] : {std::pair{"sigma_min", &item.sigma_min}, {"sigma_max", &item.sigma_max}}) {
      if (!one.has(field)) one.refuse(field, "a number");
      read_value(one, field, *to);
    }
    if (one.has("steps")) read_value(one, "steps", item.steps, most_of_a_count);
    if (one.has("times")) read_value(one, "times", item.times, most_of_a_count);
    value.push_back(item);
  }
}
inline nlohmann::json json_of(const std::vector<restart_interval>& value) {
  nlohmann::json list = nlohmann::json::array();
  for (const restart_interval& i : value)
    list.push_back({{"sigma_min", i.sigma_min}, {"sigma_max", i.sigma_max}, {"steps", i.steps}, {"times", i.times}});
  return list;
}

void read_value(const fields& from, std::string_view name, loaded_spacing& value, const catalogue* known);
inline nlohmann::json json_of(const loaded_spacing& value) {
  return value ? value->described : nlohmann::json(nullptr);
}

template <class V>
void describe(V& visit, hybrid_settings& s) {
  visit("coarse", s.coarse);
  visit("fine", s.fine);
  visit("sigma", s.sigma);
  visit("time", s.time);
}
template <class V>
void describe(V& visit, image_to_image_settings& s) {
  visit("of", s.of);
  visit("strength", s.strength);
}
template <class V>
void describe(V& visit, inversion_settings& s) {
  visit("of", s.of);
}
template <class V>
void describe(V& visit, re_paint_settings& s) {
  visit("of", s.of);
  visit("jump_length", s.jump_length);
  visit("resamplings", s.resamplings);
}
template <class V>
void describe(V& visit, restart_settings& s) {
  visit("of", s.of);
  visit("intervals", s.intervals);
  visit("rho", s.rho);
  visit("s_noise", s.s_noise);
}
template <class V>
void describe(V& visit, time_travel_settings& s) {
  visit("of", s.of);
  visit("times", s.times);
  visit("sigma_min", s.sigma_min);
  visit("sigma_max", s.sigma_max);
}
template <class V>
void describe(V& visit, whole_labels_settings& s) {
  visit("of", s.of);
}
template <class V>
void describe(V& visit, without_penultimate_settings& s) {
  visit("of", s.of);
}

inline loaded<any_spacing> load_spacing(const nlohmann::json& from, const catalogue& known,
                                        const std::string& pointer = {}) {
  return load_entry(known.spacings(), from, pointer, known);
}
inline loaded<any_spacing> load_spacing(const nlohmann::json& from, const std::string& pointer = {}) {
  return load_spacing(from, catalogue::built_in(), pointer);
}
inline void read_value(const fields& from, std::string_view name, loaded_spacing& value, const catalogue* known) {
  value = load_spacing(from.value(name), known != nullptr ? *known : catalogue::built_in(), from.at(name));
}

// The trajectory that a loaded spacing makes on a schedule; what cannot be laid there is refused with the pointer.
inline trajectory lay(const loaded<any_spacing>& spacing, const any_schedule& schedule,
                      const std::string& pointer = {}) {
  std::vector<std::string> names;
  for (const auto& item : spacing.described.items()) names.push_back(item.key());
  try {
    return spacing.policy(schedule);
  } catch (const error& e) {
    throw placed(e, spacing.described, pointer, names);
  }
}

}  // namespace noisefall
