// L1, L5, L12, L14: who owns the loop, who throws and who looks changes nothing.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/sampler/cancellation.hpp>
#include <noisefall/sampler/deadline.hpp>
#include <noisefall/sampler/keep_every.hpp>
#include <noisefall/sampler/observers.hpp>
#include <noisefall/sampler/progress_bar.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace laws;

namespace {

constexpr std::size_t samples = 2, size = 65;

template <class Sampler>
nf::tensor<float> whole_loop(const Sampler& sample) {
  network<> model;
  nf::tensor<float> x({samples, size});
  sample(model, x, guided);
  return x;
}

// The guided, mapped x0 of the first element at the first level, by hand.
float denoised_at_start(const nf::threshold& map) {
  const nf::noise_level from = path().front();
  nf::tensor<float> x({samples, size}), c({samples, size}), u({samples, size});
  nf::philox{guided.seed}.fill(x.elements(), size, nf::increment{});
  for (float& v : x.elements()) v *= static_cast<float>(from.sigma);
  network<output::x0> model;
  const nf::evaluation at{.levels = {&from, 1}};
  model.predict(nf::view<float>{x}, at, guided.conditional, nf::mutable_view<float>{c});
  model.predict(nf::view<float>{x}, at, guided.unconditional, nf::mutable_view<float>{u});
  std::vector<double> x0(size), sizes(size);
  for (std::size_t i = 0; i < size; ++i) {
    x0[i] = static_cast<double>(c[i]) + 1.5 * static_cast<double>(c[i] - u[i]);
    sizes[i] = std::abs(x0[i]);
  }
  if (map.how == nf::threshold::kind::none) return static_cast<float>(x0[0]);
  if (map.how == nf::threshold::kind::fixed) return static_cast<float>(std::clamp(x0[0], -map.range, map.range));
  std::sort(sizes.begin(), sizes.end());
  const double place = map.ratio * static_cast<double>(size - 1), below = std::floor(place);
  const auto k = static_cast<std::size_t>(below);
  const double limit = std::clamp(sizes[k] + (place - below) * (sizes[k + 1] - sizes[k]), map.floor, map.ceiling);
  return static_cast<float>(std::clamp(x0[0], -limit, limit) / limit);
}

template <class Sampler>
nf::run_settings settings_of(const Sampler&) {
  return {.seed = guided.seed};
}

}  // namespace

TEST_CASE("L1: owning the loop gives the bits of the call") {
  for_each_solver([](const std::string& name, const auto& solver) {
    for_each_guidance([&](const std::string& rule, const auto& guidance) {
      if (nf::makes_two_readings(guidance) && !nf::takes_two_readings(solver)) return;
      if constexpr (nf::OwnStep<std::remove_cvref_t<decltype(solver)>>)
        if (nf::wants_gram(guidance)) return;
      INFO(name << ", " << rule);
      const nf::sampler sample{solver, schedule, path(), guidance};
      const auto expected = whole_loop(sample);

      network<> model;
      nf::tensor<float> x({samples, size}), mine({samples, size});
      auto run = sample.start(nf::mutable_view<float>{x}, settings_of(sample));
      while (const auto* request = run.next()) {
        std::vector<nf::tensor<float>> outputs(request->branches.size(), nf::tensor<float>{nf::shape{samples, size}});
        std::vector<nf::view<float>> views;
        for (std::size_t k = 0; k < outputs.size(); ++k) {
          const double& condition = guided.of_branch(request->branches[k]);
          if (request->gradients.holds(request->branches[k]))
            model.gradient(request->state, request->at, condition, nf::mutable_view<float>{outputs[k]});
          else
            model.predict(request->state, request->at, condition, nf::mutable_view<float>{outputs[k]});
          views.push_back(outputs[k]);
        }
        run.answer(views);
      }
      CHECK(same_bits(x, expected));
    });
  });
}

namespace {

// Throws at every `stride`-th call of the network.
void check_retries(const std::string& name, const nf::sampler& sample, std::size_t stride) {
  const auto expected = whole_loop(sample);
  network<> counted;
  nf::tensor<float> once({samples, size});
  sample(counted, once, guided);
  for (std::size_t at = 0; at < counted.calls; at += stride) {
    INFO(name << ", throw at call " << at);
    network<> model{.throw_at = at};
    nf::tensor<float> x({samples, size});
    auto run = sample.start(nf::mutable_view<float>{x}, settings_of(sample));
    nf::tensor<float> before = x;
    std::size_t thrown = 0;
    while (run.next() != nullptr) {
      before = x;
      const std::size_t steps = run.steps_done();
      try {
        nf::step(run, model, guided);
      } catch (const std::runtime_error&) {
        ++thrown;
        CHECK(run.steps_done() == steps);
        CHECK(same_bits(x, before));
      }
    }
    CHECK(thrown == 1);
    CHECK(same_bits(x, expected));
  }
}

}  // namespace

TEST_CASE("L5: a step retried after a throw gives the same bits, and the state stays at the last completed step") {
  for_each_solver([](const std::string& name, const auto& solver) {
    check_retries(name, nf::sampler{solver, schedule, path(), hardest_for(solver)}, 3);
  });
}

TEST_CASE("L5: a step retried after a throw gives the same bits under any guidance") {
  for_each_guidance([](const std::string& name, const nf::any_guidance& guidance) {
    check_retries(name, nf::sampler{nf::ddim{.eta = 0.5}, schedule, path(), guidance}, 1);
    if (!guidance.two_readings())
      check_retries(name + ", heun", nf::sampler{nf::heun{}, schedule, path(), guidance}, 1);
  });
}

TEST_CASE("L12: observing changes nothing") {
  for_each_solver([](const std::string& name, const auto& solver) {
    for_each_map([&](const std::string& map_name, const nf::threshold& map) {
      INFO(name << ", " << map_name);
      const nf::sampler sample{solver, schedule, path(), doubled, nf::predicts_eps{}, map};
      const auto expected = whole_loop(sample);
      network<> model;
      nf::tensor<float> x({samples, size});
      std::size_t seen = 0;
      float first = 0;
      sample(model, x, guided, [&](const auto& report) {
        if (seen++ == 0) first = report.denoised()[0];
      });
      CHECK(seen > 0);
      CHECK(same_bits(x, expected));
      if (name.find("churn") == std::string::npos)  // churn looks at another state than the first
        CHECK(first == Approx(denoised_at_start(map)).epsilon(1e-4));
    });
  });
}

TEST_CASE("L12: none of the library's observers changes anything, alone or together") {
  for_each_solver([](const std::string& name, const auto& solver) {
    INFO(name);
    const nf::sampler sample{solver, schedule, path(), hardest_for(solver)};
    const auto expected = whole_loop(sample);
    const auto check = [&](auto&& see) {
      network<> model;
      nf::tensor<float> x({samples, size});
      CHECK(sample(model, x, guided, see).how == nf::outcome::finished);
      CHECK(same_bits(x, expected));
    };
    nf::keep_every<float> states{2, nf::kept::x, 100}, estimates{1, nf::kept::denoised, 3};
    nf::cancellation never{[] { return false; }};
    nf::deadline tomorrow{std::chrono::hours{24}};
    std::size_t written = 0;
    nf::progress_bar bar{[&](std::string_view text) { written += text.size(); }, {.interval = 0}};
    check(states);
    check(estimates);
    check(never);
    check(tomorrow);
    check(bar);
    check(nf::observers{bar, states, never, tomorrow, estimates});
    CHECK(states.size() > 0);
    CHECK(estimates.size() == 3);
    CHECK(written > 0);
  });
}

TEST_CASE("An observer that stops leaves the state of the last step, and says so") {
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, path()};
  network<> model;
  nf::tensor<float> x({1, 8});
  const auto result = sample(model, x, guided, [](const auto& report) {
    return report.at.index == 2 ? nf::verdict::stop : nf::verdict::go_on;
  });
  CHECK(result.how == nf::outcome::stopped);
  CHECK(result.steps == 3);
  CHECK(result.evaluations == 3);
}

TEST_CASE("Restarting a run gives the same bits again, and with another seed those of that seed") {
  for_each_solver([](const std::string& name, const auto& solver) {
    INFO(name);
    const nf::sampler sample{solver, schedule, path(), hardest_for(solver)};
    network<> model;
    nf::tensor<float> x({samples, size}), other({samples, size});
    auto run = sample.start(x, {.seed = 4});
    nf::finish(run, model, guided, nf::ignore_steps{});
    const nf::tensor<float> first = x;
    run.restart();
    nf::finish(run, model, guided, nf::ignore_steps{});
    CHECK(same_bits(x, first));
    run.restart(nf::philox{guided.seed});
    nf::finish(run, model, guided, nf::ignore_steps{});
    sample(model, other, guided);
    CHECK(same_bits(x, other));
  });
}

namespace {

// Counts what is asked of it; otherwise philox.
struct counting_noise {
  std::shared_ptr<std::size_t> draws = std::make_shared<std::size_t>(0);
  nf::philox source{.seed = 3};
  template <class T>
  void fill(std::span<T> out, std::size_t sample_size, const nf::increment& which) const {
    if (which.step != nf::increment::initial) ++*draws;
    source.fill(out, sample_size, which);
  }
};

}  // namespace

TEST_CASE("L14: a zero noise coefficient draws nothing") {
  const auto draws = [](const auto& solver) {
    const nf::sampler sample{solver, schedule, path()};
    network<> model;
    nf::tensor<float> x({1, 8});
    counting_noise noise;
    sample(model, nf::mutable_view<float>{x}, guided, noise);
    return *noise.draws;
  };
  CHECK(draws(nf::ddim{}) == 0);
  CHECK(draws(nf::heun{}) == 0);
  CHECK(draws(nf::dpm_pp_sde{.eta = 0}) == 0);
  CHECK(draws(nf::sa_solver{.tau = 0}) == 0);
  CHECK(draws(nf::dpm_adaptive{}) == 0);
  CHECK(draws(nf::ddim{.eta = 1}) == 6);
  CHECK(draws(nf::heun{.s_churn = 2}) == 6);
}

TEST_CASE("Philox drawn inside the pass has the bits of philox drawn before it") {
  for_each_planned_solver([](const std::string& name, const auto& solver) {
    INFO(name);
    const nf::sampler sample{solver, schedule, path()};
    network<> model;
    nf::tensor<float> fused({3, 65}), filled({3, 65});
    counting_noise noise;
    auto options = guided;
    options.seed = noise.source.seed;
    sample(model, fused, options);
    sample(model, nf::mutable_view<float>{filled}, options, noise);
    CHECK(same_bits(fused, filled));
  });
}
