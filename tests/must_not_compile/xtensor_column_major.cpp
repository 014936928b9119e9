// expect: a state is row-major: this array is column-major
// needs: noisefall::xtensor
#include <noisefall/adapters/xtensor.hpp>

void f(xt::xtensor<float, 2, xt::layout_type::column_major>& x) { noisefall::view_of(x); }
