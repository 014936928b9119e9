// expect: no matching function for call to .*view_of
// needs: noisefall::xtensor
#include <noisefall/adapters/xtensor.hpp>

void f(const xt::xtensor<float, 2>& x) {
  auto twice = 2 * x;  // an expression has no elements in memory
  noisefall::view_of(twice);
}
