// expect: NumPy has float32 .float., float64 .double. and float16 .noisefall::half.
// needs: noisefall::xtensor
#include <noisefall/adapters/npy.hpp>

void f() { noisefall::load_npy<noisefall::bfloat16>("x.npy"); }
