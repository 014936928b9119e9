// diffusers' scheduler_config.json: from the file to a sampler's policies.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
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
#include <noisefall/config/diffusers/helios.hpp>
#include <noisefall/config/diffusers/helios_dmd.hpp>
#include <noisefall/config/diffusers/heun_discrete.hpp>
#include <noisefall/config/diffusers/ipndm.hpp>
#include <noisefall/config/diffusers/k_dpm_2_ancestral_discrete.hpp>
#include <noisefall/config/diffusers/k_dpm_2_discrete.hpp>
#include <noisefall/config/diffusers/latents.hpp>
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
#include <noisefall/config/python_json.hpp>

namespace noisefall {

namespace diffusers {

// The classes that are read.
using any_class =
    std::variant<ddim_class, ddim_inverse_class, ddpm_class, pndm_class, dpm_solver_multistep_class,
                 dpm_solver_multistep_inverse_class, dpm_solver_singlestep_class, dpm_solver_sde_class,
                 deis_multistep_class, unipc_multistep_class, sa_solver_class, euler_discrete_class,
                 euler_ancestral_discrete_class, heun_discrete_class, k_dpm_2_discrete_class,
                 k_dpm_2_ancestral_discrete_class, lms_discrete_class, ipndm_class, edm_euler_class,
                 edm_dpm_solver_multistep_class, cosine_dpm_solver_multistep_class, flow_match_euler_class,
                 flow_match_heun_class, flow_match_lcm_class, ltx_euler_ancestral_rf_class, lcm_class, tcd_class,
                 cm_stochastic_iterative_class, unclip_class, cogvideox_ddim_class, cogvideox_dpm_class, scm_class,
                 ddpm_wuerstchen_class, repaint_class, flow_map_euler_class, score_sde_vp_class, score_sde_ve_class,
                 ddim_parallel_class, ddpm_parallel_class, minimax_h3_class, helios_class, helios_dmd_class>;

template <class C>
concept adds_noise = requires(const C& c, std::span<const double> t, const diffusers_arguments& a) {
  c.noising(t, a);
};

template <class Variant>
struct members;
template <class... Classes>
struct members<std::variant<Classes...>> {
  // Calls see(type) for each class.
  template <class See>
  static void each(See see) {
    (see(std::type_identity<Classes>{}), ...);
  }
};

}  // namespace diffusers

// A scheduler_config.json, read and checked once. Keys that the class does not have are kept in file() and ignored, as
// diffusers does: one file serves several classes.
//
//   const nf::diffusers_config config{nf::read_python_json("scheduler_config.json")};
//   const auto s = config.setup({.num_inference_steps = 25});
//   const nf::sampler sample{s.solver, s.schedule, s.path, nf::unguided{}, s.parameterisation, s.map};
class diffusers_config {
 public:
  // Throws noisefall::error with the JSON pointer of what is wrong (after `pointer`, where the object stands in its
  // file).
  explicit diffusers_config(nlohmann::json file, const std::string& pointer = {})
      : file_(std::move(file)), held_{read(file_, pointer)} {}  // braces would make a JSON array

  std::string_view class_name() const {
    return std::visit([](const auto& c) { return std::remove_cvref_t<decltype(c)>::class_name; }, held_);
  }
  const nlohmann::json& file() const { return file_; }

  // Whether two files mean the same, whatever they leave to the defaults.
  friend bool operator==(const diffusers_config& a, const diffusers_config& b) { return a.held_ == b.held_; }

  // Whether files of a class of this name are read.
  static bool is_built(std::string_view class_name) {
    bool built = false;
    diffusers::members<diffusers::any_class>::each(
        [&]<class C>(std::type_identity<C>) { built = built || C::class_name == class_name; });
    return built;
  }

  // The policies for these arguments of set_timesteps() and step(). Throws on arguments that the class does not take.
  diffusers_setup setup(const diffusers_arguments& arguments) const {
    return std::visit([&](const auto& c) -> diffusers_setup { return c.setup(arguments); }, held_);
  }

  // The levels that add_noise() or scale_noise() uses after set_timesteps, one per label: for perturb().
  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& arguments = {}) const {
    return std::visit(
        [&]<class C>(const C& c) -> std::vector<noise_level> {
          if constexpr (diffusers::adds_noise<C>)
            return c.noising(timesteps, arguments);
          else
            throw error{std::string{C::class_name}, "has no add_noise", "a class that has"};
        },
        held_);
  }

  // The levels that get_velocity() uses: for velocity().
  std::vector<noise_level> velocity_levels(std::span<const double> timesteps,
                                           const diffusers_arguments& arguments = {}) const {
    return std::visit(
        [&]<class C>(const C& c) -> std::vector<noise_level> {
          if constexpr (requires { c.velocity_levels(timesteps, arguments); })
            return c.velocity_levels(timesteps, arguments);
          else
            return noising(timesteps, arguments);
        },
        held_);
  }

 private:
  static std::string names() {
    std::string list;
    diffusers::members<diffusers::any_class>::each(
        [&]<class C>(std::type_identity<C>) { list += (list.empty() ? "" : ", ") + std::string{C::class_name}; });
    return list;
  }

  static diffusers::any_class read(const nlohmann::json& file, const std::string& pointer) {
    const fields all{file, pointer};
    if (!all.has("_class_name") || !all.value("_class_name").is_string()) all.refuse("_class_name", names());
    const std::string name = all.value("_class_name").get<std::string>();

    nlohmann::json given = file;
    if (all.has("_use_default_values")) {
      const nlohmann::json& absent = all.value("_use_default_values");
      if (!absent.is_array()) all.refuse("_use_default_values", "a list of names");
      for (const nlohmann::json& key : absent) {
        if (!key.is_string()) all.refuse("_use_default_values", "a list of names");
        given.erase(key.get<std::string>());
      }
    }
    const fields f{given, pointer};
    std::optional<diffusers::any_class> found;
    diffusers::members<diffusers::any_class>::each([&]<class C>(std::type_identity<C>) {
      if (C::class_name == name) found.emplace(std::in_place_type<C>, f);
    });
    if (!found) all.refuse("_class_name", names());
    return *std::move(found);
  }

  nlohmann::json file_;
  diffusers::any_class held_;
};

}  // namespace noisefall
