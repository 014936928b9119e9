#include "catch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include <noisefall/tensor/parallel_algebra.hpp>

using namespace noisefall;
using sizes = std::initializer_list<std::size_t>;

namespace {

using task_type = function_ref<void(std::size_t)>;

// The least executor: no copy, no state of the library's. Last task first, so that no task may count on the one before.
struct backwards {
  std::size_t jobs = 0, tasks = 0;
  backwards() = default;
  backwards(const backwards&) = delete;
  backwards& operator=(const backwards&) = delete;
  void operator()(std::size_t count, task_type task) {
    ++jobs;
    tasks += count;
    while (count > 0) task(--count);
  }
};

const auto in_order = [](std::size_t count, task_type task) {
  for (std::size_t i = 0; i < count; ++i) task(i);
};

static_assert(Executor<backwards> && Executor<decltype(in_order)> && Executor<in_this_thread>);
static_assert(!Executor<const backwards> && !Executor<int>);
static_assert(Algebra<parallel_algebra<float, backwards>> && Algebra<parallel_algebra<double, const in_this_thread>>);
static_assert(sizeof(parallel_algebra<float, backwards>) <= 4 * sizeof(void*));

constexpr parallel_options always{.linear = 0, .noise = 0, .chunk = 64};

template <class T>
std::vector<T> random_numbers(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<double> normal;
  std::vector<T> numbers(n);
  for (T& x : numbers) x = static_cast<T>(normal(random));
  return numbers;
}

// Everything that a pass can do at once, over `stride` elements per sample; the written arrays, one after the other.
template <class A>
auto passed(const A& on, std::size_t samples, std::size_t size, std::size_t stride, std::size_t lanes) {
  using T = typename A::scalar;
  const auto a = random_numbers<T>(samples * stride, 1), b = random_numbers<T>(samples * stride, 2);
  const auto z = random_numbers<T>(samples * stride, 3), gain = random_numbers<T>(samples * stride, 4);
  std::vector<T> written(3 * samples * stride);
  std::vector<double> storage(pass_weights::storage_size(lanes)), limit(lanes), divisor(lanes);
  const shape extents{samples, size};
  const auto array = [&](std::size_t k) {
    return mutable_view<T>{written.data() + k * samples * stride, extents, stride};
  };
  std::copy(a.begin(), a.end(), array(0).data());  // in place
  pass_description<view<T>, mutable_view<T>> what;
  what.inputs.push_back(array(0));
  what.inputs.push_back({b.data(), extents, stride});
  what.weights = {storage, lanes};
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    for (std::size_t row = 0; row < 3; ++row)
      for (std::size_t term = 0; term < pass_weights::terms; ++term)
        what.weights.at(row, term, lane) = 0.1 + 0.3 * static_cast<double>((row + 2 * term + 3 * lane) % 5);
    limit[lane] = 0.7 + 0.1 * static_cast<double>(lane);
    divisor[lane] = 1.5;
  }
  what.has_value = what.stores = true;
  what.store = array(2);
  what.limit = limit;
  what.divisor = divisor;
  what.outputs.push_back(array(0));
  what.outputs.push_back(array(1));
  what.draws.push_back({{.first_sample = 5, .step = 3, .slot = 1}});
  what.draws.push_back({{}, {z.data(), extents, stride}, true});
  what.seed = 11;
  what.gain = gain_rule::square_root;
  what.gain_input = {gain.data(), extents, stride};
  on.pass(what);
  return written;
}

struct extent {
  std::size_t samples, size;
};
const extent batches[] = {{1, 1000}, {2, 64}, {3, 65}, {7, 112}, {64, 2}, {5, 1}, {1, 0}, {0, 3}};

template <class T>
constexpr T nan_value = std::numeric_limits<T>::quiet_NaN();

}  // namespace

TEMPLATE_TEST_CASE("a split pass has the bits of the whole one", "", float, double) {
  for (const auto& [samples, size] : batches)
    for (const std::size_t gap : sizes{0, 3})
      for (const std::size_t lanes : {std::size_t{1}, samples}) {
        if (samples == 0) continue;
        INFO(samples << " samples of " << size << ", " << gap << " apart, lanes " << lanes);
        const auto whole = passed(span_algebra<TestType>{}, samples, size, size + gap, lanes);
        backwards executor;
        CHECK(passed(parallel<TestType>(executor, always), samples, size, size + gap, lanes) == whole);
        CHECK(passed(parallel<TestType>(in_order, always), samples, size, size + gap, lanes) == whole);
        if (samples == 1 && gap == 0) CHECK(executor.tasks == (size + 63) / 64);
      }
}

TEMPLATE_TEST_CASE("split reductions and copies have the bits of the whole ones", "", float, double) {
  for (const auto& [samples, size] : batches)
    for (const std::size_t gap : sizes{0, 3}) {
      INFO(samples << " samples of " << size << ", " << gap << " apart");
      backwards executor;
      const span_algebra<TestType> whole;
      const auto split = parallel<TestType>(executor, always);
      const std::size_t stride = size + gap;
      const shape extents{samples, size};
      auto x = random_numbers<TestType>(samples * stride, 1), y = random_numbers<TestType>(samples * stride, 2);
      const view<TestType> views[] = {{x.data(), extents, stride}, {y.data(), extents, stride}};
      const double basis[] = {1, 0, 0, 1, -1, 0, 0.5, 0, 2};
      std::vector<double> expected(9 * samples), found(9 * samples);
      whole.gram(views, basis, expected);
      split.gram(views, basis, found);
      CHECK(found == expected);
      whole.quantile(views[0], 0.9, expected);
      split.quantile(views[0], 0.9, found);
      CHECK(found == expected);
      whole.scaled_error(views[0], views[1], views[0], 1e-3, 1e-2, expected);
      split.scaled_error(views[0], views[1], views[0], 1e-3, 1e-2, found);
      CHECK(found == expected);

      std::vector<TestType> expected_list(samples * size), found_list(samples * size);
      whole.download(views[0], expected_list);
      split.download(views[0], found_list);
      CHECK(found_list == expected_list);
      auto other = y;
      whole.upload(expected_list, {y.data(), extents, stride});
      split.upload(expected_list, {other.data(), extents, stride});
      CHECK(other == y);
      whole.fill({y.data(), extents, stride}, 0.25);
      split.fill({other.data(), extents, stride}, 0.25);
      CHECK(other == y);
    }
}

TEST_CASE("split finite looks at every element, and at no other") {
  backwards executor;
  const auto split = parallel<float>(executor, always);
  for (const std::size_t gap : sizes{0, 1}) {
    std::vector<float> x(3 * (150 + gap), 1);
    const mutable_view<float> at{x.data(), {3, 150}, 150 + gap};
    if (gap == 1)
      for (std::size_t sample = 0; sample < 3; ++sample) at.sample(sample)[150] = nan_value<float>;
    CHECK(split.finite(at));
    for (std::size_t i = 0; i < 450; ++i) {
      float& element = at.sample(i / 150)[i % 150];
      element = nan_value<float>;
      CHECK_FALSE(split.finite(at));
      element = 1;
    }
  }
}

TEST_CASE("a buffer of the parallel algebra is zero and one of the span algebra") {
  backwards executor;
  const auto split = parallel<double>(executor, always);
  auto buffer = split.allocate({3, 100});
  CHECK(executor.jobs == 1);
  const span_algebra<double>::span at = split.view_of(buffer);
  CHECK(split.extents(at) == shape{3, 100});
  CHECK(std::all_of(at.data(), at.data() + at.size(), [](double v) { return v == 0; }));
  CHECK(split.part(at, 1, 4).data() == at.data() + 25);
}

TEST_CASE("nothing is handed to the executor below the break-even, which a caller may move") {
  backwards executor;
  std::vector<float> x(4 * 64);
  const auto jobs = [&](const parallel_options& options, auto work) {
    executor.jobs = 0;
    work(parallel<float>(executor, options));
    return executor.jobs;
  };
  const auto filled = [&](const auto& on) { on.fill({x.data(), {4, 64}}, 1); };
  const auto drawn = [&](const auto& on) { passed(on, 4, 64, 64, 1); };
  CHECK(jobs({}, filled) == 0);
  CHECK(jobs({}, drawn) == 0);
  CHECK(jobs({.linear = 256, .chunk = 64}, filled) == 1);
  CHECK(jobs({.linear = 257, .chunk = 64}, filled) == 0);
  CHECK(jobs({.noise = 256, .chunk = 64}, drawn) == 1);
  CHECK(jobs({.linear = 0, .noise = 257, .chunk = 64}, drawn) == 0);
  CHECK(jobs({.linear = 0, .noise = 0, .chunk = 256}, filled) == 0);  // one chunk: nothing to share
}

TEST_CASE("a wrong description is refused before it is split") {
  const auto never = [](std::size_t, task_type) { FAIL("handed off"); };
  const auto split = parallel<float>(never, always);
  std::vector<float> x(4 * 64);
  std::vector<double> storage(pass_weights::storage_size(3)), odd(4), found(64);
  pass_description<view<float>, mutable_view<float>> what;
  what.outputs.push_back({x.data(), {4, 64}});
  what.weights = {storage, 3};
  CHECK_THROWS_AS(split.pass(what), error);
  what.weights = {storage, 1};
  what.draws.push_back({{.step = 0, .slot = 3}});
  CHECK_THROWS_AS(split.pass(what), error);
  const view<float> inputs[] = {{x.data(), {4, 64}}};
  CHECK_THROWS_AS(split.gram(inputs, std::span{odd}.first(3), found), error);
  CHECK_THROWS_AS(split.gram({}, odd, found), error);
  CHECK_THROWS_AS(parallel<float>(never, {.chunk = 0}), error);
}

TEST_CASE("a gram over many arrays is done all the same") {
  backwards executor;
  const std::vector<float> x(4 * 64, 1);
  const std::vector<view<float>> inputs(100, view<float>{x.data(), {4, 64}});
  const std::vector<double> basis(101, 1);
  double found[4];
  parallel<float>(executor, always).gram(inputs, basis, found);
  CHECK(found[3] == 64.0 * 101 * 101);
}
