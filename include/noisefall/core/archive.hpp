// Bytes in or out: what a checkpoint hands to everything that has state.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace noisefall {

// Whoever has state passes each part of it to archive(part), in the same order for writing and for reading.
class archive {
 public:
  // Is it reading, so that parts change?
  virtual bool reads() const = 0;

  template <class T>
  requires std::is_trivially_copyable_v<T>
  void operator()(T& part) { bytes_of(&part, sizeof part); }
  // Whatever the byte is, what is read is true or false.
  void operator()(bool& part) {
    unsigned char byte = part ? 1 : 0;
    bytes_of(&byte, 1);
    part = byte != 0;
  }
  // The size stays: it is given by the run, not by the file.
  template <class T>
  void operator()(std::vector<T>& parts) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_of(parts.data(), parts.size() * sizeof(T));
  }
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void elements(std::span<T> parts) { bytes_of(parts.data(), parts.size_bytes()); }

 protected:
  archive() = default;
  archive(const archive&) = default;
  archive& operator=(const archive&) = default;
  ~archive() = default;

 private:
  void bytes_of(void* first, std::size_t size) {
    if (size != 0) bytes({static_cast<std::byte*>(first), size});  // an empty vector may have no address
  }
  virtual void bytes(std::span<std::byte> part) = 0;
};

}  // namespace noisefall
