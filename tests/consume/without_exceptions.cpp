// A user's program without exceptions and RTTI: it samples, and an error goes where the program says.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <noisefall/noisefall.hpp>
#include <noisefall/predictor/counting_predictor.hpp>
#include <noisefall/tensor/parallel_algebra.hpp>
#include <noisefall/tensor/thread_pool.hpp>

#if defined __cpp_exceptions || defined __cpp_rtti
#error "this program is to be compiled with -fno-exceptions -fno-rtti"
#endif

namespace nf = noisefall;

// Ends the program, with success: the error is the one that main() asks for.
void noisefall::on_error(const noisefall::error& e) {
  std::printf("%s\n", e.what());
  std::exit(std::strstr(e.what(), "; allowed: ") != nullptr ? 0 : 2);
}

int main() {
  auto model = nf::predictor_from([](nf::view<float> x, const nf::evaluation& at, nf::mutable_view<float> eps) {
    const auto [t, alpha, sigma] = at.level(0);
    for (std::size_t i = 0; i < x.size(); ++i)
      eps[i] = static_cast<float>(sigma / (alpha * alpha + sigma * sigma)) * x[i];
  });
  const nf::any_guidance rule = nf::classifier_free{};
  if (rule.get_if<nf::classifier_free>() == nullptr || rule.get_if<nf::apg>() != nullptr) return 3;

  const nf::sampler sample{nf::dpm_pp_2m{}, nf::linear{}, nf::karras{.steps = 5}};
  nf::tensor<float> x({2, 3});
  if (sample(model, x, {.seed = 1}).how != nf::outcome::finished) return 4;

  const nf::sampler refused{nf::dpm_pp_2m{}, nf::linear{}, nf::karras{.steps = 0}};
  return 5;
}
