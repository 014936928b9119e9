#include "golden/replay.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>

#include "golden/trace_file.hpp"

namespace noisefall::golden {

using nlohmann::json;

std::string verdict::line() const {
  const std::string start = id + " " + class_name;
  if (!built) return start + ": not built";
  if (tolerance == 0) return start + ": " + what;
  char figures[64];
  std::snprintf(figures, sizeof figures, " %.3g %.3g ", error, tolerance);
  return start + figures + what;
}

double tolerance_of(const json& c) {
  double largest = 1;
  for (const double v : flat(c.at("final")))
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  return 1e-9 * largest + 1e-12 * number(c.at("sens"));
}

namespace {

// A text of an object, whatever is there.
std::string text_of(const json& c, const std::string& key, const std::string& otherwise) {
  if (!c.is_object() || !c.contains(key) || !c.at(key).is_string()) return otherwise;
  return c.at(key).get<std::string>();
}

std::string class_of(const json& c) {
  const json sample = c.is_object() && c.contains("sample") ? c.at("sample") : json::object();
  const std::string by_name = text_of(c, "class", text_of(c, "fn", ""));
  return by_name.empty() ? text_of(c, "lib", "?") + "/" + text_of(sample, "variant", text_of(sample, "method", "?"))
                         : by_name;
}

template <class Replay>
verdict judge(std::string id, const json& c, Replay run) {
  verdict v{.id = std::move(id), .class_name = class_of(c), .what = {}};
  comparison seen;
  try {
    v.built = run(seen);
    v.matched = v.built && seen.matched();
    v.error = seen.error();
    v.tolerance = seen.tolerance();
    v.what = seen.what();
  } catch (const std::exception& e) {
    v.matched = false;
    v.what = e.what();
    v.tolerance = 0;
  }
  return v;
}

}  // namespace

tally replay(const json& file, const std::function<void(const verdict&)>& report) {
  std::vector<mixture> mixtures;
  for (const json& m : file.at("mixtures")) mixtures.emplace_back(m);
  tally count;
  const auto note = [&](const verdict& v) {
    ++count.total;
    count.matched += v.matched ? 1 : 0;
    report(v);
  };
  std::size_t i = 0;
  for (const json& c : file.at("cases")) {
    const std::string lib = text_of(c, "lib", ""), id = text_of(c, "id", "case " + std::to_string(i));
    note(judge(id, c, [&](comparison& seen) {
      if (lib == "diffusers") return replay_diffusers(c, mixtures, seen);
      if (lib == "k-diffusion") return replay_k_diffusion(c, mixtures, seen);
      if (lib == "dpm-solver" || lib == "unipc") return replay_official(c, mixtures, seen);
      return false;
    }));
    ++i;
  }
  i = 0;
  if (file.contains("add_noise_cases"))
    for (const json& c : file.at("add_noise_cases")) {
      note(judge("add_noise/" + std::to_string(i), c, [&](comparison& seen) { return replay_add_noise(c, seen); }));
      ++i;
    }
  return count;
}

}  // namespace noisefall::golden
