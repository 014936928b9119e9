// DDIMParallelScheduler.
#pragma once

#include <string_view>

#include <noisefall/config/diffusers/ddim.hpp>
#include <noisefall/config/fields.hpp>

namespace noisefall::diffusers {

// DDIMScheduler, whose step() it has; that it can also take several steps at once is of no use to a run.
struct ddim_parallel_class : ddim_class {
  static constexpr std::string_view class_name = "DDIMParallelScheduler";

  explicit ddim_parallel_class(const fields& f) : ddim_class{f} { called = class_name; }
};

}  // namespace noisefall::diffusers
