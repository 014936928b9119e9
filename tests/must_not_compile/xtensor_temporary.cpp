// expect: give it one that has a name and outlives the view
// needs: noisefall::xtensor
#include <noisefall/adapters/xtensor.hpp>

void f() { noisefall::view_of(xt::xtensor<float, 2>({2, 3})); }
