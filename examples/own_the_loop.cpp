// The loop in your hands: the run asks for evaluations, you answer when and how you like.
//
// expect: leg  0: the network under branches 0 1 at label 999
// expect: leg  3: the network under branches 0 1 at label 499
// expect: leg  4: the network under branches 0 at label 258
// expect: 10 evaluations, and the bits of the whole-loop call
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <vector>

#include <noisefall/noisefall.hpp>

namespace nf = noisefall;

// Stands for a network on some queue, with buffers of its own: the eps of points that lie at `place` +- 0.1.
std::vector<float> remote_network(nf::view<float> x, const nf::noise_level& at, double place) {
  std::vector<float> eps(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    eps[i] =
        static_cast<float>(at.sigma * (x[i] - at.alpha * place) / (0.01 * at.alpha * at.alpha + at.sigma * at.sigma));
  return eps;
}

int main() {
  // Guided above sigma 1 only: a level is pulled there, and below it the unconditional branch is not asked for.
  const nf::classifier_free guidance{.weight = nf::weight_schedule::interval(1, 1, 1e9)};
  const nf::sampler sample{nf::dpm_pp_2m{}, nf::linear{}, nf::trailing{.steps = 6}, guidance};
  const double places[] = {1, 0};  // of branch 0, conditional, and branch 1, unconditional

  nf::tensor<float> x({3, 2});
  auto run = sample.start(nf::mutable_view<float>{x}, {.seed = 7});
  while (const auto* request = run.next()) {
    std::vector<std::vector<float>> results;
    std::vector<nf::view<float>> answers;
    std::printf("leg %2zu: the network under branches", request->at.step);
    for (const std::size_t branch : request->branches) {
      std::printf(" %zu", branch);
      results.push_back(remote_network(request->state, request->at.level(0), places[branch]));
      answers.emplace_back(results.back().data(), x.extents());
    }
    std::printf(" at label %g\n", request->at.label(0));
    run.answer(answers);
  }

  auto model = nf::predictor_from<double>(
      [](nf::view<float> state, const nf::evaluation& at, double place, nf::mutable_view<float> out) {
        const std::vector<float> eps = remote_network(state, at.level(0), place);
        std::memcpy(out.data(), eps.data(), eps.size() * sizeof(float));
      });
  nf::tensor<float> whole({3, 2});
  sample(model, whole, {.seed = 7, .conditional = places[0], .unconditional = places[1]});
  const bool same = std::memcmp(x.data(), whole.data(), x.size() * sizeof(float)) == 0;
  std::printf("%zu evaluations, and %s\n", run.evaluations(),
              same ? "the bits of the whole-loop call" : "OTHER bits than the whole-loop call");
  return same ? 0 : 1;
}
