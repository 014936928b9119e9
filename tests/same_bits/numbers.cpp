// Compiled twice, into namespace NOISEFALL_FLAGS: with the compiler's plain flags and for the machine it runs on.
#include "numbers.hpp"

#include <cstddef>
#include <random>
#include <vector>

#include <noisefall/noisefall.hpp>

#include "random/golden_normals.hpp"

namespace nf = noisefall;

namespace {

template <class T>
std::vector<T> random_numbers(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<T> made(n);
  for (T& x : made) x = static_cast<T>(static_cast<double>(random()) * 0x1p-30 - 2);
  return made;
}

// Every number of inputs, with value, clamp and noise, in place.
template <class T>
void add_passes(nf::test::hash& bits) {
  using weights = nf::pass_weights;
  const nf::shape extents{3, 301};
  const std::vector<double> limit{0.7}, divisor{1.3};
  for (std::size_t count = 1; count <= weights::inputs; ++count) {
    std::vector<std::vector<T>> arrays;
    for (unsigned k = 0; k <= count; ++k) arrays.push_back(random_numbers<T>(extents.size(), k + 1));
    std::vector<double> storage = random_numbers<double>(weights::storage_size(1), 99);
    nf::pass_description<nf::view<T>, nf::mutable_view<T>> what;
    for (std::size_t k = 0; k < count; ++k) what.inputs.push_back({arrays[k].data(), extents});
    what.weights = weights{storage, 1};
    what.has_value = count % 2 == 0;
    if (count % 4 == 0) {
      what.limit = limit;
      what.divisor = divisor;
    }
    what.outputs.push_back({arrays[0].data(), extents});
    what.outputs.push_back({arrays[count].data(), extents});
    if (count % 3 == 0) what.draws.push_back({{.first_sample = 5, .step = 3, .slot = 1}, {}, false});
    nf::span_algebra<T>{}.pass(what);
    bits.add(arrays[0]);
    bits.add(arrays[count]);
  }
}

template <class T>
void add_gram(nf::test::hash& bits) {
  const std::size_t samples = 3, size = 301, vectors = 3;
  const std::vector<T> a = random_numbers<T>(samples * size, 1), b = random_numbers<T>(samples * size, 2);
  const nf::view<T> inputs[] = {{a.data(), {samples, size}}, {b.data(), {samples, size}}};
  const std::vector<double> basis{1, 0, 0, 0.3, -1.7, 0, 0.1, 0.2, 0.4};
  std::vector<double> products(samples * vectors * vectors);
  nf::span_algebra<T>{}.gram(inputs, basis, products);
  bits.add(products);
}

template <class T>
void add_quantile(nf::test::hash& bits) {
  const std::size_t samples = 3;
  for (const std::size_t size : {1u, 7u, 301u, 12288u})
    for (const double p : {0.5, 0.9, 0.995}) {
      const std::vector<T> x = random_numbers<T>(samples * size, 7);
      std::vector<double> found(samples);
      nf::span_algebra<T>{}.quantile({x.data(), {samples, size}}, p, found);
      bits.add(found);
    }
}

template <class T>
struct network {
  using condition = double;

  void predict(nf::view<T> x, const nf::evaluation& at, double mean, nf::mutable_view<T> eps) {
    const auto [t, alpha, sigma] = at.level(0);
    for (std::size_t i = 0; i < x.size(); ++i)
      eps[i] = static_cast<T>(network_output(static_cast<double>(x[i]), alpha, sigma, mean));
  }
};

template <class T, class Solver, class Spacing>
void add_sample(std::vector<numbers::sample>& to, const char* name, const Solver& solver, const Spacing& spacing) {
  const nf::sampler sample{solver, nf::linear{}, spacing, nf::guidance_scale(2)};
  nf::tensor<T> x({2, 70});
  network<T> model;
  sample(model, x, {.seed = 42, .conditional = 0.6, .unconditional = -0.2});
  to.push_back({name, sizeof(T) == sizeof(float), {x.elements().begin(), x.elements().end()}});
}

template <class T>
void add_samples(std::vector<numbers::sample>& to) {
  add_sample<T>(to, "dpm_pp_2m", nf::dpm_pp_2m{}, nf::karras{.steps = 12});
  add_sample<T>(to, "ddpm", nf::ddpm{}, nf::trailing{.steps = 12});
  add_sample<T>(to, "unipc", nf::unipc{}, nf::uniform_lambda{.steps = 12});
  add_sample<T>(to, "dpm_adaptive", nf::dpm_adaptive{}, nf::uniform_lambda{.steps = 6});
}

}  // namespace

namespace NOISEFALL_FLAGS {

numbers compute() {
  numbers made;
  made.normals = nf::test::hash_of_many(nf::kernels::widest_instruction_set());
  nf::test::hash passes, gram, quantile;
  add_passes<float>(passes);
  add_passes<double>(passes);
  add_gram<float>(gram);
  add_gram<double>(gram);
  add_quantile<float>(quantile);
  add_quantile<double>(quantile);
  made.passes = passes.value();
  made.gram = gram.value();
  made.quantile = quantile.value();
  add_samples<float>(made.samples);
  add_samples<double>(made.samples);
  return made;
}

}  // namespace NOISEFALL_FLAGS
