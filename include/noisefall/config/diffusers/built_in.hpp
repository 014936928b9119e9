// The classes of diffusers that are read; noisefall::compiled_config compiles this once.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/cm_stochastic_iterative.hpp>
#include <noisefall/config/diffusers/cogvideox_ddim.hpp>
#include <noisefall/config/diffusers/cogvideox_dpm.hpp>
#include <noisefall/config/diffusers/cosine_dpm_solver_multistep.hpp>
#include <noisefall/config/diffusers/ddim.hpp>
#include <noisefall/config/diffusers/ddim_inverse.hpp>
#include <noisefall/config/diffusers/ddim_parallel.hpp>
#include <noisefall/config/diffusers/ddpm.hpp>
#include <noisefall/config/diffusers/ddpm_parallel.hpp>
#include <noisefall/config/diffusers/ddpm_wuerstchen.hpp>
#include <noisefall/config/diffusers/deis_multistep.hpp>
#include <noisefall/config/diffusers/dpm_solver_multistep.hpp>
#include <noisefall/config/diffusers/dpm_solver_multistep_inverse.hpp>
#include <noisefall/config/diffusers/dpm_solver_sde.hpp>
#include <noisefall/config/diffusers/dpm_solver_singlestep.hpp>
#include <noisefall/config/diffusers/edm_dpm_solver_multistep.hpp>
#include <noisefall/config/diffusers/edm_euler.hpp>
#include <noisefall/config/diffusers/euler_ancestral_discrete.hpp>
#include <noisefall/config/diffusers/euler_discrete.hpp>
#include <noisefall/config/diffusers/flow_map_euler.hpp>
#include <noisefall/config/diffusers/flow_match_euler.hpp>
#include <noisefall/config/diffusers/flow_match_heun.hpp>
#include <noisefall/config/diffusers/flow_match_lcm.hpp>
#include <noisefall/config/diffusers/held_class.hpp>
#include <noisefall/config/diffusers/helios.hpp>
#include <noisefall/config/diffusers/helios_dmd.hpp>
#include <noisefall/config/diffusers/heun_discrete.hpp>
#include <noisefall/config/diffusers/ipndm.hpp>
#include <noisefall/config/diffusers/k_dpm_2_ancestral_discrete.hpp>
#include <noisefall/config/diffusers/k_dpm_2_discrete.hpp>
#include <noisefall/config/diffusers/lcm.hpp>
#include <noisefall/config/diffusers/lms_discrete.hpp>
#include <noisefall/config/diffusers/ltx_euler_ancestral_rf.hpp>
#include <noisefall/config/diffusers/minimax_h3.hpp>
#include <noisefall/config/diffusers/pndm.hpp>
#include <noisefall/config/diffusers/repaint.hpp>
#include <noisefall/config/diffusers/sa_solver.hpp>
#include <noisefall/config/diffusers/scm.hpp>
#include <noisefall/config/diffusers/score_sde_ve.hpp>
#include <noisefall/config/diffusers/score_sde_vp.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/diffusers/tcd.hpp>
#include <noisefall/config/diffusers/unclip.hpp>
#include <noisefall/config/diffusers/unipc_multistep.hpp>
#include <noisefall/config/fields.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/core/owner.hpp>

namespace noisefall::diffusers {

template <class C>
concept adds_noise = requires(const C& c, std::span<const double> t, const diffusers_arguments& a) {
  c.noising(t, a);
};

// The class C, held.
template <class C>
class held_as final : public held_class {
 public:
  explicit held_as(const fields& given) : fields_{given} {}

  std::string_view class_name() const override { return C::class_name; }
  bool equals(const held_class& other) const override {
    return other.class_name() == C::class_name && static_cast<const held_as&>(other).fields_ == fields_;
  }
  diffusers_setup setup(const diffusers_arguments& arguments) const override { return fields_.setup(arguments); }
  std::vector<noise_level> noising(std::span<const double> timesteps,
                                   const diffusers_arguments& arguments) const override {
    if constexpr (adds_noise<C>)
      return fields_.noising(timesteps, arguments);
    else
      throw error{std::string{C::class_name}, "has no add_noise", "a class that has"};
  }
  std::vector<noise_level> velocity_levels(std::span<const double> timesteps,
                                           const diffusers_arguments& arguments) const override {
    if constexpr (requires { fields_.velocity_levels(timesteps, arguments); })
      return fields_.velocity_levels(timesteps, arguments);
    else
      return noising(timesteps, arguments);
  }

 private:
  C fields_;
};

// A class by its name.
struct named_class {
  std::string_view name;
  const held_class* (*make)(const fields& given);
};

template <class... C>
constexpr auto name_classes() {
  return std::array<named_class, sizeof...(C)>{
      {{C::class_name, [](const fields& given) -> const held_class* { return new held_as<C>{given}; }}...}};
}

inline constexpr auto named_classes =
    name_classes<ddim_class, ddim_inverse_class, ddpm_class, pndm_class, dpm_solver_multistep_class,
                 dpm_solver_multistep_inverse_class, dpm_solver_singlestep_class, dpm_solver_sde_class,
                 deis_multistep_class, unipc_multistep_class, sa_solver_class, euler_discrete_class,
                 euler_ancestral_discrete_class, heun_discrete_class, k_dpm_2_discrete_class,
                 k_dpm_2_ancestral_discrete_class, lms_discrete_class, ipndm_class, edm_euler_class,
                 edm_dpm_solver_multistep_class, cosine_dpm_solver_multistep_class, flow_match_euler_class,
                 flow_match_heun_class, flow_match_lcm_class, ltx_euler_ancestral_rf_class, lcm_class, tcd_class,
                 cm_stochastic_iterative_class, unclip_class, cogvideox_ddim_class, cogvideox_dpm_class, scm_class,
                 ddpm_wuerstchen_class, repaint_class, flow_map_euler_class, score_sde_vp_class, score_sde_ve_class,
                 ddim_parallel_class, ddpm_parallel_class, minimax_h3_class, helios_class, helios_dmd_class>();

inline const named_class* find_class(std::string_view name) {
  for (const named_class& entry : named_classes)
    if (entry.name == name) return &entry;
  return nullptr;
}

inline bool is_built(std::string_view class_name) { return find_class(class_name) != nullptr; }

inline std::string class_names() {
  std::string list;
  for (const named_class& entry : named_classes) (list += list.empty() ? "" : ", ") += entry.name;
  return list;
}

inline shared<held_class> read_class(const nlohmann::json& file, const std::string& pointer) {
  const fields all{file, pointer};
  if (!all.has("_class_name") || !all.value("_class_name").is_string()) all.refuse("_class_name", class_names());
  const auto name = all.value("_class_name").get<std::string>();

  nlohmann::json given = file;
  if (all.has("_use_default_values")) {
    const nlohmann::json& absent = all.value("_use_default_values");
    if (!absent.is_array()) all.refuse("_use_default_values", "a list of names");
    for (const nlohmann::json& key : absent) {
      if (!key.is_string()) all.refuse("_use_default_values", "a list of names");
      given.erase(key.get<std::string>());
    }
  }
  const named_class* known = find_class(name);
  if (known == nullptr) all.refuse("_class_name", class_names());
  return shared<held_class>{known->make(fields{given, pointer})};
}

}  // namespace noisefall::diffusers
