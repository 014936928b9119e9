// What kernels and whole steps cost, for people: passes, normals, inner products, quantiles, and solvers by size.
//
// bin/steps --benchmark_filter=<regex> runs some of them; Google Benchmark's other options work too. bin/limits is the
// one to judge by: here nothing runs in turn, and a bad moment of the machine hits whatever runs then.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/dpm_pp_sde.hpp>

#include "support/block.hpp"
#include "support/machine.hpp"
#include "support/passes.hpp"
#include "support/samplers.hpp"
#include "support/triad.hpp"

namespace {

namespace nf = noisefall;

struct size {
  std::string name;
  nf::shape extents;
};

const std::vector<size> sizes{{"1x16x7", {1, 16, 7}}, {"1x4x64x64", {1, 4, 64, 64}}, {"64x3x64x64", {64, 3, 64, 64}}};

// Registers code that handles `elements` elements and moves `bytes` of each, if that is known. `make` allocates what
// the code works on, when its turn comes.
template <class Make>
void add(const std::string& name, std::size_t elements, std::size_t bytes, Make make) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    auto code = make();
    code();
    for (auto turn : state) code();
    const auto handled = state.iterations() * static_cast<std::int64_t>(elements);
    state.SetItemsProcessed(handled);
    if (bytes > 0) state.SetBytesProcessed(handled * static_cast<std::int64_t>(bytes));
  });
}

// A pass over the arrays of a block, which it keeps alive.
template <class Describe>
void add_pass(const std::string& name, const nf::shape& extents, std::size_t arrays_moved, Describe describe) {
  add(name, extents.size(), arrays_moved * sizeof(float), [=] {
    auto memory = std::make_shared<bench::block>(9 * extents.size());
    return [memory, pass = std::make_shared<bench::prepared_pass>(describe(*memory))] { (*pass)(); };
  });
}

void add_passes(const size& at) {
  const nf::shape extents = at.extents;
  const auto step = [extents](auto describe) {
    return [=](const bench::block& memory) {
      const auto array = [&](std::size_t i) { return memory.array(i, extents); };
      return describe(bench::step_arrays{array(0), array(1), array(2), array(3)});
    };
  };
  for (std::size_t terms = 1; terms <= nf::pass_weights::inputs; ++terms)
    add_pass("pass/sum of " + std::to_string(terms) + "/" + at.name, extents, terms + 1,
             [=](const bench::block& memory) {
               std::vector<bench::algebra::span> inputs;
               for (std::size_t k = 0; k < terms; ++k) inputs.push_back(memory.array(k, extents));
               return bench::combination(inputs, memory.array(terms, extents));
             });
  add_pass("pass/2M + guidance + clamp/" + at.name, extents, 6,
           step([](const auto& arrays) { return bench::two_m_clamp(arrays); }));
  add_pass("pass/2M + guidance + clamp, weights per sample/" + at.name, extents, 6,
           step([=](const auto& arrays) { return bench::two_m_clamp(arrays, extents.samples()); }));
  add_pass("pass/2M + guidance + noise/" + at.name, extents, 6, step(bench::two_m_noise));
  add_pass("pass/ancestral + guidance/" + at.name, extents, 4, step(bench::ancestral));
  add("triad/" + at.name, extents.size() / 64 * 64, bench::triad_bytes, [=] {
    return [memory = std::make_shared<bench::block>(3 * extents.size()), n = extents.size()] {
      bench::triad(memory->array(0, n), memory->array(1, n), memory->array(2, n), n / 64 * 64);
    };
  });
}

void add_normals() {
  using nf::kernels::instruction_set;
  for (const instruction_set set : {instruction_set::avx512, instruction_set::avx2, instruction_set::portable}) {
    if (!nf::kernels::has(set)) continue;
    for (const std::size_t sample_size : {3U, 112U, 65536U})
      add(std::string{"normals/"} + bench::name_of(set) + "/samples of " + std::to_string(sample_size), 65536,
          sizeof(float), [=] {
            return [=, memory = std::make_shared<bench::block>(65536)] {
              nf::kernels::normals_by(set, {42, 1, 0, sample_size}, 0, 65536, memory->array(0, 65536));
            };
          });
  }
}

// c, c - u and 1, as guidance rules ask for them.
void add_gram(const size& at) {
  const nf::shape extents = at.extents;
  add("gram/3 vectors of 2 arrays/" + at.name, extents.size(), 2 * sizeof(float), [=] {
    return [extents, memory = std::make_shared<bench::block>(2 * extents.size()),
            products = std::vector<double>(9 * extents.samples())]() mutable {
      constexpr std::array<double, 9> basis{1, 0, 0, 1, -1, 0, 0, 0, 1};
      const std::array<bench::algebra::view, 2> inputs{memory->array(0, extents), memory->array(1, extents)};
      bench::algebra{}.gram(inputs, basis, products);
      benchmark::DoNotOptimize(products.data());
      benchmark::ClobberMemory();
    };
  });
}

void add_quantile(std::size_t n, double p) {
  const nf::shape extents{8, n};
  add("quantile/8 of " + std::to_string(n) + "/" + std::to_string(p).substr(0, 5), extents.size(), sizeof(float), [=] {
    return [=, memory = std::make_shared<bench::block>(extents.size()), found = std::vector<double>(8)]() mutable {
      bench::algebra{}.quantile(memory->array(0, extents), p, found);
      benchmark::DoNotOptimize(found.data());
      benchmark::ClobberMemory();
    };
  });
}

// Steps of the engine under guidance, with a network that costs nothing.
template <class Solver>
void add_steps(const std::string& name, const Solver& solver, const nf::threshold& map = {}) {
  for (const size& at : sizes)
    add("step/" + name + "/" + at.name, at.extents.size(), 0, [=, extents = at.extents] {
      return bench::endless_run<>{bench::sampler_of(solver, nf::guidance_scale(7.5), map), extents};
    });
}

}  // namespace

int main(int count, char** arguments) {
  for (const size& at : sizes) add_passes(at);
  add_normals();
  for (const size& at : sizes) add_gram(at);
  for (const std::size_t n : {784U, 12288U, 196608U})
    for (const double p : {0.5, 0.9, 0.995}) add_quantile(n, p);
  add_steps("DDIM", nf::ddim{});
  add_steps("DDIM, eta 1", nf::ddim{.eta = 1});
  add_steps("2M", nf::dpm_pp_2m{});
  add_steps("2M, clamped", nf::dpm_pp_2m{}, nf::static_threshold(1));
  add_steps("2M, dynamic threshold", nf::dpm_pp_2m{}, nf::dynamic_threshold());
  add_steps("2M SDE", nf::dpm_multistep{.order = 2, .tau_squared = 1});
  add_steps("UniPC-3", nf::unipc{});
  add_steps("DPM++ SDE", nf::dpm_pp_sde{});

  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
