// A run as bytes: what another process needs to go on with it, bit for bit.
#pragma once

#include <array>
#include <bit>
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
#include <noisefall/sampler/policies.hpp>
#include <noisefall/tensor/shape.hpp>

namespace noisefall {

// Changes whenever the bytes below change their meaning.
inline constexpr std::uint32_t checkpoint_version = 1;

namespace detail {

class checkpoint_writer final : public archive {
 public:
  bool reads() const override { return false; }
  std::vector<std::byte> written;

 private:
  void bytes(std::span<std::byte> part) override { written.insert(written.end(), part.begin(), part.end()); }
};

class checkpoint_reader final : public archive {
 public:
  explicit checkpoint_reader(std::span<const std::byte> from) : left_{from} {}
  bool reads() const override { return true; }
  bool at_end() const { return left_.empty(); }

 private:
  void bytes(std::span<std::byte> part) override {
    require(left_.size() >= part.size(), "checkpoint", "ends early", "all the bytes that save() gave");
    std::memcpy(part.data(), left_.data(), part.size());
    left_ = left_.subspan(part.size());
  }

  std::span<const std::byte> left_;
};

// What must be the same on both sides, as words with a name each.
struct checkpoint_field {
  const char* name;
  std::uint64_t value;
};

inline std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {  // FNV-1a, a word at a time
  return (hash ^ value) * 0x100000001b3;
}

// Solver, levels and labels in one word.
inline std::uint64_t fingerprint(const policies& p) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : p.solver_name()) hash = mixed(hash, static_cast<unsigned char>(c));
  for (const leg& l : p.path.legs())
    for (const double v : {l.from.alpha, l.from.sigma, l.to.alpha, l.to.sigma, l.label})
      hash = mixed(hash, std::bit_cast<std::uint64_t>(v));
  return hash;
}

template <class Run>
auto checkpoint_fields(const Run& run) {
  const auto& core = run.core();
  const shape extents = core.shape_of(core.x);
  std::uint64_t shape_hash = extents.rank();
  for (std::size_t axis = 0; axis < extents.rank(); ++axis) shape_hash = mixed(shape_hash, extents[axis]);
  return std::array<checkpoint_field, 6>{{{"version", checkpoint_version},
                                          {"element size", sizeof(typename Run::scalar)},
                                          {"shape", shape_hash},
                                          {"seed", core.settings.seed},
                                          {"first_sample", core.settings.first_sample},
                                          {"solver or trajectory", fingerprint(*core.chosen)}}};
}

}  // namespace detail

// The bytes of a run between two steps. They hold no policies: load() wants a run of the same sampler, shape, seed and
// first_sample, and checks that. Numbers are stored as this machine has them (little-endian on all that we build for).
template <class Run>
std::vector<std::byte> save(Run& run) {
  require(run.between_steps(), "checkpoint: save", "the run is inside a step",
          "a run whose last evaluation has been answered and completed a step");
  detail::checkpoint_writer out;
  for (auto field : detail::checkpoint_fields(run)) out(field.value);
  run.transfer(out);
  return std::move(out.written);
}

// Makes `run` the run that was saved. Throws noisefall::error, and leaves the run at its start, where it does not fit.
template <class Run>
void load(Run& run, std::span<const std::byte> bytes) {
  detail::checkpoint_reader in{bytes};
  for (const auto& field : detail::checkpoint_fields(run)) {
    std::uint64_t saved = 0;
    in(saved);
    require(saved == field.value, "checkpoint: load",
            std::string{"another "} + field.name + " than this run's" +
                (std::string_view{field.name} == "shape" || std::string_view{field.name} == "solver or trajectory"
                     ? ""
                     : " (" + std::to_string(saved) + " instead of " + std::to_string(field.value) + ")"),
            "the run of an equal sampler, with the same shape, seed and first_sample");
  }
  try {
    run.transfer(in);
    require(in.at_end(), "checkpoint", "has more bytes than this run", "all the bytes that save() gave");
  } catch (...) {
    run.restart();
    throw;
  }
}

}  // namespace noisefall
