// Fewer steps, same picture: how much a searched trajectory betters the best of the known spacings, solver by solver.
//
// Each cell: known spacings (uniform, quadratic, log-SNR, Karras with rho from 3 to 11) and the search are judged on some
// samples, the best of each on others that neither has seen: same ends, same evaluations, same noises, mean square of
// the difference from a fine run, and a bootstrap interval of what the search gains. A file keeps the cells that are
// done, so that a long table goes on where it was interrupted.
//
// run: --problem gaussian --quick --out {out}/cells.json
// expect: gaussian, 16 cells: the search is better in 1[0-9]
// run: --problem mixture --quick --out {out}/cells.json
// expect: mixture, 16 cells: the search is better in 1[0-9]
// run: --problem none
// expect: usage: fewer_steps
// exit: 2
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/json_reader.hpp>
#include <noisefall/models/gaussian.hpp>
#include <noisefall/models/gaussian_mixture.hpp>
#include <noisefall/noisefall.hpp>
#include <noisefall/search/linear_surrogate.hpp>
#include <noisefall/search/measure_errors.hpp>
#include <noisefall/search/paired_refine.hpp>
#include <noisefall/search/search.hpp>

#include "support/digit_judge.hpp"
#include "support/digits_model.hpp"
#include "support/run_program.hpp"

namespace {

namespace nf = noisefall;

constexpr const char* usage =
    "usage: fewer_steps [--problem gaussian|mixture|digits|all] [--out CELLS.json] [--seeds N] [--samples N] "
    "[--quick]\n"
    "  --seeds    of each cell (1; digits 3)\n"
    "  --samples  that results are judged on (512)\n"
    "  --quick    fewer samples, 5 and 10 evaluations only\n";

struct command {
  std::string problem = "all";
  std::filesystem::path out = "fewer_steps.json";
  std::size_t seeds = 0, samples = 512;
  bool quick = false;
};

std::optional<command> parse(const std::vector<std::string>& words) {
  command asked;
  const auto number = [](const std::string& text, std::size_t& to) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), to);
    return failed == std::errc{} && *end == '\0' && to > 0;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--quick") {
      asked.quick = true;
      continue;
    }
    if (++i == words.size()) return std::nullopt;
    if (word == "--problem")
      asked.problem = words[i];
    else if (word == "--out")
      asked.out = words[i];
    else if (word == "--seeds" ? !number(words[i], asked.seeds)
                               : word != "--samples" || !number(words[i], asked.samples))
      return std::nullopt;
  }
  const std::array known{"gaussian", "mixture", "digits", "all"};
  if (std::find(known.begin(), known.end(), asked.problem) == known.end() || asked.samples < 8) return std::nullopt;
  return asked;
}

// An exact predictor of the whole, and the gradient towards one class that splitting asks for.
template <class Exact>
struct with_gradient {
  using condition = typename Exact::condition;
  Exact exact;
  condition whole{};
  std::vector<double> other{};

  void predict(nf::view<double> x, const nf::evaluation& at, const condition&, nf::mutable_view<double> out) {
    exact.template predict<double>(x, at, whole, out);
  }
  // grad log p(class | x) = (eps of the whole - eps of the class) / sigma
  void gradient(nf::view<double> x, const nf::evaluation& at, const condition& one, nf::mutable_view<double> out) {
    other.resize(out.size());
    exact.template predict<double>(x, at, whole, out);
    exact.template predict<double>(x, at, one, nf::mutable_view<double>{other.data(), out.extents()});
    for (std::size_t i = 0; i < x.samples(); ++i)
      for (std::size_t e = i * x.sample_size(); e < (i + 1) * x.sample_size(); ++e)
        out[e] = (out[e] - other[e]) / at.level(i).sigma;
  }
};

// A solver, and how many legs make so many evaluations.
struct contestant {
  std::string name;
  bool first_order = false, gradients = false;
  std::function<std::pair<nf::any_solver, std::size_t>(std::size_t evaluations)> of;
};

std::vector<contestant> all_solvers() {
  const auto same = [](nf::any_solver solver) { return [solver](std::size_t n) { return std::pair{solver, n}; }; };
  const auto single = [](int order) {
    return [order](std::size_t n) {
      const nf::dpm_singlestep solver{.order = order, .of = nf::quantity::eps, .budget = n};
      return std::pair{nf::any_solver{solver}, nf::dpm_singlestep::orders(n, order).size()};
    };
  };
  return {{"DDIM", true, false, same(nf::ddim{})},
          {"PNDM", false, false,
           [](std::size_t n) {
             return std::pair{nf::any_solver{nf::pndm{.start = nf::pndm::start_kind::improved_euler}}, n - 1};
           }},
          {"DEIS", false, false, same(nf::deis{})},
          {"DPM-Solver-2", false, false, single(2)},
          {"DPM-Solver-3", false, false, single(3)},
          {"2M", false, false, same(nf::dpm_pp_2m{})},
          {"UniPC", false, false, same(nf::unipc{})},
          {"SplitNM", true, true, same(nf::splitting<nf::pndm>{.sub = {.start = nf::pndm::start_kind::ramp}})}};
}

// A problem, its network's type forgotten.
struct problem {
  std::string name;
  nf::any_schedule schedule;
  nf::noise_level front, back;
  nf::error_table table;
  std::size_t table_evaluations = 0;  // of the network, for the table and the data of it; all cells share them
  // Samples to judge by: those that searches see, those that they do not; by solvers with gradients apart.
  std::function<std::pair<nf::teacher, nf::teacher>(bool gradients, std::uint64_t seed)> teachers;
  // The Frechet distance of samples from real data, where there are such.
  std::function<double(const nf::teacher::states&)> frechet{};
};

nf::trajectory fine_path(const nf::any_schedule& schedule, const nf::noise_level& front, const nf::noise_level& back,
                         double low, int steps) {
  std::vector<nf::noise_level> levels{front};
  const double high = front.rho();
  for (int i = 1; i < (back.sigma > 0 ? steps : steps + 1); ++i)
    levels.push_back(nf::level_at_rho(schedule, high * std::pow(low / high, static_cast<double>(i) / steps)));
  levels.push_back(back);
  return nf::trajectory{levels};
}

template <class Exact>
problem exact_problem(const std::string& name, std::shared_ptr<with_gradient<Exact>> model,
                      const typename Exact::condition& one_class, std::size_t d, const nf::tensor<double>& data,
                      const command& asked) {
  constexpr std::size_t table_levels = 40;
  const nf::vp_linear schedule{};
  const nf::noise_level front = schedule.at(1), back = schedule.at(1e-3);
  nf::error_table table = nf::measure_errors(
      *model, nf::view<double>{data}, schedule,
      {.settings = {.levels = table_levels, .sigma_min = back.rho(), .sigma_max = front.rho()}, .most_directions = 64});
  const std::size_t seen = asked.quick ? 64 : 256, judged = asked.quick ? 256 : asked.samples;
  const auto teachers = [=, quick = asked.quick](bool gradients, std::uint64_t seed) {
    nf::teacher_settings<typename Exact::condition> how;
    how.options = [=](std::size_t, std::size_t) {
      return nf::run_options<typename Exact::condition>{.seed = seed, .conditional = one_class};
    };
    const nf::any_solver solver =
        gradients ? nf::any_solver{nf::splitting<nf::pndm>{.sub = {.start = nf::pndm::start_kind::ramp}}}
                  : nf::any_solver{nf::exponential_runge_kutta{.by = nf::exponential_method::res_3s}};
    const nf::trajectory path = fine_path(schedule, front, back, back.rho(), gradients ? (quick ? 400 : 1500) : 150);
    const auto of = [&](std::size_t samples, std::size_t first) {
      how.samples = samples;
      how.first_sample = first;
      return nf::teacher::of<double>(*model, {1, d}, solver, schedule, path, how);
    };
    return std::pair{of(seen, 0), of(judged, 100000)};
  };
  return {name, schedule, front, back, std::move(table), table_levels * data.extents().samples(), teachers};
}

problem gaussian_problem(const command& asked) {
  constexpr std::size_t d = 64;
  std::vector<double> variance;
  double all = 0;
  for (std::size_t k = 1; k <= d; ++k) all += variance.emplace_back(std::pow(static_cast<double>(k), -1.5));
  for (double& v : variance) v *= 16 / all;
  std::vector<double> narrow = variance;
  for (double& v : narrow) v /= 2;
  nf::tensor<double> data{{1000, d}};
  nf::normals(nf::normal_stream{11, 0, 0, d}, 0, data.size(), data.data());
  for (std::size_t k = 0; k < data.size(); ++k) data[k] *= std::sqrt(variance[k % d]);
  const auto model = std::make_shared<with_gradient<nf::gaussian>>(
      with_gradient<nf::gaussian>{nf::gaussian{{{.variance = variance}, {.mean = {0.2}, .variance = narrow}}}});
  return exact_problem<nf::gaussian>("gaussian", model, 1, d, data, asked);
}

problem mixture_problem(const command& asked) {
  const nf::mixture_law law{{1, 1, 1, 1, 1, 1},
                            {{2, 0}, {1, 1.732}, {-1, 1.732}, {-2, 0}, {-1, -1.732}, {1, -1.732}},
                            {0.1, 0.2, 0.3, 0.1, 0.2, 0.3}};
  nf::tensor<double> data{{1500, 2}};
  nf::normals(nf::normal_stream{12, 0, 0, 2}, 0, data.size(), data.data());
  for (std::size_t i = 0; i < 1500; ++i)
    for (std::size_t e = 0; e < 2; ++e) data[2 * i + e] = law.means[i % 6][e] + law.deviations[i % 6] * data[2 * i + e];
  const auto model = std::make_shared<with_gradient<nf::gaussian_mixture>>(
      with_gradient<nf::gaussian_mixture>{nf::gaussian_mixture{law}});
  return exact_problem<nf::gaussian_mixture>("mixture", model, {{0, 1, 2}}, 2, data, asked);
}

problem digits_problem(const command& asked) {
  const nlohmann::json job{{"model", {{"kind", "digits"}, {"weights", "digits_f16.safetensors"}}}};
  const auto model = std::make_shared<examples::digits_model>(nf::fields{job["model"], "/model"}, nf::fields{job, ""},
                                                              std::filesystem::path{});
  const nf::linear schedule{};
  const nf::noise_level front = schedule.at(schedule.t_max()), back = nf::clean_level(schedule);
  const double low = schedule.at(schedule.t_min()).rho();
  const nf::trajectory path = fine_path(schedule, front, back, low, asked.quick ? 12 : 50);
  const nf::dpm_multistep fine{.order = 3, .start = nf::multistep_start::singlestep};
  const auto options = [model](std::uint64_t seed) {
    return [model, seed](std::size_t first, std::size_t count) {
      return nf::run_options<examples::digits_model::condition>{.seed = seed,
                                                                .first_sample = first,
                                                                .conditional = model->conditional(first, count),
                                                                .unconditional = {examples::digit_network::no_class}};
    };
  };
  constexpr std::size_t table_levels = 24;
  nf::tensor<float> data{model->samples(asked.quick ? 4 : 48)};
  nf::sampler{fine, schedule, path}(*model, data, options(5)(0, data.extents().samples()));
  nf::error_measurement of{schedule,
                           {.levels = table_levels, .sigma_min = low, .sigma_max = front.rho()},
                           nf::principal_directions(nf::view<float>{data}, 48)};
  of.add(*model, nf::view<float>{data}, options(5)(0, data.extents().samples()));
  const auto teachers = [=, quick = asked.quick, judged = asked.samples](bool, std::uint64_t seed) {
    nf::teacher_settings<examples::digits_model::condition> how;
    how.options = options(seed);
    const auto make = [&](std::size_t samples, std::size_t first) {
      how.samples = samples;
      how.first_sample = first;
      return nf::teacher::of<float>(*model, model->samples(1), fine, schedule, path, how);
    };
    return std::pair{make(quick ? 4 : 24, 0), make(quick ? 8 : judged, 100000)};
  };
  const auto judge = std::make_shared<examples::digit_judge>(NOISEFALL_EXAMPLES_DATA);
  const auto frechet = [model, judge](const nf::teacher::states& ends) {
    nf::tensor<float> digits{model->samples(ends.size() / 784)};
    std::transform(ends.begin(), ends.end(), digits.data(), [](double v) { return static_cast<float>(v); });
    return judge->frechet(digits);
  };
  const std::size_t spent = (table_levels + path.steps()) * data.extents().samples();
  return {"digits", schedule, front, back, of.table(), spent, teachers, frechet};
}

// The ends of a 95 % interval of the mean of the differences, by 2000 resamplings.
std::pair<double, double> interval_of(const std::vector<double>& differences) {
  const std::size_t n = differences.size();
  std::vector<double> means;
  std::uint64_t state = 1;
  for (int k = 0; k < 2000; ++k) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      sum += differences[(state >> 33) % n];
    }
    means.push_back(sum / static_cast<double>(n));
  }
  std::sort(means.begin(), means.end());
  return {means[50], means[1949]};
}

nlohmann::json solve(const problem& of, const contestant& by, std::size_t evaluations, const nf::teacher& seen,
                     const nf::teacher& held_out) {
  const auto [solver, legs] = by.of(evaluations);
  // A base with the ends and the number of legs; what it is otherwise does not matter.
  const double low = of.back.sigma > 0 ? of.back.rho() : of.table.sigma_min();
  std::vector<nf::noise_level> levels{of.front};
  for (std::size_t i = 1; i < legs; ++i)
    levels.push_back(nf::level_at_rho(
        of.schedule,
        of.front.rho() * std::pow(low / of.front.rho(), static_cast<double>(i) / static_cast<double>(legs))));
  levels.push_back(of.back);
  const nf::trajectory any{levels};
  const nf::search_problem between{any, solver, of.schedule, {}};
  const std::size_t before = seen.evaluations();
  std::string name;
  double least = std::numeric_limits<double>::infinity();
  std::optional<nf::trajectory> baseline;
  for (const nf::named_sigmas& s : nf::known_spacings(between, of.table.sigma_min(), of.table.sigma_max())) {
    const nf::trajectory path = between.path_of(s.sigmas);
    const double there = seen.error(solver, path);
    if (!(there < least)) continue;
    least = there;
    name = s.name;
    baseline = path;
  }
  const std::size_t tuning = seen.evaluations() - before;
  nf::paired_refine refine{.low = of.table.sigma_min(), .high = of.table.sigma_max()};
  const nf::search_result by_table = nf::search(*baseline, solver, of.schedule, of.table, nf::linear_surrogate{});
  std::vector<double> start{by_table.path.front().rho()};
  for (const nf::leg& l : by_table.path.legs()) start.push_back(l.to.rho());
  refine.starts = {std::move(start)};
  refine.known_starts = false;
  const nf::search_result found = nf::search(*baseline, solver, of.schedule, seen, refine);

  const nf::teacher::states base_ends = held_out.ends(solver, *baseline),
                            better_ends = held_out.ends(solver, found.path);
  const std::vector<double> base = held_out.errors(base_ends), better = held_out.errors(better_ends);
  double a = 0, b = 0;
  std::vector<double> differences;
  for (std::size_t i = 0; i < base.size(); ++i) {
    a += base[i] / static_cast<double>(base.size());
    b += better[i] / static_cast<double>(base.size());
    differences.push_back(better[i] - base[i]);
  }
  const auto [from, to] = interval_of(differences);
  std::vector<double> sigmas{found.path.front().rho()};
  for (const nf::leg& l : found.path.legs()) sigmas.push_back(l.to.rho());
  nlohmann::json cell{{"baseline", name},
                      {"before", a},
                      {"after", b},
                      {"low", from},
                      {"high", to},
                      {"tuning_evaluations", tuning},
                      {"search_evaluations", found.report.evaluations},
                      {"table_evaluations", of.table_evaluations},
                      {"sigmas", sigmas}};
  if (of.frechet)
    cell["frechet"] = {{"before", of.frechet(base_ends)},
                       {"after", of.frechet(better_ends)},
                       {"fine", of.frechet(held_out.reference())}};
  return cell;
}

// What a problem's cells took besides the samples that they are judged on, in evaluations of one sample, and, where they
// have it, the Frechet distance from real data.
void print_costs(const nlohmann::json& cells, const std::string& prefix, const problem& of) {
  std::size_t count = 0, tuning = 0, searching = 0;
  std::vector<std::array<double, 3>> distances;
  for (const auto& [key, cell] : cells.items()) {
    if (key.rfind(prefix, 0) != 0) continue;
    ++count;
    tuning += cell["tuning_evaluations"].get<std::size_t>();
    searching += cell["search_evaluations"].get<std::size_t>();
    if (!cell.contains("frechet")) continue;
    const nlohmann::json& f = cell["frechet"];
    distances.push_back({f["before"].get<double>(), f["after"].get<double>(), f["fine"].get<double>()});
  }
  std::printf("evaluations per cell: %zu to tune the spacings, %zu to search; once, for the table of errors: %zu\n",
              tuning / count, searching / count, of.table_evaluations);
  if (distances.empty()) return;
  std::array<double, 3> mean{};
  for (const auto& d : distances)
    for (std::size_t k = 0; k < 3; ++k) mean[k] += d[k] / static_cast<double>(distances.size());
  const auto closer = std::count_if(distances.begin(), distances.end(), [](const auto& d) { return d[1] < d[0]; });
  std::printf("Frechet distance from real digits, mean of %zu cells: %.2f -> %.2f, the fine run %.2f; less in %zu\n",
              distances.size(), mean[0], mean[1], mean[2], static_cast<std::size_t>(closer));
}

int run(const command& asked) {
  nlohmann::json cells = nlohmann::json::object();
  if (std::filesystem::exists(asked.out)) cells = nf::read_json(asked.out);
  if (asked.out.has_parent_path()) std::filesystem::create_directories(asked.out.parent_path());
  for (const std::string name : {"gaussian", "mixture", "digits"}) {
    if (asked.problem != "all" && asked.problem != name) continue;
    const bool digits = name == "digits";
    const problem of = name == "gaussian"  ? gaussian_problem(asked)
                       : name == "mixture" ? mixture_problem(asked)
                                           : digits_problem(asked);
    const std::vector<std::size_t> counts = asked.quick ? std::vector<std::size_t>{5, 10}
                                            : digits    ? std::vector<std::size_t>{5, 10, 20}
                                                        : std::vector<std::size_t>{5, 8, 10, 15, 20};
    const std::size_t seeds = asked.seeds > 0 ? asked.seeds : digits && !asked.quick ? 3 : 1;
    std::size_t total = 0, better = 0, first = 0, first_better = 0, worse = 0;
    std::printf("\n%s: mean square from a fine run, best known spacing -> search\n\n| solver |", name.c_str());
    for (const std::size_t n : counts) std::printf(" %zu |", n);
    std::printf("\n|---|%s\n",
                [&] {
                  std::string rule;
                  for (std::size_t k = 0; k < counts.size(); ++k) rule += "--:|";
                  return rule;
                }()
                    .c_str());
    std::optional<std::pair<nf::teacher, nf::teacher>> teachers[2];
    std::optional<std::uint64_t> seed_of[2];
    std::vector<contestant> solvers = all_solvers();
    if (digits)
      std::erase_if(solvers,
                    [](const contestant& c) { return c.name != "DDIM" && c.name != "2M" && c.name != "UniPC"; });
    // Seeds outside, so that each pair of teachers is made once, and few evaluations first, which take the least.
    for (std::uint64_t seed = 1; seed <= seeds; ++seed)
      for (const std::size_t n : counts)
        for (const contestant& by : solvers) {
          const std::string key =
              name + (asked.quick ? "/quick/" : "/") + by.name + "/" + std::to_string(n) + "/" + std::to_string(seed);
          if (cells.contains(key)) continue;
          const std::size_t kind = by.gradients ? 1 : 0;
          if (seed_of[kind] != seed) {
            teachers[kind].emplace(of.teachers(by.gradients, seed));
            seed_of[kind] = seed;
          }
          cells[key] = solve(of, by, n, teachers[kind]->first, teachers[kind]->second);
          std::ofstream{asked.out} << cells.dump(1) << '\n';
        }

    for (const contestant& by : solvers) {
      std::printf("| %s |", by.name.c_str());
      for (const std::size_t n : counts) {
        double before = 0, after = 0;
        bool is_worse = false;
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
          const nlohmann::json& c = cells[name + (asked.quick ? "/quick/" : "/") + by.name + "/" + std::to_string(n) +
                                          "/" + std::to_string(seed)];
          before += c["before"].get<double>() / static_cast<double>(seeds);
          after += c["after"].get<double>() / static_cast<double>(seeds);
          is_worse = is_worse || c["low"].get<double>() > 0;
        }
        std::printf(" %.2g -> %.2g%s |", before, after, is_worse ? " worse" : after < before ? "" : " (same)");
        ++total;
        better += after < before ? 1 : 0;
        worse += is_worse ? 1 : 0;
        if (by.first_order) ++first, first_better += after < before ? 1 : 0;
      }
      std::printf("\n");
    }
    std::printf(
        "\n%s, %zu cells: the search is better in %zu, in %zu of %zu of first order; worse by more than its interval "
        "in %zu\n",
        name.c_str(), total, better, first_better, first, worse);
    print_costs(cells, name + (asked.quick ? "/quick/" : "/"), of);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return examples::run_program("fewer_steps", usage, argc, argv, parse, run); }
