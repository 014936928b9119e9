// A NoiseSource that replays normals recorded elsewhere.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/owner.hpp>
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
  explicit recorded_noise(std::vector<recorded_draw<T>> draws) : recording_{new recording{std::move(draws)}} {}

  template <std::floating_point U>
  void fill(std::span<U> out, std::size_t sample_size, const increment& which) const {
    const std::vector<T>& values = find(which).values;
    const std::size_t samples = sample_size == 0 ? 0 : values.size() / sample_size;
    if (which.first_sample > samples || out.size() > (samples - which.first_sample) * sample_size)
      refuse("recorded noise",
             {out.size(), " elements from sample ", which.first_sample, " for ", name(which.step, which.slot)},
             {samples, " samples of ", sample_size, " elements"});
    const T* const first = values.data() + which.first_sample * sample_size;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<U>(first[i]);
  }

  // Throws unless the draw is recorded: a run asks before it begins.
  void check(const increment& which, std::size_t) const { find(which); }

 private:
  const recorded_draw<T>& find(const increment& which) const {
    for (const recorded_draw<T>& draw : recording_->draws)
      if (draw.step == which.step && draw.slot == which.slot) return draw;
    refuse("recorded noise", {"no draw for ", name(which.step, which.slot)}, recorded());
  }
  static std::string name(std::uint32_t step, std::uint32_t slot) {
    return step == increment::initial ? message{"the initial noise, slot ", slot}.text()
                                      : message{"step ", step, ", slot ", slot}.text();
  }

  std::string recorded() const {
    std::string list;
    for (const recorded_draw<T>& draw : recording_->draws)
      list += (list.empty() ? "" : "; ") + name(draw.step, draw.slot);
    return list.empty() ? "nothing, the recording is empty" : list;
  }

  struct recording : counted {
    explicit recording(std::vector<recorded_draw<T>> all) : draws{std::move(all)} {}
    std::vector<recorded_draw<T>> draws;
  };
  shared<recording> recording_;
};

static_assert(NoiseSource<recorded_noise<float>, float> && NoiseSource<recorded_noise<double>, float>);

}  // namespace noisefall
