// A run as bytes: what another process needs to go on with it, bit for bit.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/archive.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/tensor/shape.hpp>

namespace noisefall {

// Changes whenever the bytes below change their meaning.
inline constexpr std::uint32_t checkpoint_version = 2;

namespace detail {

class checkpoint_writer final : public archive {
 public:
  bool reads() const override { return false; }
  std::vector<std::byte> written;

 private:
  void bytes(std::span<std::byte> part) override {
    const std::size_t before = written.size();
    written.resize(before + part.size());
    std::memcpy(written.data() + before, part.data(), part.size());
  }
};

class checkpoint_reader final : public archive {
 public:
  explicit checkpoint_reader(std::span<const std::byte> from) : left_{from} {}
  bool reads() const override { return true; }
  std::size_t left() const { return left_.size(); }

 private:
  void bytes(std::span<std::byte> part) override {
    require(left_.size() >= part.size(), "checkpoint", "ends early", "all the bytes that save() gave");
    std::memcpy(part.data(), left_.data(), part.size());
    left_ = left_.subspan(part.size());
  }

  std::span<const std::byte> left_;
};

// What must be the same on both sides: a word with a name each.
struct checkpoint_field {
  const char* name;
  std::uint64_t value;
};

class checkpoint_counter final : public archive {
 public:
  bool reads() const override { return false; }
  std::size_t count = 0;

 private:
  void bytes(std::span<std::byte> part) override { count += part.size(); }
};

template <class Z>
std::uint64_t noise_seed(const Z& noise) {
  if constexpr (requires {
                  { noise.seed } -> std::convertible_to<std::uint64_t>;
                })
    return noise.seed;
  else
    return 0;
}

template <class Run>
auto checkpoint_fields(const Run& run) {
  const auto& core = run.core();
  const shape extents = core.shape_of(core.x);
  std::uint64_t shape_hash = extents.rank();
  for (std::size_t axis = 0; axis < extents.rank(); ++axis) shape_hash = (shape_hash ^ extents[axis]) * 0x100000001b3;
  return std::array<checkpoint_field, 8>{{{"version", checkpoint_version},
                                          {"element size", sizeof(typename Run::scalar)},
                                          {"shape", shape_hash},
                                          {"seed", core.settings.seed},
                                          {"first_sample", core.settings.first_sample},
                                          {"sampler", core.fingerprint},
                                          {"noise seed", noise_seed(core.noise)},
                                          {"known part", core.holds_known() ? 1u : 0u}}};
}

}  // namespace detail

// The bytes of a run between two steps. They hold no policies: load() wants a run of the same sampler, shape, seed and
// first_sample, and checks that: the same means the same rows, levels, labels, guidance and maps, as
// far as their numbers at the levels of the run show. Numbers are stored as this machine
// has them (little-endian on all that we build for).
template <class Run>
std::vector<std::byte> save(Run& run) {
  require(run.between_steps(), "checkpoint: save", "the run is inside a step",
          "a run whose last evaluation has been answered and completed a step");
  detail::checkpoint_writer out;
  for (auto field : detail::checkpoint_fields(run)) out(field.value);
  run.transfer(out);
  return std::move(out.written);
}

// Makes `run` the run that was saved. Throws noisefall::error, and leaves the run as it is, where it does not fit.
template <class Run>
void load(Run& run, std::span<const std::byte> bytes) {
  detail::checkpoint_reader in{bytes};
  for (const auto& field : detail::checkpoint_fields(run)) {
    std::uint64_t saved = 0;
    in(saved);
    if (saved == field.value) continue;
    constexpr const char* allowed = "the run of an equal sampler, with the same shape, seed and first_sample";
    const std::string_view name = field.name;
    if (name == "shape" || name == "sampler")
      throw error{"checkpoint: load", {"another ", name, " than this run's"}, allowed};
    throw error{
        "checkpoint: load", {"another ", name, " than this run's (", saved, " instead of ", field.value, ")"}, allowed};
  }
  detail::checkpoint_counter needed;
  run.transfer(needed);
  require(in.left() == needed.count, "checkpoint: load", {in.left(), " bytes of state"},
          {needed.count, ", as save() gave them"});
  run.transfer(in);
  if (!run.is_sound()) {
    run.restart();
    throw error{"checkpoint: load", "numbers that no run has: the bytes are damaged", "the bytes that save() gave"};
  }
}

}  // namespace noisefall
