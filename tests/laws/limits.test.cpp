// L13: one-step runs and the ends of the noise work, or are refused with a reason.
#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/schedule/linear.hpp>
#include <noisefall/schedule/zero_terminal_snr.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace laws;

namespace {

struct finish_after {
  std::size_t steps, seen = 0;
  template <class Run>
  nf::verdict begin(const Run&) {
    return steps == 0 ? nf::verdict::finish : nf::verdict::go_on;
  }
  template <class Report>
  nf::verdict operator()(const Report&) {
    return ++seen == steps ? nf::verdict::finish : nf::verdict::go_on;
  }
};

// From the first level and from the second one straight to the end.
template <class Model, class T>
void try_shortened(const nf::sampler& sample, Model& model, nf::tensor<T>& x, const nf::run_options<double>& options) {
  for (const std::size_t done : {std::size_t{0}, std::size_t{1}}) {
    INFO("straight to the end after " << done << " steps");
    // Up from sigma = 0 there may be no eps to go straight by: then the first leg is done as it is.
    const std::size_t more = done == 0 && sample.path().front().sigma == 0 ? 1 : 0;
    const nf::outcome how = sample(model, x, options, finish_after{done}).how;
    CHECK((how == nf::outcome::shortened || (how == nf::outcome::finished && sample.steps() <= done + 1 + more)));
  }
}

// The trajectory runs through these levels; what it gives must be finite, or be refused.
template <output Gives>
void try_levels(const std::string& what, const nf::any_schedule& on, const nf::any_parameterisation& meaning,
                const std::vector<nf::noise_level>& levels) {
  for_each_solver([&](const std::string& name, const auto& solver) {
    INFO(what << ", " << name);
    try {
      const nf::sampler sample{solver, on, nf::trajectory{levels}, nf::unguided{}, meaning};
      network<Gives> model;
      nf::tensor<double> x({1, 6});
      CHECK(sample(model, x, {.seed = 1, .checked = true}).how == nf::outcome::finished);
      try_shortened(sample, model, x, {.seed = 1, .checked = true});
    } catch (const nf::error& refused) {
      INFO(refused.what());
      CHECK_FALSE(refused.allowed().empty());
      CHECK((levels.front().alpha == 0 || nf::OwnStep<std::remove_cvref_t<decltype(solver)>>));
    }
  });
}

void try_schedule(const std::string& what, const nf::any_schedule& on) {
  const nf::noise_level noisy = on.at(on.t_max()), clean{on.t_min(), 1, 0};
  const nf::noise_level middle = on.at(on.time_of(0.1)), late = on.at(on.time_of(1.1));
  const std::vector<std::vector<nf::noise_level>> paths{
      {noisy, middle}, {noisy, clean}, {noisy, middle, clean}, {noisy, middle, late, clean}};
  for (const auto& levels : paths) {
    try_levels<output::eps>(what + ", eps", on, nf::predicts_eps{}, levels);
    try_levels<output::x0>(what + ", x0", on, nf::predicts_x0{}, levels);
    try_levels<output::v>(what + ", v", on, nf::predicts_v{}, levels);
  }
}

}  // namespace

TEST_CASE(
    "L13: one step, sigma = 0 and alpha = 0 work for every solver, schedule and parameterisation or are refused") {
  try_schedule("vp", nf::vp_linear{});
  try_schedule("linear", nf::linear{});
  try_schedule("edm", nf::edm{});
  try_schedule("flow", nf::rectified_flow{});
  try_schedule("zero terminal SNR", nf::zero_terminal_snr(nf::linear{}));
}

TEST_CASE("L13: legs that rise, under every guidance and map, work or are refused") {
  const std::vector<nf::noise_level> levels{
      {0, 1, 0}, schedule.at(schedule.time_of(1)), schedule.at(schedule.time_of(-1))};
  const nf::trajectory up{{{levels[0], levels[1]}, {levels[1], levels[2]}}, nf::trajectory_kind::inversion};
  const auto attempt = [&](const std::string& name, const auto& solver, const nf::any_guidance& guidance,
                           const nf::threshold& map) {
    INFO(name);
    try {
      const nf::sampler sample{solver, schedule, up, guidance, nf::predicts_eps{}, map};
      network<> model;
      nf::tensor<double> x({2, 6});
      for (double& v : x.elements()) v = 0.3;
      auto options = guided;
      options.start = nf::start_from::given;
      CHECK(sample(model, x, options).how == nf::outcome::finished);
      try_shortened(sample, model, x, options);
    } catch (const nf::error& refused) {
      CHECK_FALSE(refused.allowed().empty());
    }
  };
  for_each_solver([&](const std::string& name, const auto& solver) {
    for_each_guidance([&](const std::string& rule, const nf::any_guidance& guidance) {
      attempt(name + ", " + rule, solver, guidance, {});
    });
    for_each_map([&](const std::string& what, const nf::threshold& map) {
      attempt(name + ", " + what, solver, nf::unguided{}, map);
    });
  });
  CHECK_NOTHROW((nf::sampler{nf::ddim{}, schedule, up}));
  CHECK_THROWS_WITH((nf::sampler{nf::ddim{}, schedule, up, nf::apg{.weight = 2}}),
                    Catch::Matchers::ContainsSubstring("cannot give eps at sigma = 0"));
}

TEST_CASE("eps-prediction at infinite noise is refused before anything runs") {
  const nf::rectified_flow flow;
  const nf::trajectory all{std::vector<nf::noise_level>{flow.at(1), flow.at(0.5), flow.at(0)}};
  CHECK_THROWS_WITH((nf::sampler{nf::ddim{}, flow, all}),
                    Catch::Matchers::ContainsSubstring("leg 0") &&
                        Catch::Matchers::ContainsSubstring("cannot give x0 at alpha = 0") &&
                        Catch::Matchers::ContainsSubstring("x0-, v- or flow-prediction"));
}

TEST_CASE("A solver that cannot renoise with another eps refuses CFG++ by name") {
  CHECK_THROWS_WITH((nf::sampler{nf::unipc{}, schedule, path(), nf::cfg_pp{}}),
                    Catch::Matchers::ContainsSubstring("unipc") &&
                        Catch::Matchers::ContainsSubstring("first-order solvers and dpm_pp_2m"));
  CHECK_NOTHROW((nf::sampler{nf::ddim{}, schedule, path(), nf::cfg_pp{}}));
  CHECK_NOTHROW((nf::sampler{nf::dpm_pp_2m{}, schedule, path(), nf::cfg_pp{}}));
}
