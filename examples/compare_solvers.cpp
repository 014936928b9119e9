// How fast each solver comes to the exact answer: the error after a run against the number of evaluations of the
// network, for data whose ODE is known (a mixture of Gaussians). Prints a table and draws a plot.
//
//   compare_solvers [--quick] [--out compare_solvers.png]
//
// run: --quick --out {out}/compare.png
// expect: solver +evaluations: +16 +32 +64 +128 +256 +order
// expect: ddim [-0-9e. ]+   (0\.9[0-9]|1\.0[0-9])
// expect: heun [-0-9e. ]+   (1\.9[0-9]|2\.[01][0-9])
// expect: dpm_pp_2m [-0-9e. ]+   (1\.9[0-9]|2\.[01][0-9])
// expect: dpm_pp_3s [-0-9e. ]+   (2\.[89][0-9]|3\.[01][0-9])
// expect: dpm_pp_3m, singlestep [-0-9e. ]+   (2\.[89][0-9]|3\.[01][0-9])
// expect: unipc_2 [-0-9e. ]+   (2\.[89][0-9]|3\.[01][0-9])
// expect: unipc_3 [-0-9e. ]+   (3\.[89][0-9]|4\.[01][0-9])
// expect: wrote .*compare.png
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
  std::size_t samples() const { return quick ? 32 : 256; }
  std::size_t most_evaluations() const { return quick ? 256 : 1024; }
};

// What a run comes to: the samples, and what they cost.
struct result {
  std::vector<double> x;
  std::size_t evaluations = 0;
};

class problem {
 public:
  explicit problem(const settings& s)
      : samples_{s.samples()}, exact_{run(nf::unipc{.lower_order_final = false}, 16384).x} {}

  // From the noise of one seed, in n steps even in lambda from sigma 20 to sigma 0.05. The ODE is not followed to sigma
  // = 0: the last step to it is of first order for every solver.
  template <class Solver>
  result run(const Solver& solver, std::size_t n) {
    const nf::uniform_lambda spacing{.steps = n, .sigma_min = 0.05, .sigma_max = 20};
    nf::tensor<double> x({samples_, 2});
    const auto ended = nf::sampler{solver, nf::vp_linear{}, spacing}(data_, x, {.seed = 7});
    return {{x.elements().begin(), x.elements().end()}, ended.evaluations};
  }

  // The root mean square of the difference to a run of 16384 evaluations and fourth order.
  double error_of(const result& r) const {
    double sum = 0;
    for (std::size_t i = 0; i < r.x.size(); ++i) sum += (r.x[i] - exact_[i]) * (r.x[i] - exact_[i]);
    return std::sqrt(sum / static_cast<double>(r.x.size()));
  }

 private:
  nf::gaussian_mixture data_{{.weights = {1, 2, 1, 1.5, 1},
                              .means = {{1.5, 0.2}, {0.3, 1.2}, {-1.4, 0.6}, {-0.8, -1.1}, {0.7, -1.2}},
                              .deviations = {0.35, 0.5, 0.3, 0.4, 0.3}}};
  std::size_t samples_;
  std::vector<double> exact_;
};

struct measured {
  std::string name;
  std::vector<examples::place> points;  // evaluations and error
  bool broken = false;                  // drawn with a broken line

  // The slope of the last points in the plot, where they are above rounding: the order.
  double order() const {
    std::size_t end = points.size();
    while (end > 2 && points[end - 1].y < 1e-11) --end;
    const examples::place &a = points[end - 2], &b = points[end - 1];
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

// Runs of 8, 11, 16, 23, ... evaluations by a solver with `each` of them a step.
template <class Solver>
measured measure(problem& p, const settings& s, const std::string& name, const Solver& solver, std::size_t each,
                 bool broken = false) {
  measured m{name, {}, broken};
  std::size_t last = 0;
  for (double wanted = 8; wanted < 1.01 * static_cast<double>(s.most_evaluations()); wanted *= std::sqrt(2.0)) {
    const std::size_t n = static_cast<std::size_t>(std::lround(wanted)) / each;
    if (n < 4 || n == last) continue;
    last = n;
    const result r = p.run(solver, n);
    m.points.push_back({static_cast<double>(r.evaluations), p.error_of(r)});
  }
  return m;
}

// The adaptive solver takes its own steps: one run per tolerance.
measured measure_adaptive(problem& p, const settings& s) {
  measured m{"dpm_adaptive 23", {}, true};
  for (double tolerance = 0.1; tolerance > 1e-12; tolerance /= 4) {
    const nf::dpm_adaptive solver{.atol = tolerance / 10, .rtol = tolerance, .h_init = 0.3};
    const result r = p.run(solver, 1);
    if (r.evaluations > s.most_evaluations()) break;
    m.points.push_back({static_cast<double>(r.evaluations), p.error_of(r)});
  }
  return m;
}

std::vector<measured> measure_all(const settings& s) {
  problem p(s);
  using start = nf::multistep_start;
  std::vector<measured> all;
  all.push_back(measure(p, s, "ddim", nf::ddim{}, 1));
  all.push_back(measure(p, s, "heun", nf::heun{}, 2));
  all.push_back(measure(p, s, "pndm", nf::pndm{}, 1));
  all.push_back(measure(p, s, "dpm_pp_2s", nf::dpm_singlestep{.order = 2}, 2));
  all.push_back(measure(p, s, "dpm_pp_2m", nf::dpm_pp_2m{}, 1));
  all.push_back(measure(p, s, "dpm_pp_3s", nf::dpm_singlestep{.order = 3}, 3));
  all.push_back(measure(p, s, "dpm_pp_3m, ramp", nf::dpm_multistep{.order = 3}, 1, true));
  all.push_back(measure(p, s, "dpm_pp_3m, singlestep", nf::dpm_multistep{.order = 3, .start = start::singlestep}, 1));
  all.push_back(measure(p, s, "unipc_2", nf::unipc{.order = 2, .lower_order_final = false}, 1));
  all.push_back(measure(p, s, "unipc_3", nf::unipc{.order = 3, .lower_order_final = false}, 1));
  all.push_back(measure_adaptive(p, s));
  return all;
}

void print(const std::vector<measured>& all, const settings& s) {
  std::printf("%-22s evaluations:", "solver");
  for (std::size_t e = 16; e <= s.most_evaluations(); e *= 2) std::printf(" %8zu", e);
  std::printf("  order\n");
  for (const measured& m : all) {
    std::printf("%-22s             ", m.name.c_str());
    for (std::size_t e = 16; e <= s.most_evaluations(); e *= 2) {
      const std::optional<double> error = m.error_at(static_cast<double>(e));
      error ? std::printf(" %8.1e", *error) : std::printf(" %8s", "-");
    }
    std::printf("   %.2f\n", m.order());
  }
}

void draw(const std::vector<measured>& all, const std::string& file) {
  examples::log_plot plot{.title = "Solvers on a mixture of Gaussians",
                          .x_title = "evaluations of the network",
                          .y_title = "error (rms)",
                          .note_title = "order"};
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
  const std::vector<measured> all = measure_all(s);
  print(all, s);
  draw(all, s.file);
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "compare_solvers: %s\n", e.what());
  return 1;
}
