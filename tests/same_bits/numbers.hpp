// What is computed by each of two files that are compiled with different flags.
#pragma once

#include <cstdint>
#include <vector>

// Hashes of what must have the same bits, and samples, whose coefficients go through double arithmetic in inline code.
struct numbers {
  std::uint64_t normals = 0, passes = 0, gram = 0, quantile = 0;
  struct sample {
    const char* solver;
    bool single;  // in float, else in double
    std::vector<double> elements;
  };
  std::vector<sample> samples;
};

namespace with_plain_flags {
numbers compute();
}
namespace with_native_flags {
numbers compute();
}

// A network's eps; not inline, so that it is one function for both.
double network_output(double x, double alpha, double sigma, double mean);

// The hashes in their order, then all elements.
std::vector<std::uint64_t> bits_of(const numbers& all);
