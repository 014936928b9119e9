// conformance FILE... : replays recorded runs of other libraries and says which of them the library matches.
#include <cstdio>
#include <exception>

#include "golden/replay.hpp"
#include "golden/trace_file.hpp"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: conformance FILE...   (diffusion-golden-1, plain or gzip)\n");
    return 2;
  }
  noisefall::golden::tally total;
  for (int i = 1; i < argc; ++i) {
    try {
      const auto content = noisefall::golden::read_trace_file(argv[i]);
      const auto count = noisefall::golden::replay(content, [](const noisefall::golden::verdict& v) {
        if (!v.matched) std::printf("%s\n", v.line().c_str());
      });
      total.matched += count.matched;
      total.total += count.total;
    } catch (const std::exception& e) {
      std::fprintf(stderr, "conformance: %s\n", e.what());
      return 2;
    }
  }
  std::printf("matched %zu of %zu\n", total.matched, total.total);
  return total.matched == total.total ? 0 : 1;
}
