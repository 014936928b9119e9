// UniPC: a predictor-corrector of any order up to 4 whose corrector costs no evaluation.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/asked_order.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/multistep_start.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>
#include <noisefall/solver/row_algebra.hpp>

namespace noisefall {

// corrector: x_i'   = the leg that ended here again, from the corrected x_{i-1}', with m_i among the nodes
// predictor: x_{i+1} = this leg from x_i', with m_i and the readings before it
//
// (Zhao, Bai, Rao, Zhou, Lu 2023, equations 3 to 6 with algorithms 1 and 2.) Both are exponential Adams rows in lambda
// (exponential.hpp). The published B(h) cancels except where the papers' code puts 1/2 for a weight, the predictor of
// order 2 and the corrector of order 1; there the slope is y / 2 (bh1) or I_0 / 2 (bh2). B(h) is never formed where
// lambda is infinite. vary_coeff is the official code's third form, exact in the predictor and in the corrector of
// order 1; as in that code, the corrector of order K > 1 leaves the K-th derivative out and gives the new reading its
// part in the one before, weighted by I_K / K, which makes it of order 1.
//
// One evaluation a step, at the predicted state; the reading is not renewed after the correction. The order of the ODE
// is `order`, one more with the corrector, which also makes up for the ramp from order 1; lower_order_final (order at
// most the number of steps left) caps it at 2 as the steps shrink. The predictor alone needs start = singlestep for
// more than order 2 (multistep_start.hpp). Step i corrects with the order that step i - 1 predicted with; not in the
// first step, after the history was cut, in steps whose i - 1 is listed in skip_corrector, nor over a leg with an end
// without lambda. Order 1 at sigma_t = 0 (exactly D) and alpha_s = 0. order 1 to 4; legs may rise.
struct unipc {
  static constexpr std::string_view name = "unipc";
  static constexpr std::string_view reference = papers::unipc;

  enum class variant : std::uint8_t { bh1, bh2, vary_coeff };

  asked_order order = 3;
  quantity of = quantity::x0;
  variant coefficients = variant::bh2;
  bool corrector = true;
  bool lower_order_final = true;
  std::vector<std::size_t> skip_corrector{};
  multistep_start start = multistep_start::ramp;

  // uni_pc and uni_pc_bh2 are ComfyUI's names; uni_p_* are the predictors alone.
  static std::array<solver_alias<unipc>, 7> aliases() {
    return {{{"uni_p_2", {.order = 2, .corrector = false}},
             {"uni_p_3", {.order = 3, .corrector = false}},
             {"uni_pc", {.coefficients = variant::bh1}},
             {"uni_pc_bh2", {.coefficients = variant::bh2}},
             {"unipc_1", {.order = 1}},
             {"unipc_2", {.order = 2}},
             {"unipc_3", {.order = 3}}}};
  }

  std::size_t history() const { return static_cast<std::size_t>(order - (corrector ? 0 : 1)); }
  void check() const {
    require_range("unipc.order", order, 1, 4);
    require_x0_or_eps("unipc.of", of);
    require(start == multistep_start::ramp || !corrector, "unipc.start", "is singlestep",
            "ramp with the corrector, which makes up for it");
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    const lambda_nodes nodes = nodes_of(window, max_nodes);
    const std::size_t left = window.at.count - window.at.index, wanted = has_length(from, to) ? limit(left) : 1;
    if (start == multistep_start::singlestep && nodes.size() < wanted && wanted > 2)
      return dpm_singlestep{.order = static_cast<int>(wanted) - 1, .of = of}.plan(window);

    step_plan p = look_at(from, of);
    const std::size_t predict = std::min(wanted, nodes.size());
    if (predict > 1) {
      const exponential_leg leg = leg_in_lambda(from, to, of, 0);
      p.result = adams_row(leg, {nodes.begin(), predict}, moments_for(leg.y, predict == 2));
    } else {
      const auto [quantity_here, formula] = ode_row(from, to, of);
      p.of = quantity_here;
      p.result = formula;
    }
    if (!corrector) return p;

    p.keep = same_state;
    if (corrects(window) && nodes.size() > 1) {
      p.keep = corrected(leg_in_lambda(window.past_level(0), from, of, 0), nodes,
                         std::min(limit(left + 1), nodes.size() - 1));
      p.result = substitute(p.result, *p.keep);
    }
    return p;
  }

 private:
  std::size_t limit(std::size_t steps_left) const {
    const std::size_t most = static_cast<std::size_t>(order);
    return lower_order_final ? std::min(most, steps_left) : most;
  }

  bool corrects(const step_window& window) const {
    if (!window.has_previous || window.stored == 0) return false;
    const auto& skip = skip_corrector;
    return std::find(skip.begin(), skip.end(), window.at.index - 1) == skip.end();
  }

  // The moments of a row; `halved` where the papers' code has 1/2 for the weight of the slope.
  std::array<double, max_nodes> moments_for(double y, bool halved) const {
    std::array<double, max_nodes> m = moments(y);
    if (halved && coefficients != variant::vary_coeff) m[1] = (coefficients == variant::bh1 ? y : m[0]) / 2;
    return m;
  }

  // The row that makes the corrected state from `previous`.
  row corrected(const exponential_leg& leg, const lambda_nodes& nodes, std::size_t k) const {
    const std::span<const double> used{nodes.begin(), k + 1};
    std::array<double, max_nodes> m = moments_for(leg.y, k == 1);
    row r = adams_row(leg, used, m);
    if (coefficients == variant::vary_coeff && k > 1) {
      std::array<double, max_nodes> newest{};
      newest[k - 1] = m[k] / static_cast<double>(k);
      m[k] = 0;
      r = adams_row(leg, used, m);
      const double now = adams_row(leg, used, newest).now[0];
      r.past[0] += r.now[0] - now;
      r.now[0] = now;
    }
    r.previous = r.x;
    r.x = 0;
    return r;
  }
};

}  // namespace noisefall
