// Observers: what each says and keeps, and the clean last step that one may ask for.
#include <chrono>
#include <sstream>
#include <stop_token>
#include <string>
#include <vector>

#include <noisefall/sampler/cancellation.hpp>
#include <noisefall/sampler/checkpoint.hpp>
#include <noisefall/sampler/deadline.hpp>
#include <noisefall/sampler/keep_every.hpp>
#include <noisefall/sampler/observers.hpp>
#include <noisefall/sampler/progress_bar.hpp>
#include <noisefall/trajectory/karras.hpp>

#include "catch.hpp"
#include "laws/support.hpp"

using namespace laws;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::size_t samples = 2, size = 65;

// After `steps` of them, says `what` once.
struct say_after {
  static constexpr bool looks_at_denoised = false;
  std::size_t steps;
  nf::verdict what;
  std::size_t seen = 0;
  template <class Report>
  nf::verdict operator()(const Report&) {
    return ++seen == steps ? what : nf::verdict::go_on;
  }
};

// The first legs of a sampler's trajectory and one from there to the end. As it is: another guidance jump would pull
// its levels elsewhere.
nf::trajectory shortened_path(const nf::trajectory& whole, std::size_t steps) {
  std::vector<nf::leg> legs(whole.legs().begin(), whole.legs().begin() + static_cast<std::ptrdiff_t>(steps));
  legs.push_back({whole[steps].from, whole.back(), whole[steps].label});
  return {legs, nf::trajectory_kind::compat};
}

// A clock that stands still until it is told.
struct hand_clock {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<hand_clock>;
  static inline time_point present{};
  static time_point now() { return present; }
};

// A network that takes so many milliseconds, by that clock.
struct slow_network {
  using condition = double;
  std::vector<int> milliseconds;
  std::size_t calls = 0;
  network<> inside{};
  void predict(nf::view<float> x, const nf::evaluation& at, const double& mean, nf::mutable_view<float> out) {
    hand_clock::present += std::chrono::milliseconds{milliseconds[std::min(calls, milliseconds.size() - 1)]};
    ++calls;
    inside.predict(x, at, mean, out);
  }
};

}  // namespace

TEST_CASE("finish_now gives DDIM the bits of DDIM on the trajectory without the levels between") {
  for_each_guidance([](const std::string& rule, const auto& guidance) {
    if (rule == "beta_cfg" || rule == "autoguidance") return;  // read the fraction of the steps, which are fewer there
    for_each_map([&](const std::string& map_name, const nf::threshold& map) {
      const nf::sampler sample{nf::ddim{}, schedule, path(), guidance, nf::predicts_eps{}, map};
      for (std::size_t k = 1; k < sample.steps(); ++k) {
        INFO(rule << ", " << map_name << ", after " << k);
        network<> model;
        nf::tensor<float> x({samples, size}), expected({samples, size});
        const auto result = sample(model, x, guided, say_after{k, nf::verdict::finish});
        const nf::sampler direct{nf::ddim{}, schedule,           shortened_path(sample.path(), k),
                                 guidance,   nf::predicts_eps{}, map};
        const auto whole = direct(model, expected, guided);
        CHECK(same_bits(x, expected));
        CHECK(result.steps == k + 1);
        CHECK(result.evaluations == whole.evaluations);
        CHECK(result.how == (k + 1 < sample.steps() ? nf::outcome::shortened : nf::outcome::finished));
      }
    });
  });
}

TEST_CASE("finish_now makes any solver's next step one first-order step to the end, with one evaluation") {
  for_each_solver([](const std::string& name, const auto& solver) {
    const nf::sampler sample{solver, schedule, path(), doubled};
    for (const std::size_t k : {std::size_t{0}, std::size_t{2}}) {
      INFO(name << ", after " << k);
      network<> model;
      network<output::x0> x0;
      nf::tensor<float> x({samples, size}), c({samples, size}), u({samples, size});
      auto run = sample.start(x, {.seed = guided.seed});
      for (std::size_t i = 0; i < k; ++i) nf::step(run, model, guided);
      run.finish_now();
      const nf::tensor<float> before = x;
      const std::size_t evaluations = run.evaluations();
      const auto* asked = run.next();
      REQUIRE(asked != nullptr);
      const std::vector<nf::noise_level> levels(asked->at.levels.begin(), asked->at.levels.end());
      x0.predict(nf::view<float>{before}, asked->at, guided.conditional, nf::mutable_view<float>{c});
      x0.predict(nf::view<float>{before}, asked->at, guided.unconditional, nf::mutable_view<float>{u});
      nf::answer(run, model, guided);
      CHECK(run.done());
      CHECK(run.shortened());
      CHECK(run.evaluations() == evaluations + 2);
      CHECK(run.steps_done() == k + 1);
      const nf::noise_level end = sample.path().back();
      double worst = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const nf::noise_level& from = levels[levels.size() == 1 ? 0 : i / size];
        const double d = static_cast<double>(c[i]) + 1.5 * static_cast<double>(c[i] - u[i]);
        const double expected =
            end.alpha * d + end.sigma / from.sigma * (static_cast<double>(before[i]) - from.alpha * d);
        // x0 out of an eps in float: rounded at one part in 2^24 of sigma / alpha, by 4 as guidance weighs 2.5 and -1.5
        worst = std::max(worst, std::abs(static_cast<double>(x[i]) - expected) / (1 + from.rho()));
      }
      CHECK(worst < 2e-6);
    }
  });
}

TEST_CASE("Where the trajectory ends at sigma = 0, finish_now leaves exactly the denoised estimate") {
  const nf::sampler sample{nf::dpm_multistep{.order = 3}, schedule, nf::karras{.steps = 8}, projected};
  network<> model;
  nf::tensor<float> x({samples, size});
  auto run = sample.start(x, {.seed = 3, .keep_denoised = true});
  for (std::size_t i = 0; i < 3; ++i) nf::step(run, model, guided);
  run.finish_now();
  nf::step(run, model, guided);
  CHECK(run.done());
  CHECK(same_bits<float>(x.elements(), run.denoised().elements()));
}

TEST_CASE("finish_now waits for the step that has begun, and changes nothing where one leg or none is left") {
  const nf::sampler sample{nf::heun{}, schedule, path()};
  network<> model;
  nf::tensor<float> x({1, 8}), expected({1, 8});
  auto run = sample.start(x, {.seed = 1});
  nf::step(run, model, guided);
  REQUIRE(run.next() != nullptr);
  run.finish_now();
  CHECK(run.next()->at.step == 1);
  nf::finish(run, model, guided, nf::ignore_steps{});
  CHECK(run.steps_done() == 3);
  run.finish_now();
  CHECK(run.done());
  CHECK(run.next() == nullptr);

  auto other = sample.start(expected, {.seed = 1});
  nf::step(other, model, guided);
  nf::step(other, model, guided);
  other.finish_now();
  nf::finish(other, model, guided, nf::ignore_steps{});
  CHECK(same_bits(x, expected));

  auto last = sample.start(x, {.seed = 1}), usual = sample.start(expected, {.seed = 1});
  for (std::size_t i = 0; i + 1 < sample.steps(); ++i) nf::step(last, model, guided);
  last.finish_now();
  CHECK(nf::finish(last, model, guided, nf::ignore_steps{}).how == nf::outcome::finished);
  nf::finish(usual, model, guided, nf::ignore_steps{});
  CHECK(same_bits(x, expected));
}

TEST_CASE("A run that is to finish is saved and loaded as one, and its restart takes all steps again") {
  for_each_solver([](const std::string& name, const auto& solver) {
    INFO(name);
    const nf::sampler sample{solver, schedule, path(), hardest_for(solver)};
    network<> model;
    nf::tensor<float> x({samples, size}), again({samples, size}), whole({samples, size});
    auto run = sample.start(x, {.seed = guided.seed});
    nf::step(run, model, guided);
    run.finish_now();
    const auto bytes = nf::save(run);
    nf::finish(run, model, guided, nf::ignore_steps{});
    auto resumed = sample.start(again, {.seed = guided.seed});
    nf::load(resumed, bytes);
    CHECK(nf::finish(resumed, model, guided, nf::ignore_steps{}).how == nf::outcome::shortened);
    CHECK(same_bits(x, again));
    run.restart();
    CHECK(nf::finish(run, model, guided, nf::ignore_steps{}).how == nf::outcome::finished);
    sample(model, whole, guided);
    CHECK(same_bits(x, whole));
  });
}

TEST_CASE("A shortened sample does not depend on its batch neighbours") {
  for_each_solver([](const std::string& name, const auto& solver) {
    INFO(name);
    const nf::sampler sample{solver, schedule, path(), hardest_for(solver)};
    network<> model;
    nf::tensor<float> three({3, size}), one({1, size});
    auto options = guided;
    sample(model, three, options, say_after{2, nf::verdict::finish});
    options.first_sample = 1;
    sample(model, one, options, say_after{2, nf::verdict::finish});
    CHECK(same_bits<float>(one.elements(), std::span<const float>{three.elements()}.subspan(size, size)));
  });
}

TEST_CASE("A deadline finishes as late as it can and ends in time, with a clean state") {
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, nf::karras{.steps = 20}};
  nf::tensor<float> x({1, 8}), expected({1, 8});
  const auto run_with = [&](nf::deadline<hand_clock>& watch, slow_network& model) {
    hand_clock::present += std::chrono::seconds{5};
    const auto begin = hand_clock::present;
    const auto result = sample(model, x, guided, watch);
    return std::pair{result, (hand_clock::present - begin).count()};
  };
  {
    slow_network model{{10}};
    nf::deadline<hand_clock> watch{std::chrono::milliseconds{55}};
    const auto [result, took] = run_with(watch, model);
    CHECK(result.how == nf::outcome::shortened);
    CHECK(result.steps == 5);  // 40 ms after the fourth: another and the last would take 20
    CHECK(took == 50);
    CHECK(watch.left() == std::chrono::milliseconds{5});
    sample(model, expected, guided, say_after{4, nf::verdict::finish});
    CHECK(same_bits(x, expected));
  }
  {
    slow_network model{{30, 5}};  // the first step warms up
    nf::deadline<hand_clock> watch{std::chrono::milliseconds{95}};
    CHECK(run_with(watch, model).first.steps == 14);
    CHECK(run_with(watch, model).second == 95);
  }
  {
    slow_network model{{10, 10, 200, 10}};  // the third step is held up: that ends this run, not the next one
    nf::deadline<hand_clock> watch{std::chrono::milliseconds{300}};
    CHECK(run_with(watch, model).first.steps == 4);
    CHECK(run_with(watch, model).first.how == nf::outcome::finished);
  }
  {
    slow_network model{{40}};  // one step fits, two do not: known before the second run begins
    nf::deadline<hand_clock> watch{std::chrono::milliseconds{70}};
    CHECK(run_with(watch, model).first.steps == 2);
    CHECK(run_with(watch, model).first.steps == 1);
  }
  {
    slow_network model{{10}};
    nf::deadline<hand_clock> watch{std::chrono::milliseconds{1000}};
    CHECK(run_with(watch, model).first.how == nf::outcome::finished);
    watch.until(hand_clock::present);  // over before it begins: one step, at once
    CHECK(run_with(watch, model).first.steps == 1);
    CHECK(watch.left() < std::chrono::milliseconds{0});
  }
}

TEST_CASE("A cancellation ends the run at the last completed step, and before the first if it is asked for by then") {
  const nf::sampler sample{nf::dpm_singlestep{}, schedule, path()};
  network<> model;
  nf::tensor<float> x({1, 8}), expected({1, 8});
  std::stop_source source;
  std::size_t steps = 0;
  const auto count = [&](const auto&) {
    if (++steps == 2) source.request_stop();
  };
  const auto result = sample(model, x, guided, nf::observers{count, nf::cancellation{source.get_token()}});
  CHECK(result.how == nf::outcome::stopped);
  CHECK(result.steps == 2);
  auto run = sample.start(expected, {.seed = guided.seed});
  nf::step(run, model, guided);
  nf::step(run, model, guided);
  CHECK(same_bits(x, expected));

  const auto none = sample(model, x, guided, nf::cancellation{[] { return true; }});
  CHECK(none.how == nf::outcome::stopped);
  CHECK(none.steps == 0);
  CHECK(none.evaluations == 0);

  // Asked for during the last step: the run is finished all the same.
  std::size_t asked = 0;
  CHECK(sample(model, x, guided, nf::cancellation{[&] { return ++asked > sample.steps(); }}).how ==
        nf::outcome::finished);
}

TEST_CASE("Several observers are all called, stop goes before finish and finish before going on") {
  const nf::sampler sample{nf::ddim{}, schedule, path()};
  network<> model;
  nf::tensor<float> x({1, 8});
  std::size_t seen = 0;
  const auto count = [&](const auto&) { ++seen; };
  const auto result_of = [&](nf::verdict first, nf::verdict second) {
    seen = 0;
    const auto result =
        sample(model, x, guided, nf::observers{say_after{2, first}, count, say_after{2, second}, count});
    CHECK(seen == 2 * result.steps);
    return result;
  };
  using enum nf::verdict;
  for (const nf::verdict other : {go_on, finish, stop}) {
    CHECK(result_of(stop, other).how == nf::outcome::stopped);
    CHECK(result_of(other, stop).steps == 2);
  }
  CHECK(result_of(finish, go_on).how == nf::outcome::shortened);
  CHECK(result_of(go_on, finish).steps == 3);
  CHECK(result_of(go_on, go_on).how == nf::outcome::finished);

  // Named ones are referred to.
  say_after named{100, stop};
  sample(model, x, guided, nf::observers{named});
  CHECK(named.seen == sample.steps());
}

TEST_CASE("keep_every keeps every n-th step and the last, as they were") {
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, path(), doubled};
  network<> model;
  nf::tensor<float> x({samples, size});
  std::vector<std::vector<float>> states, estimates;
  const auto record = [&](const auto& report) {
    states.emplace_back(report.x().elements().begin(), report.x().elements().end());
    estimates.emplace_back(report.denoised().elements().begin(), report.denoised().elements().end());
  };
  nf::keep_every<float> every_fourth{4, nf::kept::x}, all{1}, three{1, nf::kept::denoised, 3};
  for (int runs = 0; runs < 2; ++runs) {
    states.clear();
    estimates.clear();
    sample(model, x, guided, nf::observers{record, every_fourth, all, three});
  }
  REQUIRE(every_fourth.size() == 2);
  CHECK(every_fourth.at(0).index == 3);
  CHECK(every_fourth.at(1).index == 5);
  CHECK(every_fourth[1].extents() == x.extents());
  CHECK(same_bits<float>(every_fourth[0].elements(), states[3]));
  CHECK(same_bits<float>(every_fourth[1].elements(), x.elements()));
  REQUIRE(all.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK(same_bits<float>(all[i].elements(), estimates[i]));
  CHECK(all.elements().size() == 6 * x.size());
  CHECK(three.size() == 3);

  CHECK_THROWS_WITH(nf::keep_every<float>{0}, ContainsSubstring("keep_every"));
  const nf::sampler adaptive{nf::dpm_adaptive{}, schedule, path()};
  CHECK_THROWS_WITH(adaptive(model, x, guided, all), ContainsSubstring("most"));
  CHECK(adaptive(model, x, guided, three).how == nf::outcome::finished);
  CHECK(three.size() == 3);
}

TEST_CASE("A progress bar tells how far, how fast and how long, and is silent where there is no terminal") {
  const nf::sampler sample{nf::ddim{}, schedule, path(4)};
  slow_network model{{500}};
  nf::tensor<float> x({1, 8});
  std::vector<std::string> lines;
  auto write = [&](std::string_view text) { lines.emplace_back(text); };
  {
    nf::progress_bar<decltype(write), hand_clock> bar{write, {.width = 8}};
    sample(model, x, guided, bar);
  }
  CHECK(lines == std::vector<std::string>{
                     "[##------] 1/4 steps, 2.0 steps/s, 0:02 left", "[####----] 2/4 steps, 2.0 steps/s, 0:01 left",
                     "[######--] 3/4 steps, 2.0 steps/s, 0:01 left", "[########] 4/4 steps, 2.0 steps/s", ""});
  lines.clear();
  {
    model.milliseconds = {5000, 1};
    model.calls = 0;
    nf::progress_bar<decltype(write), hand_clock> bar{write, {.total = 2000, .width = 4}};
    for (int runs = 0; runs < 2; ++runs) sample(model, x, guided, bar);
  }
  CHECK(lines == std::vector<std::string>{"[----] 1/2000 steps, 5.0 s/step, 2:46:35 left", ""});
  lines.clear();
  {
    const nf::sampler adaptive{nf::dpm_adaptive{}, schedule, path()};
    model.milliseconds = {1000};
    nf::progress_bar<decltype(write), hand_clock> bar{write};
    adaptive(model, x, guided, bar);
  }
  CHECK(lines.front() == "1 steps, 3.0 s/step");

  std::ostringstream stream;
  {
    nf::progress_bar bar{stream, {.interval = 0}};
    sample(model, x, guided, bar);
  }
  CHECK_THAT(stream.str(), ContainsSubstring("\r[##############################] 4/4 steps"));
  CHECK(stream.str().ends_with("\r\033[K"));

  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  {
    nf::progress_bar bar{file, {.interval = 0}};
    sample(model, x, guided, bar);
  }
  CHECK(std::ftell(file) == 0);
  std::fclose(file);
}
