// Memory for benchmarks: one block of floats, cut into arrays.
#pragma once

#include <cstddef>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <noisefall/random/normals.hpp>
#include <noisefall/tensor/view.hpp>

namespace bench {

namespace nf = noisefall;

// Starts at a 2 MiB boundary and asks for pages of that size where it is larger than 4 MiB, as a careful program does:
// small pages cost a third of the speed there.
class block {
 public:
  explicit block(std::size_t floats) : size_{floats} {
    const std::size_t bytes = floats * sizeof(float);
    data_ = static_cast<float*>(::operator new(bytes, alignment));
#ifdef __linux__
    if (bytes > std::size_t{4} << 20) madvise(data_, bytes, MADV_HUGEPAGE);
#endif
    refresh();
  }
  block(const block&) = delete;
  block& operator=(const block&) = delete;
  ~block() { ::operator delete(data_, alignment); }

  // Standard normals everywhere: passes that ran in place many times have moved theirs.
  void refresh() { nf::normals({7, 0, 0, size_}, 0, size_, data_); }

  std::size_t size() const { return size_; }
  // Array `i` of those of n floats that lie one after the other.
  float* array(std::size_t i, std::size_t n) const { return data_ + i * n; }
  nf::mutable_view<float> array(std::size_t i, const nf::shape& extents) const {
    return {array(i, extents.size()), extents};
  }

 private:
  static constexpr std::align_val_t alignment{std::size_t{2} << 20};
  float* data_;
  std::size_t size_;
};

}  // namespace bench
