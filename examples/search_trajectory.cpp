// Searches a better trajectory for a job's model, solver and number of steps: measures the model's errors, searches by
// each policy, tells what came of it on samples that no search has seen, and writes the best as a file for bin/sample.
//
// run: {source}/jobs/mixture_few.json --quick --out {out}
// expect: measured 24 levels on 512 points
// expect: transport_dp, for ddim: the total error at the end
// expect: paired_refine, for ddim: the paired error at the end
// expect: held-out paired error
// expect: best known spacing
// expect: trajectory: .*mixture_few\.trajectory\.json
// run: {source}/jobs/mixture_flow.json --quick --out {out}
// expect: measured 24 levels on 512 points
// expect: vrg_classic, .* is left out
// expect: transport_dp, for euler: the total error at the end
// expect: trajectory: .*mixture_flow\.trajectory\.json
// run: {source}/jobs/digits_few.json --quick --samples 4 --out {out}
// expect: measured 24 levels on 4 digits
// expect: trajectory: .*digits_few\.trajectory\.json
// run: {out}/none.json
// expect: none\.json: there is no such file
// exit: 1
// run: --steps 3
// expect: usage: search_trajectory JOB\.json
// exit: 2
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/adapters/png.hpp>
#include <noisefall/noisefall.hpp>
#include <noisefall/search/evolutionary.hpp>
#include <noisefall/search/linear_surrogate.hpp>
#include <noisefall/search/measure_errors.hpp>
#include <noisefall/search/paired_refine.hpp>
#include <noisefall/search/search.hpp>
#include <noisefall/search/teacher_dp.hpp>
#include <noisefall/search/vrg_classic.hpp>

#include "support/job.hpp"
#include "support/log_plot.hpp"
#include "support/report_text.hpp"
#include "support/run_program.hpp"

namespace {

namespace nf = noisefall;

constexpr const char* usage =
    "usage: search_trajectory JOB.json [--out DIR] [--samples N] [--quick]\n"
    "  --samples  how many the searches look at (32); as many more are held out\n"
    "  --quick    a coarser teacher and fewer trials\n";

struct command {
  std::filesystem::path job, out = ".";
  std::size_t samples = 0;
  bool quick = false;
};

std::optional<command> parse(const std::vector<std::string>& words) {
  command result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if ((word == "--out" || word == "--samples") && ++i == words.size()) return std::nullopt;
    if (word == "--out") {
      result.out = words[i];
    } else if (word == "--samples") {
      const auto [end, failed] = std::from_chars(words[i].data(), words[i].data() + words[i].size(), result.samples);
      if (failed != std::errc{} || *end != '\0' || result.samples < 2) return std::nullopt;
    } else if (word == "--quick") {
      result.quick = true;
    } else if (!word.starts_with("-") && result.job.empty()) {
      result.job = word;
    } else {
      return std::nullopt;
    }
  }
  if (result.job.empty()) return std::nullopt;
  return result;
}

// What was found by which policy, and its paired error on samples that no search has seen.
struct candidate {
  std::string name;
  nf::trajectory path;
  double seen = 0, held_out = 0;
  nf::search_report report{};
};

// What the model says of itself, with its type forgotten: the rest of the program is one, whatever the model.
struct known_of_model {
  nf::error_table table;
  nf::teacher seen, held_out;
  const char* noun;
  bool makes_sheets;
  std::function<nf::picture(std::span<const float>, const nf::sheet_options&)> draw;
};

// From the base's first level to its last, fine enough to be called exact.
nf::trajectory fine_path(const nf::policies& parts, bool quick) {
  const nf::noise_level &front = parts.path.front(), &back = parts.path.back();
  const double last = parts.path[parts.path.steps() - 1].from.rho();
  const double low = back.sigma > 0 ? back.rho() : std::min(0.3 * last, 0.01);
  const double high = std::isfinite(front.rho()) ? front.rho() : 1000;
  const int steps = quick ? 20 : 60;
  std::vector<nf::noise_level> levels{front};
  for (int i = front.alpha > 0 ? 1 : 0; i < (back.sigma > 0 ? steps : steps + 1); ++i)
    levels.push_back(nf::level_at_rho(parts.schedule, high * std::pow(low / high, static_cast<double>(i) / steps)));
  levels.push_back(back);
  return nf::trajectory{levels};
}

template <class Model>
known_of_model ask(Model& model, const examples::job& job, const command& asked) {
  const nf::policies& parts = job.sampler.policy.parts();
  const nf::trajectory path = fine_path(parts, asked.quick);
  const nf::dpm_multistep fine{.order = 3, .start = nf::multistep_start::singlestep};
  const auto options = [&model, seed = job.seed](std::size_t first, std::size_t count) {
    return nf::run_options<typename Model::condition>{.seed = seed,
                                                      .first_sample = first,
                                                      .conditional = model.conditional(first, count),
                                                      .unconditional = model.unconditional()};
  };
  const auto teacher_of = [&](std::size_t samples, std::size_t first) {
    nf::teacher_settings<typename Model::condition> how;
    how.samples = samples;
    how.first_sample = first;
    how.options = options;
    how.guidance = parts.guidance;
    how.parameterisation = parts.parameterisation;
    how.map = parts.map;
    return nf::teacher::of<float>(model, model.samples(1), fine, parts.schedule, path, how);
  };
  // The errors on what the model draws itself in many steps, unguided: what guidance adds is meant, and no error.
  const std::size_t n = asked.samples > 0 ? asked.samples : asked.quick ? 512 : 64, first = 200000;
  nf::tensor<float> data{model.samples(n)};
  nf::sampler{fine, parts.schedule, path, nf::unguided{}, parts.parameterisation}(model, data, options(first, n));
  nf::measurement_settings how{.levels = 24, .parameterisation = parts.parameterisation};
  how.sigma_min = path.back().sigma > 0 ? path.back().rho() : path[path.steps() - 1].from.rho();
  how.sigma_max = std::isfinite(path.front().rho()) ? path.front().rho() : path[0].to.rho();
  nf::error_measurement of{parts.schedule, how, nf::principal_directions(nf::view<float>{data}, 64)};
  of.add(model, nf::view<float>{data}, options(first, n));
  nf::error_table table = of.table();
  table.holds_beyond = std::isinf(path.front().rho());
  std::printf("measured %zu levels on %zu %s: mean square of eps from %.3g at sigma %.3g to %.3g at sigma %.3g\n",
              table.levels.size(), n, model.noun, table.levels.front().total, table.sigma_min(),
              table.levels.back().total, table.sigma_max());
  const std::size_t samples = asked.samples > 0 ? asked.samples : 32;
  return {std::move(table),
          teacher_of(samples, 0),
          teacher_of(std::max<std::size_t>(samples, 8), 100000),
          model.noun,
          std::same_as<Model, examples::digits_model>,
          [&model](std::span<const float> x, const nf::sheet_options& how_drawn) { return model.draw(x, how_drawn); }};
}

class whole_search {
 public:
  whole_search(known_of_model known, const examples::job& job, const command& asked)
      : job_{job},
        asked_{asked},
        parts_{job.sampler.policy.parts()},
        table_{std::move(known.table)},
        seen_{std::move(known.seen)},
        held_out_{std::move(known.held_out)},
        makes_sheets_{known.makes_sheets},
        draw_{std::move(known.draw)} {}

  int run() {
    const nf::search_problem problem{parts_.path, solver(), parts_.schedule, settings()};
    note("base", parts_.path);
    add_best_known(problem);
    const nf::evidence both{table_, seen_};
    if (std::isfinite(parts_.path.front().rho()))
      add(both, nf::vrg_classic{});
    else
      std::puts("vrg_classic, whose cost is in sigma / alpha, is left out: the trajectory starts at infinite noise");
    add(both, nf::transport_dp{});
    add(both, nf::linear_surrogate{});
    add(both, nf::teacher_dp{.candidates = quick() ? 12u : 30u, .low = table_.sigma_min(), .high = table_.sigma_max()});
    const nf::trajectory_metric paired{[&](const nf::trajectory& path) { return seen_.error(solver(), path); }};
    add(nf::evidence{paired, table_}, nf::evolutionary{.population = quick() ? 8u : 16u,
                                                       .generations = quick() ? 2u : 4u,
                                                       .parents = 4,
                                                       .mutants = quick() ? 4u : 8u,
                                                       .crossings = 4,
                                                       .low = table_.sigma_min(),
                                                       .high = table_.sigma_max()});
    nf::paired_refine refine{.iterations = quick() ? 3u : 8u, .low = table_.sigma_min(), .high = table_.sigma_max()};
    for (const candidate& c : found_) refine.starts.push_back(sigmas_of(c.path));
    add(both, refine);
    tell();
    draw(best());
    write(best());
    return 0;
  }

 private:
  bool quick() const { return asked_.quick; }
  nf::any_solver solver() const {
    return parts_.has_own_steps() ? nf::any_solver{parts_.own_steps} : nf::any_solver{parts_.planner};
  }
  nf::search_settings settings() const {
    nf::search_settings how;
    how.guidance = parts_.guidance;
    how.parameterisation = parts_.parameterisation;
    how.fidelity_trials = quick() ? 20 : 60;
    return how;
  }
  static std::vector<double> sigmas_of(const nf::trajectory& path) {
    std::vector<double> s{path.front().rho()};
    for (const nf::leg& l : path.legs()) s.push_back(l.to.rho());
    return s;
  }

  void note(std::string name, const nf::trajectory& path) {
    found_.push_back({std::move(name), path, seen_.error(solver(), path), held_out_.error(solver(), path)});
  }
  template <class Evidence, class Policy>
  void add(const Evidence& known, const Policy& policy) {
    const auto begin = std::chrono::steady_clock::now();
    nf::search_result result = nf::search(parts_.path, solver(), parts_.schedule, known, policy, settings());
    std::fputs(examples::text_of(result.report).c_str(), stdout);
    std::printf("  %.2f s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    note(std::string{Policy::name}, result.path);
    found_.back().report = std::move(result.report);
  }
  // Of what users would try by hand, the best on the samples that the searches see.
  void add_best_known(const nf::search_problem& problem) {
    double least = std::numeric_limits<double>::infinity();
    std::optional<nf::trajectory> best;
    std::string name;
    for (const nf::named_sigmas& s : nf::known_spacings(problem, table_.sigma_min(), table_.sigma_max())) {
      const nf::trajectory path = problem.path_of(s.sigmas);
      const double there = seen_.error(solver(), path);
      if (!(there < least)) continue;
      least = there;
      best = path;
      name = s.name;
    }
    if (best) note("best known spacing, " + name, *best);
  }

  const candidate& best() const {
    return *std::min_element(found_.begin(), found_.end(),
                             [](const candidate& a, const candidate& b) { return a.seen < b.seen; });
  }

  void tell() const {
    std::printf("\n%-34s %14s %22s\n", "", "seen", "held-out paired error");
    for (const candidate& c : found_)
      std::printf("%-34s %14.4g %22.4g%s\n", c.name.c_str(), c.seen, c.held_out, &c == &best() ? "  <- taken" : "");
    std::printf("evaluations of the network by all of it: %zu\n", seen_.evaluations() + held_out_.evaluations());
  }

  // Each step's part in the first-order cost, at the level it starts from.
  examples::curve costs(const std::string& name, const nf::trajectory& path) const {
    const nf::transport_cost cost{table_, path.back().rho()};
    const std::vector<double> s = sigmas_of(path);
    examples::curve c{.name = name, .note = "", .points = {}};
    for (std::size_t i = s.size() - 1; i-- > 0;) {
      const std::vector<double> step{s[i], s[i + 1]};
      const double value = cost.first_order(step);
      if (std::isfinite(s[i]) && s[i] > 0 && value > 0) c.points.push_back({s[i], value});
    }
    return c;
  }

  void draw(const candidate& found) {
    examples::log_plot plot{.title = "Where the steps stand, and what each costs at the end",
                            .x_title = "sigma / alpha at which a step starts",
                            .y_title = "its part of J"};
    plot.curves = {costs("base", parts_.path), costs("found", found.path)};
    save("levels.png", plot.draw());
    const std::size_t n = std::min<std::size_t>(10, held_out_.samples());
    if (makes_sheets_) {  // a sheet: the same noises row under row
      std::vector<float> rows;
      for (const nf::teacher::states& ends :
           {held_out_.ends(solver(), parts_.path), held_out_.ends(solver(), found.path), held_out_.reference()})
        rows.insert(rows.end(), ends.begin(), ends.begin() + static_cast<std::ptrdiff_t>(n * held_out_.sample_size()));
      save("sheet.png", draw_(rows, {.columns = n, .upscale = 3}));
    } else {
      for (const auto& [name, path] : {std::pair{"base.png", &parts_.path}, {"found.png", &found.path}}) {
        const nf::teacher::states ends = held_out_.ends(solver(), *path);
        save(name, draw_(std::vector<float>(ends.begin(), ends.end()), {.upscale = 2}));
      }
    }
  }
  void save(const std::string& name, const nf::picture& picture) const {
    const auto file = asked_.out / (asked_.job.stem().string() + "." + name);
    nf::write_png(file, picture);
    std::printf("picture: %s\n", std::filesystem::absolute(file).lexically_normal().c_str());
  }

  void write(const candidate& found) const {
    nlohmann::json report = nf::json_of(found.report);
    report["paired_error"] = {
        {"base", found_.front().held_out}, {"found", found.held_out}, {"samples", held_out_.samples()}};
    const nlohmann::json& described = job_.sampler.described;
    const nf::found_trajectory of{
        found.path,
        described["solver"],
        described["schedule"],
        described["parameterisation"],
        {found.name, {{"samples", seen_.samples()}}, nf::search_evidence_hash(table_), job_.seed},
        std::move(report)};
    const auto file = asked_.out / (asked_.job.stem().string() + ".trajectory.json");
    if (!(std::ofstream{file} << nf::json_of(of).dump(2) << '\n'))
      throw nf::error{file.string(), "cannot be written", "a place to write to (--out)"};
    std::printf("trajectory: %s\n  bin/sample takes it in a job as \"trajectory\": {\"file\": \"%s\"}\n",
                std::filesystem::absolute(file).lexically_normal().c_str(), file.filename().c_str());
  }

  const examples::job& job_;
  const command& asked_;
  const nf::policies& parts_;
  nf::error_table table_;
  nf::teacher seen_, held_out_;
  bool makes_sheets_;
  std::function<nf::picture(std::span<const float>, const nf::sheet_options&)> draw_;
  std::vector<candidate> found_;
};

int run(const command& asked) {
  examples::job job = examples::read_job(asked.job);
  std::error_code ignored;
  std::filesystem::create_directories(asked.out, ignored);
  known_of_model known = std::visit([&](auto& model) { return ask(model, job, asked); }, job.model);
  return whole_search{std::move(known), job, asked}.run();
}

}  // namespace

int main(int argc, char** argv) { return examples::run_program("search_trajectory", usage, argc, argv, parse, run); }
