// The fields of the schedules, and a schedule by its name.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/catalogue.hpp>
#include <noisefall/config/native/described.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/schedule/constant_beta.hpp>
#include <noisefall/schedule/cosine.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/schedule/exponential_decay.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/schedule/jsd.hpp>
#include <noisefall/schedule/laplace.hpp>
#include <noisefall/schedule/linear.hpp>
#include <noisefall/schedule/scaled_linear.hpp>
#include <noisefall/schedule/sigmoid.hpp>
#include <noisefall/schedule/snr_shift.hpp>
#include <noisefall/schedule/sub_vp.hpp>
#include <noisefall/schedule/trigflow.hpp>
#include <noisefall/schedule/ve.hpp>
#include <noisefall/schedule/ve_sqrt.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/schedule/vp_cosine.hpp>
#include <noisefall/schedule/vp_table.hpp>
#include <noisefall/schedule/wuerstchen.hpp>
#include <noisefall/schedule/zero_terminal_snr.hpp>

namespace noisefall {

template <>
inline constexpr auto spelling<between> = std::to_array<spelt<between>>({{"log_sigma", between::log_sigma},
                                                                         {"sigma", between::sigma},
                                                                         {"log_alpha", between::log_alpha}});

// A table is described by its settings: those of linear, scaled_linear, cosine and the like, or one of these.
struct discrete_settings {
  std::vector<double> alphas_cumprod{};
  between rule = between::log_sigma;
  void check() const { require(!alphas_cumprod.empty(), "alphas_cumprod", "an empty table", "one entry or more"); }
  operator discrete_schedule() const { return discrete_schedule{alphas_cumprod, rule}; }  // NOLINT
};
// A table made from another one, `of`.
using loaded_table = std::optional<loaded<discrete_schedule>>;
// zero_terminal_snr{table, last}.
struct zero_terminal_snr_settings {
  loaded_table of{};
  double last = 0;
  void check() const {
    require(of.has_value(), "of", "missing", "a schedule with a table");
    require(last >= 0 && last < 1, "last", {last}, "0 or a little more, below the entry before it");
  }
  operator zero_terminal_snr() const { return zero_terminal_snr{of->policy, last}; }  // NOLINT
};
// snr_shift{table, scale}.
struct snr_shift_settings {
  loaded_table of{};
  double scale = 3;
  void check() const { require(of.has_value(), "of", "missing", "a schedule with a table"); }
  operator snr_shift() const { return snr_shift{of->policy, scale}; }  // NOLINT
};
// vp_table{table, lambda_clip}.
struct vp_table_settings {
  loaded_table of{};
  double lambda_clip = -5.1;
  void check() const { require(of.has_value(), "of", "missing", "a schedule with a table"); }
  operator vp_table() const { return vp_table{of->policy.alphas_cumprod(), lambda_clip}; }  // NOLINT
};

void read_value(const fields& from, std::string_view name, loaded_table& value, const catalogue* known);
inline nlohmann::json json_of(const loaded_table& value) { return value ? value->described : nlohmann::json(nullptr); }

template <>
struct described_as<linear::settings> {
  using policy = linear;
};
template <>
struct described_as<scaled_linear::settings> {
  using policy = scaled_linear;
};
template <>
struct described_as<cosine::settings> {
  using policy = cosine;
};
template <>
struct described_as<sigmoid::settings> {
  using policy = sigmoid;
};
template <>
struct described_as<exponential_decay::settings> {
  using policy = exponential_decay;
};
template <>
struct described_as<laplace::settings> {
  using policy = laplace;
};
template <>
struct described_as<jsd::settings> {
  using policy = jsd;
};
template <>
struct described_as<constant_beta::settings> {
  using policy = constant_beta;
};
template <>
struct described_as<discrete_settings> {
  using policy = discrete_schedule;
};
template <>
struct described_as<zero_terminal_snr_settings> {
  using policy = zero_terminal_snr;
};
template <>
struct described_as<snr_shift_settings> {
  using policy = snr_shift;
};
template <>
struct described_as<vp_table_settings> {
  using policy = vp_table;
};

template <class V>
void describe(V& visit, linear::settings& s) {
  visit("beta_start", s.beta_start);
  visit("beta_end", s.beta_end);
  visit("train_steps", s.train_steps);
  visit("rule", s.rule);
}
template <class V>
void describe(V& visit, scaled_linear::settings& s) {
  visit("beta_start", s.beta_start);
  visit("beta_end", s.beta_end);
  visit("train_steps", s.train_steps);
  visit("rule", s.rule);
}
template <class V>
void describe(V& visit, cosine::settings& s) {
  visit("train_steps", s.train_steps);
  visit("rule", s.rule);
}
template <class V>
void describe(V& visit, sigmoid::settings& s) {
  visit("beta_start", s.beta_start);
  visit("beta_end", s.beta_end);
  visit("train_steps", s.train_steps);
  visit("rule", s.rule);
}
template <class V>
void describe(V& visit, exponential_decay::settings& s) {
  visit("train_steps", s.train_steps);
  visit("rule", s.rule);
}
template <class V>
void describe(V& visit, laplace::settings& s) {
  visit("train_steps", s.train_steps);
  visit("as_root", s.as_root);
  visit("rule", s.rule);
}
template <class V>
void describe(V& visit, jsd::settings& s) {
  visit("train_steps", s.train_steps);
  visit("rule", s.rule);
}
template <class V>
void describe(V& visit, constant_beta::settings& s) {
  visit("beta_start", s.beta_start);
  visit("beta_end", s.beta_end);
  visit("warmup", s.warmup);
  visit("train_steps", s.train_steps);
  visit("rule", s.rule);
}
template <class V>
void describe(V& visit, discrete_settings& s) {
  visit("alphas_cumprod", s.alphas_cumprod);
  visit("rule", s.rule);
}
template <class V>
void describe(V& visit, zero_terminal_snr_settings& s) {
  visit("of", s.of);
  visit("last", s.last);
}
template <class V>
void describe(V& visit, snr_shift_settings& s) {
  visit("of", s.of);
  visit("scale", s.scale);
}
template <class V>
void describe(V& visit, vp_table_settings& s) {
  visit("of", s.of);
  visit("lambda_clip", s.lambda_clip);
}
template <class V>
void describe(V& visit, vp_linear& s) {
  visit("beta_0", s.beta_0);
  visit("beta_1", s.beta_1);
  visit("t_end", s.t_end);
}
template <class V>
void describe(V& visit, ve& s) {
  visit("sigma_min", s.sigma_min);
  visit("sigma_max", s.sigma_max);
}
template <class V>
void describe(V& visit, edm& s) {
  visit("sigma_min", s.sigma_min);
  visit("sigma_max", s.sigma_max);
}
template <class V>
void describe(V& visit, rectified_flow& s) {
  visit("t_end", s.t_end);
}
template <class V>
void describe(V& visit, trig_flow& s) {
  visit("sigma_data", s.sigma_data);
  visit("t_end", s.t_end);
}
template <class V>
void describe(V& visit, sub_vp& s) {
  visit("beta_0", s.beta_0);
  visit("beta_1", s.beta_1);
  visit("t_end", s.t_end);
}
template <class V>
void describe(V& visit, vp_cosine& s) {
  visit("s", s.s);
  visit("t_end", s.t_end);
  visit("t_start", s.t_start);
}
template <class V>
void describe(V& visit, wuerstchen& s) {
  visit("scaler", s.scaler);
  visit("s", s.s);
}
template <class V>
void describe(V& visit, ve_sqrt& s) {
  visit("sigma_min", s.sigma_min);
  visit("sigma_max", s.sigma_max);
}

inline loaded<any_schedule> load_schedule(const nlohmann::json& from, const catalogue& known,
                                          const std::string& pointer = {}) {
  return load_entry(known.schedules(), from, pointer, known);
}
inline loaded<any_schedule> load_schedule(const nlohmann::json& from, const std::string& pointer = {}) {
  return load_schedule(from, catalogue::built_in(), pointer);
}
// One of the schedules that are a table of alphas_cumprod.
inline loaded<discrete_schedule> load_table(const nlohmann::json& from, const catalogue& known,
                                            const std::string& pointer = {}) {
  return load_entry(known.tables(), from, pointer, known);
}
inline loaded<discrete_schedule> load_table(const nlohmann::json& from, const std::string& pointer = {}) {
  return load_table(from, catalogue::built_in(), pointer);
}
inline void read_value(const fields& from, std::string_view name, loaded_table& value, const catalogue* known) {
  value = load_table(from.value(name), known != nullptr ? *known : catalogue::built_in(), from.at(name));
}

// Any table, by its entries; it reads back to the same bits.
inline void to_json(nlohmann::json& to, const discrete_schedule& table) {
  to = write_described(discrete_settings{{table.alphas_cumprod().begin(), table.alphas_cumprod().end()}, table.rule()});
}

}  // namespace noisefall
