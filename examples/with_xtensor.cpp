// States in arrays of xtensor, a network written with xtensor, and .npy files for NumPy: the network has learned one
// picture, which it reads from a file, and its samples go to another.
//
// run: {out}
// expect: picture.npy: a picture of 3 x 16 x 16
// expect: samples.npy: 64 samples of it, finished after 20 steps
// expect: their mean is the picture within 0\.0[0-5], their deviation 0\.(09[5-9]|10[0-5]), as asked: 0\.1
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>

#include <noisefall/adapters/npy.hpp>
#include <noisefall/adapters/xtensor.hpp>
#include <noisefall/noisefall.hpp>

namespace nf = noisefall;

// eps of pictures that are `mean`, pixel by pixel, +- `deviation`.
struct one_picture {
  using condition = nf::no_condition;

  void predict(nf::view<float> x, const nf::evaluation& at, nf::no_condition, nf::mutable_view<float> out) const {
    const auto [t, alpha, sigma] = at.level(0);
    const auto a = static_cast<float>(alpha), s = static_cast<float>(sigma);
    auto eps = nf::as_xtensor<4>(out);  // the batch's own memory, as [samples, channels, rows, columns]
    xt::noalias(eps) = s / (a * a * deviation * deviation + s * s) * (nf::as_xtensor<4>(x) - a * mean);
  }

  xt::xtensor<float, 3> mean;
  float deviation;
};

int main(int count, char** arguments) {
  const std::string folder = count > 1 ? std::string{arguments[1]} + "/" : "";

  xt::xtensor<float, 3> drawn = xt::empty<float>({3, 16, 16});  // in Python: numpy.save("picture.npy", drawn)
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t i = 0; i < 16; ++i)
      for (std::size_t j = 0; j < 16; ++j) drawn(c, i, j) = std::sin(0.1f * static_cast<float>((c + 1) * i + j));
  xt::dump_npy(folder + "picture.npy", drawn);

  const nf::tensor<float> picture = nf::load_npy<float>(folder + "picture.npy");  // or xt::load_npy
  one_picture network{nf::as_xtensor<3>(picture), 0.1f};
  std::printf("picture.npy: a picture of %zu x %zu x %zu\n", picture.extents()[0], picture.extents()[1],
              picture.extents()[2]);

  const nf::sampler sample{nf::unipc{}, nf::linear{}, nf::uniform_lambda{.steps = 20}};
  xt::xtensor<float, 4> samples = xt::zeros<float>({64, 3, 16, 16});
  const auto result = sample(network, nf::view_of(samples), {.seed = 42});
  nf::save_npy(folder + "samples.npy", nf::view_of(samples));
  std::printf("samples.npy: %zu samples of it, finished after %zu steps\n", samples.shape()[0], result.steps);

  double largest = 0, squares = 0;
  for (std::size_t pixel = 0; pixel < drawn.size(); ++pixel) {
    double sum = 0;
    for (std::size_t i = 0; i < 64; ++i) {
      const double rest = samples.flat(i * drawn.size() + pixel) - drawn.flat(pixel);
      sum += rest;
      squares += rest * rest;
    }
    largest = std::max(largest, std::abs(sum / 64));
  }
  std::printf("their mean is the picture within %.2f, their deviation %.3f, as asked: 0.1\n", largest,
              std::sqrt(squares / static_cast<double>(samples.size())));
  return result.how == nf::outcome::finished ? 0 : 1;
}
