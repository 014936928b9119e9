// Drives a run by ask and tell, with a recorded network, noise and start.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/random/recorded.hpp>
#include <noisefall/sampler/sampler.hpp>
#include <noisefall/tensor/tensor.hpp>

#include "golden/network.hpp"

namespace noisefall::golden {

// What an observer of a driven run is shown before each answer.
struct asked {
  std::size_t call = 0;  // in the run
  std::size_t step = 0, stage = 0;
  std::span<const double> x;  // the state, not scaled
  double label = 0;
  double input_scale = 1;
  noise_level at;
  std::span<const double> out;  // the network's output
};

struct driven {
  std::vector<double> x;
  std::size_t calls = 0, steps = 0;
};

// `level_of(request)` says at which level the network believes itself; `see` is shown every evaluation, `after` the
// state and the denoised estimate after each answer.
template <class Sampler, class LevelOf, class See, class After>
driven drive(const Sampler& sample, const shape& extents, std::span<const double> start,
             std::vector<recorded_draw<double>> draws, const network& net, LevelOf level_of, See see, After after) {
  require(start.size() == extents.size(), "initial_sample", std::to_string(start.size()) + " numbers",
          to_string(extents));
  require(!net.exact || net.exact->size() == extents.sample_size(), "mixture", "its dimension is not that of a sample",
          to_string(extents));
  tensor<double> x{extents};
  std::copy(start.begin(), start.end(), x.data());
  const run_settings settings{.start = start_from::given,
                              .checked = false,
                              .keep_denoised = true,
                              .output_parts = net.rule.learned.empty() ? 1u : 2u};
  auto run = sample.start(mutable_view<double>{x}, settings, recorded_noise<double>{std::move(draws)});
  driven result;
  while (const auto* request = run.next()) {
    const std::span<const double> scaled{request->state.data(), request->state.size()};
    std::vector<double> bare(scaled.begin(), scaled.end());
    for (double& v : bare) v /= request->at.input_scale(0);
    const auto out = request->outputs[0];
    const noise_level level = level_of(*request);
    const double label = request->at.labels[0];
    net.answer(bare, scaled, extents.sample_size(), level, label, out.elements());
    see(asked{result.calls, request->at.step, request->at.call, bare, label, request->at.input_scale(0), level,
              out.elements()});
    run.answer();
    after(result.calls, std::span<const double>{x.data(), x.size()}, run);
    ++result.calls;
  }
  result.steps = run.steps_done();
  result.x.assign(x.data(), x.data() + x.size());
  return result;
}

}  // namespace noisefall::golden
