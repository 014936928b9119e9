#include "core/vectors_check.hpp"

#include "catch.hpp"

#include <string>
#include <vector>

using namespace noisefall;
using kernels::instruction_set;

TEST_CASE("vectors of every instruction set compute what their elements would alone") {
  for (const instruction_set set : {instruction_set::neon, instruction_set::avx2, instruction_set::avx512})
    if (kernels::has(set)) CHECK(test::wrong_operations(set) == std::vector<std::string>{});
}
