// The references that citations are made of.
#include "catch.hpp"

#include <map>
#include <regex>
#include <string>
#include <string_view>

#include <noisefall/config/config.hpp>
#include <noisefall/sampler/citations.hpp>

namespace nf = noisefall;

namespace {

// see(name, reference) for every policy that JSON may name.
template <class See>
void every_policy(const See& see) {
  const nf::catalogue all = nf::catalogue::built_in();
  const auto each = [&see](const auto& list) {
    for (const auto& entry : list.entries()) see(entry.type->name, entry.type->reference);
  };
  each(all.solvers());
  each(all.schedules());
  each(all.spacings());
  each(all.guidances());
  each(all.parameterisations());
}

}  // namespace

TEST_CASE("a reference says authors, title, venue, year and where it is") {
  const std::regex form{R"([A-Z][^:]+: [^.]+(\.[^.]+)*\. [^.]+ (19|20)\d\d\. (arXiv:\d{4}\.\d{5}|[a-z]+\.com/\S+))"};
  std::size_t with = 0, without = 0;
  every_policy([&](std::string_view name, std::string_view reference) {
    INFO(name << ": " << reference);
    ++(reference.empty() ? without : with);
    CHECK((reference.empty() || std::regex_match(std::string{reference}, form)));
  });
  CHECK(with > 3 * without);
}

TEST_CASE("a paper is written in one way, so that citations name it once") {
  std::map<std::string, std::string> by_place;
  every_policy([&](std::string_view name, std::string_view reference) {
    if (reference.empty()) return;
    INFO(name);
    const std::string text{reference}, place = text.substr(text.rfind(' ') + 1);
    CHECK(by_place.emplace(place, text).first->second == text);
  });
}

TEST_CASE("a sampler of several policies from one paper cites it once") {
  const auto loaded = nf::load_sampler(nlohmann::json::parse(
      R"({"solver": "heun", "schedule": "edm", "trajectory": {"name": "karras", "steps": 5},
          "parameterisation": "edm_precond"})"));
  const auto papers = nf::citations(loaded.policy);
  REQUIRE(papers.size() == 1);
  CHECK(papers[0] == nf::edm::reference);
}
