// The papers behind a sampler.
#pragma once

#include <string_view>
#include <vector>

#include <noisefall/sampler/sampler.hpp>

namespace noisefall {

// Of its solver, schedule, spacing, guidance, parameterisation and threshold, in this order, without repeats: what each
// names as its `reference`. Policies of a user's own that name one are among them. A policy around another one (a
// spacing's partial, a schedule's shift) stands for both. The texts live as long as the program.
[[gnu::cold]] inline std::vector<std::string_view> citations(const sampler& of) {
  const policies& p = of.parts();
  std::vector<std::string_view> all;
  for (const std::string_view text :
       {p.has_own_steps() ? p.own_steps.reference() : p.planner.reference(), p.schedule.reference(), p.path.reference(),
        p.guidance.reference(), p.parameterisation.reference(), p.map.reference()}) {
    bool known = text.empty();
    for (const std::string_view other : all) known = known || other == text;
    if (!known) all.push_back(text);
  }
  return all;
}

}  // namespace noisefall
