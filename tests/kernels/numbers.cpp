// Prints the bits of samples that took every kind of kernel: noise, passes, products, quantiles, 16-bit outputs.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <type_traits>

#include <noisefall/noisefall.hpp>

namespace nf = noisefall;

namespace {

template <class T, class Output>
struct network {
  using condition = double;
  using output_type = Output;
  void predict(nf::view<T> x, const nf::evaluation& at, double c, nf::mutable_view<Output> out) const {
    const double sigma = at.level(0).sigma;
    for (std::size_t i = 0; i < x.size(); ++i)
      out[i] = Output{static_cast<float>(0.5 * c + 0.4 * sigma * std::tanh(static_cast<double>(x[i])))};
  }
};

template <class T, class Output>
void print(const char* what, const nf::sampler& sample) {
  network<T, Output> model;
  nf::tensor<T> x({3, 2, 9, 7});
  sample(model, x, {.seed = 5, .conditional = 1, .unconditional = 2});
  std::uint64_t hash = 0;
  for (const T element : x.elements()) {
    using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    hash = (hash ^ std::bit_cast<bits>(element)) * 0x9e3779b97f4a7c15;
  }
  std::printf("%s: %016llx\n", what, static_cast<unsigned long long>(hash));
}

}  // namespace

int main() {
  const nf::linear schedule;
  const nf::karras path{.steps = 5};
  const nf::sampler clamped{nf::dpm_pp_2m{},       schedule,           path,
                            nf::guidance_scale(3), nf::predicts_eps{}, nf::dynamic_threshold(0.99)};
  const nf::sampler rescaled{nf::ddpm{}, schedule, nf::trailing{.steps = 5}, nf::rescale{.weight = 2}};
  print<float, nf::half>("2M, dynamic threshold, float, half", clamped);
  print<double, nf::bfloat16>("2M, dynamic threshold, double, bfloat16", clamped);
  print<float, nf::bfloat16>("DDPM, rescaled, float, bfloat16", rescaled);
  print<double, nf::half>("DDPM, rescaled, double, half", rescaled);
  const nf::sampler adaptive{nf::dpm_adaptive{}, schedule, nf::karras{.steps = 1, .end = nf::final_level::sigma_min}};
  print<float, nf::half>("DPM adaptive, float, half", adaptive);
}
