// Models made for diffusers, ported: each scheduler_config.json is loaded, written as noisefall's own file, shown as
// the levels and rows that it comes to, and saved again. Both forms then draw samples from the same noise, from a
// mixture of Gaussians whose every prediction is exact: where the trajectory is one that noisefall can lay, they are
// the same.
//
//   port_from_diffusers [FOLDER or FILE] [--steps N] [--out FOLDER]
//
// Without a folder: data/diffusers, with the files of eight models. Saved are <model>/scheduler_config.json, as
// diffusers would write it, and <model>/sampler.json, which nf::load_sampler and job files read.
//
// run: --out {out}
// expect: == flux-dev: FlowMatchEulerDiscreteScheduler, 20 steps[^=]*"mu":1\.15,"name":"flow_uniform"[^=]*the same samples
// expect: == lcm-dreamshaper: LCMScheduler, 4 steps[^=]*"indices":.999,759,499,259.[^=]*the same samples
// expect: == pixart-sigma: DPMSolverMultistepScheduler, 20 steps[^=]*"name":"index_list"[^=]*the same samples
// expect: == playground-2\.5: EDMDPMSolverMultistepScheduler, 20 steps[^=]*alpha 80 [^=]*"name":"karras"[^=]*the same samples
// expect: == sana: DPMSolverMultistepScheduler, 20 steps[^=]*"name":"predicts_flow"[^=]*the same samples
// expect: == sdxl: EulerDiscreteScheduler, 20 steps[^=]*"name":"leading","steps":20,"steps_offset":1[^=]*the same samples
// expect: == stable-diffusion-1\.5: PNDMScheduler, 20 steps[^=]*"start":"improved_euler"[^=]*the same samples
// expect: == stable-diffusion-3: FlowMatchEulerDiscreteScheduler, 20 steps[^=]*"shift":3\.0[^=]*the same samples
// expect: 8 files: 8 saved as they were read
//
// run: {source}/configs/scheduler_config.json --steps 5 --out {out}
// expect: == configs: DPMSolverMultistepScheduler, 5 steps[^=]*the same samples
// expect: 1 file: 1 saved as it was read
//
// run: {source}/data/digits_sheet.png --out {out}
// exit: 1
// expect: digits_sheet\.png: this is not JSON
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/python_json.hpp>
#include <noisefall/models/gaussian_mixture.hpp>
#include <noisefall/sampler/plan_table.hpp>

#include "support/native_form.hpp"

namespace nf = noisefall;

namespace {

struct settings {
  std::filesystem::path from = NOISEFALL_EXAMPLES_DATA "/diffusers", out = "ported";
  std::size_t steps = 0;  // 0: 4 for distilled models, else 20
};

// What a pipeline hands to set_timesteps().
nf::diffusers_arguments arguments_of(const nf::diffusers_config& config, std::size_t steps) {
  const std::string_view name = config.class_name();
  const bool distilled = name == "LCMScheduler" || name == "TCDScheduler" || name == "CMStochasticIterativeScheduler";
  nf::diffusers_arguments a;
  a.num_inference_steps = steps > 0 ? steps : distilled ? 4 : 20;
  if (examples::field(config.file(), "use_dynamic_shifting", false)) {
    a.mu = examples::native_form::image_mu(config.file());
    const double n = static_cast<double>(*a.num_inference_steps);
    a.sigmas.emplace();
    for (double i = 0; i < n; ++i) a.sigmas->push_back(1 - i / n);  // numpy.linspace(1, 1 / n, n)
  }
  return a;
}

nf::network_output output_of(const std::string& parameterisation) {
  return parameterisation == "edm_precond"      ? nf::network_output::edm
         : parameterisation == "predicts_flow"  ? nf::network_output::flow
         : parameterisation == "predicts_v"     ? nf::network_output::v
         : parameterisation == "predicts_x0"    ? nf::network_output::x0
         : parameterisation == "predicts_score" ? nf::network_output::score
                                                : nf::network_output::eps;
}

// What a network trained on alpha^2 + sigma^2 = 1 says of the states x0 + sigma * eps too, which it is fed divided by
// sqrt(1 + sigma^2).
struct preserving_network {
  using condition = nf::component_subset;
  nf::gaussian_mixture trained;

  void predict(nf::view<double> x, const nf::evaluation& at, const condition& all, nf::mutable_view<double> out) {
    std::vector<nf::noise_level> levels;
    for (const nf::noise_level& level : at.levels) levels.push_back(examples::preserving(level));
    trained.predict(x, {.levels = levels}, all, out);
  }
};

// Samples of a mixture, from the same noise for every sampler.
nf::tensor<double> drawn(const nf::sampler& sample, const examples::native_form& form) {
  const nlohmann::json& meaning = form.described()["parameterisation"];
  const bool v_like = examples::field<std::string>(meaning, "output", "") == "v_like";
  nf::gaussian_mixture model{
      {.weights = {1, 2, 1}, .means = {{1, 0}, {-1, 0.5}, {0, -1}}, .deviations = {0.2, 0.3, 0.1}},
      v_like ? nf::network_output::trigflow : output_of(meaning["name"]),
      examples::field(meaning, "sigma_data", 0.5)};
  nf::tensor<double> x({16, 2});
  nf::normals({1, 0, 0, 2}, 0, x.size(), x.data());
  for (double& e : x.elements()) e *= sample.path().front().sigma;
  if (form.explodes()) {
    preserving_network network{std::move(model)};
    sample(network, x, {.seed = 1, .start = nf::start_from::given});
  } else {
    sample(model, x, {.seed = 1, .start = nf::start_from::given});
  }
  for (double& e : x.elements()) e /= sample.path().back().alpha;
  return x;
}

double largest_difference(const nf::tensor<double>& a, const nf::tensor<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

void print_levels(const nf::trajectory& path) {
  std::printf("  levels: sigma/alpha");
  for (std::size_t i = 0; i < path.steps(); ++i) {
    const bool shown = i < 3 || i + 2 >= path.steps();
    if (shown) std::printf(" %.4g", path[i].from.rho());
    if (i == 3 && !shown) std::printf(" ...");
  }
  std::printf(" %.4g; labels from %.6g to %.6g\n", path.back().rho(), path[0].label, path[path.steps() - 1].label);
}

void print_first_rows(const nf::sampler& sample) {
  std::istringstream table{nf::plan_table(sample)};
  std::string line;
  for (int i = 0; i < 5 && std::getline(table, line); ++i) std::printf("  %s\n", line.c_str());
}

void print_native(nlohmann::json form) {
  nlohmann::json& path = form["trajectory"];
  if (path["name"] == "level_list")  // a line of it says enough
    for (const char* list : {"alphas", "sigmas", "labels"}) path[list] = std::to_string(path[list].size()) + " numbers";
  std::printf("  native: %s\n", form.dump().c_str());
}

void compare(const nf::sampler& theirs, const nf::sampler& ours, const examples::native_form& form,
             bool with_variance) {
  if (with_variance) {
    std::printf("  not compared: the network also learns a variance, which the mixture has not\n");
    return;
  }
  const double apart = largest_difference(drawn(theirs, form), drawn(ours, form));
  std::printf(apart < 1e-9 ? "  the same samples, to %.1g" : "  other samples, by up to %.2g", apart);
  std::printf(form.joins() ? "\n" : ": diffusers walks legs that do not join, noisefall its own walk\n");
}

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out{file, std::ios::binary};
  out << text;
  nf::require(static_cast<bool>(out.flush()), file.string(), "cannot be written", "a file that can be written");
}

// Whether the file was saved as it was read: every key, its own and others'.
bool port(const std::filesystem::path& file, const settings& s) {
  const nf::diffusers_config config{nf::read_python_json(file)};
  const nf::diffusers_arguments arguments = arguments_of(config, s.steps);
  const nf::diffusers_setup made = config.setup(arguments);
  const nf::sampler theirs{made.solver, made.schedule, made.path, nf::unguided{}, made.parameterisation, made.map};
  const examples::native_form form{config, made};
  std::filesystem::path home = std::filesystem::absolute(file).parent_path();
  if (home.filename() == "scheduler") home = home.parent_path();  // as the models' repositories have it
  const std::string model = home.filename().string();
  std::printf("== %s: %s, %zu steps\n", model.c_str(), std::string{config.class_name()}.c_str(),
              *arguments.num_inference_steps);
  print_levels(made.path);
  print_first_rows(theirs);
  const std::filesystem::path folder = s.out / model;
  if (const std::string why = form.missing(); !why.empty()) {
    std::printf("  native: none, %s\n", why.c_str());
  } else {
    print_native(form.described());
    const nf::loaded_sampler ours = nf::load_sampler(form.described());
    compare(theirs, ours.policy, form, made.learned_variance);
    write(folder / "sampler.json", ours.described.dump(2) + "\n");
  }
  write(folder / "scheduler_config.json", nf::python_json_text(config.file()));
  const bool same = nf::read_python_json(folder / "scheduler_config.json") == config.file();
  std::printf("  saved: %s %s\n\n", (folder / "scheduler_config.json").string().c_str(),
              same ? "holds what was read, foreign keys included" : "IS NOT what was read");
  return same;
}

std::vector<std::filesystem::path> files_of(const std::filesystem::path& from) {
  if (!std::filesystem::is_directory(from)) return {from};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{from})
    if (entry.path().filename() == "scheduler_config.json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  nf::require(!files.empty(), from.string(), "holds no scheduler_config.json", "a folder that does, at any depth");
  return files;
}

int run(const settings& s) {
  const std::vector<std::filesystem::path> files = files_of(s.from);
  std::size_t same = 0;
  for (const auto& file : files) same += port(file, s) ? 1 : 0;
  const bool one = files.size() == 1;
  std::printf("%zu %s: %zu saved as %s read\n", files.size(), one ? "file" : "files", same,
              one ? "it was" : "they were");
  return same == files.size() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  settings s;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--steps" && i + 1 < argc && std::atoi(argv[i + 1]) > 0) {
      s.steps = static_cast<std::size_t>(std::atoi(argv[++i]));
    } else if (word == "--out" && i + 1 < argc) {
      s.out = argv[++i];
    } else if (!word.starts_with("--")) {
      s.from = word;
    } else {
      std::fputs("usage: port_from_diffusers [FOLDER or FILE] [--steps N] [--out FOLDER]\n", stderr);
      return 2;
    }
  }
  try {
    return run(s);
  } catch (const nf::error& e) {
    std::fprintf(stderr, "port_from_diffusers: %s\n", e.what());
    return 1;
  }
}
