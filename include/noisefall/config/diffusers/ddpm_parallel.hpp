// DDPMParallelScheduler.
#pragma once

#include <string_view>

#include <noisefall/config/diffusers/ddpm.hpp>
#include <noisefall/config/fields.hpp>

namespace noisefall::diffusers {

// DDPMScheduler, whose step() it has; that it can also take several steps at once is of no use to a run.
struct ddpm_parallel_class : ddpm_class {
  static constexpr std::string_view class_name = "DDPMParallelScheduler";

  explicit ddpm_parallel_class(const fields& f) : ddpm_class{f} { called = class_name; }
};

}  // namespace noisefall::diffusers
