// L13 for what a file may name: every spacing on every schedule, in 1, 2, 3 and 50 steps, to both ends.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/config.hpp>
#include <noisefall/parameterisation/x0.hpp>
#include <noisefall/sampler/sampler.hpp>

#include "catch.hpp"

namespace {

namespace nf = noisefall;
using nlohmann::json;

// x0: a bounded pull towards the state.
struct network {
  using condition = double;
  template <class T>
  void predict(nf::view<T> x, const nf::evaluation& at, const double&, nf::mutable_view<T> out) {
    const nf::noise_level& l = at.level(0);
    const double pull = l.alpha * static_cast<double>(x.data()[0]) / (l.alpha * l.alpha + 4 * l.sigma * l.sigma);
    out.data()[0] = static_cast<T>(pull / std::sqrt(1 + pull * pull));
  }
};

std::vector<nf::loaded<nf::any_schedule>> schedules() {
  const nf::catalogue known = nf::catalogue::built_in();
  std::vector<nf::loaded<nf::any_schedule>> all;
  for (const auto& entry : known.schedules().entries()) {
    json file{{"name", entry.name}};
    if (entry.name == "discrete") file["alphas_cumprod"] = {0.99, 0.9, 0.5, 0.1, 0.01};
    if (entry.name == "snr_shift" || entry.name == "vp_table" || entry.name == "zero_terminal_snr")
      file["of"] = "scaled_linear";
    all.push_back(nf::load_schedule(file));
  }
  return all;
}

// The descriptions of a spacing for n steps, one for each end that it may have; what has no steps, once.
std::vector<json> descriptions(const nf::detail::catalogue_entry& entry, std::size_t n) {
  const std::map<std::string_view, json> lists{{"sigma_list", {{"sigmas", {9, 1, 0}}}},
                                               {"flow_sigma_list", {{"sigmas", {0.9, 0.3, 0}}}},
                                               {"index_list", {{"indices", {4, 2, 1}}}},
                                               {"level_list", {{"alphas", {0.1, 0.9, 1}}, {"sigmas", {0.9, 0.4, 0}}}},
                                               {"time_list", {{"times", {0.9, 0.4, 0.1}}}},
                                               {"sections", {{"counts", {2, 1}}}},
                                               {"stretched_list", {{"steps", 3}, {"sigmas", {9, 1, 0.1}}}}};
  const json karras{{"name", "karras"}, {"steps", n}, {"sigma_max", 9}};
  const std::map<std::string_view, json> made{
      {"image_to_image", {{"of", karras}, {"strength", 1}}},
      {"restart",
       {{"of", karras}, {"intervals", {{{"sigma_min", 0.2}, {"sigma_max", 1.5}, {"steps", 2}, {"times", 2}}}}}},
      {"re_paint", {{"of", karras}, {"jump_length", 1}, {"resamplings", 2}}},
      {"time_travel", {{"of", karras}, {"times", 2}, {"sigma_max", 3}}},
      {"whole_labels", {{"of", karras}}},
      {"without_penultimate", {{"of", karras}}},
      {"inversion", {{"of", {{"name", "karras"}, {"steps", n}, {"sigma_max", 9}, {"end", "sigma_min"}}}}},
      {"hybrid",
       {{"coarse", {{"name", "time_uniform"}, {"steps", n}}},
        {"fine", {{"name", "kl_optimal"}, {"steps", n}}},
        {"sigma", 1.5}}}};
  json file{{"name", entry.name}};
  if (const auto list = lists.find(entry.name); list != lists.end()) {
    file.update(list->second);
    if (n > 1) return {};
  } else if (const auto nested = made.find(entry.name); nested != made.end()) {
    file.update(nested->second);
  } else {
    file["steps"] = n;
  }
  std::vector<std::string> fields;
  entry.type->start(entry.alias, [&](void* policy) { fields = nf::detail::field_names(*entry.type, policy); });
  std::vector<json> all{file};
  if (std::find(fields.begin(), fields.end(), "end") != fields.end()) {
    all[0]["end"] = "zero";
    file["end"] = "sigma_min";
    all.push_back(file);
  }
  return all;
}

}  // namespace

TEST_CASE("L13: every spacing lays finite runs on every schedule for 1, 2, 3 and 50 steps, or is refused with a reason",
          "[config]") {
  const std::vector<nf::any_solver> solvers{nf::erased_solver{nf::dpm_multistep{.order = 3}},
                                            nf::erased_solver{nf::dpm_multistep{.tau_squared = 1}},
                                            nf::erased_solver{nf::unipc{.order = 3}},
                                            nf::erased_solver{nf::sa_solver{}},
                                            nf::erased_solver{nf::heun{}},
                                            nf::erased_solver{nf::lms{}},
                                            nf::erased_solver{nf::deis{}},
                                            nf::erased_solver{nf::seeds{.order = 3}}};
  const nf::catalogue known = nf::catalogue::built_in();
  std::map<std::string, std::size_t> laid_by_spacing, laid_on_schedule;
  for (const auto& on : schedules())
    for (const auto& entry : known.spacings().entries())
      for (const std::size_t n : {1u, 2u, 3u, 50u})
        for (const json& file : descriptions(entry, n)) {
          const auto spacing = nf::load_spacing(file);
          std::optional<nf::trajectory> path;
          try {
            path = nf::lay(spacing, on.policy, "/trajectory");
          } catch (const nf::error& refused) {
            if (refused.allowed().empty() || !refused.where().starts_with("/trajectory"))
              FAIL(file.dump() << " on " << on.name << ": " << refused.what());
            continue;
          }
          ++laid_by_spacing[std::string{entry.name}];
          ++laid_on_schedule[on.name];
          const bool rises = path->kind() == nf::trajectory_kind::inversion;
          for (const nf::any_solver& solver : solvers) {
            const nf::sampler sample{solver.planner, on.policy, *path, nf::unguided{}, nf::predicts_x0{}};
            network model;
            nf::tensor<double> x({1, 1});
            const auto start = rises ? nf::start_from::given : nf::start_from::noise;
            const auto result = sample(model, x, {.seed = 4, .start = start, .checked = true});
            if (result.how != nf::outcome::finished || !std::isfinite(x.elements()[0]))
              FAIL(file.dump() << " on " << on.name << " by " << solver.planner.name());
          }
        }
  for (const auto& entry : known.spacings().entries()) {
    INFO(entry.name << " is laid somewhere");
    CHECK(laid_by_spacing[std::string{entry.name}] > 3);
  }
  for (const auto& on : schedules()) {
    INFO(on.name << " takes many spacings");
    CHECK(laid_on_schedule[on.name] > 60);
  }
}
