// expect: search: the policy needs evidence that is not there: see its `needs`
// needs: noisefall::search
#include <noisefall/schedule/edm.hpp>
#include <noisefall/search/paired_refine.hpp>
#include <noisefall/search/search.hpp>
#include <noisefall/solver/ddim.hpp>

namespace nf = noisefall;

nf::trajectory better(const nf::trajectory& base, const nf::error_table& errors) {
  return nf::search(base, nf::ddim{}, nf::edm{}, errors, nf::paired_refine{}).path;  // which needs a teacher
}
