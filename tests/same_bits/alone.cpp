// Writes the numbers of the one file that is linked to the file named as argument.
#include <cstdint>
#include <fstream>

#include "numbers.hpp"

int main(int, char** arguments) {
  std::ofstream file{arguments[1]};
  for (const std::uint64_t bits : bits_of(NOISEFALL_FLAGS::compute())) file << bits << '\n';
  return file.flush() ? 0 : 1;
}
