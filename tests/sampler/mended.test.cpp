// What other libraries compute wrongly and runs here do not, where no other test shows it.
#include <cmath>
#include <cstddef>

#include <nlohmann/json.hpp>

#include <noisefall/config/diffusers.hpp>
#include <noisefall/noisefall.hpp>

#include "catch.hpp"

namespace {

namespace nf = noisefall;

constexpr double clean = 0.3;  // all data

// v of the only x0 there is.
auto network() {
  return nf::predictor_from<int>([](nf::view<double> x, const nf::evaluation& at, int, nf::mutable_view<double> out) {
    const nf::noise_level& l = at.level(0);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double eps = (x.data()[i] - l.alpha * clean) / l.sigma;
      out.data()[i] = l.alpha * eps - l.sigma * clean;
    }
  });
}

}  // namespace

TEST_CASE("PNDM averages the noise of a velocity network, not velocities of different times") {
  // eps is the same all the way, so that any average of it is exact; averages of v are not
  for (const nf::pndm::start_kind start : {nf::pndm::start_kind::prk, nf::pndm::start_kind::improved_euler})
    for (const bool raw : {false, true}) {
      const nf::sampler sample{nf::pndm{.start = start, .average_raw = raw}, nf::vp_linear{},
                               nf::uniform_lambda{.steps = 6}, nf::unguided{}, nf::predicts_v{}};
      auto model = network();
      nf::tensor<double> x({1, 1});
      const double eps = 0.7;
      x[0] = sample.path().front().alpha * clean + sample.path().front().sigma * eps;
      sample(model, x, {.start = nf::start_from::given});
      const double expected = sample.path().back().alpha * clean + sample.path().back().sigma * eps;
      CAPTURE(raw);
      CHECK((std::abs(x[0] - expected) < 1e-10) == !raw);
    }
}

TEST_CASE("fixed_large_log is the number that it is meant to be, where diffusers takes a root of a logarithm") {
  const auto sample_of = [](const char* variance) {
    const nlohmann::json file{{"_class_name", "DDPMScheduler"}, {"variance_type", variance}, {"clip_sample", false}};
    const auto s = nf::diffusers_config{file}.setup({.num_inference_steps = 5});
    return nf::sampler{s.solver, s.schedule, s.path, nf::unguided{}, nf::predicts_v{}, s.map};
  };
  auto model = network();
  nf::tensor<double> logarithm({1, 8}), plain({1, 8}), small({1, 8});
  CHECK(sample_of("fixed_large_log")(model, logarithm, {.seed = 1}).how == nf::outcome::finished);
  sample_of("fixed_large")(model, plain, {.seed = 1});
  sample_of("fixed_small")(model, small, {.seed = 1});
  for (std::size_t e = 0; e < 8; ++e) CHECK(logarithm[e] == plain[e]);
  CHECK(small[0] != plain[0]);
}
