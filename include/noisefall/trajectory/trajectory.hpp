// The validated list of legs of a run.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/function_ref.hpp>
#include <noisefall/schedule/noise_level.hpp>

namespace noisefall {

// One step's journey. The label is what the network is fed as time; NaN: the parameterisation decides.
struct leg {
  noise_level from{}, to{};
  double label = std::numeric_limits<double>::quiet_NaN();
  double s_noise = 1;  // factor on the noise of a leg that climbs (trajectory_kind::renoise)
};

// What a trajectory may do besides falling strictly from noise to data.
//   descending  nothing: every level is cleaner than the one before
//   inversion   legs rise: data to noise
//   renoise     some legs climb (Restart, RePaint): a leg that rises adds fresh noise to the state, with no evaluation and
//               whatever the solver, which begins anew after it
//   compat      anything another library does: repeated levels, a leg that does not start where the last one ended
enum class trajectory_kind : std::uint8_t { descending, inversion, renoise, compat };

// Never empty, and as its kind says: the constructors check. A value: copies are independent.
class trajectory {
 public:
  // From levels, noisiest first; n levels make n - 1 legs.
  // Throws on fewer than two levels, on NaN or negative alpha or sigma, and on levels that rise or repeat.
  explicit trajectory(std::span<const noise_level> levels) : trajectory{between(levels), trajectory_kind::descending} {}
  explicit trajectory(const std::vector<noise_level>& levels) : trajectory{std::span<const noise_level>{levels}} {}
  trajectory(std::vector<leg> legs, trajectory_kind kind) : legs_{std::move(legs)}, kind_{kind} { check(); }

  // The same legs, each label that is left open filled in.
  trajectory labelled(function_ref<double(const noise_level&)> label) && {
    for (leg& l : legs_)
      if (std::isnan(l.label)) l.label = label(l.from);
    return std::move(*this);
  }

  // The same legs, with the paper behind them; `reference` must live as long as the program.
  trajectory cited(std::string_view reference) && {
    reference_ = reference;
    return std::move(*this);
  }
  std::string_view reference() const { return reference_; }

  std::size_t steps() const { return legs_.size(); }
  const leg& operator[](std::size_t i) const { return legs_[i]; }
  std::span<const leg> legs() const { return legs_; }
  trajectory_kind kind() const { return kind_; }
  // Does leg i climb?
  bool climbs(std::size_t i) const { return kind_ == trajectory_kind::renoise && cleaner(legs_[i].from, legs_[i].to); }
  const noise_level& front() const { return legs_.front().from; }
  const noise_level& back() const { return legs_.back().to; }

 private:
  [[gnu::cold]] static std::vector<leg> between(std::span<const noise_level> levels) {
    require(levels.size() >= 2, "trajectory", {levels.size(), " levels"}, "two levels or more");
    std::vector<leg> legs;
    legs.reserve(levels.size() - 1);
    for (std::size_t i = 1; i < levels.size(); ++i) legs.push_back({levels[i - 1], levels[i]});
    return legs;
  }

  static bool cleaner(const noise_level& a, const noise_level& b) { return a.sigma * b.alpha < b.sigma * a.alpha; }

  [[gnu::cold]] void check() const {
    require(!legs_.empty(), "trajectory", "no legs", "one leg or more");
    for (std::size_t i = 0; i < legs_.size(); ++i) {
      for (const noise_level& l : {legs_[i].from, legs_[i].to})
        require(l.alpha >= 0 && l.sigma >= 0 && l.alpha + l.sigma > 0 && std::isfinite(l.alpha + l.sigma),
                {"trajectory: leg ", i}, {"a level with alpha ", l.alpha, ", sigma ", l.sigma},
                "finite alpha >= 0 and sigma >= 0, not both zero");
      if (kind_ == trajectory_kind::compat) continue;
      const bool falls = cleaner(legs_[i].to, legs_[i].from), rises = cleaner(legs_[i].from, legs_[i].to);
      if (kind_ == trajectory_kind::descending)
        require(falls, {"trajectory: leg ", i},
                {rises ? "rises" : "repeats a level", " (sigma/alpha from ", legs_[i].from.rho(), " to ",
                 legs_[i].to.rho(), ")"},
                "levels that fall strictly; build it as inversion, renoise or compat to allow more");
      if (kind_ == trajectory_kind::inversion)
        require(rises, {"trajectory: leg ", i}, "does not rise", "levels that rise strictly, in an inversion");
      if (kind_ == trajectory_kind::renoise)
        require(!rises || (legs_[i].from.alpha > 0 && legs_[i].s_noise >= 0 && std::isfinite(legs_[i].s_noise)),
                {"trajectory: leg ", i}, "climbs from alpha = 0, or with a factor on its noise that is none",
                "a climb from a level with alpha above 0, s_noise of 0 or more");
      if (i > 0)
        require(legs_[i].from == legs_[i - 1].to, {"trajectory: leg ", i}, "does not start where the last leg ended",
                "a leg that starts at the last leg's end, unless built as compat");
    }
  }

  std::vector<leg> legs_;
  trajectory_kind kind_;
  std::string_view reference_;
};

}  // namespace noisefall
