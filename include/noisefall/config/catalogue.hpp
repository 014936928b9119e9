// The policies that JSON may name: a value, which a user extends with policies of his own.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/fields.hpp>
#include <noisefall/config/native/described.hpp>
#include <noisefall/config/native/placed.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/core/function_ref.hpp>
#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/solver/any_solver.hpp>
#include <noisefall/trajectory/concept.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// A spacing chosen at run time.
using any_spacing = std::function<trajectory(const any_schedule&)>;

// A policy that a file chose. `described` is its full description: its own name and every field, defaults written out.
template <class Any>
struct loaded {
  Any policy;
  nlohmann::json described;
  std::string name;
  std::string_view reference;  // lives as long as the program
};

namespace detail {

// A name that files may use, and what it stands for.
struct catalogue_entry {
  std::string_view name;  // the policy's own, or an alias that starts from other values
  std::size_t alias;
  const policy_type* type;
  void (*make)(const void* policy, void* made);  // the policy behind the type of its kind, into an optional of it
};

}  // namespace detail

// The policies of one kind, Any.
template <class Any>
class catalogue_list {
 public:
  // "ddim, heun": what a message allows.
  std::string names() const {
    std::string list;
    for (const auto& entry : entries_) (list += list.empty() ? "" : ", ") += entry.name;
    return list;
  }
  const std::vector<detail::catalogue_entry>& entries() const { return entries_; }

 private:
  friend class catalogue;
  std::vector<detail::catalogue_entry> entries_;
};

//   nf::catalogue mine = nf::catalogue::built_in();
//   mine.add<my_solver>().add<my_spacing>();
//   const nf::loaded_sampler s = nf::load_sampler(json, mine);
//
// A policy of your own is a model of its concept (Solver, OwnStep, Guidance, NoiseSchedule, Spacing over any_schedule,
// Parameterisation) with a `name`, a default, and a describe() (config/native/described.hpp). A solver may have further
// names, each standing for other defaults: a static member function aliases() that returns an array of
// {name, solver}. Such a name may be read; what is written is the policy's own name with all its fields.
class catalogue {
 public:
  catalogue() = default;  // holds none
  // All that the library has; include config/config.hpp.
  static catalogue built_in();

  // Throws noisefall::error if a policy of the same kind has the name.
  template <Described T>
  catalogue& add() {
    using policy = typename described_as<T>::policy;
    static_assert(!type_of<T>.name.empty(), "a policy needs: static constexpr std::string_view name");
    constexpr bool solves = Solver<policy> || OwnStep<policy>, guides = Guidance<policy>,
                   schedules = NoiseSchedule<policy>, means = Parameterisation<policy>,
                   spaces = Spacing<policy, any_schedule>;
    static_assert(solves + guides + schedules + means + spaces == 1,
                  "a policy is a model of one concept: Solver, OwnStep, Guidance, NoiseSchedule, Parameterisation or "
                  "Spacing over any_schedule");
    if constexpr (solves) add_to<T>(solvers_, "solver");
    if constexpr (guides) add_to<T>(guidances_, "guidance");
    if constexpr (schedules) add_to<T>(schedules_, "schedule");
    if constexpr (schedules && std::derived_from<policy, discrete_schedule>) add_to<T>(tables_, "table");
    if constexpr (means) add_to<T>(parameterisations_, "parameterisation");
    if constexpr (spaces) add_to<T>(spacings_, "spacing");
    return *this;
  }

  const catalogue_list<any_solver>& solvers() const { return solvers_; }
  const catalogue_list<any_guidance>& guidances() const { return guidances_; }
  const catalogue_list<any_schedule>& schedules() const { return schedules_; }
  const catalogue_list<discrete_schedule>& tables() const { return tables_; }  // those of the schedules that are one
  const catalogue_list<any_parameterisation>& parameterisations() const { return parameterisations_; }
  const catalogue_list<any_spacing>& spacings() const { return spacings_; }

 private:
  template <class T, class Any>
  static void make(const void* policy, void* made) {
    static_cast<std::optional<Any>*>(made)->emplace(
        static_cast<typename described_as<T>::policy>(*static_cast<const T*>(policy)));
  }

  template <class T, class Any>
  static void add_to(catalogue_list<Any>& list, std::string_view kind) {
    std::vector<std::string_view> names{type_of<T>.name};
    if constexpr (HasAliases<T>)  // their names are literals, as the policy's own
      for (const auto& alias : T::aliases()) names.push_back(alias.name);
    put(list.entries_, kind, names, type_of<T>, make<T, Any>);
  }

  static void put(std::vector<detail::catalogue_entry>& list, std::string_view kind,
                  const std::vector<std::string_view>& names, const policy_type& type,
                  void (*make)(const void*, void*)) {
    std::vector<detail::catalogue_entry> longer = list;
    for (const std::string_view name : names) {
      for (const auto& known : longer)
        require(known.name != name, {"catalogue: add: ", type.name}, {"there is a ", kind, " \"", name, "\""},
                "another name");
      longer.push_back({name, longer.size() - list.size() - 1, &type, make});  // the first one, no alias: no_alias
    }
    list = std::move(longer);
  }

  catalogue_list<any_solver> solvers_;
  catalogue_list<any_guidance> guidances_;
  catalogue_list<any_schedule> schedules_;
  catalogue_list<discrete_schedule> tables_;
  catalogue_list<any_parameterisation> parameterisations_;
  catalogue_list<any_spacing> spacings_;
};

namespace detail {

// Calls `see` with the entry that `from` names and the policy that it describes. Throws noisefall::error with the
// pointer, also for what `see` throws.
inline void with_entry(const std::vector<catalogue_entry>& entries, const std::string& names,
                       const nlohmann::json& from, const std::string& pointer, const catalogue& known,
                       function_ref<void(const catalogue_entry&, void* policy)> see) {
  if (!from.is_string() && !from.is_object())
    throw error{pointer.empty() ? "/" : pointer, fields::shown(from), "a name, or an object with a name: " + names};
  const nlohmann::json object = from.is_string() ? nlohmann::json{{"name", from}} : from;
  const fields in{object, pointer};
  const auto named = object.find("name");
  const std::string* const name = named == object.end() ? nullptr : named->get_ptr<const nlohmann::json::string_t*>();
  for (const auto& entry : entries) {
    if (name == nullptr || *name != entry.name) continue;
    entry.type->start(entry.alias, [&](void* policy) {
      read_policy(in, *entry.type, policy, &known);
      try {
        see(entry, policy);
      } catch (const error& e) {
        throw placed(e, object, pointer, field_names(*entry.type, policy));
      }
    });
    return;
  }
  throw error{from.is_object()  ? in.at("name")
              : pointer.empty() ? "/"
                                : pointer,
              named == object.end() ? "missing" : fields::shown(*named), names};
}

}  // namespace detail

// {"name": ..., fields} or a name alone, as one of the list. `known`: what fields may name.
template <class Any>
loaded<Any> load_entry(const catalogue_list<Any>& list, const nlohmann::json& from, const std::string& pointer,
                       const catalogue& known) {
  std::optional<Any> made;
  nlohmann::json described;
  const policy_type* type = nullptr;
  detail::with_entry(list.entries(), list.names(), from, pointer, known,
                     [&](const detail::catalogue_entry& entry, void* policy) {
                       type = entry.type;
                       entry.make(policy, &made);
                       described = detail::write_policy(*type, policy);
                     });
  return {*std::move(made), std::move(described), std::string{type->name}, type->reference};
}

}  // namespace noisefall
