// expect: the elements of a sample are adjacent: this matrix has gaps between them
// needs: noisefall::eigen
#include <noisefall/adapters/eigen.hpp>

void f(Eigen::Matrix3f& x) { noisefall::view_of(x.row(0)); }
