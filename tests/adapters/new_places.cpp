// The adapters of xtensor with the places that its headers have since 0.26.
#include <noisefall/adapters/npy.hpp>
#include <noisefall/adapters/xtensor.hpp>

#if !defined NOISEFALL_TEST_NEW_PLACES_xadapt || !defined NOISEFALL_TEST_NEW_PLACES_xarray ||    \
    !defined NOISEFALL_TEST_NEW_PLACES_xtensor || !defined NOISEFALL_TEST_NEW_PLACES_xnoalias || \
    !defined NOISEFALL_TEST_NEW_PLACES_xnpy
#error "an adapter includes a header of xtensor from its old place although the new one is there"
#endif

namespace nf = noisefall;

int main() {
  xt::xtensor<float, 2> array = xt::ones<float>({2, 3});
  const auto view = nf::view_of(array);
  return view.extents() == nf::shape{2, 3} && nf::as_xtensor(view)(1, 2) == 1 ? 0 : 1;
}
