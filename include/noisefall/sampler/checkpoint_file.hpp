// Checkpoint files: written whole or not at all, and read back. It is not in the umbrella, which has no <filesystem>.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include <noisefall/core/error.hpp>
#include <noisefall/sampler/checkpoint.hpp>

namespace noisefall {

namespace detail {

// A file of <cstdio>, closed where it is left.
class open_file {
 public:
  open_file(const std::filesystem::path& name, const char* mode) : held_{std::fopen(name.string().c_str(), mode)} {}
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  ~open_file() { close(); }
  explicit operator bool() const { return held_ != nullptr; }

  bool write(std::span<const std::byte> bytes) {
    return std::fwrite(bytes.data(), 1, bytes.size(), held_) == bytes.size();
  }
  bool read(std::span<std::byte> bytes) { return std::fread(bytes.data(), 1, bytes.size(), held_) == bytes.size(); }
  // Whether all that was written is on the disk: a rename must not overtake it.
  bool flush() {
    bool all = std::fflush(held_) == 0;
#if __has_include(<unistd.h>)
    all = all && fsync(fileno(held_)) == 0;
#endif
    return all;
  }
  bool close() {
    std::FILE* const file = std::exchange(held_, nullptr);
    return file == nullptr || std::fclose(file) == 0;
  }

 private:
  std::FILE* held_;
};

// A name beside `file` that no file has, and the file of that name, opened. Another process may be saving there too.
inline std::filesystem::path temporary_beside(const std::filesystem::path& file, const auto& see) {
  constexpr int most = 100;
  for (int k = 0; k < most; ++k) {
    std::filesystem::path name = file;
    name += ".tmp" + std::to_string(k);
    errno = 0;
    open_file made{name, "wbx"};
    if (made) {
      see(made, name);
      return name;
    }
    if (errno != EEXIST) break;
  }
  refuse(file.string(), {"cannot be written: ", std::strerror(errno)}, "a place to write to");
}

inline void write_whole(const std::filesystem::path& file, std::span<const std::byte> bytes) {
  const auto name = temporary_beside(file, [&](open_file& to, const std::filesystem::path& temporary) {
    errno = 0;
    if (to.write(bytes) && to.flush() && to.close()) return;
    const std::string why = std::strerror(errno);
    to.close();
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    refuse(file.string(), {"cannot be written: ", why}, {"room for ", bytes.size(), " bytes"});
  });
  std::error_code failed;
  std::filesystem::rename(name, file, failed);
  if (!failed) return;
  std::error_code ignored;
  std::filesystem::remove(name, ignored);
  refuse(file.string(), {"cannot be written: ", failed.message()}, "the name of a file, new or to be replaced");
}

inline std::vector<std::byte> read_whole(const std::filesystem::path& file) {
  constexpr const char* allowed = "a file that save_file() wrote";
  std::error_code failed;
  const bool regular = std::filesystem::is_regular_file(file, failed);
  require(std::filesystem::exists(file, failed), file.string(), "there is no such file", allowed);
  require(regular, file.string(), "is no file", allowed);
  const auto size = static_cast<std::size_t>(std::filesystem::file_size(file, failed));
  open_file from{file, "rb"};
  require(bool{from} && !failed, file.string(), "cannot be read", allowed);
  std::vector<std::byte> bytes(size);
  require(from.read(bytes), file.string(), "cannot be read to its end", allowed);
  return bytes;
}

}  // namespace detail

// The run between two steps into `file`, by way of a file of another name beside it that is then renamed: whatever
// happens meanwhile, `file` is the checkpoint that was there or the new one. Throws noisefall::error if the run is
// inside a step, or with the name of a file that cannot be written.
template <class Run>
void save_file(Run& run, const std::filesystem::path& file) {
  detail::write_whole(file, save(run));
}

// Makes `run` the run in `file`. Throws noisefall::error with the file's name where it cannot be read or does not fit
// (see load()), and leaves the run as it is.
template <class Run>
void load_file(Run& run, const std::filesystem::path& file) {
  detail::load_checkpoint(run, detail::read_whole(file), file.string() + ": checkpoint: load");
}

}  // namespace noisefall
