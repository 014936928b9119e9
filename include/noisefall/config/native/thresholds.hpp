// The fields of the threshold on the denoised estimate.
#pragma once

#include <array>
#include <string>

#include <nlohmann/json.hpp>

#include <noisefall/config/native/described.hpp>
#include <noisefall/sampler/threshold.hpp>

namespace noisefall {

// {"how": "dynamic", "ratio": 0.995}; which fields there are depends on how. No ceiling: leave it out.
template <>
inline constexpr auto spelling<threshold::kind> = std::to_array<spelt<threshold::kind>>(
    {{"none", threshold::kind::none}, {"fixed", threshold::kind::fixed}, {"dynamic", threshold::kind::dynamic}});

template <class V>
void describe(V& visit, threshold& map) {
  visit("how", map.how);
  if (map.how == threshold::kind::fixed) visit("range", map.range);
  if (map.how == threshold::kind::dynamic) {
    visit("ratio", map.ratio);
    visit("floor", map.floor);
    visit("ceiling", map.ceiling);
  }
  if (map.how != threshold::kind::none) visit("keep_eps", map.keep_eps);
}

inline threshold load_threshold(const nlohmann::json& from, const std::string& pointer = {}) {
  return read_described<threshold>(fields{from, pointer});
}

}  // namespace noisefall
