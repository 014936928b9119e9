// The references that citations are made of.
#include "catch.hpp"

#include <map>
#include <regex>
#include <string>
#include <string_view>

#include <noisefall/config/config.hpp>

namespace nf = noisefall;

namespace {

template <class... Policies, class See>
void each(nf::described_list<Policies...>, const See& see) {
  (see(nf::described_name<Policies>(), nf::described_reference<Policies>()), ...);
}

template <class See>
void every_policy(const See& see) {
  each(nf::described_solvers{}, see);
  each(nf::described_schedules{}, see);
  each(nf::described_spacings{}, see);
  each(nf::described_guidances{}, see);
  each(nf::described_parameterisations{}, see);
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
  REQUIRE(loaded.citations.size() == 1);
  CHECK(loaded.citations[0] == nf::edm::reference);
}
