// A sampler from a file: noisefall's own form, or diffusers' scheduler_config.json. Policies of your own may be named
// in files too, and a wrong file is told where it is wrong and what is allowed.
//
// run: {source}/jobs/sampler.json {source}/jobs/scheduler_config.json
// expect: sampler\.json: dpm_multistep on scaled_linear, 12 steps of karras under classifier_free
// expect:   the bits of the sampler written by hand
// expect:   written back: \{"correction":"midpoint",.*"name":"dpm_multistep","of":"x0","order":3
// expect: scheduler_config\.json: DPMSolverMultistepScheduler: dpm_multistep, 15 steps from label 959
// expect: with lab::half_step: 6 steps instead of 12
// expect: refused: /trajectory/rho: -7; allowed: above 0
// expect: refused: /solver: "ddmi"; allowed: .*ddim.*lab::half_step
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <noisefall/config/config.hpp>
#include <noisefall/config/diffusers.hpp>
#include <noisefall/noisefall.hpp>

namespace nf = noisefall;

namespace lab {

// A solver of your own that files may name: it has a name, a default, and says its fields.
struct half_step : nf::ddim {
  static constexpr std::string_view name = "lab::half_step";
  template <class Visit>
  void describe(Visit& visit) {
    visit("eta", eta);
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
  mine.add<lab::half_step>().add<lab::sparse>();
  nlohmann::json own = file;
  own["solver"] = {{"name", "lab::half_step"}, {"eta", 0.5}};
  own["trajectory"] = "lab::sparse";
  std::printf("with lab::half_step: %zu steps instead of %zu\n", nf::load_sampler(own, mine).path().steps(),
              loaded.path().steps());

  // What is wrong is said with its JSON pointer, before anything runs.
  nlohmann::json wrong = file;
  wrong["trajectory"]["rho"] = -7;
  print_refusal(wrong, mine);
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
