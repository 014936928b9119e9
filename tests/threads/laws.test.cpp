// L4: threads change nothing.
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <noisefall/tensor/parallel_algebra.hpp>
#include <noisefall/tensor/thread_pool.hpp>

#include "catch.hpp"
#include "laws/support.hpp"

using namespace laws;

namespace {

constexpr nf::parallel_options always{.linear = 0, .noise = 0, .chunk = 64};
constexpr std::size_t samples = 5, size = 112;

template <class T, class Sampler>
nf::tensor<T> alone(const Sampler& sample) {
  network<> model;
  nf::tensor<T> x({samples, size});
  sample(model, x, guided);
  return x;
}

template <class T, class Sampler>
nf::tensor<T> together(nf::thread_pool& pool, const Sampler& sample) {
  network<> model;
  nf::tensor<T> x({samples, size});
  sample(nf::parallel<T>(pool, always), model, x, guided);
  return x;
}

// Pools of every size that the law is tried with.
struct pools {
  nf::thread_pool one{1}, two{2}, three{3}, seven{7};

  template <class Sampler>
  void check(const Sampler& sample) {
    const auto as_float = alone<float>(sample);
    const auto as_double = alone<double>(sample);
    for (nf::thread_pool* pool : {&one, &two, &three, &seven}) {
      INFO(pool->threads() << " threads");
      CHECK(same_bits(together<float>(*pool, sample), as_float));
      CHECK(same_bits(together<double>(*pool, sample), as_double));
    }
  }
};

}  // namespace

TEST_CASE("L4: a sample does not depend on the number of threads under any solver") {
  pools with;
  for_each_solver([&](const std::string& name, const auto& solver) {
    INFO(name);
    with.check(nf::sampler{solver, schedule, path(4), hardest_for(solver)});
  });
}

TEST_CASE("L4: a sample does not depend on the number of threads under any guidance or map") {
  pools with;
  for_each_guidance([&](const std::string& name, const auto& guidance) {
    INFO(name);
    with.check(nf::sampler{nf::ddim{.eta = 0.7}, schedule, path(4), guidance});
  });
  for_each_map([&](const std::string& name, const nf::threshold& map) {
    INFO(name);
    with.check(nf::sampler{nf::unipc{}, schedule, path(4), doubled, nf::predicts_eps{}, map});
  });
}

TEST_CASE("L4: a run that holds a known part does not depend on the number of threads") {
  const nf::sampler sample{nf::dpm_pp_sde{}, schedule, path(4), projected};
  nf::thread_pool pool{3};
  nf::tensor<float> values({samples, size}), weights({samples, size}), one({samples, size}), three({samples, size});
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = 0.01F * static_cast<float>(i % 70);
    weights[i] = 0.5F * static_cast<float>(i % 3);
  }
  network<> model;
  auto run = sample.start(one, {.seed = guided.seed});
  run.hold({values, weights});
  nf::finish(run, model, guided, nf::ignore_steps{});
  auto shared = sample.start(nf::parallel<float>(pool, always), three, {.seed = guided.seed}, nf::philox{guided.seed});
  shared.hold({values, weights});
  nf::finish(shared, model, guided, nf::ignore_steps{});
  CHECK(same_bits(one, three));
}

TEST_CASE("L4: with the break-even as it is a large batch has the same bits") {
  const nf::sampler sample{nf::ddim{.eta = 1}, schedule, path(2)};
  nf::thread_pool pool{2};
  network<> model;
  nf::tensor<float> one({2, 270'000}), two({2, 270'000});
  sample(model, one, guided);
  sample(nf::parallel<float>(pool), model, two, guided);
  CHECK(same_bits(one, two));
}

TEST_CASE("L5: a predictor that throws under the parallel algebra is asked again, and the pool is as before") {
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, path(), projected};
  nf::thread_pool pool{3};
  network<> model{.throw_at = 5};
  nf::tensor<float> x({samples, size});
  CHECK_THROWS_AS(sample(nf::parallel<float>(pool, always), model, x, guided), std::runtime_error);
  network<> again{.throw_at = 5};
  auto run = sample.start(nf::parallel<float>(pool, always), x, {.seed = guided.seed}, nf::philox{guided.seed});
  CHECK_THROWS_AS(nf::finish(run, again, guided, nf::ignore_steps{}), std::runtime_error);
  nf::finish(run, again, guided, nf::ignore_steps{});
  CHECK(same_bits(x, alone<float>(sample)));
}

TEST_CASE("L4: two runs at once on one pool have the bits of runs alone") {
  const nf::sampler sample{nf::dpm_pp_sde{}, schedule, path(), projected};
  nf::thread_pool pool{2};
  const auto expected = alone<float>(sample);
  nf::tensor<float> found[2];
  std::vector<std::thread> callers;
  for (auto& x : found) callers.emplace_back([&] { x = together<float>(pool, sample); });
  for (std::thread& caller : callers) caller.join();
  CHECK(same_bits(found[0], expected));
  CHECK(same_bits(found[1], expected));
}

TEST_CASE("The whole loop on a given algebra takes the noise and the observer of the call without one") {
  const nf::sampler sample{nf::dpm_pp_sde{}, schedule, path()};
  nf::thread_pool pool{2};
  const auto on = nf::parallel<float>(pool, always);
  network<> model;
  nf::tensor<float> expected({samples, size}), x({samples, size});
  sample(model, nf::mutable_view<float>{expected}, guided, nf::philox{3});
  std::size_t seen = 0;
  sample(on, model, x, guided, nf::philox{3}, [&](const auto&) { ++seen; });
  CHECK(same_bits(x, expected));
  CHECK(seen == sample.steps());
  sample(on, model, x, guided,
         [&](const auto& report) { return report.at.index == 0 ? nf::verdict::stop : nf::verdict::go_on; });
  CHECK_FALSE(same_bits(x, expected));
}
