// expect: this is an expression that has none; evaluate it into one
// needs: noisefall::eigen
#include <noisefall/adapters/eigen.hpp>

void f(const Eigen::MatrixXf& x) {
  const auto twice = 2 * x;
  noisefall::view_of(twice);
}
