// The extents of a batch: row-major, rank 1 to 8, first extent = samples.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

#include <noisefall/core/error.hpp>

namespace noisefall {

// shape{8, 3, 64, 64}: eight samples of 3 x 64 x 64. Throws above rank 8. shape{} has rank 0 and no elements.
class shape {
 public:
  static constexpr std::size_t max_rank = 8;

  constexpr shape() = default;
  constexpr shape(std::initializer_list<std::size_t> extents)
      : shape{std::span<const std::size_t>{extents.begin(), extents.size()}} {}
  // For a rank known at run time only.
  constexpr explicit shape(std::span<const std::size_t> extents) {
    if (extents.empty() || extents.size() > max_rank)
      refuse("shape", "rank " + std::to_string(extents.size()), "1 to 8 extents, samples first");
    for (const std::size_t extent : extents) extents_[rank_++] = extent;
    count();
  }

  constexpr std::size_t rank() const { return rank_; }
  constexpr std::size_t operator[](std::size_t axis) const { return extents_[axis]; }
  constexpr std::size_t samples() const { return rank_ == 0 ? 0 : extents_[0]; }
  // Elements of one sample.
  constexpr std::size_t sample_size() const { return sample_size_; }
  constexpr std::size_t size() const { return samples() * sample_size(); }

  // The same extents for another number of samples.
  constexpr shape with_samples(std::size_t samples) const { return with_extent(0, samples); }
  constexpr shape with_extent(std::size_t axis, std::size_t extent) const {
    shape other = *this;
    other.extents_[axis] = extent;
    other.count();
    return other;
  }

  friend constexpr bool operator==(const shape& a, const shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (std::size_t axis = 0; axis < a.rank_; ++axis)
      if (a.extents_[axis] != b.extents_[axis]) return false;
    return true;
  }

 private:
  constexpr void count() {
    sample_size_ = 1;
    for (std::size_t axis = 1; axis < rank_; ++axis) sample_size_ *= extents_[axis];
  }

  std::array<std::size_t, max_rank> extents_{};
  std::size_t rank_ = 0, sample_size_ = 0;
};

// "[2, 4, 64, 64]"
inline std::string to_string(const shape& s) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < s.rank(); ++axis) text += (axis ? ", " : "") + std::to_string(s[axis]);
  return text + "]";
}

}  // namespace noisefall
