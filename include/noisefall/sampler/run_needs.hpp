// What a sampler's runs need, known before any starts: room, plans and passes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <noisefall/core/inline_vector.hpp>
#include <noisefall/core/owner.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/random/noise_source.hpp>
#include <noisefall/sampler/pass_builder.hpp>
#include <noisefall/sampler/step_passes.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/tensor/pass.hpp>

namespace noisefall {

// A pass with its coefficients.
struct prepared_pass {
  named_pass what;
  std::array<double, pass_weights::storage_size(1)> weights;
};
// Passes [first, end) of a list.
struct prepared_passes {
  std::size_t first = 0, end = 0;
};

// The plans of a sampler's first legs, and their passes. They depend on nothing but the leg, so that runs take them
// from here: making them again costs more than a step of a small state.
struct leg_plans final : counted {
  static constexpr std::size_t most = 256;  // half a megabyte
  // An evaluation with the passes that its answer sets off.
  struct evaluation : evaluation_plan {
    prepared_passes answered;
  };
  // A leg with its plan and its passes.
  struct leg_plan {
    step_position at;
    step_plan plan;
    bool cuts_history = false, moves_tensor = false;
    inline_vector<evaluation, max_evaluations> evaluations;
    prepared_passes first_state;
  };
  std::vector<leg_plan> legs;
  bool prepared = false;  // there are passes: none looks at the data or at samples apart
  std::vector<prepared_pass> passes;
};

// What a run must have room for, found by planning every leg once.
struct run_needs {
  std::size_t evaluations = 1;  // in the busiest step
  bool stages = false;          // some evaluation looks at a state other than x
  bool keeps = false;           // some step keeps a tensor for the next
  bool scales = false;          // some evaluation is fed a scaled state
  bool variance = false;        // the network supplies variances
  bool gradients = false;       // the predictor is asked for gradients
  branch_set branches;
  std::vector<increment> draws;   // in the order in which they are drawn first
  std::uint64_t fingerprint = 0;  // of every coefficient of the run
  shared<leg_plans> plans;
};

}  // namespace noisefall
