// Standard normals as a pure function of (seed, draw, sample, element): Philox words through Box-Muller, version 1.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/core/instruction_set.hpp>
#include <noisefall/random/normals_common.hpp>
#include <noisefall/random/philox.hpp>

#ifndef NOISEFALL_COMPILED_KERNELS
#include <noisefall/random/normals_avx2.hpp>
#include <noisefall/random/normals_avx512.hpp>
#include <noisefall/random/normals_neon.hpp>
#include <noisefall/random/normals_portable.hpp>
#endif

#ifdef __FAST_MATH__
#error "noisefall: -ffast-math replaces square roots by estimates, which differ between machines; compile without it"
#endif

namespace noisefall {

// The mapping from (seed, draw, sample, element) to bits. It changes only together with this number.
//   key     = (seed low, seed high)
//   counter = (block, draw, sample low, sample high)
//   samples of 64 elements or more: element e is word (e % 64) / 16 of block 16 * (e / 64) + e % 16
//   smaller samples:                element e is word e % 4 of block e / 4
//   words 0 and 1 of a counter make its normals 0 and 1, words 2 and 3 its normals 2 and 3
inline constexpr std::uint32_t noise_mapping_version = 1;

// Which normals: sample 0 of the batch is sample `first_sample` of the stream.
struct normal_stream {
  std::uint64_t seed = 0;
  std::uint32_t draw = 0;
  std::uint64_t first_sample = 0;
  std::size_t sample_size = 0;
};

namespace kernels {

#ifdef NOISEFALL_COMPILED_KERNELS  // they are in noisefall::kernels
void normals_of_groups(instruction_set set, const counter_group* groups, std::size_t count, const draw_keys& keys);
#else
inline void normals_of_groups(instruction_set set, const counter_group* groups, std::size_t count,
                              const draw_keys& keys) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (set == instruction_set::avx512) return avx512::normals_of_groups(groups, count, keys);
  if (set == instruction_set::avx2) return avx2::normals_of_groups(groups, count, keys);
#elif defined(__AARCH64EL__) && defined(__ARM_NEON)
  if (set == instruction_set::neon) return neon::normals_of_groups(groups, count, keys);
#else
  static_cast<void>(set);
#endif
  portable::normals_of_groups(groups, count, keys);
}
#endif

// Where an element of a batch stands.
struct batch_position {
  std::size_t sample_size, sample, element;

  batch_position(std::size_t d, std::size_t at) : sample_size{d}, sample{at / d}, element{at % d} {}

  void advance(std::size_t n) {  // not beyond the end of the sample
    element += n;
    if (element == sample_size) {
      element = 0;
      ++sample;
    }
  }
};

// Makes the normals of a stream, range after range. What ranges of one sample have in common is worked out once, so
// that a pass may ask for as few as it can take up between two glances at memory. The instruction set, which the
// processor must have, changes no bit.
class normal_maker {
 public:
  normal_maker(instruction_set set, const normal_stream& stream)
      : set_{set},
        stream_{stream},
        keys_{{static_cast<std::uint32_t>(stream.seed), static_cast<std::uint32_t>(stream.seed >> 32)}, stream.draw} {
    if (std::uint64_t{stream.sample_size} > std::uint64_t{1} << 34)
      refuse("noise", "a sample of " + std::to_string(stream.sample_size) + " elements", "up to 2^34 elements");
  }

  template <std::floating_point T>
  void make(std::size_t begin, std::size_t end, T* out) {
    if (begin == end) return;
    if (stream_.sample_size >= normal_block)
      make_blocks(begin, end, out);
    else
      make_small_samples(begin, end, out);
  }

 private:
  static constexpr std::size_t most_groups = 24;
  static constexpr std::uint64_t none = ~std::uint64_t{0};

  // Samples of 64 elements or more: a group is a block of one sample. Whole blocks of floats are made in place.
  template <class T>
  void make_blocks(std::size_t begin, std::size_t end, T* out) {
    static constexpr std::uint32_t block[normal_lanes + 1] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    sample_lanes others[most_groups];
    counter_group groups[most_groups];
    float z[most_groups][normal_block];
    struct part {
      const float* from;
      std::size_t count;
      T* to;
    } parts[most_groups];
    batch_position position{stream_.sample_size, begin};
    for (std::size_t at = begin; at < end;) {
      const sample_lanes* sample = nullptr;
      std::size_t used = 0, copied = 0, met = 0;
      while (used < most_groups && at < end) {  // each turn: the next whole blocks of a sample, or a part of one block
        if (used == 0)
          sample = &meet(position.sample);
        else if (position.element == 0)
          sample = &begin_sample(others[met++], position.sample);
        const std::size_t skipped = position.element % normal_block;
        const std::size_t left = std::min(position.sample_size - position.element, end - at);
        const bool whole = skipped == 0 && left >= normal_block;
        const std::size_t blocks = whole ? std::min(left / normal_block, most_groups - used) : 1;
        const std::size_t count = whole ? blocks * normal_block : std::min(normal_block - skipped, left);
        float* to = z[used];
        if constexpr (std::same_as<T, float>) to = whole ? out + (at - begin) : to;
        if (to == z[used]) parts[copied++] = {to + skipped, count, out + (at - begin)};
        const std::size_t first = position.element / normal_block;
        for (std::size_t k = 0; k < blocks; ++k)
          groups[used++] = {block, sample, static_cast<std::uint32_t>(normal_lanes * (first + k)),
                            to + k * normal_block};
        position.advance(count);
        at += count;
      }
      normals_of_groups(set_, groups, used, keys_);
      for (part* p = parts; p != parts + copied; ++p) {
        std::size_t done = 0;
        const auto widened = [](float value) { return static_cast<T>(value); };
        for (; p->count - done >= normal_lanes; done += normal_lanes)  // of known length: g++ -O2 takes vectors
          std::transform(p->from + done, p->from + done + normal_lanes, p->to + done, widened);
        std::transform(p->from + done, p->from + p->count, p->to + done, widened);
      }
    }
  }

  sample_lanes& begin_sample(sample_lanes& lanes, std::size_t sample) const {
    lanes.set(0, {stream_.first_sample + sample, keys_}, padded_lanes);
    return lanes;
  }
  const sample_lanes& meet(std::size_t sample) {
    if (sample != met_) begin_sample(met_lanes_, sample);
    met_ = sample;
    return met_lanes_;
  }

  // Smaller samples: a lane is four elements of one sample, and lanes run over blocks and samples.
  template <class T>
  void make_small_samples(std::size_t begin, std::size_t end, T* out) {
    constexpr std::size_t words = 4, most = 6, lanes = most * normal_lanes;
    std::uint32_t block[lanes + 1] = {};
    sample_lanes samples[most] = {};
    counter_group groups[most];
    float z[most][normal_block];
    for (std::size_t g = 0; g < most; ++g) groups[g] = {block + g * normal_lanes, &samples[g], 0, z[g]};
    struct part {
      std::size_t word, count;
    } parts[lanes];
    batch_position position{stream_.sample_size, begin};
    for (std::size_t at = begin; at < end;) {
      std::size_t used = 0, next = at;
      while (used < lanes && next < end) {
        const sample_rounds rounds{stream_.first_sample + position.sample, keys_};
        const std::size_t sample = position.sample;
        for (; used < lanes && next < end && position.sample == sample; ++used) {
          block[used] = static_cast<std::uint32_t>(position.element / words);
          samples[used / normal_lanes].set(used % normal_lanes, rounds);
          const std::size_t word = position.element % words;
          const std::size_t count = std::min({words - word, position.sample_size - position.element, end - next});
          parts[used] = {word, count};
          position.advance(count);
          next += count;
        }
      }
      normals_of_groups(set_, groups, (used + normal_lanes - 1) / normal_lanes, keys_);
      for (std::size_t lane = 0; lane < used; ++lane) {
        const float* from = z[lane / normal_lanes] + parts[lane].word * normal_lanes + lane % normal_lanes;
        for (std::size_t i = 0; i < parts[lane].count; ++i) *out++ = from[i * normal_lanes];
      }
      at = next;
    }
  }

  instruction_set set_;
  normal_stream stream_;
  draw_keys keys_;
  std::uint64_t met_ = none;  // the sample that a range began with last
  sample_lanes met_lanes_;
};

template <std::floating_point T>
void normals_by(instruction_set set, const normal_stream& stream, std::size_t begin, std::size_t end, T* out) {
  normal_maker{set, stream}.make(begin, end, out);
}

}  // namespace kernels

// Writes elements [begin, end) of the batch, counted row-major over samples of stream.sample_size elements, to
// out[0 .. end - begin). Doubles are the same normals, widened. No allocation.
template <std::floating_point T>
void normals(const normal_stream& stream, std::size_t begin, std::size_t end, T* out) {
  kernels::normals_by(kernels::widest_instruction_set(), stream, begin, end, out);
}

}  // namespace noisefall
