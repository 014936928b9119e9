// expect: give it one that has a name and outlives the view
// needs: noisefall::eigen
#include <noisefall/adapters/eigen.hpp>

void f() { noisefall::view_of(Eigen::MatrixXf(3, 2)); }
