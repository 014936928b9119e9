// The trajectory search: a trajectory in, a better one out, with an account of why it is.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/search/error_table.hpp>
#include <noisefall/search/evidence.hpp>
#include <noisefall/search/fidelity.hpp>
#include <noisefall/search/linear_error.hpp>
#include <noisefall/search/linear_response.hpp>
#include <noisefall/search/search_problem.hpp>
#include <noisefall/search/search_report.hpp>
#include <noisefall/search/teacher.hpp>

namespace noisefall {

// A way to search:
//   using needs = needed_evidence<...>;                  the parts without which it does not compile
//   name, check()
//   search_result search(const search_problem&, const Parts&...) const     the parts that it needs, in that order
template <class P>
concept SearchPolicy = std::copyable<P> && requires(const P& policy) {
  typename P::needs;
  { policy.check() } -> std::same_as<void>;
};

namespace detail {

// A policy whose judgement of levels follows from a table: judge(problem, table) gives it.
template <class P>
concept JudgesByTable = requires(const P& policy, const search_problem& problem, const error_table& table,
                                 const std::vector<double>& sigmas) {
  { policy.judge(problem, table)(sigmas) } -> std::convertible_to<double>;
};

template <class Evidence, SearchPolicy Policy, class... Parts>
search_result search_with(needed_evidence<Parts...>, const search_problem& problem, const Evidence& known,
                          const Policy& policy) {
  constexpr bool complete = (has_part<Evidence, Parts>() && ...);
  static_assert(complete, "search: the policy needs evidence that is not there: see its `needs`");
  if constexpr (complete)
    return policy.search(problem, part_of<Parts>(known)...);
  else
    return {problem.base(), {}};
}

}  // namespace detail

// Searches the levels between the ends of `base` for this solver; the ends and the number of steps stay. `known` is one
// part of evidence or several: an error_table (measure_errors), a teacher, a trajectory_metric. The result is never worse
// than the base in what the policy reduces: where nothing better is found, it is the base, to the bit.
template <class Evidence, SearchPolicy Policy>
search_result search(const trajectory& base, const any_solver& solver, const any_schedule& schedule,
                     const Evidence& known, const Policy& policy, const search_settings& how = {}) {
  policy.check();
  const search_problem problem{base, solver, schedule, how};
  search_result found = detail::search_with(typename Policy::needs{}, problem, known, policy);
  search_report& report = found.report;
  report.policy = Policy::name;
  report.solver = problem.solver_name();
  if (const error_table* table = detail::part_if<error_table>(known); table != nullptr && solver.planner) {
    linear_error error{*table};
    std::vector<double> shares;
    const linear_response after{solver, schedule, found.path, how.guidance, how.parameterisation};
    report.before = error(problem.response_of(problem.sigmas()));
    report.after = error(after, &shares);
    const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
    for (std::size_t k = 0; k < shares.size(); ++k)
      report.shares.push_back({after.evaluations()[k].at.rho(), all > 0 ? shares[k] / all : 0});
    if constexpr (detail::has_part<Evidence, teacher>() && detail::JudgesByTable<Policy>)
      if (how.fidelity_trials > 0)
        report.fidelity = fidelity_of(policy.judge(problem, *table), problem, detail::part_of<teacher>(known),
                                      how.fidelity_trials, table->sigma_min(), table->sigma_max());
  }
  return found;
}

}  // namespace noisefall
