// The README's table of solvers says what the solvers declare.
#include "catch.hpp"

#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <noisefall/solver/built_in.hpp>

#include "solver/scalar_run.hpp"

using namespace noisefall;

namespace {

// | `solver` | evaluations a step | order | noise |, as the solver itself has it, in the midst of a run.
template <class Solver>
std::string row_of(const std::string& name, const Solver& solver) {
  std::vector<double> lambdas;
  for (int i = 0; i <= 12; ++i) lambdas.push_back(-5 + 0.3 * i);  // times of 5 to 1.4
  const auto legs = scalar::vp_legs(lambdas);
  const step_plan plan = solver.plan(scalar::window_at(legs, 6, solver.history()));
  bool draws = false;
  for (const double weight : plan.result.noise) draws = draws || weight != 0;
  return "| `" + name + "` | " + std::to_string(plan.evaluations.size()) + " | " + std::to_string(solver.order()) +
         " | " + (draws ? "yes" : "no") + " |";
}

std::vector<std::string> table_of(const std::string& readme) {
  std::vector<std::string> rows;
  std::size_t at = readme.find("\n| take | evaluations a step |");
  for (at = readme.find("\n| `", at); at != std::string::npos && readme[at + 1] == '|'; at = readme.find('\n', at + 1))
    rows.push_back(readme.substr(at + 1, readme.find('\n', at + 1) - at - 1));
  return rows;
}

}  // namespace

TEST_CASE("the README's table of solvers says what they declare") {
  std::ifstream file{NOISEFALL_README};
  REQUIRE(file.good());
  const std::string readme{std::istreambuf_iterator<char>{file}, {}};
  const std::vector<std::string> ours{
      row_of("dpm_pp_2m", dpm_pp_2m{}),
      row_of("unipc{.order = 3}", unipc{.order = 3}),
      row_of("dpm_multistep{.order = 3, .start = multistep_start::singlestep}",
             dpm_multistep{.order = 3, .start = multistep_start::singlestep}),
      row_of("heun", heun{}),
      row_of("dpm_singlestep{.order = 3}", dpm_singlestep{.order = 3}),
      row_of("exponential_runge_kutta", exponential_runge_kutta{}),
      row_of("ddim", ddim{}),
      row_of("ddpm", ddpm{}),
      row_of("dpm_multistep{.tau_squared = 1}", dpm_multistep{.tau_squared = 1}),
      row_of("sa_solver", sa_solver{}),
      row_of("seeds{.order = 3}", seeds{.order = 3}),
      row_of("er_sde{.order = 3}", er_sde{.order = 3}),
      row_of("euler", euler{}),
      row_of("flow_ancestral", flow_ancestral{}),
      row_of("latent_consistency", latent_consistency{}),
      row_of("tcd", tcd{}),
  };
  const std::vector<std::string> told = table_of(readme);
  for (const std::string& row : ours) {
    bool found = false;
    for (const std::string& line : told) found = found || line.starts_with(row);
    INFO("a row that begins with: " << row);
    CHECK(found);
  }
  CHECK(told.size() == ours.size());
}
