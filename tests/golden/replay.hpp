// Replays recorded runs through the library's public API, with the recorded noise and start.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "golden/comparison.hpp"
#include "golden/network.hpp"

namespace noisefall::golden {

// "[3]"
inline std::string bracketed(std::size_t index) {
  std::string text{'['};
  text += std::to_string(index);
  text += ']';
  return text;
}

struct verdict {
  std::string id, class_name;
  bool matched = false, built = true;
  double error = 0, tolerance = 0;
  std::string what;  // what missed, or the message of what was thrown

  // "id class error tolerance what" | "id class: not built" | "id class: message"
  std::string line() const;
};

struct tally {
  std::size_t matched = 0, total = 0;
};

// Replays every case and every add_noise case of a file's content; `report` sees each verdict.
tally replay(const nlohmann::json& file, const std::function<void(const verdict&)>& report);

// One case. The comparison looks at final and at everything else that is recorded along the way. They throw on what the
// library refuses, and return false where the class is not built.
bool replay_diffusers(const nlohmann::json& c, const std::vector<mixture>& mixtures, comparison& seen);
bool replay_k_diffusion(const nlohmann::json& c, const std::vector<mixture>& mixtures, comparison& seen);
bool replay_official(const nlohmann::json& c, const std::vector<mixture>& mixtures, comparison& seen);
bool replay_add_noise(const nlohmann::json& c, comparison& seen);

// 1e-9 max(1, max |final|) + 1e-12 sens
double tolerance_of(const nlohmann::json& c);

}  // namespace noisefall::golden
