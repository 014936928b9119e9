// A sampler from a file: noisefall's own form, or diffusers' scheduler_config.json. Policies of your own may be named
// in files too, and a wrong file is told where it is wrong and what is allowed.
//
// run: {source}/configs/sampler.json {source}/configs/scheduler_config.json
// expect: sampler\.json: dpm_multistep on scaled_linear, 12 steps of karras under classifier_free
// expect:   the bits of the sampler written by hand
// expect:   written back: ."correction":"midpoint",.*"name":"dpm_multistep","of":"x0","order":3
// expect: scheduler_config\.json: DPMSolverMultistepScheduler: dpm_multistep, 15 steps from label 931
// expect: ."name":"lab::pulling_euler","pull":0\.9.: 6 steps instead of 12
// expect: refused: /trajectory/rho: -7; allowed: above 0
// expect: refused: /solver/pull: "strong"; allowed: a number, above 0
// expect: refused: /solver: "ddmi"; allowed: .*ddim.*lab::pulling_euler
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/config.hpp>
#include <noisefall/config/diffusers.hpp>
#include <noisefall/noisefall.hpp>

namespace nf = noisefall;

namespace lab {

// A solver of your own: Euler's step with a stronger or weaker pull towards the denoised estimate. What lets a file
// name it is the name, a default for every field, and describe().
struct pulling_euler {
  static constexpr std::string_view name = "lab::pulling_euler";
  double pull = 1;

  int order() const { return 1; }
  std::size_t history() const { return 0; }
  void check() const { nf::require(pull > 0, "lab::pulling_euler.pull", {pull}, "above 0"); }

  nf::step_plan plan(const nf::step_window& window) const {
    const nf::noise_level &from = window.at.from, &to = window.at.to;
    const double kept = to.sigma / from.sigma;
    nf::step_plan p;
    p.of = nf::quantity::x0;
    p.evaluations.push_back({.at = from});
    p.result.x = kept;
    p.result.now[0] = pull * (to.alpha - from.alpha * kept);
    return p;
  }

  template <class Visit>
  void describe(Visit& visit) {
    visit("pull", pull);
  }
};

// A spacing of your own: every second level of a Karras trajectory.
struct sparse {
  static constexpr std::string_view name = "lab::sparse";
  std::size_t steps = 12;

  template <nf::NoiseSchedule S>
  nf::trajectory operator()(const S& schedule) const {
    const nf::trajectory all = nf::karras{.steps = steps}(schedule);
    std::vector<nf::noise_level> levels;
    for (std::size_t i = 0; i < all.steps(); i += 2) levels.push_back(all[i].from);
    levels.push_back(all.back());
    return nf::trajectory{levels};
  }
  template <class Visit>
  void describe(Visit& visit) {
    visit("steps", steps);
  }
};

}  // namespace lab

namespace {

nf::tensor<float> drawn(const nf::sampler& sample) {
  auto model =
      nf::predictor_from<float>([](nf::view<float> x, const nf::evaluation&, float shift, nf::mutable_view<float> out) {
        for (std::size_t i = 0; i < x.size(); ++i) out[i] = 0.1F * x[i] + shift;
      });
  nf::tensor<float> x({4, 8});
  sample(model, x, {.seed = 7, .conditional = 0.5F, .unconditional = -0.5F});
  return x;
}

bool same_bits(const nf::tensor<float>& a, const nf::tensor<float>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

void print_refusal(const nlohmann::json& file, const nf::catalogue& known) {
  try {
    nf::load_sampler(file, known);
  } catch (const nf::error& e) {
    std::printf("refused: %s\n", e.what());
  }
}

int run(const std::string& native, const std::string& diffusers) {
  // noisefall's own form.
  const nlohmann::json file = nf::read_json(native);
  const nf::loaded_sampler loaded = nf::load_sampler(file);
  const auto name = [&](const char* part) { return loaded.described[part]["name"].get<std::string>(); };
  std::printf("%s: %s on %s, %zu steps of %s under %s\n", native.c_str(), name("solver").c_str(),
              name("schedule").c_str(), loaded.path().steps(), name("trajectory").c_str(), name("guidance").c_str());
  const nf::sampler by_hand{nf::dpm_multistep{.order = 3}, nf::scaled_linear{}, nf::karras{.steps = 12},
                            nf::classifier_free{.weight = nf::weight_schedule::interval(1.5, 0.3, 8)},
                            nf::predicts_v{}};
  const bool same = same_bits(drawn(loaded.policy), drawn(by_hand));
  std::printf("  %s\n", same ? "the bits of the sampler written by hand" : "OTHER bits than the sampler by hand");
  std::printf("  written back: %s\n", loaded.described["solver"].dump().c_str());

  // diffusers' form, with the arguments that set_timesteps() would get.
  const nf::diffusers_config config{nf::read_python_json(diffusers)};
  const nf::diffusers_setup s = config.setup({.num_inference_steps = 15});
  const nf::sampler theirs{s.solver, s.schedule, s.path, nf::unguided{}, s.parameterisation, s.map};
  std::printf("%s: %s: %s, %zu steps from label %g\n", diffusers.c_str(), std::string{config.class_name()}.c_str(),
              std::string{s.solver.name()}.c_str(), theirs.steps(), theirs.path()[0].label);

  // Policies of your own: a catalogue is a value, and nothing else knows of what is added to it.
  nf::catalogue mine = nf::catalogue::built_in();
  mine.add<lab::pulling_euler>().add<lab::sparse>();
  nlohmann::json own = file;
  own["solver"] = {{"name", "lab::pulling_euler"}, {"pull", 0.9}};
  own["trajectory"] = "lab::sparse";
  const nf::loaded_sampler ours = nf::load_sampler(own, mine);
  std::printf("%s: %zu steps instead of %zu\n", ours.described["solver"].dump().c_str(), ours.path().steps(),
              loaded.path().steps());

  // What is wrong is said with its JSON pointer, before anything runs.
  nlohmann::json wrong = file;
  wrong["trajectory"]["rho"] = -7;
  print_refusal(wrong, mine);
  own["solver"]["pull"] = "strong";
  print_refusal(own, mine);
  own["solver"] = "ddmi";
  print_refusal(own, mine);
  return same ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: from_json SAMPLER.json SCHEDULER_CONFIG.json\n", stderr);
    return 2;
  }
  try {
    return run(argv[1], argv[2]);
  } catch (const nf::error& e) {
    std::fprintf(stderr, "from_json: %s\n", e.what());
    return 1;
  }
}
