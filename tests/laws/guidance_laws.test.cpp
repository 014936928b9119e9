// L7 and L16: where guidance is linear the space does not matter, and where it is off nothing is evaluated.
#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "catch.hpp"
#include "support.hpp"

using namespace laws;

namespace {

template <output Gives, class Parameterisation, class Guidance>
nf::tensor<double> sampled(const Guidance& guidance) {
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, path(), guidance, Parameterisation{}};
  network<Gives> model;
  nf::tensor<double> x({2, 65});
  sample(model, x, guided);
  return x;
}

double distance(const nf::tensor<double>& a, const nf::tensor<double>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

}  // namespace

TEST_CASE("L7: linear guidance commutes with the parameterisation") {
  const nf::classifier_free linear{.weight = 2.5};
  const auto by_eps = sampled<output::eps, nf::predicts_eps>(linear);
  CHECK(distance(by_eps, sampled<output::x0, nf::predicts_x0>(linear)) < 1e-12);
  CHECK(distance(by_eps, sampled<output::v, nf::predicts_v>(linear)) < 1e-12);
}

TEST_CASE("A nonlinear rule that names its space does not depend on the parameterisation either") {
  const nf::apg rule{.weight = 2.5, .eta = 0.2, .norm_cap = 2, .momentum = -0.5};
  const auto by_eps = sampled<output::eps, nf::predicts_eps>(rule);
  CHECK(distance(by_eps, sampled<output::x0, nf::predicts_x0>(rule)) < 1e-9);
  CHECK(distance(by_eps, sampled<output::v, nf::predicts_v>(rule)) < 1e-9);
  for (const nf::any_guidance& in_flow :
       {nf::any_guidance{nf::cfg_zero{.weight = 2.5}},
        nf::any_guidance{nf::tcfg{.weight = 2.5, .space = nf::guidance_space::v}},
        nf::any_guidance{nf::temperature{.weight = 2.5}}, nf::any_guidance{nf::adg{.weight = 2.5}}}) {
    INFO(in_flow.name());
    const auto of_eps = sampled<output::eps, nf::predicts_eps>(in_flow);
    CHECK(distance(of_eps, sampled<output::x0, nf::predicts_x0>(in_flow)) < 1e-9);
    CHECK(distance(of_eps, sampled<output::v, nf::predicts_v>(in_flow)) < 1e-9);
  }
  const nf::rescale scaled{.weight = 2.5, .space = nf::guidance_space::x0};
  // Seen from eps, the spread of x0 at sigma / alpha = 150 is a difference of large numbers.
  CHECK(distance(sampled<output::eps, nf::predicts_eps>(scaled), sampled<output::x0, nf::predicts_x0>(scaled)) < 1e-8);
}

TEST_CASE("L16: outside its window a guidance causes no evaluation") {
  const auto evaluations = [](const nf::weight_schedule& weight) {
    const nf::sampler sample{nf::ddim{}, schedule, path(10), nf::classifier_free{.weight = weight}};
    network<> model;
    nf::tensor<double> x({1, 4});
    const auto result = sample(model, x, guided);
    CHECK(result.evaluations == model.calls);
    return result.evaluations;
  };
  CHECK(evaluations(2) == 20);
  CHECK(evaluations(0) == 10);
  CHECK(evaluations(-1) == 10);
  const nf::trajectory levels = path(10);
  const double low = levels[7].from.rho(), high = levels[3].from.rho();
  CHECK(evaluations(nf::weight_schedule::interval(2, low, high)) == 14);
  CHECK(evaluations(nf::weight_schedule::window(2, 1, low)) == 17);
}

TEST_CASE("No guidance and a weight of 0 give the same bits, a weight of -1 those of the unconditional network") {
  const auto none = sampled<output::eps, nf::predicts_eps>(nf::unguided{});
  CHECK(same_bits(none, sampled<output::eps, nf::predicts_eps>(nf::classifier_free{.weight = 0})));
  const auto off = sampled<output::eps, nf::predicts_eps>(nf::classifier_free{.weight = -1});
  const nf::sampler plain{nf::dpm_pp_2m{}, schedule, path()};
  network<> model;
  nf::tensor<double> x({2, 65});
  auto options = guided;
  options.conditional = guided.unconditional;
  plain(model, x, options);
  CHECK(same_bits(off, x));
}

TEST_CASE("The trajectory is snapped to a jump of the weight by moving its nearest interior level") {
  const nf::trajectory levels = path(10);
  const double jump = 0.7 * levels[6].from.rho() + 0.3 * levels[5].from.rho();
  const nf::classifier_free windowed{.weight = nf::weight_schedule::window(2, 1, jump)};
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, levels, windowed};
  REQUIRE(sample.steps() == levels.steps());
  CHECK(sample.path()[6].from.rho() == Approx(jump).epsilon(1e-12));
  CHECK(sample.path()[5].to == sample.path()[6].from);
  CHECK(sample.path()[4].to == levels[4].to);
  CHECK(sample.path()[7].from == levels[7].from);
  const nf::trajectory as_given{{levels.legs().begin(), levels.legs().end()}, nf::trajectory_kind::compat};
  CHECK(nf::sampler{nf::dpm_pp_2m{}, schedule, as_given, windowed}.path()[6].from == levels[6].from);
}

namespace {

// Every rule with one weight, which c + w*(c - u) is at w = 0 and at w = -1.
template <class See>
void for_each_rule_at(const nf::weight_schedule& w, See see) {
  see("adaptive_guidance", nf::any_guidance{nf::adaptive_guidance{.weight = w}});
  see("adg", nf::any_guidance{nf::adg{.weight = w}});
  see("apg", nf::any_guidance{nf::apg{.weight = w, .eta = 0.2, .norm_cap = 2, .momentum = -0.5}});
  see("autoguidance", nf::any_guidance{nf::autoguidance{.weight = w}});
  see("beta_cfg", nf::any_guidance{nf::beta_cfg{.weight = w}});
  see("cfg_norm in v", nf::any_guidance{nf::cfg_norm{.weight = w, .space = nf::guidance_space::v}});
  see("cfg_zero", nf::any_guidance{nf::cfg_zero{.weight = w, .zero_steps = 0}});
  see("composition", nf::any_guidance{nf::composition{.weight = w}});
  see("feynman_kac", nf::any_guidance{nf::feynman_kac{.weight = w}});
  see("mambo_g in flow", nf::any_guidance{nf::mambo_g{.weight = w, .space = nf::guidance_space::flow}});
  see("perp_neg", nf::any_guidance{nf::perp_neg{.weight = w}});
  see("perturbed_branch", nf::any_guidance{nf::perturbed_branch{.weight = w, .perturbed = 0}});
  see("power_law", nf::any_guidance{nf::power_law{.weight = w}});
  see("rescale in x0", nf::any_guidance{nf::rescale{.weight = w, .space = nf::guidance_space::x0}});
  see("tcfg in x0", nf::any_guidance{nf::tcfg{.weight = w, .space = nf::guidance_space::x0}});
  see("temperature", nf::any_guidance{nf::temperature{.weight = w, .inverse_temperature = 1}});
}

// One step, a history, several stages and noise.
template <class See>
void for_each_way(See see) {
  see(nf::erased_solver{nf::ddim{}});
  see(nf::erased_solver{nf::dpm_multistep{.of = nf::quantity::eps}});
  see(nf::erased_solver{nf::heun{}});
  see(nf::erased_solver{nf::dpm_multistep{.tau_squared = 1}});
}

}  // namespace

TEST_CASE("Every rule at weight 0 has the bits of no guidance, at -1 those of the unconditional branch alone") {
  for_each_way([](const auto& solver) {
    const auto plain = [&](double condition) {
      network<> model;
      nf::tensor<float> x({2, 65});
      auto options = guided;
      options.conditional = condition;
      nf::sampler{solver, schedule, path()}(model, x, options);
      return std::pair{std::move(x), model.calls};
    };
    const auto [conditional, calls] = plain(guided.conditional);
    const auto [unconditional, same_calls] = plain(guided.unconditional);
    for (const double w : {0.0, -1.0})
      for_each_rule_at(w, [&, expected = std::cref(w == 0 ? conditional : unconditional), most = calls](
                              const char* name, const nf::any_guidance& rule) {
        INFO(name << " at " << w << " under " << solver.name());
        network<> model;
        nf::tensor<float> x({2, 65});
        nf::sampler{solver, schedule, path(), rule}(model, x, guided);
        CHECK(model.calls == most);
        CHECK(same_bits(x, expected.get()));
      });
  });
}

TEST_CASE("L16: outside its interval every rule costs one evaluation, and within it its branches") {
  const nf::trajectory levels = path(10);
  const double low = levels[7].from.rho(), high = levels[3].from.rho();
  for_each_rule_at(nf::weight_schedule::interval(2, low, high), [](const char* name, const nf::any_guidance& rule) {
    INFO(name);
    const nf::sampler sample{nf::ddim{}, schedule, path(10), rule};
    network<> model;
    nf::tensor<double> x({1, 4});
    CHECK(sample(model, x, guided).evaluations == model.calls);
    const std::size_t within = std::string_view{name} == "perp_neg" ? 3 : 2;
    if (std::string_view{name} == "adaptive_guidance")
      CHECK(model.calls <= 14);  // it may end before
    else
      CHECK(model.calls == 6 + 4 * within);
  });
}

TEST_CASE("A jump at a fraction of the steps moves no level and cuts the history there") {
  const auto half = nf::weight_schedule::interval(2, 0, 0.5, nf::weight_unit::fraction);
  const nf::trajectory levels = path(9);
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, levels, nf::classifier_free{.weight = half}};
  for (std::size_t i = 0; i < 9; ++i) CHECK(sample.path()[i].from == levels[i].from);
  CHECK(sample.parts().cuts_history(5));
  CHECK_FALSE(sample.parts().cuts_history(4));
  network<> model;
  nf::tensor<double> x({1, 4});
  CHECK(sample(model, x, guided).evaluations == 9 + 5);
  const auto early = nf::weight_schedule::interval(2, 0.5, 1, nf::weight_unit::time);
  const nf::sampler timed{nf::ddim{}, schedule, levels, nf::classifier_free{.weight = early}};
  const double jump = schedule.at(0.5).rho();
  std::size_t on = 0;
  for (std::size_t i = 0; i < 9; ++i) on += std::abs(timed.path()[i].from.rho() / jump - 1) < 1e-9 ? 1 : 0;
  CHECK(on == 1);
}

TEST_CASE("A weight that is zero at both ends of the trajectory guides an adaptive solver in between") {
  const auto bell = nf::weight_schedule::triangle(0, 3, 0.3, 0.6);
  const nf::sampler sample{nf::dpm_adaptive{}, schedule, path(1), nf::classifier_free{.weight = bell}};
  network<> model;
  nf::tensor<double> x({2, 4});
  const auto result = sample(model, x, guided);
  CHECK(result.how == nf::outcome::finished);
  CHECK(result.evaluations > 1);
}

namespace {

// Counts how often memory is gone over.
struct counting_algebra : nf::span_algebra<float> {
  std::size_t *passes, *grams;
  counting_algebra(std::size_t& of_passes, std::size_t& of_grams) : passes{&of_passes}, grams{&of_grams} {}
  void pass(const nf::pass_description<view, span>& what) const {
    ++*passes;
    nf::span_algebra<float>::pass(what);
  }
  void gram(std::span<const view> inputs, std::span<const double> basis, std::span<double> out) const {
    ++*grams;
    nf::span_algebra<float>::gram(inputs, basis, out);
  }
};

}  // namespace

TEST_CASE("Guidance that looks at the data takes two passes over memory, guidance that does not takes one") {
  for_each_guidance([](const std::string& name, const nf::any_guidance& rule) {
    INFO(name);
    std::size_t passes = 0, grams = 0;
    network<> model;
    nf::tensor<float> x({2, 65});
    const nf::sampler sample{nf::ddim{}, schedule, path(), rule};
    sample(counting_algebra{passes, grams}, model, nf::mutable_view<float>{x}, guided);
    CHECK(passes == 1 + sample.steps());  // the first noise, and one for each step
    CHECK(grams == (rule.needs_gram() ? sample.steps() : 0));
  });
}

TEST_CASE("CFG++ works under every solver that takes two readings, and the others refuse it by name") {
  std::size_t worked = 0;
  for_each_solver([&](const std::string& name, const auto& solver) {
    INFO(name);
    const std::string own{nf::name_of(solver)};
    try {
      const nf::sampler sample{solver, schedule, path(), nf::cfg_pp{.scale = 0.6}};
      network<> model;
      nf::tensor<double> x({1, 5});
      CHECK(sample(model, x, guided).how == nf::outcome::finished);
      ++worked;
    } catch (const nf::error& refused) {
      CHECK_THAT(refused.what(), Catch::Matchers::ContainsSubstring(own) &&
                                     Catch::Matchers::ContainsSubstring("cannot renoise with another eps"));
    }
  });
  CHECK(worked >= 4);
}

namespace {

// At scale 1 a branch that both readings are of is one: then CFG++ is plain guidance by that branch.
template <class Solver>
void check_cfg_pp_step(const Solver& solver) {
  const nf::trajectory levels = path(5);
  nf::tensor<double> x({1, 6});
  network<> model;
  const nf::sampler sample{solver, schedule, levels, nf::cfg_pp{.scale = 0.6}};
  auto run = sample.start(x, {.seed = 2});
  for (std::size_t i = 0; i < levels.steps(); ++i) {
    nf::tensor<double> y = x;
    const double from = levels[i].from.rho(), to = levels[i].to.rho(), g = 0.6 * from / (from - to);
    const nf::sampler one{solver, schedule, nf::trajectory{std::vector{levels[i].from, levels[i].to}},
                          nf::guidance_scale(g)};
    one(model, y,
        {.start = nf::start_from::given, .conditional = guided.conditional, .unconditional = guided.unconditional});
    nf::step(run, model, guided);
    for (std::size_t e = 0; e < 6; ++e) CHECK(x[e] == Approx(y[e]).epsilon(1e-12).margin(1e-12));
  }
}

}  // namespace

TEST_CASE("A first-order step of CFG++ is classifier-free guidance of a scale that grows with the number of steps") {
  check_cfg_pp_step(nf::ddim{});
  check_cfg_pp_step(nf::euler{});
}
