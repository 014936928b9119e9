// noisefall's own file for what a diffusers file came to.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/config.hpp>
#include <noisefall/config/diffusers.hpp>
#include <noisefall/noisefall.hpp>

namespace examples {

namespace nf = noisefall;
using nlohmann::json;

// A field of the file; absent and null are the same.
template <class T>
T field(const json& file, const char* name, const T& otherwise) {
  const auto found = file.find(name);
  return found == file.end() || found->is_null() ? otherwise : found->get<T>();
}

// The classes of k-diffusion have states x0 + sigma * eps. Divided by sqrt(1 + sigma^2) they are what the network was
// trained on, and what noisefall's schedules speak of.
inline nf::noise_level preserving(const nf::noise_level& at) {
  const double norm = std::hypot(at.alpha, at.sigma);
  return {at.t, at.alpha / norm, at.sigma / norm};
}

// What a file says natively, part by part.
class native_form {
 public:
  native_form(const nf::diffusers_config& config, const nf::diffusers_setup& made)
      : file_(config.file()), class_{config.class_name()} {
    is_edm_ = class_.starts_with("EDM") || class_.starts_with("Cosine");
    const auto is_of = [&](const char* name) { return class_.find(name) != std::string::npos; };
    data_ward_ = is_of("MiniMaxH3");
    is_flow_ = data_ward_ || is_of("Flow") || is_of("LTX") || is_of("Helios") || field(file_, "use_flow_sigmas", false);
    is_ve_ = class_ == "ScoreSdeVeScheduler";
    explodes_ = !is_edm_ && !is_flow_ && !is_ve_ && made.path.front().alpha == 1;
    legs_.assign(made.path.legs().begin(), made.path.legs().end());
    for (nf::leg& l : legs_)
      if (explodes_) l = {preserving(l.from), preserving(l.to), l.label};
    for (std::size_t i = 0; i < legs_.size(); ++i) {
      rises_ = rises_ || legs_[i].from.rho() < legs_[i].to.rho();
      joins_ = joins_ && legs_[i].to.rho() < legs_[i].from.rho() && (i == 0 || same(legs_[i].from, legs_[i - 1].to));
    }

    described_ = {{"noisefall", nf::native_form},
                  {"solver", nf::solver_description(made.solver)},
                  {"schedule", schedule()},
                  {"parameterisation", parameterisation()},
                  {"threshold", nf::write_described(made.map)}};
    described_["trajectory"] = joins_ ? trajectory() : json{{"name", "leading"}, {"steps", steps()}};
    if (!joins_) {
      described_["trajectory"]["steps_offset"] = field(file_, "steps_offset", 0);
      described_["solver"].erase("stride");  // between legs that do not join
    }
  }

  const json& described() const { return described_; }
  // Whether each leg begins where the one before it ended, as noisefall's own trajectories do.
  bool joins() const { return joins_; }
  // Why there is no native form at all; empty where there is one.
  std::string missing() const {
    if (rises_) return "an inversion is laid by {\"name\": \"inversion\", \"of\": ...}";
    if (described_["solver"].is_null()) return "the steps are diffusers' own";
    if (class_ == "CMStochasticIterativeScheduler") return "the network's c_skip and c_out are its own";
    return {};
  }
  // Whether the states are those of k-diffusion.
  bool explodes() const { return explodes_; }

 private:
  static bool same(const nf::noise_level& a, const nf::noise_level& b) {
    return std::abs(a.alpha - b.alpha) < 1e-12 && std::abs(a.sigma - b.sigma) <= 1e-12 * std::max(1.0, b.sigma);
  }
  std::size_t steps() const { return joins_ ? legs_.size() : legs_.size() - 1; }

  json schedule() const {
    if (is_flow_) return {{"name", "rectified_flow"}};
    if (is_edm_)
      return {{"name", "edm"},
              {"sigma_min", field(file_, "sigma_min", 0.002)},
              {"sigma_max", field(file_, "sigma_max", 80.0)}};
    if (is_ve_)
      return {{"name", "ve"},
              {"sigma_min", field(file_, "sigma_min", 0.01)},
              {"sigma_max", field(file_, "sigma_max", 1348.0)}};
    const auto is_one_of = [&](auto... names) { return ((class_.find(names) != std::string::npos) || ...); };
    const bool latent = is_one_of("Heun", "KDPM2", "DPMSolverSDE", "LCM", "TCD", "CogVideoX");
    const std::string betas =
        field<std::string>(file_, "beta_schedule", is_one_of("LCM", "TCD", "CogVideoX") ? "scaled_linear" : "linear");
    json table = {{"name", betas == "squaredcos_cap_v2" ? "cosine" : betas},
                  {"train_steps", field(file_, "num_train_timesteps", 1000)}};
    if (betas != "squaredcos_cap_v2") {
      table["beta_start"] = field(file_, "beta_start", latent ? 0.00085 : 0.0001);
      table["beta_end"] = field(file_, "beta_end", latent ? 0.012 : 0.02);
    }
    if (field(file_, "rescale_betas_zero_snr", false)) table = {{"name", "zero_terminal_snr"}, {"of", table}};
    return table;
  }

  json parameterisation() const {
    const std::string prediction = field<std::string>(file_, "prediction_type", "epsilon");
    if (is_edm_)
      return {{"name", "edm_precond"},
              {"sigma_data", field(file_, "sigma_data", 0.5)},
              {"output", prediction == "v_prediction" ? "v_like" : "eps_like"}};
    if (is_ve_) return {{"name", "predicts_score"}};
    if (data_ward_) return {{"name", "predicts_flow"}, {"reversed", true}, {"label_scale", -1}, {"label_offset", 1}};
    if (is_flow_) return {{"name", "predicts_flow"}, {"label_scale", field(file_, "num_train_timesteps", 1000)}};
    return {{"name", prediction == "sample"         ? "predicts_x0"
                     : prediction == "v_prediction" ? "predicts_v"
                                                    : "predicts_eps"}};
  }

  // A spacing that lays these very levels and labels, or else the list of them.
  json trajectory() const {
    const json n = legs_.size();
    const char* const end = legs_.back().to.sigma == 0 ? "zero" : "sigma_min";
    const double train = field(file_, "num_train_timesteps", 1000.0), shift = field(file_, "shift", 1.0);
    const double flow_shift = field(file_, "flow_shift", 1.0), least = shift / train / (1 + (shift - 1) / train);
    const double lowest = legs_.back().from.rho(), highest = legs_.front().from.rho();
    std::vector<json> candidates;
    if (is_flow_) {
      candidates = {{{"name", "flow_uniform"}, {"steps", n}, {"shift", shift}, {"last", least}},
                    {{"name", "flow_uniform"}, {"steps", n}, {"shift", flow_shift}, {"first", 1 - 1 / train}}};
      if (field(file_, "use_dynamic_shifting", false))
        candidates.push_back(
            {{"name", "flow_uniform"}, {"steps", n}, {"mu", image_mu(file_)}, {"last", 1 / n.get<double>()}});
    } else {
      for (const char* name : {"leading", "trailing", "linspace"})
        candidates.push_back({{"name", name}, {"steps", n}, {"end", end}});
      candidates[0]["steps_offset"] = field(file_, "steps_offset", 0);
      const bool whole =
          std::all_of(legs_.begin(), legs_.end(), [](const nf::leg& l) { return l.label == std::floor(l.label); });
      if (whole && !is_edm_) {
        candidates.push_back({{"name", "index_list"}, {"indices", json::array()}, {"end", end}});
        for (const nf::leg& l : legs_) candidates.back()["indices"].push_back(static_cast<long>(l.label));
      }
      candidates.push_back({{"name", "karras"},
                            {"steps", n},
                            {"rho", field(file_, "rho", 7.0)},
                            {"sigma_min", lowest},
                            {"sigma_max", highest},
                            {"end", end}});
      candidates.push_back(
          {{"name", "exponential"}, {"steps", n}, {"sigma_min", lowest}, {"sigma_max", highest}, {"end", end}});
    }
    for (const json& candidate : candidates)
      if (lays_these(candidate)) return candidate;
    json list = {{"name", "level_list"}, {"alphas", json::array()}, {"sigmas", json::array()}};
    for (const nf::leg& l : legs_) {
      list["alphas"].push_back(l.from.alpha);
      list["sigmas"].push_back(l.from.sigma);
      list["labels"].push_back(l.label);
    }
    list["alphas"].push_back(legs_.back().to.alpha);
    list["sigmas"].push_back(legs_.back().to.sigma);
    return list;
  }

  bool lays_these(const json& candidate) const {
    try {
      json whole = described_;
      whole["trajectory"] = candidate;
      const nf::trajectory path = nf::load_sampler(whole).path();
      if (path.steps() != legs_.size()) return false;
      for (std::size_t i = 0; i < legs_.size(); ++i)
        if (!same(path[i].from, legs_[i].from) || !same(path[i].to, legs_[i].to) ||
            std::abs(path[i].label - legs_[i].label) > 1e-9 * std::max(1.0, std::abs(legs_[i].label)))
          return false;
      return true;
    } catch (const nf::error&) {
      return false;
    }
  }

 public:
  // What FLUX's pipeline computes for 1024 x 1024 pixels, 4096 tokens.
  static double image_mu(const json& file) {
    const double low = field(file, "base_image_seq_len", 256.0), high = field(file, "max_image_seq_len", 4096.0);
    const double base = field(file, "base_shift", 0.5), most = field(file, "max_shift", 1.15), tokens = 4096;
    return base + (most - base) * (tokens - low) / (high - low);
  }

 private:
  json file_;
  std::string class_;
  bool is_edm_ = false, is_flow_ = false, data_ward_ = false, is_ve_ = false, explodes_ = false, joins_ = true,
       rises_ = false;
  std::vector<nf::leg> legs_;
  json described_;
};

}  // namespace examples
