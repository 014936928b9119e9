// Fuzz target: the bytes of a checkpoint. The first byte chooses the run; the second one whether the rest are the
// bytes, or are laid over a run's state under a checksum that fits. They are refused with a noisefall::error, or the
// run ends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <noisefall/noisefall.hpp>

#include "support.hpp"

namespace nf = noisefall;

namespace {

const nf::sampler& chosen(std::uint8_t which) {
  static const std::vector<nf::sampler> all = [] {
    const nf::vp_linear schedule{};
    const nf::trajectory path = nf::uniform_lambda{.steps = 5}(schedule);
    const nf::apg remembers{.weight = 1.5, .eta = 0.2, .norm_cap = 2, .momentum = -0.5};
    return std::vector<nf::sampler>{
        {nf::dpm_pp_2m{}, schedule, path, remembers},
        {nf::unipc{}, schedule, path, nf::guidance_scale(2), nf::predicts_eps{}, nf::dynamic_threshold()},
        {nf::dpm_adaptive{.eta = 0.5, .max_trials = 100}, schedule, path, nf::guidance_scale(2)},
        {nf::sa_solver{.predictor_order = 3, .corrector_order = 3}, schedule, path},
        {nf::pndm{}, schedule, path},
        {nf::dpm_adaptive{.order = 2, .couples_batch = true, .max_trials = 30}, schedule, path}};
  }();
  return all[which % all.size()];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const nf::sampler& sample = chosen(data[0]);
  nf::tensor<float> x({2, 3});
  auto run = sample.start(x, {.seed = 1, .checked = false});
  fuzz::small_network model;
  const nf::run_options<int> options{.conditional = 1, .unconditional = -1};
  nf::step(run, model, options);
  const auto given = std::as_bytes(std::span{data + 2, size - 2});
  try {
    if (data[1] % 2 == 0) {
      nf::load(run, given);
    } else {
      std::vector<std::byte> bytes = nf::save(run);
      constexpr std::size_t state_at = 10 * sizeof(std::uint64_t);
      const std::size_t sum_at = bytes.size() - sizeof(std::uint64_t);
      std::copy_n(given.begin(), std::min(given.size(), sum_at - state_at), bytes.begin() + state_at);
      const std::uint64_t sum = nf::detail::checksum(std::span<const std::byte>{bytes}.first(sum_at));
      std::memcpy(bytes.data() + sum_at, &sum, sizeof sum);
      nf::load(run, bytes);
    }
  } catch (const nf::error&) {
  }
  // It is a run that can go on, loaded or not.
  nf::finish(run, model, options, nf::ignore_steps{});
  return 0;
}
