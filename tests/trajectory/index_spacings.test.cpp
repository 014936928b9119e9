// The spacings that visit indices of a table, against brute force and exact fractions, for every number of steps.
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/cosine.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/schedule/linear.hpp>
#include <noisefall/trajectory/beta_indices.hpp>
#include <noisefall/trajectory/concept.hpp>
#include <noisefall/trajectory/consistency_grid.hpp>
#include <noisefall/trajectory/ddim_uniform.hpp>
#include <noisefall/trajectory/iddpm_grid.hpp>
#include <noisefall/trajectory/leading.hpp>
#include <noisefall/trajectory/linspace.hpp>
#include <noisefall/trajectory/quadratic.hpp>
#include <noisefall/trajectory/sections.hpp>
#include <noisefall/trajectory/simple.hpp>
#include <noisefall/trajectory/trailing.hpp>
#include <noisefall/trajectory/whole_stride.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::Message;
using Catch::Matchers::WithinRel;
using indices = std::vector<long>;

namespace {

using rule = std::function<nf::trajectory(const nf::any_schedule&)>;

const nf::any_schedule& table() {
  static const nf::any_schedule made = nf::linear{};
  return made;
}

indices labels(const nf::trajectory& t) {
  indices found;
  for (const nf::leg& l : t.legs()) found.push_back(static_cast<long>(l.label));
  return found;
}

// n falling indices of the table of 1000, each the level of its leg, then clean data.
bool right_form(const nf::trajectory& t, std::size_t n) {
  if (t.steps() != n || !(t.back() == nf::noise_level{0, 1, 0})) return false;
  for (std::size_t i = 0; i < n; ++i) {
    const double label = t[i].label;
    if (!(label >= 0 && label <= 999 && label == std::floor(label)) || !(t[i].from == table().at(label))) return false;
    if (i > 0 && !(label < t[i - 1].label)) return false;
  }
  return true;
}

}  // namespace

static_assert(nf::Spacing<nf::simple, nf::linear> && nf::Spacing<nf::sections, nf::any_schedule>);
static_assert(!nf::Spacing<nf::beta_indices, nf::edm>);

TEST_CASE("rules of indices make exactly n legs through falling indices for every n from 1 to 1000") {
  const auto rules = [](std::size_t n) {
    return std::vector<std::pair<std::string, rule>>{
        {"linspace", nf::linspace{.steps = n}},
        {"leading", nf::leading{.steps = n}},
        {"trailing", nf::trailing{.steps = n}},
        {"quadratic", nf::quadratic{.steps = n}},
        {"simple", nf::simple{.steps = n}},
        {"consistency_grid", nf::consistency_grid{.steps = n, .origin_steps = 1000}}};
  };
  for (std::size_t n = 1; n <= 1000; ++n)
    for (const auto& [name, make] : rules(n)) {
      if (!right_form(make(table()), n)) FAIL(name << ", " << n << " steps");
    }
  for (std::size_t n = 1; n < 1000; ++n)
    if (!right_form(nf::leading{.steps = n, .rule = nf::index_rule::points}(table()), n) ||
        !right_form(nf::linspace{.steps = n, .rule = nf::index_rule::points}(table()), n))
      FAIL(n << " points");
  for (std::size_t n = 1; n <= 992; ++n)
    if (!right_form(nf::iddpm_grid{.steps = n}(table()), n)) FAIL("iddpm_grid, " << n << " steps");
  for (std::size_t n = 1; n <= 1000; n += n < 200 ? 1 : 37)
    if (!right_form(nf::beta_indices{.steps = n}(table()), n)) FAIL("beta_indices, " << n << " steps");
  CHECK(right_form(nf::beta_indices{.steps = 1000}(table()), 1000));
}

TEST_CASE("simple has ComfyUI's indices, exact for every n") {
  CHECK(nf::simple_indices(4, 1000) == indices{999, 749, 499, 249});
  CHECK(nf::simple_indices(7, 1000) == indices{999, 857, 714, 571, 428, 285, 142});
  for (long n = 1; n <= 1000; ++n) {
    const indices found = nf::simple_indices(static_cast<std::size_t>(n), 1000);
    for (long i = 0; i < n; ++i) {
      const long skipped = 999 - found[static_cast<std::size_t>(i)];  // the largest with skipped n <= 1000 i
      REQUIRE((skipped * n <= 1000 * i && (skipped + 1) * n > 1000 * i));
    }
  }
}

TEST_CASE("ddim_uniform goes up from the second index in whole strides, as ComfyUI's loop does") {
  std::size_t as_asked = 0;
  for (std::size_t n = 1; n <= 1000; ++n) {
    indices loop;
    for (long at = 1; at < 1000; at += 1000 / static_cast<long>(n)) loop.insert(loop.begin(), at);
    REQUIRE(nf::ddim_uniform_indices(n, 1000) == loop);
    as_asked += loop.size() == n ? 1 : 0;
  }
  CHECK(as_asked == 22);
  const nf::trajectory t = nf::ddim_uniform{.steps = 30}(table());
  CHECK(t.steps() == 31);
  CHECK(t[0].label == 991);
  CHECK(labels(nf::ddim_uniform{.steps = 50}(table())) == labels(nf::leading{.steps = 50, .steps_offset = 1}(table())));
  CHECK_THROWS_MATCHES((nf::ddim_uniform{.steps = 1}(nf::discrete_schedule{{0.5}})), nf::error,
                       Message("ddim_uniform: a table of 1; allowed: a schedule with a table of two levels or more"));
}

TEST_CASE("beta_indices has the rounded quantiles of ComfyUI, and repeats are spread or visited once") {
  CHECK(nf::beta_indices{.steps = 10}.indices(1000) == indices{999, 959, 876, 765, 637, 500, 362, 234, 123, 40});
  CHECK(nf::beta_indices{.steps = 20}.indices(1000) ==
        indices{999, 986, 959, 922, 876, 823, 765, 703, 637, 569, 500, 430, 362, 296, 234, 176, 123, 77, 40, 13});
  CHECK(nf::beta_indices{.steps = 10, .a = 0.5, .b = 0.7}.indices(1000) ==
        indices{999, 918, 790, 645, 499, 361, 238, 137, 62, 16});
  CHECK(nf::beta_indices{.steps = 150, .repeats = nf::repeated_indices::once}.indices(1000).size() == 149);
  CHECK(nf::beta_indices{.steps = 150}.indices(1000).size() == 150);
  CHECK(nf::beta_indices{.steps = 10}.indices(10) == indices{9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
  indices crowded{9, 9, 9, 4, 4, 0};
  nf::spread_indices(crowded, 10);
  CHECK(crowded == indices{9, 8, 7, 5, 4, 0});
}

TEST_CASE("sections respace as guided-diffusion does") {
  CHECK(nf::sections{{10, 15, 20}}.indices(1000) == indices{999, 982, 964, 947, 929, 912, 894, 877, 859, 842, 824, 807,
                                                            789, 772, 754, 737, 719, 702, 684, 667, 666, 642, 619, 595,
                                                            571, 547, 524, 500, 476, 453, 429, 405, 381, 358, 334, 333,
                                                            296, 259, 222, 185, 148, 111, 74,  37,  0});
  CHECK(nf::sections{{1, 3}}.indices(10) == indices{9, 7, 5, 0});
  CHECK(nf::sections{{2, 0, 3}}.indices(11) == indices{10, 9, 8, 3, 0});
  CHECK_THROWS_MATCHES(nf::sections{}.check(), nf::error,
                       Message("sections: counts: none; allowed: one or more, not all of them 0"));
  CHECK_THROWS_MATCHES((nf::sections{{0, 0}}.check()), nf::error,
                       Message("sections: counts: all 0; allowed: one or more, not all of them 0"));
  CHECK_THROWS_MATCHES((nf::sections{{1, 6}}.indices(10)), nf::error,
                       Message("sections: counts[1]: 6; allowed: up to the part's length, 5"));
}

TEST_CASE("whole_stride is the smallest stride of exactly n, as guided-diffusion's ddimN searches it") {
  std::size_t possible = 0;
  for (std::size_t n = 1; n <= 1000; ++n) {
    indices searched;
    for (long stride = 1; stride <= 1000 && searched.empty(); ++stride) {
      for (long at = 0; at < 1000; at += stride) searched.insert(searched.begin(), at);
      if (searched.size() != n) searched.clear();
    }
    if (searched.empty())
      REQUIRE_THROWS_AS(nf::whole_stride_indices(n, 1000), nf::error);
    else
      REQUIRE(nf::whole_stride_indices(n, 1000) == searched);
    possible += searched.empty() ? 0 : 1;
  }
  CHECK(possible == 63);
  CHECK(nf::whole_stride_indices(30, 1000)[0] == 29 * 34);
  CHECK_THROWS_MATCHES(nf::whole_stride_indices(37, 1000), nf::error,
                       Message("whole_stride: steps: 37; allowed: as many as a whole stride has in a table of 1000"));
}

TEST_CASE("the consistency grid skips through the indices of the distillation") {
  CHECK(nf::consistency_grid{.steps = 4}.indices(1000) == indices{999, 759, 499, 259});
  CHECK(nf::consistency_grid{.steps = 8}.indices(1000) == indices{999, 879, 759, 639, 499, 379, 259, 139});
  CHECK(nf::consistency_grid{.steps = 4, .strength = 0.5}.indices(1000) == indices{499, 379, 259, 139});
  CHECK(nf::consistency_grid{.steps = 3, .origin_steps = 7}.indices(1000) == indices{993, 709, 425});
  CHECK_THROWS_MATCHES((nf::consistency_grid{.steps = 26, .strength = 0.5}.indices(1000)), nf::error,
                       Message("consistency_grid: steps: 26; allowed: 1 to 25, what strength leaves of origin_steps"));
  CHECK_THROWS_AS((nf::consistency_grid{.steps = 4, .origin_steps = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::consistency_grid{.steps = 4, .strength = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::consistency_grid{.steps = 4, .origin_steps = 2000}.indices(1000)), nf::error);
}

TEST_CASE("the iDDPM grid on the cosine table has the sigmas of EDM's recursion") {
  const std::vector<double> u{80.203701845474337, 5.3763782908128273,   2.6948493515023416, 1.719472246217831,
                              1.1915957757109194, 0.8416009061530323,   0.5834219811051020, 0.37258188129754503,
                              0.1871672852641211, 0.0064254127711271708};
  const nf::trajectory t = nf::iddpm_grid{.steps = 10}(nf::cosine{});
  CHECK(labels(t) == indices{991, 881, 771, 661, 551, 440, 330, 220, 110, 0});
  for (std::size_t i = 0; i < 10; ++i) CHECK_THAT(t[i].from.rho(), WithinRel(u[i], 1e-10));
  CHECK(nf::iddpm_grid{.steps = 1, .skip = 0}.indices(1000) == indices{999});
  CHECK_THROWS_MATCHES((nf::iddpm_grid{.steps = 993}.indices(1000)), nf::error,
                       Message("iddpm_grid: steps: 993; allowed: 1 to 992"));
  CHECK_THROWS_MATCHES((nf::iddpm_grid{.steps = 1, .skip = 1000}.indices(1000)), nf::error,
                       Message("iddpm_grid: skip: 1000; allowed: below the table's length, 1000"));
}

TEST_CASE("the rule of points leaves the cleanest of n + 1 points out") {
  const auto points = nf::index_rule::points;
  CHECK(labels(nf::linspace{.steps = 10, .rule = points}(table())) ==
        indices{999, 899, 799, 699, 599, 500, 400, 300, 200, 100});
  CHECK(labels(nf::leading{.steps = 5, .rule = points}(table())) == indices{830, 664, 498, 332, 166});
  CHECK_THROWS_MATCHES((nf::leading{.steps = 1000, .rule = points}(table())), nf::error,
                       Message("leading: steps: 1000; allowed: by the rule of points below the table's length, 1000"));
  CHECK_THROWS_AS((nf::linspace{.steps = 1000, .rule = points}(table())), nf::error);
  CHECK(labels(nf::linspace{.steps = 1, .rule = points}(nf::discrete_schedule{{0.5}})) == indices{0});
}

TEST_CASE("rules of indices refuse schedules without a table, no steps and more than there are") {
  for (const rule& make : std::vector<rule>{
           nf::simple{.steps = 3}, nf::ddim_uniform{.steps = 3}, nf::beta_indices{.steps = 3}, nf::sections{{3}},
           nf::whole_stride{.steps = 3}, nf::consistency_grid{.steps = 3}, nf::iddpm_grid{.steps = 3}})
    CHECK_THROWS_WITH(make(nf::edm{}), Catch::Matchers::ContainsSubstring(
                                           "a continuous schedule; allowed: a schedule with a table of levels"));
  for (const std::size_t n : {std::size_t{0}, std::size_t{1001}})
    for (const rule& make :
         std::vector<rule>{nf::simple{.steps = n}, nf::ddim_uniform{.steps = n}, nf::beta_indices{.steps = n},
                           nf::whole_stride{.steps = n}, nf::consistency_grid{.steps = n}, nf::iddpm_grid{.steps = n}})
      CHECK_THROWS_AS(make(table()), nf::error);
}
