// Batches in NumPy's .npy files, read and written by xtensor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <limits>
#include <regex>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#if __has_include(<xtensor/io/xnpy.hpp>)  // xtensor 0.26 and later
#include <xtensor/io/xnpy.hpp>
#else
#include <xtensor/xnpy.hpp>
#endif

#include <noisefall/adapters/xtensor.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/core/half.hpp>
#include <noisefall/tensor/shape.hpp>
#include <noisefall/tensor/tensor.hpp>
#include <noisefall/tensor/view.hpp>

// NumPy's float16.
template <>
inline char xt::detail::map_type<noisefall::half>() {
  return 'f';
}

namespace noisefall {

namespace detail {

template <class T>
inline constexpr bool in_npy = std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, half>;

template <class T>
constexpr const char* numpy_name() {
  return std::is_same_v<T, float> ? "float32" : std::is_same_v<T, double> ? "float64" : "float16";
}

// What the header of a file says. xtensor's reader trusts headers and sizes: this is what they are held against first.
struct npy_header {
  std::string type;  // "<f4"
  shape extents;
};

inline npy_header read_npy_header(std::istream& file, std::uint64_t file_size, const std::string& where) {
  constexpr const char* allowed = "a file that numpy.save wrote";
  std::array<char, 12> start{};
  file.read(start.data(), 10);
  require(file.good() && std::string{start.data(), 6} == "\x93NUMPY", where, "no .npy file", allowed);
  const unsigned version = static_cast<unsigned char>(start[6]), minor = static_cast<unsigned char>(start[7]);
  require((version == 1 || version == 2) && minor == 0, where, {"version ", version, ".", minor, " of the format"},
          "versions 1.0 and 2.0");
  if (version == 2) file.read(start.data() + 10, 2);
  std::uint64_t length = 0, begin = version == 1 ? 10 : 12;
  for (std::uint64_t at = begin; at-- > 8;) length = length << 8 | static_cast<unsigned char>(start[at]);
  require(file.good() && length <= file_size - begin, where, "ends within its header", allowed);
  std::string text(static_cast<std::size_t>(length), '\0');
  file.read(text.data(), static_cast<std::streamsize>(length));

  std::smatch found;
  const std::regex plain{R"(\{'descr': '([<>|=][a-zA-Z]\d+)', 'fortran_order': (?:True|False), )"
                         R"('shape': \(((?:\d{1,18}, ?)*(?:\d{1,18})?)\),? ?\} *\n)"};
  require(std::regex_match(text, found, plain), where, "a header that describes no plain array of numbers", allowed);
  std::vector<std::size_t> extents;
  std::uint64_t size = 1;
  const std::string list = found[2];
  const std::regex number{"\\d+"};
  for (std::sregex_iterator at{list.begin(), list.end(), number}, end; at != end; ++at) {
    extents.push_back(std::stoull(at->str()));
    require(extents.back() == 0 || size <= std::numeric_limits<std::uint64_t>::max() / 16 / extents.back(), where,
            {"shape (", list, ")"}, "an array that fits into memory");
    size *= extents.back();
  }
  require(!extents.empty() && extents.size() <= shape::max_rank, where, {"shape (", list, ")"},
          "1 to 8 extents, samples first");
  const std::uint64_t item = std::stoull(found[1].str().substr(2)), bytes = file_size - begin - length;
  require(item <= 16 && size * item == bytes, where, {bytes, " bytes of elements for shape (", list, ")"},
          {size * item, ", as its header says"});
  return {found[1], shape{std::span<const std::size_t>{extents}}};
}

}  // namespace detail

// The array in a .npy file as a batch, samples first. T is float, double or half and must be what the file holds: no
// number is rounded on the way. Arrays in Fortran order are put into row-major order. Throws noisefall::error if the
// file cannot be read, is damaged, or holds something else.
//
//   nf::tensor<float> images = nf::load_npy<float>("images.npy");
//
// For an array of xtensor, xt::load_npy and view_of.
template <class T>
tensor<T> load_npy(const std::string& path) {
  static_assert(detail::in_npy<T>, "NumPy has float32 (float), float64 (double) and float16 (noisefall::half)");
  const std::string where = "load_npy: " + path;
  std::ifstream file{path, std::ios::binary | std::ios::ate};
  require(file.is_open(), where, "cannot be opened", "a file that can be read");
  const auto size = file.tellg();
  file.seekg(0);
  const detail::npy_header header = detail::read_npy_header(file, static_cast<std::uint64_t>(size), where);
  require(header.type == xt::detail::build_typestring<T>(), where, {"elements of type '", header.type, "'"},
          {"'", xt::detail::build_typestring<T>(), "', which is ", detail::numpy_name<T>(),
           ": another load_npy<T>, or .astype(numpy.", detail::numpy_name<T>(), ") before it is saved"});
  file.seekg(0);
  const auto stored = xt::load_npy<T>(file);
  require(file.good(), where, "cannot be read to its end", "a file that can be read");
  tensor<T> loaded{header.extents};
  auto elements = as_xtensor(loaded);
  xt::noalias(elements) = stored;
  return loaded;
}

// Writes a batch of float, double or half as a .npy file for numpy.load: float32, float64 or float16, row-major. Throws
// noisefall::error if the file cannot be written.
template <class T>
void save_npy(const std::string& path, const basic_view<T>& batch) {
  static_assert(detail::in_npy<std::remove_const_t<T>>,
                "NumPy has float32 (float), float64 (double) and float16 (noisefall::half)");
  const auto elements = as_xtensor(batch);
  std::ofstream file{path, std::ios::binary};
  require(file.is_open(), "save_npy: " + path, "cannot be opened", "a file that can be written");
  xt::detail::dump_npy_stream(file, elements);
  file.close();
  require(file.good(), "save_npy: " + path, "cannot be written to its end", "a file that can be written");
}
template <class T>
void save_npy(const std::string& path, const tensor<T>& batch) {
  save_npy(path, view<T>{batch});
}

}  // namespace noisefall
