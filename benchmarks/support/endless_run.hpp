// A run whose network costs nothing, stepped for as long as one likes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <noisefall/random/normals.hpp>
#include <noisefall/sampler/sampler.hpp>

#include "support/passes.hpp"

namespace bench {

// Every evaluation is answered with what the run's own buffers hold: normals that were put there once. After the last
// step the run restarts.
template <nf::Algebra A = algebra>
class endless_run {
 public:
  endless_run(const nf::sampler& sample, const nf::shape& extents, A device = {})
      : x_{extents},
        run_{sample.start(std::move(device), nf::mutable_view<float>{x_}, {.seed = 5, .checked = false},
                          nf::philox{5})} {
    const auto* request = run_.next();
    for (std::uint32_t k = 0; k < request->outputs.size(); ++k)
      nf::normals({9, k, 0, extents.sample_size()}, 0, extents.size(), request->outputs[k].data());
  }

  // One step.
  void operator()() {
    if (run_.done()) run_.restart();
    for (const std::size_t before = run_.steps_done(); run_.steps_done() == before; run_.answer()) run_.next();
  }

 private:
  nf::tensor<float> x_;
  nf::run<A, nf::philox> run_;
};

// An algebra that can keep what it is asked to do.
struct recording_algebra : algebra {
  std::vector<prepared_pass>* log = nullptr;
  const bool* records = nullptr;

  void pass(const description& what) const {
    if (*records) log->emplace_back(what);
    algebra::pass(what);
  }
};

// The passes that a step of a sampler comes down to, once its history is full, without the engine around them.
class bare_step {
 public:
  bare_step(const nf::sampler& sample, const nf::shape& extents) : held_{std::make_unique<state>(sample, extents)} {
    for (int step = 0; step < 10; ++step) held_->run();
    held_->records = true;
    held_->run();
    held_->records = false;
  }
  void operator()() const {
    for (const prepared_pass& pass : held_->passes) pass();
  }

 private:
  struct state {
    state(const nf::sampler& sample, const nf::shape& extents) : run{sample, extents, {{}, &passes, &records}} {}
    bool records = false;
    std::vector<prepared_pass> passes;
    endless_run<recording_algebra> run;  // owns the arrays
  };
  std::unique_ptr<state> held_;
};

}  // namespace bench
