// Predictor-corrector sampling: Langevin dynamics at each level, in steps whose size follows from the data.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/random/noise_source.hpp>
#include <noisefall/solver/own_step.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// At each level `corrections` steps of Langevin dynamics, then one of the reverse SDE (Song et al. 2021, algorithms 4
// and 2). With g = -eps / sigma the score, and y = x / alpha, rho = sigma / alpha:
//   correction   x <- x + e g + sqrt(2 e) z,   e = 2 (snr |z| / |g|)^2
//   prediction   y <- y - (rho_s^2 - rho_t^2) / rho_s * eps + c z,   c^2 = rho_s^2 - rho_t^2       (reverse_diffusion)
//                                                          or c^2 = (rho_s^2 - rho_t^2) rho_t^2 / rho_s^2  (ancestral)
// ancestral is equation 47, the posterior of ddpm. On a process that keeps the variance the steps are these in y; the
// paper's algorithm 5 has a factor 1 - beta in e besides. The last step adds no noise.
//
// |z| and |g| are each sample's own. couples_batch takes their means over the batch, as the published code and diffusers
// do: a sample then depends on its neighbours. A sample whose eps is 0 has nothing to follow and is not corrected.
//
// corrections + 1 evaluations a step, each with a draw of its own, whose increment::step counts through the run. Order 1
// without corrections; with them the law of the end keeps an error of the order of snr^2, however short the steps.
// corrections 0 to 100, snr above 0. Legs fall, from levels with alpha and sigma above 0; sigma_t = 0 gives D.
struct predictor_corrector {
  static constexpr std::string_view name = "predictor_corrector";
  static constexpr std::string_view reference = papers::score_sde;

  enum class reverse : std::uint8_t { reverse_diffusion, ancestral };

  std::size_t corrections = 1;
  double snr = 0.16;
  reverse predictor = reverse::reverse_diffusion;
  bool couples_batch = false;

  void check() const {
    require(corrections <= 100, "predictor_corrector.corrections", {"is ", corrections}, "0 to 100");
    require_range("predictor_corrector.snr", snr, std::numeric_limits<double>::min());
  }
  void check_ends(const noise_level& first, const noise_level& last) const {
    require(first.alpha > 0 && first.sigma > 0 && last.alpha > 0 && last.rho() <= first.rho(), name,
            {"a way from sigma/alpha ", first.rho(), " to ", last.rho()},
            "legs that fall, from levels with alpha and sigma above 0");
  }
  void check_leg(const leg& l) const { check_ends(l.from, l.to); }

  // Of one run: where it stands, and what the pass at hand is made by.
  struct state {
    std::size_t leg = 0, corrected = 0;
    bool waits = false;  // for a reading at `leg`
    std::vector<noise_level> from, until;
    std::vector<std::uint32_t> draw;
    std::vector<std::uint8_t> wanted;
    std::vector<double> eps_norm, z_norm;
    std::array<std::vector<double>, 3> weights;
  };

  std::size_t tensors() const { return 2; }
  std::size_t readings() const { return 1; }
  std::size_t evaluations() const { return corrections + 1; }
  quantity reads() const { return quantity::eps; }

  void begin(state& s, std::size_t samples) const {
    s.leg = s.corrected = 0;
    s.waits = false;
    for (auto* levels : {&s.from, &s.until}) levels->resize(samples);
    for (auto* numbers : {&s.eps_norm, &s.z_norm, &s.weights[0], &s.weights[1], &s.weights[2]})
      numbers->resize(samples);
    s.draw.resize(samples);
    s.wanted.assign(samples, 1);
  }
  void parameters(archive& to) const {
    for (double v : {static_cast<double>(corrections), snr, static_cast<double>(predictor), couples_batch ? 1.0 : 0.0})
      to(v);
  }
  // For checkpoints, between two steps.
  void transfer(archive& to, state& s) const {
    to(s.leg);
    to(s.waits);
    if (to.reads()) s.corrected = 0;
  }
  std::size_t present_leg(const state& s) const { return s.waits ? s.leg : static_cast<std::size_t>(-1); }
  std::vector<increment> draws(const trajectory& path) const {
    std::vector<increment> all;
    for (std::size_t i = 0; i < path.steps(); ++i) {
      for (std::size_t k = 0; k < corrections; ++k) all.push_back(of_correction(path, i, k));
      if (noise_of_step(path, i) > 0) all.push_back(of_step(path, i));
    }
    return all;
  }

  own_action advance(state& s, bench& on) const {
    if (!s.waits) {
      if (s.leg == on.path().steps()) return {own_action::kind::finished};
      std::fill(on.levels().begin(), on.levels().end(), on.path()[s.leg].from);
      s.corrected = 0;
      s.waits = true;
      return {own_action::kind::evaluate, x, eps};
    }
    const std::size_t here = s.corrected == 0 ? x : moved;
    if (s.corrected < corrections) {
      correct(s, on, here);
      ++s.corrected;
      return {own_action::kind::evaluate, moved, eps};
    }
    predict(s, on, here);
    ++s.leg;
    s.waits = false;
    return {own_action::kind::step_done};
  }

 private:
  static constexpr std::size_t x = 0, moved = 1, fresh = 2, eps = 0, reading = 3;
  static constexpr noise_level clean{0, 1, 0};

  std::uint32_t number(std::size_t leg, std::size_t draw) const {
    return static_cast<std::uint32_t>(leg * (corrections + 1) + draw);
  }
  // A correction's noise leads nowhere: to a Brownian path it is noise that is added back, from below.
  increment of_correction(const trajectory& path, std::size_t i, std::size_t k) const {
    return {.step = number(i, k), .from = clean.rho(), .to = path[i].from.rho()};
  }
  increment of_step(const trajectory& path, std::size_t i) const {
    return {.step = number(i, corrections), .from = path[i].from.rho(), .to = path[i].to.rho()};
  }

  double noise_of_step(const trajectory& path, std::size_t i) const {
    const double s = path[i].from.rho(), t = path[i].to.rho();
    if (i + 1 == path.steps()) return 0;
    return std::sqrt((s - t) * (s + t)) * (predictor == reverse::ancestral ? t / s : 1);
  }

  static void draw(state& s, bench& on, std::uint32_t number, const noise_level& from, const noise_level& until) {
    std::fill(s.draw.begin(), s.draw.end(), number);
    std::fill(s.from.begin(), s.from.end(), from);
    std::fill(s.until.begin(), s.until.end(), until);
    on.draw(fresh, s.draw, s.from, s.until, s.wanted);
  }

  // moved = here - 2 q^2 sigma eps + 2 q sigma z, q = snr |z| / |eps|
  void correct(state& s, bench& on, std::size_t here) const {
    const leg& at = on.path()[s.leg];
    draw(s, on, number(s.leg, s.corrected), clean, at.from);
    on.norms(reading, s.eps_norm);
    on.norms(fresh, s.z_norm);
    if (couples_batch)
      for (auto* norms : {&s.eps_norm, &s.z_norm}) {
        const double sum = std::accumulate(norms->begin(), norms->end(), 0.0);
        std::fill(norms->begin(), norms->end(), sum / static_cast<double>(norms->size()));
      }
    for (std::size_t i = 0; i < s.eps_norm.size(); ++i) {
      const double q = s.eps_norm[i] > 0 ? snr * s.z_norm[i] / s.eps_norm[i] : 0;
      s.weights[0][i] = 1;
      s.weights[1][i] = -2 * q * q * at.from.sigma;
      s.weights[2][i] = 2 * q * at.from.sigma;
    }
    const bench::term sum[] = {{here, s.weights[0]}, {reading, s.weights[1]}, {fresh, s.weights[2]}};
    on.combine(moved, sum);
  }

  void predict(state& s, bench& on, std::size_t here) const {
    const leg& at = on.path()[s.leg];
    const double from = at.from.rho(), to = at.to.rho(), noise = noise_of_step(on.path(), s.leg);
    std::fill(s.weights[0].begin(), s.weights[0].end(), at.to.alpha / at.from.alpha);
    std::fill(s.weights[1].begin(), s.weights[1].end(), -at.to.alpha * (from - to) * (from + to) / from);
    std::fill(s.weights[2].begin(), s.weights[2].end(), at.to.alpha * noise);
    if (noise > 0) draw(s, on, number(s.leg, corrections), at.from, at.to);
    const bench::term sum[] = {{here, s.weights[0]}, {reading, s.weights[1]}, {fresh, s.weights[2]}};
    on.combine(x, std::span{sum}.first(noise > 0 ? 3 : 2));
  }
};

}  // namespace noisefall
