// Measures the goals of the kernels and the engine, all in one run, and prints a table of them in Markdown.
//
// Goals are ratios to what the machine does in the same minute wherever they can be. Needs half a minute, 400 MB and a
// core that has little else to do; what disturbs it still shows in figures that move between two runs.
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string_view>
#include <vector>

#include "limits/control_goals.hpp"
#include "limits/mixture_goals.hpp"
#include "limits/noise_goals.hpp"
#include "limits/pass_goals.hpp"
#include "limits/sample_goals.hpp"
#include "limits/search_goals.hpp"

namespace {

constexpr const char* usage =
    "usage: limits [--quick] [--strict]\n"
    "  --quick   fewer laps, for a first look\n"
    "  --strict  exit with status 1 if a goal is missed\n";

int measure(const bench::effort& how, bool strict) {
  bench::pin_to_one_core();
  bench::pass_goals small{"1x4x64x64", {1, 4, 64, 64}, {1.4, 1.25, 1.6}};
  bench::pass_goals middle{"64x3x64x64", {64, 3, 64, 64}, {1.4, 1.35, 1.75}};
  bench::pass_goals large{"1024x3x64x64", {1024, 3, 64, 64}, {1.3, 1.5, 2.1}};
  bench::noise_goals noise;
  bench::rule_goals rules;
  bench::quantile_goals quantile;
  bench::lane_goals lanes;
  bench::control_goals control;
  bench::mixture_goals mixture;
  bench::search_goals search;
  const std::vector<bench::goal_group*> all{&small,    &middle, &large,   &noise,   &rules,
                                            &quantile, &lanes,  &control, &mixture, &search};

  for (std::size_t round = 0; round < how.rounds; ++round) {
    std::fprintf(stderr, "round %zu of %zu\n", round + 1, how.rounds);
    for (bench::goal_group* group : all) group->run_round(how);
  }

  bench::goal_table table;
  for (const bench::goal_group* group : all) group->report(table);
  std::printf("%s at %.2f GHz, %s; %s, %s\n", bench::processor().c_str(), noise.hertz() * 1e-9,
              bench::name_of(noisefall::kernels::widest_instruction_set()), bench::compiler().c_str(), BENCHMARK_FLAGS);
  std::printf("triad:");
  for (const bench::pass_goals* size : {&small, &middle, &large})
    std::printf(" %.0f GB/s at %s%s", size->triad_bandwidth() * 1e-9, size->name().c_str(),
                size == &large ? "\n\n" : ",");
  table.print();
  return strict && table.shorts() > 0 ? 1 : 0;
}

}  // namespace

int main(int count, char** arguments) try {
  bench::effort how;
  bool strict = false;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--quick") {
      how.laps /= 5;
    } else if (argument == "--strict") {
      strict = true;
    } else {
      std::fputs(usage, argument == "--help" ? stdout : stderr);
      return argument == "--help" ? 0 : 2;
    }
  }
  return measure(how, strict);
} catch (const std::exception& problem) {
  std::fprintf(stderr, "limits: %s\n", problem.what());
  return 2;
}
