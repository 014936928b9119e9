// How fast each solver comes to the exact answer: the error after a run against the number of evaluations of the
// network, for data whose ODE is known (a mixture of Gaussians). Solvers with noise are held against the exact solution
// of their SDE on the same Brownian path. Those for distilled networks (LCM, TCD, consistency) are not here: they go
// from the network's answer to the next one, and converge to nothing. Nor is DPM-Solver-v3, which needs statistics of a
// network and is dpm_multistep without them. Prints a table and draws a plot for each kind.
//
//   compare_solvers [--quick] [--out compare_solvers.png]
//
// run: --quick --out {out}/compare.png
// expect: one evaluation a step +16 +32 +64 +128 +256 +order
// expect: ddim [-0-9e. ]+   (0\.9[0-9]|1\.0[0-9])
// expect: dpm_pp_2m [-0-9e. ]+   (1\.9[0-9]|2\.[01][0-9])
// expect: dpm_pp_3m, singlestep [-0-9e. ]+   (2\.[89][0-9]|3\.[01][0-9])
// expect: unipc_2 [-0-9e. ]+   (2\.[89][0-9]|3\.[01][0-9])
// expect: unipc_3 [-0-9e. ]+   (3\.[89][0-9]|4\.[01][0-9])
// expect: heun [-0-9e. ]+   (1\.9[0-9]|2\.[01][0-9])
// expect: dpm_pp_3s [-0-9e. ]+   (2\.[89][0-9]|3\.[01][0-9])
// expect: etd_rk_4 [-0-9e. ]+   (3\.[89][0-9]|4\.[01][0-9])
// expect: sde_dpm_pp_2m [-0-9e. ]+   (0\.[89][0-9]|1\.[0-9][0-9])
// expect: wrote .*compare.png
// expect: wrote .*compare.several.png
// expect: wrote .*compare.noise.png
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/models/gaussian_mixture.hpp>
#include <noisefall/noisefall.hpp>

#include "support/log_plot.hpp"

namespace nf = noisefall;

namespace {

struct settings {
  bool quick = false;
  std::string file = "compare_solvers.png";
  std::size_t samples() const { return quick ? 128 : 512; }
  std::size_t most_evaluations() const { return quick ? 256 : 1024; }
};

// What a run comes to: the samples, and what they cost.
struct result {
  std::vector<double> x;
  std::size_t evaluations = 0;
};

enum class equation { ode, sde };

class problem {
 public:
  explicit problem(const settings& s)
      : samples_{s.samples()},
        ode_{run(equation::ode, nf::unipc{.lower_order_final = false}, 16384).x},
        sde_{run(equation::sde, nf::dpm_multistep{.tau_squared = 1}, s.quick ? 4096 : 16384).x} {}

  // From the noise of one seed, in n steps even in lambda from sigma 20 to sigma 0.05. It is not followed to sigma = 0:
  // the last step to it is of first order for every solver.
  result run(equation of, const nf::any_solver& solver, std::size_t n) {
    const nf::uniform_lambda spacing{.steps = n, .sigma_min = 0.05, .sigma_max = 20};
    const nf::sampler sample{solver, nf::vp_linear{}, spacing};
    nf::tensor<double> x({samples_, 2});
    const auto ended =
        of == equation::sde ? sample(data_, x, {.seed = 7}, nf::brownian_path{7}) : sample(data_, x, {.seed = 7});
    return {{x.elements().begin(), x.elements().end()}, ended.evaluations};
  }

  // The root mean square of the difference to a run of 16384 steps: of fourth order for the ODE, of
  // SDE-DPM-Solver++(2M) for the SDE (4096 with --quick).
  double error_of(equation of, const result& r) const {
    const std::vector<double>& exact = of == equation::sde ? sde_ : ode_;
    double sum = 0;
    for (std::size_t i = 0; i < r.x.size(); ++i) sum += (r.x[i] - exact[i]) * (r.x[i] - exact[i]);
    return std::sqrt(sum / static_cast<double>(r.x.size()));
  }

 private:
  nf::gaussian_mixture data_{{.weights = {1, 2, 1, 1.5, 1},
                              .means = {{1.5, 0.2}, {0.3, 1.2}, {-1.4, 0.6}, {-0.8, -1.1}, {0.7, -1.2}},
                              .deviations = {0.35, 0.5, 0.3, 0.4, 0.3}}};
  std::size_t samples_;
  std::vector<double> ode_, sde_;
};

struct measured {
  std::string name;
  std::vector<examples::place> points;  // evaluations and error
  bool broken = false;                  // drawn with a broken line

  // The slope over the last octave of the plot, where it is above rounding: the order.
  double order() const {
    std::size_t end = points.size();
    while (end > 2 && points[end - 1].y < 1e-11) --end;
    const examples::place &a = points[std::max<std::size_t>(end, 3) - 3], &b = points[end - 1];
    return -std::log(b.y / a.y) / std::log(b.x / a.x);
  }

  // Of the run whose evaluations are nearest to `wanted`, if one is near.
  std::optional<double> error_at(double wanted) const {
    const auto off = [wanted](const examples::place& p) { return std::abs(std::log2(p.x / wanted)); };
    const auto nearest =
        std::min_element(points.begin(), points.end(), [&](const auto& a, const auto& b) { return off(a) < off(b); });
    return off(*nearest) < 0.5 ? std::optional{nearest->y} : std::nullopt;
  }
};

struct entry {
  std::string name;
  nf::any_solver solver;
  std::size_t each = 1;  // evaluations a step
  bool broken = false;
};

std::vector<entry> of_one_evaluation() {
  using multi = nf::dpm_multistep;
  return {{"ddim", nf::ddim{}},
          {"gradient_estimation", nf::gradient_estimation{}, 1, true},
          {"pndm", nf::pndm{}, 1, true},
          {"ipndm", nf::pndm{.start = nf::pndm::start_kind::ramp}},
          {"ipndm_v, lms", nf::lms{}},
          {"deis_t_ab_3", nf::deis{}},
          {"deis_log_rho_3", multi{.order = 3, .of = nf::quantity::eps, .correction = multi::kind::heun}, 1, true},
          {"dpm_pp_2m", nf::dpm_pp_2m{}},
          {"dpm_pp_3m, ramp", multi{.order = 3}, 1, true},
          {"dpm_pp_3m, singlestep", multi{.order = 3, .start = nf::multistep_start::singlestep}},
          {"er_sde 3, no noise", nf::er_sde{.scale = nf::er_sde::noise_scale::ode}},
          {"sa_solver, no noise", nf::sa_solver{.predictor_order = 2,
                                                .corrector_order = 3,
                                                .tau = 0,
                                                .few_step_weights = false,
                                                .lower_order_final = false}},
          {"unipc_1", nf::unipc{.order = 1, .lower_order_final = false}, 1, true},
          {"unipc_2", nf::unipc{.order = 2, .lower_order_final = false}},
          {"unipc_3", nf::unipc{.order = 3, .lower_order_final = false}}};
}

std::vector<entry> of_several_evaluations() {
  using exponential = nf::exponential_runge_kutta;
  using method = nf::exponential_method;
  return {{"heun", nf::heun{}, 2},
          {"heun_pp", nf::heun_pp{}, 3},
          {"dpm_2", nf::dpm_singlestep{.order = 2, .of = nf::quantity::eps}, 2, true},
          {"dpm_pp_2s", nf::dpm_singlestep{.order = 2}, 2},
          {"dpm_pp_3s", nf::dpm_singlestep{.order = 3}, 3},
          {"seeds 3, no noise", nf::seeds{.order = 3, .tau_squared = 0}, 3, true},
          {"deis_rho_3_kutta", nf::rho_runge_kutta{}, 3},
          {"deis_rho_4_rk", nf::rho_runge_kutta{.by = nf::rho_runge_kutta::method::classical}, 4},
          {"flow_runge_kutta", nf::flow_runge_kutta{.by = nf::flow_runge_kutta::method::classical}, 4, true},
          {"res_3s", exponential{.by = method::res_3s}, 3},
          {"etd_rk_4", exponential{.by = method::etd_rk_4}, 4},
          {"krogstad_4", exponential{.by = method::krogstad}, 4, true},
          {"res_5s", exponential{.by = method::hochbruck_ostermann}, 5}};
}

std::vector<entry> with_noise() {
  using multi = nf::dpm_multistep;
  return {{"ddpm", nf::ddpm{}},
          {"euler_ancestral", nf::ddim{.eta = 1}, 1, true},
          {"reverse_diffusion", nf::predictor_corrector{.corrections = 0}, 1, true},
          {"sde_dpm_pp_2m", multi{.order = 2, .tau_squared = 1}},
          {"sde_dpm_pp_3m", multi{.order = 3, .tau_squared = 1}},
          {"er_sde 3", nf::er_sde{.scale = nf::er_sde::noise_scale::sde}},
          {"sa_solver", nf::sa_solver{.few_step_weights = false, .lower_order_final = false}},
          {"dpmpp_sde", nf::dpm_pp_sde{}, 2},
          {"dpm_2_ancestral", nf::dpm_ancestral{.order = 2}, 2, true},
          {"seeds_2", nf::seeds{.order = 2}, 2},
          {"seeds_3", nf::seeds{.order = 3}, 3}};
}

// Runs of 8, 11, 16, 23, ... evaluations by each solver.
std::vector<measured> measure(problem& p, const settings& s, equation of, const std::vector<entry>& entries) {
  std::vector<measured> all;
  for (const entry& e : entries) {
    measured& m = all.emplace_back(measured{e.name, {}, e.broken});
    std::size_t last = 0;
    for (double wanted = 8; wanted < 1.01 * static_cast<double>(s.most_evaluations()); wanted *= std::sqrt(2.0)) {
      const std::size_t n = static_cast<std::size_t>(std::lround(wanted)) / e.each;
      if (n < 4 || n == last) continue;
      last = n;
      const result r = p.run(of, e.solver, n);
      m.points.push_back({static_cast<double>(r.evaluations), p.error_of(of, r)});
    }
  }
  return all;
}

// The adaptive solver takes its own steps: one run per tolerance.
measured measure_adaptive(problem& p, const settings& s) {
  measured m{"dpm_adaptive 23", {}, true};
  for (double tolerance = 0.1; tolerance > 1e-12; tolerance /= 4) {
    const nf::dpm_adaptive solver{.atol = tolerance / 10, .rtol = tolerance, .h_init = 0.3};
    const result r = p.run(equation::ode, solver, 1);
    if (r.evaluations > s.most_evaluations()) break;
    m.points.push_back({static_cast<double>(r.evaluations), p.error_of(equation::ode, r)});
  }
  return m;
}

void print(const char* kind, const std::vector<measured>& all, const settings& s) {
  std::printf("%-33s", kind);
  for (std::size_t e = 16; e <= s.most_evaluations(); e *= 2) std::printf(" %8zu", e);
  std::printf("  order\n");
  for (const measured& m : all) {
    std::printf("%-33s", m.name.c_str());
    for (std::size_t e = 16; e <= s.most_evaluations(); e *= 2) {
      const std::optional<double> error = m.error_at(static_cast<double>(e));
      error ? std::printf(" %8.1e", *error) : std::printf(" %8s", "-");
    }
    std::printf("   %.2f\n", m.order());
  }
  std::printf("\n");
}

void draw(const std::string& title, const std::vector<measured>& all, const std::string& file) {
  examples::log_plot plot{
      .title = title, .x_title = "evaluations of the network", .y_title = "error (rms)", .note_title = "order"};
  for (const measured& m : all) {
    char order[16];
    std::snprintf(order, sizeof order, "%.2f", m.order());
    plot.curves.push_back({m.name, order, m.points, m.broken});
  }
  nf::write_png(file, plot.draw());
  std::printf("wrote %s\n", file.c_str());
}

}  // namespace

int main(int count, char** words) try {
  settings s;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--quick") {
      s.quick = true;
    } else if (word == "--out" && i + 1 < count) {
      s.file = words[++i];
    } else {
      std::fprintf(stderr, "compare_solvers [--quick] [--out FILE.png]\n");
      return 2;
    }
  }
  problem p(s);
  const auto one = measure(p, s, equation::ode, of_one_evaluation());
  auto several = measure(p, s, equation::ode, of_several_evaluations());
  several.push_back(measure_adaptive(p, s));
  const auto noisy = measure(p, s, equation::sde, with_noise());
  print("one evaluation a step", one, s);
  print("several evaluations a step", several, s);
  print("with noise, on one Brownian path", noisy, s);

  const std::string stem = s.file.ends_with(".png") ? s.file.substr(0, s.file.size() - 4) : s.file;
  draw("Solvers of one evaluation a step, on a mixture of Gaussians", one, stem + ".png");
  draw("Solvers of several evaluations a step, on a mixture of Gaussians", several, stem + ".several.png");
  draw("Solvers with noise, each on the same Brownian path", noisy, stem + ".noise.png");
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "compare_solvers: %s\n", e.what());
  return 1;
}
