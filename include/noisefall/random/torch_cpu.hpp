// A NoiseSource with the numbers of torch.randn on PyTorch's CPU generator.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/random/mersenne_twister.hpp>
#include <noisefall/random/noise_source.hpp>

namespace noisefall {

// After torch.manual_seed(seed): the first call of torch.randn for the initial noise, then one call of the same shape
// and dtype for each (step, slot), `slots_per_step` of them in every step. Each call draws the whole batch, so a
// sample depends on the batch's shape, and a run that starts at another sample than 0 is refused. Equal to torch up to
// the last bits of its vector functions (2e-6). Made for comparing pictures with Python: a draw costs the generator all
// the words of the draws before it.
struct torch_cpu {
  std::uint64_t seed = 0;
  std::uint32_t slots_per_step = 1;

  template <std::floating_point T>
  void fill(std::span<T> out, std::size_t, const increment& which) const {
    check(which, 0);
    const bool first = which.step == increment::initial;
    const std::uint64_t call = first ? 0 : 1 + std::uint64_t{which.step} * slots_per_step + which.slot;
    mersenne_twister words{static_cast<std::uint32_t>(seed)};  // torch, too, seeds with the low 32 bits
    if (out.size() < group)
      few(out, call, words);
    else
      many(out, call, words);
  }

  // Throws on what it cannot draw: a run asks before it begins.
  void check(const increment& which, std::size_t) const {
    if (which.first_sample != 0)
      refuse("torch_cpu", {"first sample ", which.first_sample}, "0: a call draws a whole batch");
    if (which.step != increment::initial && which.slot >= slots_per_step)
      refuse("torch_cpu", {"slot ", which.slot}, {"below slots_per_step = ", slots_per_step});
  }

 private:
  static constexpr std::size_t group = 16;

  // [0, 1), with as many bits as the mantissa holds: 24 of one word, or 53 of two.
  template <class T>
  static T uniform(mersenne_twister& words) {
    if constexpr (sizeof(T) == 4) {
      return static_cast<T>(words() & 0xffffffu) * T{0x1p-24};
    } else {
      const std::uint64_t high = words(), low = words();
      return static_cast<T>((high << 32 | low) & 0x1fffffffffffffu) * T{0x1p-53};
    }
  }

  // Fewer than 16 numbers: one after the other, in double; the second of a pair is kept for the next call.
  template <class T>
  static void few(std::span<T> out, std::uint64_t call, mersenne_twister& words) {
    constexpr std::uint64_t words_per_pair = 4;
    const std::uint64_t begin = call * out.size();
    words.discard(begin / 2 * words_per_pair);
    double radius = 0, angle = 0;
    for (std::uint64_t i = begin / 2 * 2; i < begin + out.size(); ++i) {
      if (i % 2 == 0) {
        angle = 2 * std::numbers::pi * uniform<double>(words);
        radius = std::sqrt(-2 * std::log1p(-uniform<double>(words)));
      }
      if (i >= begin) out[i - begin] = static_cast<T>(radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle)));
    }
  }

  // Uniforms first, then groups of 16 turn into 8 cosines and 8 sines; a tail draws the last 16 anew.
  template <class T>
  static void many(std::span<T> out, std::uint64_t call, mersenne_twister& words) {
    const std::size_t n = out.size(), tail = n % group;
    words.discard(call * (n + (tail ? group : 0)) * (sizeof(T) / sizeof(std::uint32_t)));
    for (T& u : out) u = uniform<T>(words);
    for (std::size_t at = 0; at + group <= n; at += group) transform(out.data() + at);
    if (tail == 0) return;
    const std::span<T> last = out.last(group);
    for (T& u : last) u = uniform<T>(words);
    transform(last.data());
  }

  template <class T>
  static void transform(T* u) {
    for (std::size_t i = 0; i < group / 2; ++i) {
      const T radius = std::sqrt(-2 * std::log(1 - u[i]));
      const T angle = static_cast<T>(2 * std::numbers::pi * static_cast<double>(u[i + group / 2]));
      u[i] = radius * std::cos(angle);
      u[i + group / 2] = radius * std::sin(angle);
    }
  }
};

static_assert(NoiseSource<torch_cpu, float> && NoiseSource<torch_cpu, double>);

}  // namespace noisefall
