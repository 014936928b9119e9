// One description per policy, by which it is read, written and listed.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/fields.hpp>
#include <noisefall/config/native/field_values.hpp>
#include <noisefall/config/native/placed.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/core/function_ref.hpp>

namespace noisefall {

class catalogue;

// How one type of field is read and written, behind pointers to its value: the code for policies is compiled once, not
// once per policy.
struct field_kind {
  void (*read)(const fields& from, std::string_view name, void* value, const catalogue* known);
  nlohmann::json (*write)(const void* value);
  void (*spoil)(void* value);  // makes it what no range holds, where there is such a value
  std::string_view noun;       // what a range speaks of: "a number"; empty where there are no ranges
};

// A count of anything (steps, entries of a table): a file must not ask for more memory than there is.
inline constexpr std::size_t most_of_a_count = 1'000'000;

namespace detail {

template <class T>
void read_field(const fields& from, std::string_view name, void* to, [[maybe_unused]] const catalogue* known) {
  T& value = *static_cast<T*>(to);
  if constexpr (requires { read_value(from, name, value, known); }) {
    read_value(from, name, value, known);
  } else if constexpr (std::same_as<T, std::size_t>) {
    read_value(from, name, value, most_of_a_count);
  } else {
    read_value(from, name, value);
  }
}
template <class T>
nlohmann::json write_field(const void* value) {
  return json_of(*static_cast<const T*>(value));
}
template <class T>
void spoil_field([[maybe_unused]] void* value) {
  if constexpr (std::same_as<T, double> || std::same_as<T, std::optional<double>>)
    *static_cast<T*>(value) = std::numeric_limits<double>::quiet_NaN();
  else if constexpr (std::same_as<T, asked_order>)
    *static_cast<T*>(value) = std::numeric_limits<int>::lowest();
  else if constexpr (std::integral<T> && !std::same_as<T, bool>)
    *static_cast<T*>(value) = std::numeric_limits<T>::lowest();
}
template <class T>
constexpr std::string_view noun_of_field() {
  if constexpr (std::same_as<T, double> || std::same_as<T, std::optional<double>>) return "a number";
  if constexpr (std::same_as<T, std::size_t>) return "a whole number up to 1000000";
  if constexpr (std::same_as<T, asked_order> || (std::integral<T> && !std::same_as<T, bool>)) return "a whole number";
  return {};
}

}  // namespace detail

template <class T>
inline constexpr field_kind kind_of{detail::read_field<T>, detail::write_field<T>, detail::spoil_field<T>,
                                    detail::noun_of_field<T>()};

// What a describe() tells the fields of its policy to.
class description {
 public:
  template <class T>
  void operator()(std::string_view name, T& value) {
    field(name, &value, kind_of<T>);
  }

 protected:
  ~description() = default;

 private:
  virtual void field(std::string_view name, void* value, const field_kind& kind) = 0;
};

// A policy says its fields by a function beside it, or by a member:
//   template <class V> void describe(V& visit, ddim& s) { visit("eta", s.eta); }
//   struct my_solver { ... template <class V> void describe(V& visit) { visit("gain", gain); } };
// In JSON it is an object with its name and those fields, {"name": "ddim", "eta": 0.5}, or the name alone. An absent
// field keeps its default.
template <class T>
concept DescribesItself = requires(description& visit, T& policy) {
  policy.describe(visit);
};
template <class T>
concept Described = std::default_initializable<T> &&
    (DescribesItself<T> || requires(description & visit, T& policy) { describe(visit, policy); });

// What a description stands for, where that is not the policy itself (the settings of a schedule): a specialisation
// with another `policy`, which it converts to.
template <class T>
struct described_as {
  using policy = T;
};

// Further names of a policy, each for other values than its defaults: an array of {name, solver}. What a policy derives
// from another one is not its own.
template <class T>
concept HasAliases = requires {
  { T::aliases()[0].name } -> std::convertible_to<std::string_view>;
  requires std::same_as<std::remove_cvref_t<decltype(T::aliases()[0].solver)>, T>;
};

// All that reading and writing need to know of a described type.
struct policy_type {
  std::string_view name, reference;  // empty where the policy has none; then none is read or written
  void (*describe)(description& visit, void* policy);
  void (*check)(const void* policy);
  // Calls `use` with a policy that has the values of its number-th alias, or its defaults.
  void (*start)(std::size_t alias, function_ref<void(void*)> use);
};

inline constexpr std::size_t no_alias = static_cast<std::size_t>(-1);

namespace detail {

template <class T>
void describe_policy(description& visit, void* policy) {
  if constexpr (DescribesItself<T>)
    static_cast<T*>(policy)->describe(visit);
  else
    describe(visit, *static_cast<T*>(policy));
}
template <class T>
void check_policy([[maybe_unused]] const void* policy) {
  if constexpr (requires(const T& p) { p.check(); }) static_cast<const T*>(policy)->check();
}
template <class T>
void start_policy([[maybe_unused]] std::size_t alias, function_ref<void(void*)> use) {
  T policy{};
  if constexpr (HasAliases<T>)
    if (alias != no_alias) policy = T::aliases()[alias].solver;
  use(&policy);
}
template <class T>
constexpr std::string_view name_of_described() {
  if constexpr (requires { T::name; })
    return T::name;
  else
    return {};
}
template <class T>
constexpr std::string_view reference_of_described() {
  if constexpr (requires { T::reference; })
    return T::reference;
  else
    return {};
}

}  // namespace detail

template <Described T>
inline constexpr policy_type type_of{detail::name_of_described<typename described_as<T>::policy>(),
                                     detail::reference_of_described<typename described_as<T>::policy>(),
                                     detail::describe_policy<T>, detail::check_policy<T>, detail::start_policy<T>};

// ---- all fields of a policy ----

namespace detail {

class field_lister final : public description {
 public:
  std::vector<std::string> names;

 private:
  void field(std::string_view name, void*, const field_kind&) override { names.emplace_back(name); }
};

class field_writer final : public description {
 public:
  explicit field_writer(nlohmann::json& to) : to_{&to} {}

 private:
  void field(std::string_view name, void* value, const field_kind& kind) override {
    if (nlohmann::json written = kind.write(value); !written.is_null()) (*to_)[std::string{name}] = std::move(written);
  }
  nlohmann::json* to_;
};

// Makes the one field `wanted` a value that is not allowed.
class field_spoiler final : public description {
 public:
  explicit field_spoiler(std::string_view wanted) : wanted_{wanted} {}

 private:
  void field(std::string_view name, void* value, const field_kind& kind) override {
    if (name == wanted_) kind.spoil(value);
  }
  std::string_view wanted_;
};

inline std::vector<std::string> field_names(const policy_type& type, void* policy) {
  field_lister list;
  type.describe(list, policy);
  return std::move(list.names);
}

// The range that the policy's check() has for a field; empty where it tells none. `policy` is used up.
inline std::string range_of(std::string_view name, const policy_type& type, void* policy) {
  const std::vector<std::string> names = field_names(type, policy);
  field_spoiler spoil{name};
  type.describe(spoil, policy);
  try {
    type.check(policy);
  } catch (const error& e) {
    const std::string where = placed(e, nlohmann::json::object(), "", names).where();
    if (where == "/" + std::string{name}) return e.allowed();
  }
  return {};
}

class field_reader final : public description {
 public:
  field_reader(const fields& from, const policy_type& type, void* policy, const catalogue* known)
      : from_{&from}, type_{&type}, policy_{policy}, known_{known} {}

 private:
  void field(std::string_view name, void* value, const field_kind& kind) override {
    const nlohmann::json& object = from_->object();
    const auto found = object.find(std::string{name});
    if (found == object.end()) return;
    try {
      kind.read(*from_, name, value, known_);
    } catch (const error& e) {
      if (kind.noun.empty()) throw;
      const std::string range = range_of(name, *type_, policy_);
      if (range.empty()) throw;
      throw error{e.where(), e.problem(), {kind.noun, ", ", range}};
    }
  }

  const fields* from_;
  const policy_type* type_;
  void* policy_;
  const catalogue* known_;
};

// The fields of `from` into a policy; `from` may also hold the name. Throws on what the policy does not know and on
// what its check() refuses.
inline void read_policy(const fields& from, const policy_type& type, void* policy, const catalogue* known) {
  field_reader visit{from, type, policy, known};
  type.describe(visit, policy);
  std::vector<std::string> names = field_names(type, policy);
  if (!type.name.empty()) names.insert(names.begin(), "name");
  for (const auto& item : from.object().items())
    if (std::find(names.begin(), names.end(), item.key()) == names.end())
      throw error{from.at(item.key()), "unknown name", listed(names)};
  try {
    type.check(policy);
  } catch (const error& e) {
    throw placed(e, from.object(), from.pointer(), names);
  }
}

inline nlohmann::json write_policy(const policy_type& type, void* policy) {
  nlohmann::json written = nlohmann::json::object();
  if (!type.name.empty()) written["name"] = type.name;
  field_writer visit{written};
  type.describe(visit, policy);
  return written;
}

}  // namespace detail

// `known`: the policies that fields may name; null: the built-in ones.
template <Described T>
T read_described(const fields& from, const catalogue* known = nullptr) {
  T policy{};
  detail::read_policy(from, type_of<T>, &policy, known);
  return policy;
}

template <Described T>
nlohmann::json write_described(T policy) {
  return detail::write_policy(type_of<T>, &policy);
}

// nlohmann::json j = karras{.steps = 20};
template <Described T>
void to_json(nlohmann::json& to, const T& policy) {
  to = write_described(policy);
}
// j.get<karras>(). A name, if there is one, must be the policy's.
template <Described T>
void from_json(const nlohmann::json& from, T& policy) {
  const fields object{from, ""};
  if (from.contains("name") && from["name"] != type_of<T>.name) object.refuse("name", std::string{type_of<T>.name});
  policy = read_described<T>(object);
}

}  // namespace noisefall
