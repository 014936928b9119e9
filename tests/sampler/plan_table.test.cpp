// The table of a plan, and the papers behind it.
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include <noisefall/sampler/citations.hpp>
#include <noisefall/sampler/plan_table.hpp>
#include <noisefall/schedule/linear.hpp>
#include <noisefall/trajectory/karras.hpp>
#include <noisefall/trajectory/leading.hpp>

#include "catch.hpp"
#include "laws/support.hpp"

using namespace laws;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> all;
  std::istringstream in{line};
  for (std::string word; in >> word;) all.push_back(word);
  return all;
}

std::string shown(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return text;
}

}  // namespace

TEST_CASE("The table of DDIM holds the levels, the labels and the coefficients of its legs") {
  const nf::sampler sample{nf::ddim{}, nf::linear{}, nf::leading{.steps = 4}, nf::guidance_scale(7.5)};
  const std::string text = nf::plan_table(sample);
  INFO(text);
  const auto lines = lines_of(text);
  REQUIRE(lines.size() == 2 + sample.steps());
  CHECK(lines[0] == "ddim, classifier_free: 4 legs, 4 evaluations, 8 calls of the network");
  CHECK(words_of(lines[1]) == words_of("leg makes label t sigma/alpha lambda t sigma/alpha lambda reads * x * m0 "
                                       "branch 0 branch 1"));
  for (std::size_t i = 0; i < sample.steps(); ++i) {
    const nf::leg& leg = sample.path()[i];
    const double a = leg.to.sigma / leg.from.sigma, b = leg.to.alpha - a * leg.from.alpha;
    std::vector<std::string> expected{std::to_string(i),
                                      "x",
                                      shown(leg.label),
                                      shown(leg.from.t),
                                      shown(leg.from.rho()),
                                      shown(leg.from.lambda()),
                                      "->",
                                      shown(leg.to.t),
                                      shown(leg.to.rho()),
                                      shown(leg.to.lambda()),
                                      "x0",
                                      shown(a),
                                      shown(b),
                                      "7.5",
                                      "-6.5"};
    if (a == 0) expected.erase(expected.begin() + 11);
    CHECK(words_of(lines[2 + i]) == expected);
  }
}

TEST_CASE("A table shows stages, history, noise, kept tensors and guidance that looks at data") {
  const auto text_of = [](const auto& solver, const nf::any_guidance& guidance = nf::unguided{}) {
    return nf::plan_table(nf::sampler{solver, schedule, path(3), guidance});
  };
  CHECK_THAT(text_of(nf::heun{}), ContainsSubstring("state 1") && ContainsSubstring("* m1"));
  CHECK_THAT(text_of(nf::heun{}), !ContainsSubstring("* z0"));
  CHECK_THAT(text_of(nf::dpm_pp_2m{}), ContainsSubstring("* m-1") && !ContainsSubstring("* m-2"));
  CHECK_THAT(text_of(nf::ddim{.eta = 1}), ContainsSubstring("* z0"));
  CHECK_THAT(text_of(nf::unipc{}), ContainsSubstring("kept"));
  CHECK_THAT(text_of(nf::ddim{}, nf::cfg_pp{}), ContainsSubstring("* n0"));
  CHECK_THAT(text_of(nf::ddim{}, projected), ContainsSubstring("data"));
  CHECK_THAT(text_of(nf::ddim{}), ContainsSubstring("3 evaluations, 3 calls") && !ContainsSubstring("branch 1"));
  CHECK_THAT(text_of(nf::dpm_adaptive{}), StartsWith("dpm_adaptive chooses its own steps, from sigma/alpha "));
  CHECK_THAT(text_of(nf::predictor_corrector{.corrections = 2}), ContainsSubstring("with up to 3 evaluations in each"));
  CHECK_THAT(text_of(nf::predictor_corrector{.corrections = 0}), ContainsSubstring("with up to 1 evaluation in each"));
}

TEST_CASE("Columns of a table stand under each other, and no digit is noise") {
  for_each_planned_solver([](const std::string& name, const auto& solver) {
    const std::string text = nf::plan_table(nf::sampler{solver, schedule, nf::karras{.steps = 4}(schedule)});
    INFO(name << "\n" << text);
    CHECK_THAT(text, !ContainsSubstring("nan") && !ContainsSubstring("e-1") && !ContainsSubstring("000000"));
    for (const std::string& line : lines_of(text)) CHECK((line.empty() || line.back() != ' '));
    std::size_t arrow = std::string::npos;
    for (const std::string& line : lines_of(text)) {
      const std::size_t at = line.find("->");
      if (at == std::string::npos) continue;
      if (arrow != std::string::npos) CHECK(at == arrow);
      arrow = at;
    }
  });
}

TEST_CASE("The table of a run marks the leg that comes next") {
  const nf::sampler sample{nf::ddim{}, schedule, path(4)};
  network<> model;
  nf::tensor<float> x({1, 8});
  auto run = sample.start(x);
  nf::step(run, model, guided);
  std::size_t marked = 0;
  for (const std::string& line : lines_of(nf::plan_table(run))) {
    if (line.front() != '>') continue;
    ++marked;
    CHECK(words_of(line)[1] == "1");
  }
  CHECK(marked == 1);
  nf::finish(run, model, guided, nf::ignore_steps{});
  CHECK_THAT(nf::plan_table(run), !ContainsSubstring("\n>"));
  CHECK(nf::plan_table(run) == nf::plan_table(sample));
}

TEST_CASE("Citations name the papers behind all parts, each once") {
  const nf::sampler sample{nf::dpm_pp_2m{},         nf::linear{},       nf::karras{.steps = 4},
                           nf::guidance_scale(7.5), nf::predicts_eps{}, nf::dynamic_threshold()};
  CHECK(nf::citations(sample) == std::vector<std::string_view>{nf::dpm_pp_2m::reference, nf::linear::reference,
                                                               nf::karras::reference, nf::classifier_free::reference,
                                                               "arXiv:2205.11487"});
  static_assert(nf::linear::reference == nf::predicts_eps::reference);
  // Behind one type, snapped to a guidance's jump, or laid out beforehand.
  const nf::sampler erased{nf::erased_solver{nf::dpm_pp_2m{}},
                           nf::any_schedule{nf::linear{}},
                           nf::karras{.steps = 9},
                           nf::classifier_free{.weight = nf::weight_schedule::interval(1, 0.3, 5)},
                           nf::any_parameterisation{nf::predicts_eps{}},
                           nf::dynamic_threshold()};
  CHECK(nf::citations(erased) == nf::citations(sample));
  const nf::sampler adaptive{nf::dpm_adaptive{}, schedule, path()};
  CHECK(nf::citations(adaptive)[0] == nf::dpm_adaptive::reference);
  CHECK(nf::citations(adaptive).size() == 3);  // the list of levels has no paper
}
