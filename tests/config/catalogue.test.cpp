// The catalogue as a value: policies of a user's own beside the library's, aliases, and what is refused.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/config.hpp>
#include <noisefall/noisefall.hpp>

#include "catch.hpp"
#include "message_of.hpp"

// One of each kind, as a third party writes them: each one struct, described inside or beside.
namespace lab {

namespace nf = noisefall;

template <class Solver>
struct other_name {
  std::string_view name;
  Solver solver;
};

// DDIM with a second name that stands for other defaults.
struct damped : nf::ddim {
  static constexpr std::string_view name = "damped", reference = "A paper of ours, 2026";
  double damping = 1;
  int times = 2;

  void check() const {
    nf::require(damping > 0, "damped.damping", {damping}, "above 0");
    nf::ddim::check();
  }
  template <class V>
  void describe(V& visit) {
    visit("eta", eta);
    visit("damping", damping);
    visit("times", times);
  }

  static constexpr std::array<other_name<damped>, 2> aliases() {
    return {other_name<damped>{"damped_noisy", {{.eta = 1}, 0.5, 2}}, {"damped_twice", {{}, 1, 4}}};
  }
};

struct cubic {
  static constexpr std::string_view name = "cubic";
  std::size_t steps = 3;
  void check() const { nf::require(steps >= 1, "cubic.steps", {steps}, "1 or more"); }
  template <nf::NoiseSchedule S>
  nf::trajectory operator()(const S& schedule) const {
    return nf::time_uniform{.steps = steps}(schedule);
  }
  template <class V>
  void describe(V& visit) {
    visit("steps", steps);
  }
};

struct constant {
  static constexpr std::string_view name = "constant";
  static constexpr auto space = nf::guidance_space::output;
  nf::weight_schedule weight{1};
  void check() const {}
  nf::branch_set needs(const nf::guidance_position&) const { return {0, 1}; }
  nf::branch_weights weights(const nf::guidance_position& at) const {
    const double w = weight.at(at.sigma());
    return {.guided = {1 + w, -w}};
  }
  std::vector<double> breakpoints() const { return weight.breakpoints(); }
};
void describe(nf::description& visit, constant& g) { visit("weight", g.weight); }

struct scaled_eps : nf::predicts_eps {
  static constexpr std::string_view name = "scaled_eps";
  template <class V>
  void describe(V& visit) {
    visit("label_scale", label_scale);
  }
};

// A table, so that snr_shift may be of it.
struct two_levels : nf::discrete_schedule {
  static constexpr std::string_view name = "two_levels";
  two_levels() : nf::discrete_schedule{{0.9, 0.2}} {}
  template <class V>
  void describe(V&) {}
};

// Its steps are its own: x goes straight to the x0 that the network sees.
struct one_jump {
  static constexpr std::string_view name = "one_jump";
  static constexpr bool couples_batch = false;
  struct state {
    bool asked = false, done = false;
  };
  void check() const {}
  void check_ends(const nf::noise_level&, const nf::noise_level&) const {}
  std::size_t tensors() const { return 0; }
  std::size_t readings() const { return 1; }
  nf::quantity reads() const { return nf::quantity::x0; }
  void begin(state& s, std::size_t) const { s = {}; }
  nf::own_action advance(state& s, nf::bench& on) const {
    using kind = nf::own_action::kind;
    if (s.done) return {kind::finished};
    if (s.asked) {
      const std::vector<double> whole(on.samples(), 1);
      const nf::bench::term x0{1, whole};
      on.combine(0, {&x0, 1});
      s.done = true;
      return {kind::step_done};
    }
    for (nf::noise_level& at : on.levels()) at = on.path().front();
    s.asked = true;
    return {kind::evaluate, 0, 0};
  }
  void transfer(nf::archive& to, state& s) const {
    to(s.asked);
    to(s.done);
  }
  template <class V>
  void describe(V&) {}
};

}  // namespace lab

namespace {

namespace nf = noisefall;
using nlohmann::json;

nf::catalogue with_own() {
  nf::catalogue mine = nf::catalogue::built_in();
  mine.add<lab::damped>().add<lab::cubic>().add<lab::constant>().add<lab::scaled_eps>().add<lab::two_levels>();
  mine.add<lab::one_jump>();
  return mine;
}

struct network {
  using condition = double;
  template <class T>
  void predict(nf::view<T> x, const nf::evaluation& at, double shift, nf::mutable_view<T> out) {
    for (std::size_t i = 0; i < x.size(); ++i)
      out.data()[i] = static_cast<T>(x.data()[i] * T(0.9) + static_cast<T>(shift + at.level(0).sigma));
  }
};

std::vector<float> bits(const nf::sampler& sample) {
  nf::tensor<float> x({3, 5});
  network model;
  sample(model, x, {.seed = 3, .conditional = 0.25, .unconditional = -0.5});
  return {x.elements().begin(), x.elements().end()};
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("L2: policies of one's own loaded from JSON give the bits of those built in code", "[config]") {
  const json file = json::parse(R"({
    "noisefall": 1, "solver": {"name": "damped", "eta": 0.5}, "schedule": "vp_linear", "trajectory": {"name": "cubic", "steps": 6},
    "guidance": {"name": "constant", "weight": 0.5}, "parameterisation": {"name": "scaled_eps", "label_scale": 999}})");
  const nf::loaded_sampler loaded = nf::load_sampler(file, with_own());
  const nf::sampler built{lab::damped{{.eta = 0.5}}, nf::vp_linear{}, lab::cubic{6}, lab::constant{0.5},
                          lab::scaled_eps{{.label_scale = 999}}};
  CHECK(same(bits(loaded.policy), bits(built)));
  CHECK(loaded.described["solver"] == json::parse(R"({"name": "damped", "eta": 0.5, "damping": 1.0, "times": 2})"));
  CHECK(same(bits(nf::load_sampler(loaded.described, with_own()).policy), bits(built)));
  CHECK(nf::citations(loaded.policy).front() == "A paper of ours, 2026");
}

TEST_CASE("a solver of one's own that takes its own steps is loaded like any other", "[config]") {
  const json file = json::parse(R"({"solver": "one_jump", "schedule": "vp_linear", "trajectory": {"name": "cubic"}})");
  const nf::sampler read = nf::load_sampler(file, with_own()).policy;
  CHECK(read.parts().has_own_steps());
  CHECK(same(bits(read), bits(nf::sampler{lab::one_jump{}, nf::vp_linear{}, lab::cubic{}})));
}

TEST_CASE("a table of one's own is a schedule, and other schedules may be made of it", "[config]") {
  const auto shifted = nf::load_schedule(json::parse(R"({"name": "snr_shift", "of": "two_levels"})"), with_own());
  CHECK_THAT(shifted.policy.at(1).rho(),
             Catch::Matchers::WithinRel(std::sqrt(3) * lab::two_levels{}.at(1).rho(), 1e-12));
  CHECK(nf::load_schedule("two_levels", with_own()).policy.steps() == 2);
}

TEST_CASE("an alias starts from its own values, and is written under the solver's name", "[config]") {
  const auto mine = with_own();
  CHECK(nf::load_solver("damped_noisy", mine).described ==
        json::parse(R"({"name": "damped", "eta": 1.0, "damping": 0.5, "times": 2})"));
  const auto changed = nf::load_solver(json{{"name", "damped_noisy"}, {"damping", 2}}, mine);
  CHECK(changed.name == "damped");
  CHECK(changed.described == json::parse(R"({"name": "damped", "eta": 1.0, "damping": 2.0, "times": 2})"));
  CHECK(nf::load_solver(changed.described, mine).described == changed.described);
  CHECK(nf::load_solver("damped_twice", mine).described["times"] == 4);
  CHECK(message_of([&] {
          nf::load_solver(json{{"name", "damped_noisy"}, {"damping", -2}}, mine, "/solver");
        }) == "/solver/damping: -2; allowed: above 0");
}

TEST_CASE("a name that nobody has is refused with the library's names, the added ones and the aliases", "[config]") {
  const auto mine = with_own();
  const std::string said = message_of([&] { nf::load_solver("damp", mine, "/solver"); });
  CHECK(said == "/solver: \"damp\"; allowed: " + nf::catalogue::built_in().solvers().names() +
                    ", damped, damped_noisy, damped_twice, one_jump");
  CHECK(message_of([&] { nf::load_spacing("qubic", mine, "/trajectory"); }).ends_with(", cubic"));
  CHECK(message_of([&] {
          nf::load_spacing(json{{"name", "image_to_image"}, {"of", "qubic"}}, mine, "/t");
        }).ends_with(", cubic"));
  // Nothing is global: the library's own catalogue knows none of them.
  CHECK_FALSE(message_of([] { nf::load_solver("damped", "/solver"); }).ends_with("damped_twice"));
}

namespace lab {

struct second_ddim : nf::ddim {
  template <class V>
  void describe(V&) {}
};
struct half_new : nf::ddim {
  static constexpr std::string_view name = "half_new";
  static constexpr std::array<other_name<half_new>, 2> aliases() {
    return {other_name<half_new>{"quite_new", {}}, {"euler", {}}};
  }
  template <class V>
  void describe(V&) {}
};

}  // namespace lab

namespace lab {

struct more_damped : damped {
  static constexpr std::string_view name = "more_damped";
  template <class V>
  void describe(V& visit) {
    visit("eta", eta);
  }
};

}  // namespace lab

TEST_CASE("a policy derived from one with aliases has none of them", "[config]") {
  nf::catalogue mine;
  mine.add<lab::damped>().add<lab::more_damped>();
  CHECK(mine.solvers().names() == "damped, damped_noisy, damped_twice, more_damped");
  CHECK(nf::load_solver("more_damped", mine).name == "more_damped");
}

TEST_CASE("a second policy of one name is refused, and the catalogue stays as it was", "[config]") {
  nf::catalogue mine = nf::catalogue::built_in();
  const std::string before = mine.solvers().names();
  CHECK(message_of([&] { mine.add<lab::second_ddim>(); }) ==
        "catalogue: add: ddim: there is a solver \"ddim\"; allowed: another name");
  CHECK(message_of([&] { mine.add<lab::half_new>(); }) ==
        "catalogue: add: half_new: there is a solver \"euler\"; allowed: another name");
  CHECK(mine.solvers().names() == before);
  mine.add<lab::damped>();
  CHECK(message_of([&] { mine.add<lab::damped>(); }) ==
        "catalogue: add: damped: there is a solver \"damped\"; allowed: another name");
}

TEST_CASE("a catalogue may hold one's own policies only", "[config]") {
  nf::catalogue mine;
  CHECK(message_of([&] { nf::load_solver("ddim", mine, "/solver"); }) == "/solver: \"ddim\"");
  mine.add<lab::damped>();
  CHECK(nf::load_solver("damped", mine).name == "damped");
  CHECK(message_of([&] { nf::load_solver("ddim", mine, "/solver"); }) ==
        "/solver: \"ddim\"; allowed: damped, damped_noisy, damped_twice");
}
