// The model "gaussian_mixture" of a job: the exact predictor, its components and a plot of its points.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/adapters/png.hpp>
#include <noisefall/config/fields.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/models/gaussian_mixture.hpp>
#include <noisefall/parameterisation/edm.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/parameterisation/score.hpp>
#include <noisefall/parameterisation/trigflow.hpp>
#include <noisefall/parameterisation/v.hpp>
#include <noisefall/parameterisation/x0.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/view.hpp>

#include "job_fields.hpp"
#include "scatter.hpp"

namespace examples {

namespace nf = noisefall;

/// The exact predictor of a Gaussian mixture; the condition is a subset of its components.
class mixture_model {
 public:
  using condition = nf::component_subset;

  /// `parameterisation`: what the output is to mean, as the job describes it.
  mixture_model(const nf::fields& from, const nf::fields& job, const nlohmann::json& parameterisation)
      : mixture_{law(from), output(parameterisation), parameterisation.value("sigma_data", 0.5)},
        is_v_{parameterisation["name"] == nf::predicts_v::name},
        sign_{parameterisation.value("reversed", false) || parameterisation.value("output", "") == "v_like" ? -1.0F
                                                                                                            : 1.0F} {
    std::vector<std::size_t> all(mixture_.law().means.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    only_.only = indices(job, "condition", all.size(), all);
  }

  static constexpr const char* noun = "points";
  static constexpr const char* default_schedule = "vp_linear";
  static constexpr const char* default_parameterisation = "predicts_v";

  nf::shape samples(std::size_t count) const { return {count, mixture_.dimension()}; }
  nlohmann::json conditions() const { return only_.only; }
  condition conditional(std::size_t, std::size_t) const { return only_; }
  condition unconditional() const { return {}; }
  const nf::mixture_law& law() const { return mixture_.law(); }

  void predict(nf::view<float> x, const nf::evaluation& at, const condition& components, nf::mutable_view<float> out) {
    mixture_.predict<float>(x, at, components, out);
    for (std::size_t i = 0; i < x.samples(); ++i) {
      const nf::noise_level& level = at.level(i);
      const float scale = is_v_ ? static_cast<float>(1 / std::hypot(level.alpha, level.sigma)) : sign_;
      if (scale == 1) continue;
      for (std::size_t e = 0; e < x.sample_size(); ++e) out.sample(i)[e] *= scale;
    }
  }

  nf::picture draw(std::span<const float> points, const nf::sheet_options& options) const {
    const nf::mixture_law& law = mixture_.law();
    std::vector<disc> components;
    for (std::size_t k = 0; k < law.means.size(); ++k)
      components.push_back({law.means[k][0], law.means[k].size() > 1 ? law.means[k][1] : 0, 2 * law.deviations[k]});
    return scatter(points, mixture_.dimension(), components, 240 * options.upscale);
  }

 private:
  static nf::mixture_law law(const nf::fields& from) {
    from.allow_only({"kind", "weights", "means", "std"});
    nf::mixture_law law;
    const nlohmann::json none;
    const nlohmann::json& means = from.has("means") ? from.value("means") : none;
    if (!means.is_array() || means.empty()) from.refuse("means", "a list of points, one or more");
    for (std::size_t k = 0; k < means.size(); ++k) {
      const std::string where = from.at("means") + "/" + std::to_string(k);
      const bool numbers = means[k].is_array() && !means[k].empty() &&
                           std::all_of(means[k].begin(), means[k].end(), [](const auto& m) { return m.is_number(); });
      if (!numbers || means[k].size() != means[0].size())
        throw nf::error{where, nf::fields::shown(means[k]), "a list of numbers, as many as in the first"};
      law.means.push_back(means[k].template get<std::vector<double>>());
    }
    law.weights = from.numbers("weights", nf::positive).value_or(std::vector<double>(means.size(), 1.0));
    law.deviations = from.numbers("std", nf::not_negative).value_or(std::vector<double>{});
    for (const auto& [name, list] : {std::pair{"weights", &law.weights}, std::pair{"std", &law.deviations}})
      if (list->size() != means.size())
        from.refuse(name, from.has(name) ? std::to_string(list->size()) + " numbers" : std::string{"missing"},
                    std::to_string(means.size()) + ", one for each mean");
    return law;
  }

  static nf::network_output output(const nlohmann::json& parameterisation) {
    const std::string name = parameterisation["name"];
    using enum nf::network_output;
    if (name == nf::predicts_x0::name) return x0;
    if (name == nf::predicts_v::name) return v;
    if (name == nf::predicts_flow::name) return flow;
    if (name == nf::predicts_score::name) return score;
    if (name == nf::edm_precond::name) return edm;
    if (name == nf::predicts_trig_flow::name) return trigflow;
    return eps;
  }

  nf::gaussian_mixture mixture_;
  bool is_v_;
  float sign_;
  condition only_;
};

}  // namespace examples
