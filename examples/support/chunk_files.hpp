// A folder of samples in chunks: written whole or not at all, found again by any later run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/tensor/shape.hpp>

namespace examples {

namespace nf = noisefall;

/// Samples [first, first + count).
struct sample_range {
  std::uint64_t first = 0, count = 0;
  std::uint64_t end() const { return first + count; }
};

/// Files "samples_<first>_<count>.npy" of float32 [count, ...]: numpy opens them too. A file appears by being renamed, so
/// one that is there is whole, whatever became of the process that wrote it.
class chunk_files {
 public:
  chunk_files(std::filesystem::path folder, const nf::shape& sample) : folder_{std::move(folder)}, sample_{sample} {
    look();
  }

  /// Takes in what is there now, in the order of the samples.
  void look() {
    pieces_.clear();
    if (!std::filesystem::exists(folder_)) return;
    for (const auto& entry : std::filesystem::directory_iterator{folder_}) {
      const std::string name = entry.path().filename().string();
      unsigned long long first = 0, count = 0;
      int end = 0;
      if (std::sscanf(name.c_str(), "samples_%llu_%llu.npy%n", &first, &count, &end) != 2 ||
          static_cast<std::size_t>(end) != name.size())
        continue;
      const std::uint64_t expected = header(count).size() + count * bytes_of_one();
      nf::require(entry.file_size() == expected, entry.path().string(), {"is ", entry.file_size(), " bytes long"},
                  {expected, ": ", count, " samples of ", nf::to_string(sample_.with_samples(1))});
      pieces_.push_back({first, count});
    }
    std::sort(pieces_.begin(), pieces_.end(),
              [](const sample_range& a, const sample_range& b) { return a.first < b.first; });
  }

  /// The parts of `range` that no file holds, each of `most` samples at most.
  std::vector<sample_range> missing(const sample_range& range, std::uint64_t most) const {
    std::vector<sample_range> parts;
    std::uint64_t at = range.first;
    const auto up_to = [&](std::uint64_t end) {
      for (; at < end; at += parts.back().count) parts.push_back({at, std::min(most, end - at)});
    };
    for (const sample_range& piece : pieces_) {
      up_to(std::min(piece.first, range.end()));
      at = std::max(at, std::min(piece.end(), range.end()));
    }
    up_to(range.end());
    return parts;
  }

  void write(const sample_range& range, const std::vector<float>& samples) const {
    const auto name = file_of(range);
    auto unfinished = name;
    unfinished += ".part";
    {
      std::ofstream file{unfinished, std::ios::binary};
      file << header(range.count);
      file.write(reinterpret_cast<const char*>(samples.data()),
                 static_cast<std::streamsize>(samples.size() * sizeof(float)));
      if (!file.flush()) throw nf::error{unfinished.string(), "cannot be written", "a place with room for it"};
    }
    std::filesystem::rename(unfinished, name);
  }

  /// see(number, elements) for every sample of the range, in order; all of them are in files.
  template <class See>
  void read(const sample_range& range, const See& see) const {
    const std::size_t size = sample_.sample_size();
    std::vector<float> samples;
    for (const sample_range& piece : pieces_) {
      const std::uint64_t begin = std::max(piece.first, range.first), end = std::min(piece.end(), range.end());
      if (begin >= end) continue;
      samples.resize((end - begin) * size);
      std::ifstream file{file_of(piece), std::ios::binary};
      file.seekg(static_cast<std::streamoff>(header(piece.count).size() + (begin - piece.first) * bytes_of_one()));
      file.read(reinterpret_cast<char*>(samples.data()), static_cast<std::streamsize>(samples.size() * sizeof(float)));
      if (!file) throw nf::error{file_of(piece).string(), "cannot be read", "the file that was there before"};
      for (std::uint64_t i = begin; i < end; ++i) see(i, samples.data() + (i - begin) * size);
    }
  }
  std::vector<float> read(const sample_range& range) const {
    std::vector<float> all;
    read(range, [&](std::uint64_t, const float* x) { all.insert(all.end(), x, x + sample_.sample_size()); });
    return all;
  }

 private:
  std::uint64_t bytes_of_one() const { return sample_.sample_size() * sizeof(float); }
  std::filesystem::path file_of(const sample_range& range) const {
    return folder_ / ("samples_" + std::to_string(range.first) + "_" + std::to_string(range.count) + ".npy");
  }
  // Of a .npy file, version 1: a multiple of 64 bytes.
  std::string header(std::uint64_t count) const {
    std::string extents = std::to_string(count);
    for (std::size_t axis = 1; axis < sample_.rank(); ++axis) extents += ", " + std::to_string(sample_[axis]);
    std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + extents + ",), }";
    text.resize((10 + text.size()) / 64 * 64 + 64 - 11, ' ');
    text += '\n';
    std::string all = "\x93NUMPY";
    all += {'\x01', '\x00', static_cast<char>(text.size() & 255), static_cast<char>(text.size() >> 8)};
    return all + text;
  }

  std::filesystem::path folder_;
  nf::shape sample_;
  std::vector<sample_range> pieces_;
};

}  // namespace examples
