// The small tools: errors that say where, vectors without a heap, references to callables.
#include <string>

#include <noisefall/core/archive.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/core/function_ref.hpp>
#include <noisefall/core/inline_vector.hpp>

#include "catch.hpp"

namespace nf = noisefall;

TEST_CASE("an error says where, what and what is allowed, in one sentence and in parts") {
  const nf::error e{"ddim.eta", "is -1", "0 or more"};
  CHECK(std::string{e.what()} == "ddim.eta: is -1; allowed: 0 or more");
  CHECK(e.where() == "ddim.eta");
  CHECK(e.problem() == "is -1");
  CHECK(e.allowed() == "0 or more");
  CHECK(std::string{nf::error{"a", "b", ""}.what()} == "a: b");
  CHECK_THROWS_AS(nf::require(false, "a", "b", "c"), nf::error);
  CHECK_NOTHROW(nf::require(true, "a", "b", "c"));
}

TEST_CASE("an error puts its texts together from parts: texts and numbers of every kind") {
  const std::string name = "karras";
  const nf::error e{{name, ": leg ", 3u}, {"from ", 0.5, " to ", -2, ", ", 1ul << 40, " of ", -7l}, {}};
  CHECK(e.where() == "karras: leg 3");
  CHECK(e.problem() == "from 0.500000 to -2, 1099511627776 of -7");
  CHECK(std::string{e.what()} == "karras: leg 3: from 0.500000 to -2, 1099511627776 of -7");
}

TEST_CASE("an inline vector holds what it is given, in order") {
  nf::inline_vector<int, 3> v{4, 5};
  CHECK(v.size() == 2);
  v.push_back(6);
  CHECK(v.back() == 6);
  int sum = 0;
  for (const int i : v) sum = 10 * sum + i;
  CHECK(sum == 456);
  v.clear();
  CHECK(v.empty());
  CHECK(v.capacity() == 3);
}

TEST_CASE("a function_ref calls what it refers to") {
  int offset = 1;
  const auto add = [&offset](int i) { return i + offset; };
  const nf::function_ref<double(int)> f = add;
  CHECK(f(2) == 3);
  offset = 5;
  CHECK(f(2) == 7);
}
