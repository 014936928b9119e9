// What normals every compiler, set of flags and processor must make: hashes of their bits.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include <noisefall/random/normals.hpp>

namespace noisefall::test {

class hash {  // FNV-1a, a number at a time
 public:
  void add(float value) { mix(std::bit_cast<std::uint32_t>(value)); }
  void add(double value) { mix(std::bit_cast<std::uint64_t>(value)); }
  template <class T>
  void add(const std::vector<T>& values) {
    for (const T value : values) add(value);
  }
  std::uint64_t value() const { return value_; }

 private:
  void mix(std::uint64_t bits) { value_ = (value_ ^ bits) * 1099511628211u; }
  std::uint64_t value_ = 1469598103934665603u;
};

struct golden_batch {
  normal_stream stream;
  std::size_t samples;
  std::uint64_t expected;
};
inline constexpr golden_batch golden_batches[] = {
    {{42, 0, 0, 64}, 3, 0x377edfeaead188e6u},
    {{42, 0, 0, 784}, 2, 0xdee6f1a888aee524u},
    {{0x123456789abcdef0u, 7, 0x100000002u, 100}, 2, 0x3e62ffa15a4ebae7u},
    {{42, 0, 0, 2}, 5, 0xfaba8431c30b6ae7u},
    {{42, 5, 1, 63}, 2, 0xeccad937c3113943u},
};

inline std::uint64_t hash_of(const golden_batch& batch, kernels::instruction_set set) {
  std::vector<float> z(batch.samples * batch.stream.sample_size);
  kernels::normals_by(set, batch.stream, 0, z.size(), z.data());
  hash bits;
  bits.add(z);
  return bits.value();
}

// Sizes around a lane, a block and a tile, whole batches and ranges that begin and end anywhere, float and double.
inline constexpr std::uint64_t golden_hash_of_many = 0x64a867b53b910465u;
inline std::uint64_t hash_of_many(kernels::instruction_set set) {
  hash bits;
  const auto add = [&](const normal_stream& stream, std::size_t begin, std::size_t end, auto zero) {
    std::vector<decltype(zero)> z(end - begin);
    kernels::normals_by(set, stream, begin, end, z.data());
    bits.add(z);
  };
  for (const std::size_t d : std::initializer_list<std::size_t>{1, 2, 3, 63, 64, 65, 112, 784, 12288}) {
    const std::size_t size = d * (d > 1000 ? 2 : 9);
    for (normal_stream stream : {normal_stream{0, 0, 0, 0},
                                 {42, 1, 0xfffffffdu, 0},
                                 {0xfedcba9876543210u, 0xffffffffu, 0xfffffffffffffffdu, 0}}) {
      stream.sample_size = d;
      add(stream, 0, size, 0.0f);
      for (std::size_t at = 0, length = 1; at < size; at += length, length = length * 31 % 1009 + 1) {
        add(stream, at, std::min(at + length, size), 0.0f);
        add(stream, at, std::min(at + length, size), 0.0);
      }
    }
  }
  return bits.value();
}

}  // namespace noisefall::test
