// With torch's CPU generator, runs of diffusers' files start where diffusers' own runs of that seed do.
#include <cmath>
#include <cstddef>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/diffusers.hpp>
#include <noisefall/noisefall.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace {

namespace nf = noisefall;
using nlohmann::json;

// torch 1.13: torch.manual_seed(0), then torch.randn(1, 4, 2, 2) twice, in float32.
constexpr std::size_t size = 16;
const double first[size] = {-1.12583983, -1.1523602,  -0.250578582, -0.433878809, 0.848710358, 0.692009151,
                            -0.31601277, -2.11521935, 0.322274923,  -1.26333475,  0.349983186, 0.30813393,
                            0.119841509, 1.2376579,   1.11677718,   -0.247278154};
const double second[size] = {-1.35265374, -1.6959312, 0.566650629, 0.793508351,  0.598839462,  -1.55509508,
                             -0.34136039, 1.85300612, 0.750189483, -0.585497558, -0.173396751, 0.183477938,
                             1.38936615,  1.58633423, 0.946298361, -0.843676746};
constexpr double torch_rounding = 2e-6;  // the last bits of its vector functions

// A file, and what its class's init_noise_sigma is in diffusers.
struct start {
  json file;
  double init_noise_sigma;
};

json latent_diffusion(const char* class_name, json more) {
  json file{
      {"_class_name", class_name}, {"beta_schedule", "scaled_linear"}, {"beta_start", 0.00085}, {"beta_end", 0.012}};
  if (!more.is_null()) file.update(more);
  return file;
}

// sigma / alpha of the table of latent diffusion.
double table_sigma(std::size_t index) {
  double bar = 1;
  for (std::size_t i = 0; i <= index; ++i) {
    const double root = std::sqrt(0.00085) + (std::sqrt(0.012) - std::sqrt(0.00085)) * static_cast<double>(i) / 999;
    bar *= 1 - root * root;
  }
  return std::sqrt((1 - bar) / bar);
}

const std::vector<start> starts{
    {latent_diffusion("PNDMScheduler", {{"skip_prk_steps", true}, {"steps_offset", 1}}), 1},
    {latent_diffusion("DPMSolverMultistepScheduler", {}), 1},
    {latent_diffusion("LCMScheduler", {}), 1},
    {latent_diffusion("EulerDiscreteScheduler", {{"timestep_spacing", "leading"}, {"steps_offset", 1}}),
     std::hypot(table_sigma(751), 1)},
    {latent_diffusion("EulerDiscreteScheduler", {{"timestep_spacing", "linspace"}}), 14.614647},
    {latent_diffusion("EulerAncestralDiscreteScheduler", {{"timestep_spacing", "trailing"}}), 14.614647},
    {{{"_class_name", "FlowMatchEulerDiscreteScheduler"}, {"shift", 3.0}}, 1},
    {{{"_class_name", "EDMDPMSolverMultistepScheduler"}}, std::sqrt(6401.0)}};

}  // namespace

TEST_CASE("a run of a diffusers file starts from diffusers' latents of the same seed") {
  for (const start& s : starts) {
    CAPTURE(s.file.dump());
    const nf::diffusers_setup made = nf::diffusers_config{s.file}.setup({.num_inference_steps = 4});
    const nf::sampler sample{made.solver, made.schedule, made.path, nf::unguided{}, made.parameterisation, made.map};
    const nf::torch_cpu noise{.seed = 0};
    nf::tensor<float> latents({1, 4, 2, 2});
    nf::diffusers_latents(made, latents, noise);
    for (std::size_t i = 0; i < size; ++i)
      CHECK(std::abs(static_cast<double>(latents[i]) - s.init_noise_sigma * first[i]) <
            s.init_noise_sigma * torch_rounding);

    // And that is what the network is shown first, scaled as the class scales it.
    auto run = sample.start(nf::mutable_view<float>{latents}, {.start = nf::start_from::given}, noise);
    const auto* request = run.next();
    REQUIRE(request != nullptr);
    const double scale = request->at.input_scale(0);
    for (std::size_t i = 0; i < size; ++i)
      CHECK(std::abs(static_cast<double>(request->state[i]) - scale * s.init_noise_sigma * first[i]) <
            scale * s.init_noise_sigma * torch_rounding);
  }
}

TEST_CASE("a step's noise is that of the generator's next call, as in diffusers") {
  const json file = latent_diffusion("EulerAncestralDiscreteScheduler", {{"timestep_spacing", "trailing"}});
  const nf::diffusers_setup made = nf::diffusers_config{file}.setup({.num_inference_steps = 4});
  const nf::sampler sample{made.solver, made.schedule, made.path, nf::unguided{}, made.parameterisation, made.map};
  const nf::torch_cpu noise{.seed = 0};
  nf::tensor<float> x({1, 4, 2, 2});
  nf::diffusers_latents(made, x, noise);
  const nf::tensor<float> latents = x;
  auto run = sample.start(nf::mutable_view<float>{x}, {.start = nf::start_from::given}, noise);
  // A network that sees no noise (eps = 0) moves nothing: what is left of the step is sigma_up * randn.
  const auto* request = run.next();
  for (std::size_t i = 0; i < size; ++i) request->outputs[0][i] = 0;
  run.answer();
  const double from = made.path[0].from.sigma, to = made.path[0].to.sigma;
  const double up = to * std::sqrt((from * from - to * to) / (from * from));
  CHECK(up > 1);
  for (std::size_t i = 0; i < size; ++i)
    CHECK(std::abs(static_cast<double>(x[i]) - static_cast<double>(latents[i]) - up * second[i]) < 2e-5);
}

TEST_CASE("latents with gaps between the samples are refused") {
  const nf::diffusers_setup made = nf::diffusers_config{starts[1].file}.setup({.num_inference_steps = 4});
  std::vector<float> memory(16);
  CHECK(message_of([&] {
          nf::diffusers_latents(made, nf::mutable_view<float>{memory.data(), {2, 4}, 8}, nf::torch_cpu{});
        }) == "diffusers_latents: samples with gaps between them; allowed: contiguous samples");
}
