// What a diffusers file and its arguments come to: the policies of a sampler.
#pragma once

#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/sampler/threshold.hpp>
#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/solver/any_solver.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// sampler{s.solver, s.schedule, s.path, guidance, s.parameterisation, s.map} computes what diffusers computes. The path
// is of kind compat: levels may repeat, legs need not join, and a leg's label may be that of another level than it
// starts from. A run starts from init_noise_sigma times a standard normal.
struct diffusers_setup {
  any_solver solver;
  any_schedule schedule;
  trajectory path;
  any_parameterisation parameterisation;
  threshold map;
  double init_noise_sigma = 1;
  bool learned_variance = false;  // the network's output has twice the channels
};

}  // namespace noisefall
