// Fuzz target: a file of recorded runs, as the conformance program reads it. It is refused with an exception, or its
// numbers can be read and its networks answer.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "golden/network.hpp"
#include "golden/trace_file.hpp"
#include "support.hpp"

namespace golden = noisefall::golden;
using nlohmann::json;

namespace {

// What an action returns; nothing where it throws.
template <class Action>
auto tried(Action action) {
  decltype(action()) result{};
  try {
    result = action();
  } catch (const std::exception&) {
  }
  return result;
}

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])))) return false;
  return true;
}

// Every part of the file, read as every kind of part.
void read_all(const json& part) {
  const std::vector<double> list = tried([&] { return golden::numbers(part); });
  const std::vector<double> flat = tried([&] { return golden::flat(part); });
  if (!list.empty() && !same(list, flat)) fuzz::fail("a list of numbers is flat, and is not");
  const json plain = tried([&] { return golden::with_numbers(part); });
  if (tried([&] { return golden::with_numbers(plain); }).dump() != plain.dump())
    fuzz::fail("numbers that are read twice are others");
  if (part.is_object())
    for (const auto& item : part.items())
      if (golden::has(part, item.key()) == item.value().is_null()) fuzz::fail("what is there is not, or the reverse");
  if (part.is_structured())
    for (const json& inner : part) read_all(inner);
}

// A case's network, asked about its first state.
void ask(const json& c, const std::vector<golden::mixture>& mixtures) {
  const std::vector<double> x = golden::flat(c.at("initial_sample"));
  golden::network net{.rule = golden::rule_of(c.at("class").get<std::string>(), golden::with_numbers(c.at("config")))};
  if (!mixtures.empty()) net.exact = &mixtures.front();
  const std::size_t size = net.exact ? net.exact->size() : x.size();
  if (size == 0 || x.size() % size != 0) return;
  const noisefall::noise_level level{0, golden::number(c.at("alpha").at(0)), golden::number(c.at("sigma").at(0))};
  std::vector<double> out(x.size() / size * net.columns(size));
  net.answer(x, x, size, level, golden::number(c.at("timesteps").at(0)), out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try {
    const json file = golden::parse_trace(text, "fuzz");
    if (!fuzz::is_small(file)) return 0;
    read_all(file);
    std::vector<golden::mixture> mixtures;
    for (const json& m : file.at("mixtures")) mixtures.emplace_back(m);
    for (const json& c : file.at("cases")) ask(c, mixtures);
  } catch (const std::exception&) {
  }
  return 0;
}
