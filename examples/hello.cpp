// The ten lines: a model, a sampler, a batch of images.
//
// expect: finished after 25 steps and 50 evaluations
// expect: pixels (2\.99|3\.0[01]) \+- 0\.(49|5[0-2]), as asked: 3 \+- 0\.5
#include <cmath>
#include <cstddef>
#include <cstdio>

#include <noisefall/noisefall.hpp>

namespace nf = noisefall;

// Stands for a network: what it would have learnt from images of grey noise, with pixels `mean` +- 0.5.
struct grey_noise {
  using condition = double;  // the mean

  void predict(nf::view<float> x, const nf::evaluation& at, double mean, nf::mutable_view<float> eps) {
    const auto [t, alpha, sigma] = at.level(0);
    for (std::size_t i = 0; i < x.size(); ++i)
      eps[i] = static_cast<float>(sigma * (x[i] - alpha * mean) / (0.25 * alpha * alpha + sigma * sigma));
  }
};

int main() {
  grey_noise model;
  const nf::sampler sample{nf::dpm_pp_2m{}, nf::linear{}, nf::karras{.steps = 25}, nf::guidance_scale(2)};
  nf::tensor<float> images({4, 1, 64, 64});
  const auto result = sample(model, images, {.seed = 42, .conditional = 2, .unconditional = 1});

  // Guidance of scale 2 goes from 1 to 2 and as far again.
  double sum = 0, squares = 0;
  for (const float pixel : images.elements()) {
    sum += pixel;
    squares += pixel * pixel;
  }
  const double count = static_cast<double>(images.size()), mean = sum / count;
  std::printf("finished after %zu steps and %zu evaluations\n", result.steps, result.evaluations);
  std::printf("pixels %.2f +- %.2f, as asked: 3 +- 0.5\n", mean, std::sqrt(squares / count - mean * mean));
  return result.how == nf::outcome::finished ? 0 : 1;
}
