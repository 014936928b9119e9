// A solver of your own: one struct that turns noise levels into rows. It runs like the library's own, chosen at compile
// time or at run time, with the same bits.
//
// expect: steps +error +order
// expect:  160 .*  (1\.9|2\.0)
// expect: erased: the same bits
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include <noisefall/noisefall.hpp>

namespace nf = noisefall;

namespace lab {

// The trapezoidal rule on the denoised estimate D:
//   u   = (sigma_t / sigma_s) * x + b * D(x),   b = alpha_t - alpha_s * sigma_t / sigma_s
//   x_t = (sigma_t / sigma_s) * x + b * (D(x) + D(u)) / 2
// Order 2, two evaluations; one at sigma_t = 0, where x_t is D(x).
struct trapezoid {
  static constexpr const char* name = "lab::trapezoid";

  int order() const { return 2; }
  std::size_t history() const { return 0; }
  void check() const {}

  nf::step_plan plan(const nf::step_window& window) const {
    const nf::noise_level &s = window.at.from, &t = window.at.to;
    nf::row euler{.x = t.sigma / s.sigma};
    euler.now[0] = t.alpha - s.alpha * euler.x;

    nf::step_plan p;
    p.of = nf::quantity::x0;
    p.evaluations.push_back({.at = s});
    p.result = euler;
    if (t.sigma > 0) {
      p.evaluations.push_back({.state = euler, .at = t});
      p.result.now[0] = p.result.now[1] = euler.now[0] / 2;
    }
    return p;
  }
};
static_assert(nf::Solver<trapezoid>);

}  // namespace lab

namespace {

// Data that is 1 +- 0.5, whose eps and whose path from noise to data are known exactly.
double spread(const nf::noise_level& at) { return std::hypot(0.5 * at.alpha, at.sigma); }

auto network() {
  return nf::predictor_from([](nf::view<double> x, const nf::evaluation& at, nf::mutable_view<double> eps) {
    const nf::noise_level& level = at.level(0);
    for (std::size_t i = 0; i < x.size(); ++i)
      eps[i] = level.sigma * (x[i] - level.alpha) / (spread(level) * spread(level));
  });
}

template <class Solver>
nf::tensor<double> drawn(Solver solver, std::size_t steps, double* error = nullptr) {
  const nf::sampler sample{solver, nf::vp_linear{}, nf::uniform_lambda{.steps = steps}};
  const nf::noise_level from = sample.path().front(), to = sample.path().back();
  nf::tensor<double> x({1, 9});
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = from.sigma * (0.5 * static_cast<double>(i) - 2);
  const nf::tensor<double> start = x;
  auto model = network();
  sample(model, x, {.start = nf::start_from::given});
  for (std::size_t i = 0; error && i < x.size(); ++i)
    *error = std::fmax(*error, std::abs(x[i] - to.alpha - spread(to) / spread(from) * (start[i] - from.alpha)));
  return x;
}

}  // namespace

int main() {
  std::printf("steps   error   order\n");
  double last = 0;
  for (const std::size_t steps : {20u, 40u, 80u, 160u}) {
    double error = 0;
    drawn(lab::trapezoid{}, steps, &error);
    std::printf("%5zu  %.1e", steps, error);
    if (last > 0) std::printf("  %.2f", std::log2(last / error));
    std::printf("\n");
    last = error;
  }
  const auto fixed = drawn(lab::trapezoid{}, 20), erased = drawn(nf::erased_solver{lab::trapezoid{}}, 20);
  const bool same = std::memcmp(fixed.data(), erased.data(), fixed.size() * sizeof(double)) == 0;
  std::printf("erased: %s\n", same ? "the same bits" : "OTHER bits");
  return same ? 0 : 1;
}
