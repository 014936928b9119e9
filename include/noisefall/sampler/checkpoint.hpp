// A run as bytes: what another process needs to go on with it, bit for bit. For files: sampler/checkpoint_file.hpp.
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
inline constexpr std::uint64_t checkpoint_version = 2;

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

// The bytes: magic, version, their number in all, the fields below, the run's state, a checksum of all that. Each part
// but the state is a word of 8 bytes.
inline constexpr std::array<unsigned char, 8> checkpoint_magic{0x89, 'N', 'F', 'C', 'P', '\r', '\n', 0x1a};
inline constexpr std::size_t checkpoint_size_at = 16;  // after magic and version

// Notices damage, not malice: every change within a word of 8 bytes, and others but for one in 2^64.
inline std::uint64_t checksum(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof sum) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, bytes.size() - at < sizeof word ? bytes.size() - at : sizeof word);
    sum = (sum ^ word) * 0x9e3779b97f4a7c15;
    sum ^= sum >> 32;
  }
  return sum;
}

template <class Run>
auto checkpoint_fields(const Run& run) {
  const auto& core = run.core();
  const shape extents = core.shape_of(core.x);
  std::uint64_t shape_hash = extents.rank();
  for (std::size_t axis = 0; axis < extents.rank(); ++axis) shape_hash = (shape_hash ^ extents[axis]) * 0x100000001b3;
  return std::array<checkpoint_field, 7>{{{"element size", sizeof(typename Run::scalar)},
                                          {"shape", shape_hash},
                                          {"seed", core.settings.seed},
                                          {"first_sample", core.settings.first_sample},
                                          {"sampler", core.fingerprint},
                                          {"noise seed", noise_seed(core.noise)},
                                          {"known part", core.holds_known() ? 1u : 0u}}};
}

inline std::uint64_t checkpoint_word(std::span<const std::byte> bytes, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

// Throws unless these are all the bytes of a checkpoint of this version, undamaged.
[[gnu::cold]] inline void check_checkpoint(std::span<const std::byte> bytes, const std::string& where) {
  constexpr const char* allowed = "all the bytes that save() gave, as it gave them";
  const std::size_t begins = bytes.size() < checkpoint_magic.size() ? bytes.size() : checkpoint_magic.size();
  require(begins > 0 && std::memcmp(bytes.data(), checkpoint_magic.data(), begins) == 0, where,
          {bytes.size(), " bytes that do not begin as a checkpoint does"}, allowed);
  constexpr std::size_t least = checkpoint_size_at + 2 * sizeof(std::uint64_t);
  require(bytes.size() >= least, where, {"ends early: after ", bytes.size(), " bytes"}, allowed);
  const std::uint64_t version = checkpoint_word(bytes, checkpoint_magic.size());
  require(version == checkpoint_version, where, {"version ", version}, {"version ", checkpoint_version});
  const std::uint64_t size = checkpoint_word(bytes, checkpoint_size_at);
  require(bytes.size() >= size, where, {"ends early: after ", bytes.size(), " of ", size, " bytes"}, allowed);
  require(bytes.size() <= size, where, {"goes on after its end: ", bytes.size(), " bytes of ", size}, allowed);
  const std::size_t sum_at = bytes.size() - sizeof(std::uint64_t);
  require(checkpoint_word(bytes, sum_at) == checksum(bytes.first(sum_at)), where,
          "damaged: the checksum is that of other bytes", allowed);
}

}  // namespace detail

// The bytes of a run between two steps; a file of them is a checkpoint file. They hold no policies: load() wants a run
// of the same sampler, shape, seed and first_sample, and checks that: the same means the same rows, levels, labels,
// guidance and maps, as far as their numbers at the levels of the run show. Numbers are stored as this machine has them
// (little-endian on all that we build for).
template <class Run>
std::vector<std::byte> save(Run& run) {
  require(run.between_steps(), "checkpoint: save", "the run is inside a step",
          "a run whose last evaluation has been answered and completed a step");
  detail::checkpoint_writer out;
  auto magic = detail::checkpoint_magic;
  std::uint64_t version = checkpoint_version, size = 0;
  out(magic);
  out(version);
  out(size);
  for (auto field : detail::checkpoint_fields(run)) out(field.value);
  run.transfer(out);
  size = out.written.size() + sizeof(std::uint64_t);
  std::memcpy(out.written.data() + detail::checkpoint_size_at, &size, sizeof size);
  std::uint64_t sum = detail::checksum(out.written);
  out(sum);
  return std::move(out.written);
}

namespace detail {

template <class Run>
void load_checkpoint(Run& run, std::span<const std::byte> bytes, const std::string& where) {
  check_checkpoint(bytes, where);
  const std::size_t first = checkpoint_size_at + sizeof(std::uint64_t);
  checkpoint_reader in{bytes.first(bytes.size() - sizeof(std::uint64_t)).subspan(first)};
  for (const auto& field : checkpoint_fields(run)) {
    std::uint64_t saved = 0;
    in(saved);
    if (saved == field.value) continue;
    constexpr const char* allowed = "the run of an equal sampler, with the same shape, seed and first_sample";
    const std::string_view name = field.name;
    if (name == "shape" || name == "sampler") refuse(where, {"another ", name, " than this run's"}, allowed);
    refuse(where, {"another ", name, " than this run's (", saved, " instead of ", field.value, ")"}, allowed);
  }
  checkpoint_counter needed;
  run.transfer(needed);
  require(in.left() == needed.count, where, {in.left(), " bytes of state"}, {needed.count, ", as save() gave them"});
  checkpoint_writer before;
  run.transfer(before);
  run.transfer(in);
  if (run.is_sound()) return;
  checkpoint_reader back{before.written};
  run.transfer(back);
  refuse(where, "numbers that no run has", "the bytes that save() gave");
}

}  // namespace detail

// Makes `run` the run that was saved. Throws noisefall::error where it does not fit, and leaves the run as it is (if
// the bytes are forged, checksum and all, a step that had begun begins again).
template <class Run>
void load(Run& run, std::span<const std::byte> bytes) {
  detail::load_checkpoint(run, bytes, "checkpoint: load");
}

}  // namespace noisefall
