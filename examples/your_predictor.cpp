// A network of your own: one struct with the type of its condition and predict(). If it also takes several conditions
// at once, all branches of a guided step become one call.
//
// expect: one by one: 12 steps, 24 evaluations in 24 calls
// expect: batched: 12 steps, 24 evaluations in 12 calls
// expect: the same bits
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>

#include <noisefall/noisefall.hpp>

namespace nf = noisefall;

namespace {

// Answers in v, for data that is 1 where the prompt says "bright" and -1 where it says nothing.
struct my_network {
  using condition = std::string;

  void predict(nf::view<float> x, const nf::evaluation& at, const std::string& prompt, nf::mutable_view<float> out) {
    ++calls;
    forward(x, at, prompt, out);
  }

  std::size_t calls = 0;

 protected:
  static void forward(nf::view<float> x, const nf::evaluation& at, const std::string& prompt,
                      nf::mutable_view<float> out) {
    const double data = prompt == "bright" ? 1 : -1;
    for (std::size_t sample = 0; sample < x.samples(); ++sample) {
      const nf::noise_level& level = at.level(sample);  // what you feed a network as time is at.label(sample)
      for (std::size_t i = 0; i < x.sample_size(); ++i) {
        const double eps = (x.sample(sample)[i] - level.alpha * data) / level.sigma;
        out.sample(sample)[i] = static_cast<float>(level.alpha * eps - level.sigma * data);
      }
    }
  }
};

struct my_batched_network : my_network {
  using my_network::predict;

  void predict(nf::view<float> x, const nf::evaluation& at, std::span<const std::string* const> prompts,
               std::span<const nf::mutable_view<float>> outs) {
    ++calls;
    for (std::size_t k = 0; k < prompts.size(); ++k) forward(x, at, *prompts[k], outs[k]);
  }
};

template <class Model>
nf::tensor<float> draw(const char* how) {
  const nf::sampler sample{nf::ddim{}, nf::linear{}, nf::trailing{.steps = 12}, nf::guidance_scale(1.5),
                           nf::predicts_v{}};
  Model model;
  nf::tensor<float> x({2, 3, 4});
  const auto result = sample(model, x, {.seed = 3, .conditional = "bright", .unconditional = ""});
  std::printf("%s: %zu steps, %zu evaluations in %zu calls\n", how, result.steps, result.evaluations, model.calls);
  return x;
}

}  // namespace

int main() {
  const auto one_by_one = draw<my_network>("one by one"), batched = draw<my_batched_network>("batched");
  const bool same = std::memcmp(one_by_one.data(), batched.data(), batched.size() * sizeof(float)) == 0;
  std::printf("%s\n", same ? "the same bits" : "OTHER bits");
  return same ? 0 : 1;
}
