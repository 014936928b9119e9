// A NoiseSource that replays normals recorded elsewhere.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/random/noise_source.hpp>

namespace noisefall {

// One draw of a whole batch, sample after sample.
template <std::floating_point T>
struct recorded_draw {
  std::uint32_t step = increment::initial, slot = 0;
  std::vector<T> values{};
};

// Plays back what was drawn for a (step, slot); the initial noise is the draw of step increment::initial. Recordings
// begin at sample 0. Copies share the recording. Asking for what was not recorded throws noisefall::error.
template <std::floating_point T>
class recorded_noise {
 public:
  explicit recorded_noise(std::vector<recorded_draw<T>> draws)
      : draws_{std::make_shared<const std::vector<recorded_draw<T>>>(std::move(draws))} {}

  template <std::floating_point U>
  void fill(std::span<U> out, std::size_t sample_size, const increment& which) const {
    check(which, 0);
    const std::vector<T>& values = find(which)->values;
    const std::size_t samples = sample_size == 0 ? 0 : values.size() / sample_size;
    if (which.first_sample > samples || out.size() > (samples - which.first_sample) * sample_size)
      throw error{"recorded noise",
                  {out.size(), " elements from sample ", which.first_sample, " for ", name(which.step, which.slot)},
                  {samples, " samples of ", sample_size, " elements"}};
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(which.first_sample * sample_size);
    std::transform(first, first + static_cast<std::ptrdiff_t>(out.size()), out.begin(),
                   [](T value) { return static_cast<U>(value); });
  }

  // Throws unless the draw is recorded: a run asks before it begins.
  void check(const increment& which, std::size_t) const {
    if (find(which) == draws_->end())
      throw error{"recorded noise", {"no draw for ", name(which.step, which.slot)}, recorded()};
  }

 private:
  auto find(const increment& which) const {
    return std::find_if(draws_->begin(), draws_->end(), [&](const recorded_draw<T>& draw) {
      return draw.step == which.step && draw.slot == which.slot;
    });
  }
  static std::string name(std::uint32_t step, std::uint32_t slot) {
    return (step == increment::initial ? "the initial noise" : "step " + std::to_string(step)) + ", slot " +
           std::to_string(slot);
  }

  std::string recorded() const {
    std::string list;
    for (const recorded_draw<T>& draw : *draws_) list += (list.empty() ? "" : "; ") + name(draw.step, draw.slot);
    return list.empty() ? "nothing, the recording is empty" : list;
  }

  std::shared_ptr<const std::vector<recorded_draw<T>>> draws_;
};

static_assert(NoiseSource<recorded_noise<float>, float> && NoiseSource<recorded_noise<double>, float>);

}  // namespace noisefall
