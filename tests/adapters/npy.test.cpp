// .npy files: what NumPy wrote is read, what is written NumPy reads, and damage is refused.
#include <noisefall/adapters/npy.hpp>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;

namespace {

// A file that is gone after the test.
struct file {
  explicit file(const std::string& named) : path{"npy_test_" + named} {}
  file(const std::string& named, const std::string& bytes) : file{named} {
    std::ofstream{path, std::ios::binary} << bytes;
  }
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  ~file() { std::remove(path.c_str()); }

  std::string bytes() const {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

  std::string path;
};

// As NumPy writes it: the header padded with blanks to a multiple of 64 bytes.
std::string npy(const std::string& header, const std::string& elements, char version = 1) {
  const std::size_t before = version == 1 ? 10 : 12, length = (before + header.size() + 1 + 63) / 64 * 64 - before;
  std::string all = "\x93NUMPY";
  all += version;
  all += '\0';
  for (std::size_t byte = 0; byte < before - 8; ++byte) all += static_cast<char>(length >> 8 * byte & 0xff);
  return all + header + std::string(length - header.size() - 1, ' ') + '\n' + elements;
}
std::string header(const std::string& type, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}
template <class T>
std::string bytes_of(std::initializer_list<T> numbers) {
  return {reinterpret_cast<const char*>(numbers.begin()), numbers.size() * sizeof(T)};
}
const std::string six = bytes_of<float>({1, 2, 3, 4, 5, 6});

template <class T>
std::string refusal(const std::string& bytes) {
  const file damaged{"damaged.npy", bytes};
  try {
    nf::load_npy<T>(damaged.path);
  } catch (const nf::error& e) {
    return e.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("what is saved as .npy has NumPy's bytes") {
  nf::tensor<float> batch({2, 3});
  for (std::size_t i = 0; i < 6; ++i) batch[i] = static_cast<float>(i + 1);
  const file saved{"saved.npy"};
  nf::save_npy(saved.path, batch);
  const std::string bytes = saved.bytes();
  REQUIRE(bytes.size() % 64 == six.size());
  CHECK(bytes.substr(0, 8) == std::string("\x93NUMPY\1\0", 8));
  CHECK_THAT(bytes, ContainsSubstring("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"));
  CHECK(bytes.substr(bytes.size() - six.size()) == six);
}

TEMPLATE_TEST_CASE("what is saved as .npy is loaded with the same bits", "", float, double) {
  for (const nf::shape& extents :
       {nf::shape{5}, nf::shape{0, 3}, nf::shape{2, 1, 3}, nf::shape{1, 1, 1, 1, 1, 1, 1, 2}}) {
    nf::tensor<TestType> batch(extents);
    for (std::size_t i = 0; i < batch.size(); ++i) batch[i] = TestType(1) / static_cast<TestType>(i + 3);
    const file saved{"same_bits.npy"};
    nf::save_npy(saved.path, batch);
    const nf::tensor<TestType> loaded = nf::load_npy<TestType>(saved.path);
    CHECK(loaded.extents() == extents);
    CHECK(std::memcmp(loaded.data(), batch.data(), batch.size() * sizeof(TestType)) == 0);
  }
}

TEST_CASE("halves are NumPy's float16") {
  nf::tensor<nf::half> batch({2, 2});
  batch[3] = nf::half{-0.5f};
  const file saved{"half.npy"};
  nf::save_npy(saved.path, nf::mutable_view<nf::half>{batch});
  CHECK_THAT(saved.bytes(), ContainsSubstring("'<f2'"));
  CHECK(nf::load_npy<nf::half>(saved.path)[3].bits == batch[3].bits);
}

TEST_CASE("headers of both versions and arrays in Fortran order are read") {
  const file plain{"plain.npy", npy(header("<f4", "(2, 3)"), six)};
  const file second{"second.npy", npy(header("<f4", "(2, 3)"), six, 2)};
  const file fortran{"fortran.npy", npy(header("<f4", "(3, 2)", "True"), six)};
  const file vector{"vector.npy", npy(header("<f4", "(6,)"), six)};
  for (const file* f : {&plain, &second}) {
    const auto batch = nf::load_npy<float>(f->path);
    CHECK(batch.extents() == nf::shape{2, 3});
    CHECK(batch[1] == 2);
  }
  const auto turned = nf::load_npy<float>(fortran.path);
  CHECK(turned.extents() == nf::shape{3, 2});
  CHECK(turned[1] == 4);
  CHECK(turned[2] == 2);
  CHECK(nf::load_npy<float>(vector.path).extents() == nf::shape{6});
}

TEST_CASE("a .npy file with elements of another type is refused with both types") {
  CHECK_THAT(refusal<float>(npy(header("<f8", "(1,)"), bytes_of<double>({1}))),
             ContainsSubstring("damaged.npy: elements of type '<f8'; allowed: '<f4', which is float32"));
  CHECK_THAT(refusal<double>(npy(header("<f4", "(1,)"), bytes_of<float>({1}))),
             ContainsSubstring(".astype(numpy.float64)"));
  CHECK_THAT(refusal<float>(npy(header(">f4", "(1,)"), bytes_of<float>({1}))), ContainsSubstring("'>f4'"));
  CHECK_THAT(refusal<nf::half>(npy(header("<u2", "(1,)"), "ab")), ContainsSubstring("'<u2'"));
}

TEST_CASE("damaged .npy files are refused with what is wrong") {
  const std::string whole = npy(header("<f4", "(2, 3)"), six);
  CHECK(refusal<float>(whole) == "accepted");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO("the first " << size << " bytes");
    CHECK(refusal<float>(whole.substr(0, size)) != "accepted");
  }
  CHECK_THAT(refusal<float>("PK no numbers"), ContainsSubstring("no .npy file; allowed: a file that numpy.save wrote"));
  CHECK_THAT(refusal<float>(whole.substr(0, 60)), ContainsSubstring("ends within its header"));
  CHECK_THAT(refusal<float>(whole.substr(0, whole.size() - 1)),
             ContainsSubstring("23 bytes of elements for shape (2, 3); allowed: 24, as its header says"));
  CHECK_THAT(refusal<float>(whole + "more"), ContainsSubstring("28 bytes of elements"));
  CHECK_THAT(refusal<float>(npy(header("<f4", "()"), bytes_of<float>({1}))),
             ContainsSubstring("shape (); allowed: 1 to 8 extents, samples first"));
  CHECK_THAT(refusal<float>(npy(header("<f4", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"), bytes_of<float>({1}))),
             ContainsSubstring("1 to 8 extents"));
  CHECK_THAT(refusal<float>(npy(header("<f4", "(4294967296, 4294967296)"), "")),
             ContainsSubstring("an array that fits into memory"));
  CHECK_THAT(refusal<float>(npy(header("<f4", "(1000000000000,)"), six)), ContainsSubstring("24 bytes of elements"));
  CHECK_THAT(refusal<float>(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }", six)),
             ContainsSubstring("describes no plain array"));
  for (const char* text : {"", "{}", "{'descr': '<f4', 'fortran_order': False, 'shape': , }", "{'descr': , "})
    CHECK_THAT(refusal<float>(npy(text, six)), ContainsSubstring("describes no plain array"));
  CHECK_THAT(refusal<float>(npy(header("<f4", "(2, 3)"), six, 3)), ContainsSubstring("version 3.0"));
}

TEST_CASE("a .npy file that cannot be opened is refused by its name") {
  CHECK_THROWS_WITH(nf::load_npy<float>("no/such/file.npy"),
                    "load_npy: no/such/file.npy: cannot be opened; allowed: a file that can be read");
  CHECK_THROWS_WITH(nf::save_npy("no/such/file.npy", nf::tensor<float>({1})),
                    "save_npy: no/such/file.npy: cannot be opened; allowed: a file that can be written");
}
