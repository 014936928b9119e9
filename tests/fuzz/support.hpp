// What the fuzz targets share: how large an input may ask to be, and a short run that must not fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include <noisefall/core/error.hpp>
#include <noisefall/noisefall.hpp>

namespace fuzz {

namespace nf = noisefall;

// Ends the process, so that the fuzzer keeps the input.
[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

// Whether nothing in a file is asked to be long: what is allowed and slow would hide what is wrong.
inline bool is_small(const nlohmann::json& value, std::size_t most = 200) {
  if (value.is_array() && value.size() > most) return false;
  for (const auto& item : value.items()) {
    const nlohmann::json& inner = item.value();
    if (inner.is_structured() && !is_small(inner, most)) return false;
    constexpr std::string_view counts[] = {"steps",
                                           "train_steps",
                                           "num_train_timesteps",
                                           "count",
                                           "budget",
                                           "num_inference_steps",
                                           "original_inference_steps",
                                           "scale",
                                           "batch",
                                           "columns",
                                           "times",
                                           "resamplings"};
    for (const std::string_view name : counts)
      if (value.is_object() && item.key() == name && inner.is_number_integer() && inner > most) return false;
  }
  return true;
}

struct small_network {
  using condition = int;
  template <class T>
  void predict(nf::view<T> x, const nf::evaluation&, const condition& shift, nf::mutable_view<T> out) {
    for (std::size_t i = 0; i < out.size(); ++i)
      out.data()[i] = T(0.5) * x.data()[i % x.size()] + T(0.1) * static_cast<T>(shift);
  }
  template <class T>
  void gradient(nf::view<T> x, const nf::evaluation&, const condition& target, nf::mutable_view<T> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out.data()[i] = static_cast<T>(target) - x.data()[i];
  }
};

inline constexpr std::size_t sample_size = 3;

// A sampler that could be built can be run: the loop does not fail. The network's outputs may overflow; that is no
// fault of the loop.
inline void run(const nf::sampler& sample, bool variance) {
  nf::tensor<float> x({2, sample_size});
  nf::run_settings settings{.seed = 1, .checked = false};
  settings.output_parts = variance ? 2 : 1;
  if (sample.path().kind() == nf::trajectory_kind::inversion) settings.start = nf::start_from::given;
  auto run = sample.start(x, settings);
  small_network model;
  constexpr int further[] = {2, 3, 4, 5};
  const nf::run_options<int> options{.conditional = 1, .unconditional = -1, .further = further};
  constexpr std::size_t enough = 30;
  nf::finish(run, model, options,
             [&](const auto&) { return run.steps_done() < enough ? nf::verdict::go_on : nf::verdict::stop; });
}

}  // namespace fuzz
