// clip_sample and thresholding as an element map.
#pragma once

#include <algorithm>

#include <noisefall/config/fields.hpp>
#include <noisefall/sampler/threshold.hpp>

namespace noisefall::diffusers {

// thresholding, dynamic_thresholding_ratio, sample_max_value.
inline threshold read_thresholding(const fields& f) {
  constexpr number_range ratio{.low = 0, .high = 1, .open_low = true, .text = "a number in (0, 1]"};
  const bool on = f.boolean("thresholding", false);
  threshold map;
  map.ratio = f.number("dynamic_thresholding_ratio", 0.995, ratio);
  map.ceiling = f.number("sample_max_value", 1, positive);
  map.floor = std::min(1.0, map.ceiling);  // torch.clamp lets the maximum win
  if (on) map.how = threshold::kind::dynamic;
  return map;
}

// The same, and clip_sample, clip_sample_range where thresholding is off.
inline threshold read_clipping(const fields& f, bool clip_sample) {
  const bool clip = f.boolean("clip_sample", clip_sample);
  const double range = f.number("clip_sample_range", 1, positive);
  threshold map = read_thresholding(f);
  map.range = range;
  if (clip && map.how == threshold::kind::none) map.how = threshold::kind::fixed;
  return map;
}

}  // namespace noisefall::diffusers
