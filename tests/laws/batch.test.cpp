// L3: a sample is the same whatever it is sampled with.
#include <array>
#include <vector>

#include "catch.hpp"
#include "support.hpp"

using namespace laws;

namespace {

constexpr std::size_t most = 64;

template <class T, class Sampler>
void check_sampler(const Sampler& sample, std::size_t size) {
  network<> model;
  nf::tensor<T> all(nf::shape{most, size});
  sample(model, all, guided);
  for (const std::size_t batch : std::array<std::size_t, 4>{1, 2, 3, 7}) {
    const std::size_t first = most - batch - size % 5;
    auto options = guided;
    options.first_sample = first;
    nf::tensor<T> some(nf::shape{batch, size});
    sample(model, some, options);
    CHECK(same_bits<T>(some.elements(), all.elements().subspan(first * size, batch * size)));
  }
}

template <class Sampler>
void check_sizes(const Sampler& sample) {
  for (const std::size_t size : std::array<std::size_t, 7>{1, 2, 63, 64, 65, 112, 784}) {
    INFO(size << " elements");
    check_sampler<float>(sample, size);
    check_sampler<double>(sample, size);
  }
}

}  // namespace

TEST_CASE("L3: a sample does not depend on its batch neighbours under any solver") {
  for_each_solver([](const std::string& name, const auto& solver) {
    INFO(name);
    check_sizes(nf::sampler{solver, schedule, path(3)});
  });
}

TEST_CASE("L3: a sample does not depend on its batch neighbours under any guidance") {
  for_each_guidance([](const std::string& name, const auto& guidance) {
    INFO(name);
    check_sizes(nf::sampler{nf::dpm_pp_2m{}, schedule, path(3), guidance});
  });
}

TEST_CASE("L3: a sample does not depend on its batch neighbours under any map") {
  for_each_map([](const std::string& name, const nf::threshold& map) {
    INFO(name);
    check_sizes(nf::sampler{nf::unipc{}, schedule, path(3), doubled, nf::predicts_eps{}, map});
  });
}

TEST_CASE("L3: samples of an adaptive solver that stand on two sides of a window do not feel each other") {
  for (const nf::weight_schedule& weight :
       {nf::weight_schedule::interval(2, 0.3, 3), nf::weight_schedule::window(2, 1, 1)}) {
    const nf::sampler sample{nf::dpm_adaptive{}, schedule, path(1), nf::classifier_free{.weight = weight}};
    check_sizes(sample);
  }
}

TEST_CASE("L3: a map, a momentum and a corrector together do not couple samples either") {
  check_sizes(nf::sampler{nf::unipc{.order = 4}, schedule, path(5), projected, nf::predicts_eps{},
                          nf::dynamic_threshold(0.9, 1.2)});
}

TEST_CASE("A solver that couples its batch says so and does") {
  const nf::sampler sample{nf::dpm_adaptive{.couples_batch = true}, schedule, path(1)};
  network<> model;
  nf::tensor<double> both({2, 3}), one({1, 3});
  sample(model, both, guided);
  sample(model, one, guided);
  CHECK_FALSE(same_bits<double>(one.elements(), both.elements().first(3)));
}
