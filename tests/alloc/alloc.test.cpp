// L11: once a run is built, the loop allocates nothing. This program counts every call of operator new.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <string_view>

#include <noisefall/sampler/cancellation.hpp>
#include <noisefall/sampler/deadline.hpp>
#include <noisefall/sampler/keep_every.hpp>
#include <noisefall/sampler/observers.hpp>
#include <noisefall/sampler/progress_bar.hpp>
#include <noisefall/tensor/parallel_algebra.hpp>
#include <noisefall/tensor/thread_pool.hpp>

#include "catch.hpp"
#include "laws/support.hpp"

namespace {
std::atomic<std::size_t> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* p = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc{};
  return p;
}
}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
// Not inlined: g++ would see a free() that does not match its new.
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

using namespace laws;

namespace {

// Allocations of a whole run and of the run after its restart, not counting what building it took.
template <class Sampler, class A = nf::span_algebra<float>>
std::size_t allocations_in_loop(const Sampler& sample, const A& on = {}) {
  network<> model;
  nf::tensor<float> x({3, 112});
  auto run = sample.start(on, x, {.seed = 5}, nf::philox{5});
  const std::size_t before = allocations;
  nf::finish(run, model, guided, nf::ignore_steps{});
  run.restart();
  nf::finish(run, model, guided, nf::ignore_steps{});
  return allocations - before;
}

}  // namespace

TEST_CASE("L11: no allocation in the loop of any solver, restart included") {
  const std::size_t before = allocations;
  int* volatile counted_too = new int{1};
  delete counted_too;
  CHECK(allocations == before + 1);
  for_each_solver([](const std::string& name, const auto& solver) {
    INFO(name);
    CHECK(allocations_in_loop(nf::sampler{solver, schedule, path(), hardest_for(solver)}) == 0);
  });
  // Too many arrays for one pass: the reading is stored first.
  CHECK(allocations_in_loop(nf::sampler{nf::unipc{.order = 4}, schedule, path(), projected}) == 0);
}

TEST_CASE("L11: no allocation in the loop by observers, nor by a known part, nor by a last step to the end") {
  for_each_solver([](const std::string& name, const auto& solver) {
    INFO(name);
    const nf::sampler sample{solver, schedule, path(), hardest_for(solver)};
    network<> model;
    nf::tensor<float> x({3, 112}), values({3, 112}), weights({3, 112});
    auto run = sample.start(x, {.seed = 5, .keep_denoised = true});
    if constexpr (!nf::OwnStep<std::remove_cvref_t<decltype(solver)>>) run.hold({values, weights});
    nf::keep_every<float> states{2, nf::kept::x, 4}, estimates{1, nf::kept::denoised, 4};
    std::size_t written = 0;
    nf::progress_bar bar{[&](std::string_view text) { written += text.size(); }, {.interval = 0}};
    std::size_t asked = 0;
    nf::observers all{bar, states, estimates, nf::cancellation{[&] { return ++asked > 1000; }},
                      nf::deadline{std::chrono::hours{1}}};
    all.begin(run);  // where memory is taken
    const std::size_t before = allocations;
    nf::finish(run, model, guided, all);
    run.restart();
    nf::step(run, model, guided);
    run.finish_now();
    nf::finish(run, model, guided, all);
    CHECK(allocations == before);
    CHECK(run.shortened());
    CHECK(states.size() > 0);
    CHECK(written > 0);
  });
}

TEST_CASE("L11: no allocation in the loop under any guidance or map") {
  for_each_guidance([](const std::string& name, const auto& guidance) {
    INFO(name);
    CHECK(allocations_in_loop(nf::sampler{nf::dpm_pp_2m{}, schedule, path(), guidance}) == 0);
  });
  for_each_map([](const std::string& name, const nf::threshold& map) {
    INFO(name);
    CHECK(allocations_in_loop(nf::sampler{nf::dpm_pp_2m{}, schedule, path(), doubled, nf::predicts_eps{}, map}) == 0);
  });
}

TEST_CASE("L11: no allocation in the loop on threads, neither in the algebra nor in the pool") {
  nf::thread_pool pool{3};
  const auto on = nf::parallel<float>(pool, {.linear = 0, .noise = 0, .chunk = 64});
  for_each_solver([&](const std::string& name, const auto& solver) {
    INFO(name);
    const nf::sampler sample{
        solver, schedule, path(), hardest_for(solver), nf::predicts_eps{}, nf::dynamic_threshold(0.9, 1.2)};
    CHECK(allocations_in_loop(sample, on) == 0);
  });
}
