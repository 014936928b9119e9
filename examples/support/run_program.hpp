// What programs with a command line do around their work.
#pragma once

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace examples {

/// The exit status: 2, with the usage, where parse(words) gives nothing; 1, with the reason, where run(*asked) throws;
/// else what run gives. Takes main's arguments.
template <class Parse, class Run>
int run_program(const char* name, const char* usage, int argc, char** argv, Parse parse, Run run) {
  const auto asked = parse(std::vector<std::string>{argv + 1, argv + argc});
  if (!asked) {
    std::fputs(usage, stderr);
    return 2;
  }
  try {
    return run(*asked);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", name, e.what());
    return 1;
  }
}

}  // namespace examples
