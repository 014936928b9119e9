#include "catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include <noisefall/tensor/span_algebra.hpp>

using namespace noisefall;
using sizes = std::initializer_list<std::size_t>;

static_assert(Algebra<span_algebra<float>> && Algebra<span_algebra<double>>);

TEST_CASE("a buffer is zero, has its shape, and begins at a cache line") {
  const span_algebra<float> on;
  for (const std::size_t samples : sizes{1, 3}) {
    auto buffer = on.allocate({samples, 3, 5});
    const auto at = on.view_of(buffer);
    CHECK(on.extents(at) == shape{samples, 3, 5});
    CHECK(reinterpret_cast<std::uintptr_t>(at.data()) % 64 == 0);
    for (std::size_t i = 0; i < at.size(); ++i) CHECK(at[i] == 0);
  }
}

TEST_CASE("a buffer of 4 MiB or more begins at a huge page and is zero, also when memory is used again") {
  const span_algebra<float> on;
  constexpr std::size_t elements = std::size_t{1} << 20;
  for (int again = 0; again < 3; ++again)
    for (const std::size_t more : sizes{0, 1, 12345}) {
      auto buffer = on.allocate({1, elements + more});
      const auto at = on.view_of(buffer);
      CHECK(reinterpret_cast<std::uintptr_t>(at.data()) % (2 << 20) == 0);
      CHECK(std::all_of(at.data(), at.data() + at.size(), [](float v) { return v == 0; }));
      on.fill(at, 1);
    }
}

TEST_CASE("copies of a buffer are separate, moves keep the memory") {
  const span_algebra<double> on;
  auto first = on.allocate({1, 4});
  on.fill(on.view_of(first), 2.5);
  auto second = first;
  on.fill(on.view_of(first), 1);
  CHECK(on.view_of(second)[3] == 2.5);
  const double* memory = on.view_of(second).data();
  auto third = std::move(second);
  CHECK(on.view_of(third).data() == memory);
}

TEST_CASE("fill writes the samples of a view and not what lies between them") {
  std::vector<float> x(12, 7);
  span_algebra<float>{}.fill({x.data(), {3, 2}, 4}, 0.5);
  CHECK(x == std::vector<float>{0.5f, 0.5f, 7, 7, 0.5f, 0.5f, 7, 7, 0.5f, 0.5f, 7, 7});
}
