#include "catch.hpp"

#include <vector>

#include <noisefall/random/recorded.hpp>

using namespace noisefall;
using Catch::Matchers::ContainsSubstring;

namespace {

const recorded_noise<double> recording{{{.values = {1, 2, 3, 4, 5, 6}},
                                        {.step = 4, .slot = 0, .values = {7, 8, 9, 10, 11, 12}},
                                        {.step = 4, .slot = 1, .values = {13, 14}}}};

template <class T>
std::vector<T> replay(std::size_t size, const increment& which) {
  std::vector<T> out(size);
  recording.fill(std::span<T>{out}, 2, which);
  return out;
}

}  // namespace

TEST_CASE("a recording replays its draws by step and slot, from any sample on, in any element type") {
  CHECK(replay<double>(6, {}) == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(replay<float>(6, {.step = 4}) == std::vector<float>{7, 8, 9, 10, 11, 12});
  CHECK(replay<double>(2, {.first_sample = 1, .step = 4}) == std::vector<double>{9, 10});
  CHECK(replay<double>(2, {.step = 4, .slot = 1}) == std::vector<double>{13, 14});
}

TEST_CASE("a draw that was not recorded is an error that names it and what was recorded") {
  CHECK_THROWS_WITH(replay<double>(2, {.step = 3, .slot = 1}),
                    ContainsSubstring("no draw for step 3, slot 1") &&
                        ContainsSubstring("allowed: the initial noise, slot 0; step 4, slot 0; step 4, slot 1"));
  const recorded_noise<float> empty{{}};
  std::vector<float> out(2);
  CHECK_THROWS_WITH(empty.fill(std::span<float>{out}, 2, {}), ContainsSubstring("the recording is empty"));
}

TEST_CASE("samples beyond the recording are an error that names them") {
  CHECK_THROWS_WITH(replay<double>(6, {.first_sample = 1, .step = 4}),
                    ContainsSubstring("6 elements from sample 1") && ContainsSubstring("3 samples of 2 elements"));
  CHECK_THROWS_AS(replay<double>(2, {.first_sample = 1ull << 63, .step = 4}), error);
}
