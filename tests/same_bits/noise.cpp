// Makes normals by every instruction set of the processor and compares them with the golden ones. Prints one line for
// each: the instruction set, a hash of its normals, and whether they and its vectors are right.
#include <cinttypes>
#include <cstdio>
#include <string>

#include "core/vectors_check.hpp"
#include "random/golden_normals.hpp"

int main() {
  using noisefall::kernels::instruction_set;
  struct named {
    instruction_set set;
    const char* name;
  };
  bool all_right = true;
  for (const named& each : {named{instruction_set::portable, "portable"}, named{instruction_set::neon, "neon"},
                            named{instruction_set::avx2, "avx2"}, named{instruction_set::avx512, "avx512"}}) {
    if (!noisefall::kernels::has(each.set)) continue;
    const std::uint64_t many = noisefall::test::hash_of_many(each.set);
    bool right = many == noisefall::test::golden_hash_of_many;
    for (const std::string& operation : noisefall::test::wrong_operations(each.set)) {
      std::printf("%s: %s is WRONG\n", each.name, operation.c_str());
      right = false;
    }
    for (const noisefall::test::golden_batch& batch : noisefall::test::golden_batches)
      right = right && noisefall::test::hash_of(batch, each.set) == batch.expected;
    std::printf("%s %016" PRIx64 " %s\n", each.name, many, right ? "as expected" : "WRONG");
    all_right = all_right && right;
  }
  return all_right ? 0 : 1;
}
