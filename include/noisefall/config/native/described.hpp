// One description per policy, used to read it, to write it and to list its fields.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/fields.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/solver/asked_order.hpp>

namespace noisefall {

// A policy is described by a function beside those of its kind:
//   template <class V> void describe(V& visit, ddim& s) { visit("eta", s.eta); }
// In JSON it is an object with its name and those fields, {"name": "ddim", "eta": 0.5}, or the name alone. An absent
// field keeps its default. A user's own policy that has a describe() in its namespace is read and written too.

// The names of an enumeration in JSON: a specialisation per enumeration that is a field.
template <class E>
struct spelt {
  std::string_view name;
  E value;
};
template <class E>
inline constexpr std::nullptr_t spelling = nullptr;

// ---- one field: read_value changes `value`, json_of makes JSON of it, null for nothing ----

inline void read_value(const fields& from, std::string_view name, bool& value) { value = from.boolean(name, value); }
inline void read_value(const fields& from, std::string_view name, double& value) { value = from.number(name, value); }

template <std::integral T>
requires(!std::same_as<T, bool>) void read_value(const fields& from, std::string_view name, T& value) {
  const nlohmann::json& given = from.value(name);
  const std::string allowed = std::is_signed_v<T> ? "a whole number" : "a whole number from 0";
  const bool fits = given.is_number_unsigned()
                        ? std::in_range<T>(given.get<std::uint64_t>())
                        : given.is_number_integer() && std::in_range<T>(given.get<std::int64_t>());
  if (!fits) from.refuse(name, allowed);
  value = given.get<T>();
}

inline void read_value(const fields& from, std::string_view name, asked_order& value) {
  read_value(from, name, value.value);
}

inline void read_value(const fields& from, std::string_view name, std::optional<double>& value) {
  value = from.maybe_number(name);
}

inline void read_value(const fields& from, std::string_view name, std::vector<double>& value) {
  value = from.numbers(name).value_or(std::vector<double>{});
}

template <std::integral T>
void read_value(const fields& from, std::string_view name, std::vector<T>& value) {
  const nlohmann::json& list = from.value(name);
  if (!list.is_array()) from.refuse(name, "a list of whole numbers");
  value.clear();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const nlohmann::json wrapped{{std::to_string(i), list[i]}};
    T item{};
    read_value(fields{wrapped, from.at(name)}, std::to_string(i), item);
    value.push_back(item);
  }
}

template <class E>
requires std::is_enum_v<E>
void read_value(const fields& from, std::string_view name, E& value) {
  const nlohmann::json& given = from.value(name);
  std::string allowed;
  for (const auto& [text, meaning] : spelling<E>) {
    if (given.is_string() && given.get_ref<const std::string&>() == text) {
      value = meaning;
      return;
    }
    allowed += (allowed.empty() ? "" : ", ") + std::string{text};
  }
  from.refuse(name, allowed);
}

template <class T>
requires std::is_arithmetic_v<T> nlohmann::json json_of(T value) {
  if constexpr (std::floating_point<T>)
    if (!std::isfinite(value)) return nullptr;  // only where that is the default
  return value;
}
inline nlohmann::json json_of(const asked_order& value) { return value.value; }
inline nlohmann::json json_of(const std::optional<double>& value) { return value ? json_of(*value) : nullptr; }
template <class T>
nlohmann::json json_of(const std::vector<T>& value) {
  return value;
}
template <class E>
requires std::is_enum_v<E> nlohmann::json json_of(E value) {
  for (const auto& [text, meaning] : spelling<E>)
    if (meaning == value) return std::string{text};
  return nullptr;
}

// ---- all fields of a policy ----

class field_reader {
 public:
  explicit field_reader(const fields& from) : from_{&from} {}

  template <class T>
  void operator()(std::string_view name, T& value) {
    const nlohmann::json& object = from_->object();
    const auto found = object.find(std::string{name});
    if (found == object.end()) return;
    if (found->is_null() && !std::same_as<T, std::optional<double>>)
      from_->refuse(name, "null", "a value, or no field");
    read_value(*from_, name, value);
  }

 private:
  const fields* from_;
};

class field_writer {
 public:
  explicit field_writer(nlohmann::json& to) : to_{&to} {}

  template <class T>
  void operator()(std::string_view name, T& value) {
    if (nlohmann::json written = json_of(value); !written.is_null()) (*to_)[std::string{name}] = std::move(written);
  }

 private:
  nlohmann::json* to_;
};

class field_lister {
 public:
  template <class T>
  void operator()(std::string_view name, T&) {
    names.emplace_back(name);
  }
  std::vector<std::string> names;
};

template <class T>
concept Described = std::default_initializable<T> && requires(field_lister& visit, T& policy) {
  describe(visit, policy);
};

// What a description stands for, where that is not the policy itself (the settings of a schedule): a specialisation
// with another `policy`, which it converts to.
template <class T>
struct described_as {
  using policy = T;
};

// Empty where the policy has no name; then none is read or written.
template <class T>
constexpr std::string_view described_name() {
  using policy = typename described_as<T>::policy;
  if constexpr (requires { policy::name; })
    return policy::name;
  else
    return {};
}
template <class T>
constexpr std::string_view described_reference() {
  using policy = typename described_as<T>::policy;
  if constexpr (requires { policy::reference; })
    return policy::reference;
  else
    return {};
}

template <Described T>
std::vector<std::string> field_names(T policy) {
  field_lister visit;
  describe(visit, policy);
  return std::move(visit.names);
}

inline std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& n : names) text += (text.empty() ? "" : ", ") + n;
  return text;
}

// An error of a policy, put where its field stands in JSON. Policies say "ddim.eta", "karras" with "rho: 0", or "apg"
// with "eta 3"; `names` are the fields there are.
inline error placed(const error& e, const nlohmann::json& object, const std::string& pointer,
                    const std::vector<std::string>& names) {
  const std::string &where = e.where(), &what = e.problem();
  const std::size_t dot = where.find_last_of(".: ");
  const std::string tail = dot == std::string::npos ? where : where.substr(dot + 1);
  const std::size_t colon = what.find_first_of(": ");
  const bool several = what.find(", ") != std::string::npos;
  const std::string head = several || colon == std::string::npos ? "" : what.substr(0, colon);
  for (const std::string& name : {tail, head}) {
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    const auto found = object.find(name);
    return {pointer + "/" + name, found == object.end() ? "missing" : fields::shown(*found), e.allowed()};
  }
  return {pointer.empty() ? "/" : pointer, where + ": " + what, e.allowed()};
}

// The fields of `from` as a policy; `from` may also hold the name. Throws on what the policy does not know and on what
// its check() refuses.
template <Described T>
T read_described(const fields& from) {
  T policy{};
  field_reader visit{from};
  describe(visit, policy);
  std::vector<std::string> names = field_names(policy);
  if (!described_name<T>().empty()) names.insert(names.begin(), "name");
  for (const auto& item : from.object().items())
    if (std::find(names.begin(), names.end(), item.key()) == names.end())
      throw error{from.at(item.key()), "unknown name", listed(names)};
  if constexpr (requires { policy.check(); }) {
    try {
      policy.check();
    } catch (const error& e) {
      throw placed(e, from.object(), from.pointer(), names);
    }
  }
  return policy;
}

template <Described T>
nlohmann::json write_described(T policy) {
  nlohmann::json written = nlohmann::json::object();
  if (!described_name<T>().empty()) written["name"] = described_name<T>();
  field_writer visit{written};
  describe(visit, policy);
  return written;
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
  if (from.contains("name") && from["name"] != described_name<T>())
    object.refuse("name", std::string{described_name<T>()});
  policy = read_described<T>(object);
}

// ---- one policy of several ----

// A policy that a file chose. `described` is its full description, with every default written out.
template <class Any>
struct loaded {
  Any policy;
  nlohmann::json described;
  std::string name;
  std::string_view reference;  // lives as long as the program
};

template <class... Policies>
struct described_list {
  static std::string names() { return listed({std::string{described_name<Policies>()}...}); }
};

// {"name": ..., fields} or a name alone, as one of the policies listed.
template <class Any, class... Policies>
loaded<Any> load_one_of(described_list<Policies...>, const nlohmann::json& from, const std::string& pointer) {
  const std::string allowed = described_list<Policies...>::names();
  if (!from.is_string() && !from.is_object())
    throw error{pointer.empty() ? "/" : pointer, fields::shown(from), "a name, or an object with a name: " + allowed};
  const nlohmann::json object = from.is_string() ? nlohmann::json{{"name", from}} : from;
  const fields in{object, pointer};
  const std::string where_name = from.is_string() ? pointer : in.at("name");
  const auto named = object.find("name");
  if (named == object.end()) throw error{where_name, "missing", allowed};
  if (!named->is_string()) throw error{where_name, fields::shown(*named), allowed};
  const std::string& name = named->template get_ref<const std::string&>();

  std::optional<loaded<Any>> made;
  const auto try_one = [&]<class T>(std::type_identity<T>) {
    if (made || name != described_name<T>()) return;
    T description = read_described<T>(in);
    try {
      made.emplace(loaded<Any>{Any{static_cast<typename described_as<T>::policy>(description)},
                               write_described(description), name, described_reference<T>()});
    } catch (const error& e) {
      throw placed(e, object, pointer, field_names(description));
    }
  };
  (try_one(std::type_identity<Policies>{}), ...);
  if (!made) throw error{where_name, fields::shown(*named), allowed};
  return *std::move(made);
}

}  // namespace noisefall
