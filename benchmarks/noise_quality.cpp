// Tests normals for what true normals would show, and prints a table of scores.
//
// Two draws of each sample are looked at: their moments, their tails, their distribution, and correlations between
// elements that lie near each other, one sample apart, or in the same place of the other draw. 1e8 normals take seconds
// and 150 MB per thread.
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <noisefall/random/normals.hpp>

#include "noise_quality/scores.hpp"
#include "noise_quality/tally.hpp"

namespace {

constexpr const char* usage =
    "usage: noise_quality [COUNT [SAMPLE_SIZE [SEED]]]\n"
    "  COUNT        normals to look at: 1e8 where nothing is said, 1e4 to 1e12\n"
    "  SAMPLE_SIZE  elements of a sample: 4096 where nothing is said, 1 to 65536; below 64 another layout is at work\n"
    "  SEED         20240607 where nothing is said: what looks odd should be gone with another one\n";

constexpr double most_standard_deviations = 5;
constexpr std::size_t chunk = 65536;

struct request {
  double count = 1e8;
  std::size_t sample_size = 4096;
  std::uint64_t seed = 20240607;

  std::size_t samples() const { return chunk / sample_size; }  // of a chunk
  std::size_t floats() const { return samples() * sample_size; }
  std::size_t chunks() const {
    return static_cast<std::size_t>(std::ceil(count / (2 * static_cast<double>(floats()))));
  }
};

std::vector<std::size_t> lags(const request& what) {
  std::vector<std::size_t> distances{1, 16, 64};
  if (what.sample_size > 64 && what.samples() > 1) distances.push_back(what.sample_size);
  return distances;
}

void look(const request& what, std::size_t first, std::size_t step, bench::tally& seen) {
  std::array<std::vector<float>, 2> draws{std::vector<float>(what.floats()), std::vector<float>(what.floats())};
  for (std::size_t c = first; c < what.chunks(); c += step) {
    for (std::uint32_t d = 0; d < draws.size(); ++d) {
      noisefall::normals({what.seed, d, c * what.samples(), what.sample_size}, 0, what.floats(), draws[d].data());
      seen.add(draws[d]);
    }
    seen.between_draws.add(draws[0].data(), draws[1].data(), what.floats());
  }
}

bench::tally look(const request& what) {
  const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  std::vector<bench::tally> parts(threads, bench::tally{lags(what)});
  {
    std::vector<std::jthread> workers;
    for (std::size_t t = 0; t < threads; ++t) workers.emplace_back([&, t] { look(what, t, threads, parts[t]); });
  }
  for (std::size_t t = 1; t < threads; ++t) parts[0].add(parts[t]);
  return std::move(parts[0]);
}

class score_table {
 public:
  score_table() {
    std::printf("| %-34s | %14s | %14s | %6s |      |\n", "", "measured", "expected", "z");
    std::printf("| %s | %s: | %s: | -----: | ---- |\n", std::string(34, '-').c_str(), std::string(13, '-').c_str(),
                std::string(13, '-').c_str());
  }
  void line(const std::string& name, double measured, double expected, double z) {
    const bool good = std::abs(z) <= most_standard_deviations;
    all_good_ = all_good_ && good;
    std::printf("| %-34s | %14.8g | %14.8g | %+6.2f | %-4s |\n", name.c_str(), measured, expected, z,
                good ? "ok" : "BAD");
  }
  bool all_good() const { return all_good_; }

 private:
  bool all_good_ = true;
};

void add_moments(score_table& to, const bench::tally& seen) {
  constexpr std::array<const char*, 5> names{"mean", "variance", "3rd moment (skew)", "4th moment (kurtosis)",
                                             "6th moment"};
  constexpr std::array<double, 5> expected{0, 1, 0, 3, 15}, variance{1, 2, 15, 96, 10170};
  for (std::size_t k = 0; k < names.size(); ++k) {
    const double measured = seen.power_sums[k] / seen.n;
    to.line(names[k], measured, expected[k], (measured - expected[k]) * std::sqrt(seen.n / variance[k]));
  }
}

void add_products(score_table& to, const std::string& name, const bench::product_sums& of) {
  to.line("correlation, " + name, of.values / of.pairs, 0, of.value_score());
  to.line("correlation of squares, " + name, of.squares / (2 * of.pairs), 0, of.square_score());
}

void add_distribution(score_table& to, const bench::tally& seen) {
  const bench::distances d = bench::distances_of(seen.histogram, seen.n);
  to.line("Kolmogorov-Smirnov, sqrt(n) D", d.kolmogorov, 0.87, bench::score_of(bench::kolmogorov_p(d.kolmogorov)));
  to.line("Anderson-Darling, A^2", d.anderson_darling, 1,
          bench::score_of(bench::anderson_darling_p(d.anderson_darling)));
}

void add_tails(score_table& to, const bench::tally& seen) {
  for (std::size_t k = 0; k < bench::tally::tails.size(); ++k) {
    const double from = bench::tally::tails[k], expected = 2 * seen.n * bench::upper_tail(from);
    char name[32];
    std::snprintf(name, sizeof name, "beyond %g", from);
    to.line(name, seen.beyond[k], expected, bench::poisson_score(seen.beyond[k], expected));
  }
}

bool judge(const request& what) {
  const bench::tally seen = look(what);
  std::printf("%.0f normals: seed %llu, draws 0 and 1, samples of %zu\n\n", seen.n,
              static_cast<unsigned long long>(what.seed), what.sample_size);
  score_table table;
  add_moments(table, seen);
  for (std::size_t k = 0; k < seen.lags.size(); ++k)
    add_products(table, "lag " + std::to_string(seen.lags[k]), seen.at_lag[k]);
  add_products(table, "two draws", seen.between_draws);
  add_distribution(table, seen);
  add_tails(table, seen);
  std::printf("\nlargest: %.4f; a score beyond %g is bad\n", seen.largest, most_standard_deviations);
  return table.all_good();
}

bool is_number(const char* text, double low, double high, double& value) {
  const auto [end, failed] = std::from_chars(text, text + std::strlen(text), value);
  return failed == std::errc{} && *end == '\0' && value >= low && value <= high;
}

}  // namespace

int main(int count, char** arguments) try {
  request what;
  double sample_size = static_cast<double>(what.sample_size), seed = static_cast<double>(what.seed);
  const bool understood = count <= 4 && (count < 2 || is_number(arguments[1], 1e4, 1e12, what.count)) &&
                          (count < 3 || is_number(arguments[2], 1, static_cast<double>(chunk), sample_size)) &&
                          (count < 4 || is_number(arguments[3], 0, 0x1p53, seed));
  if (!understood) {
    std::fputs(usage, stderr);
    return 2;
  }
  what.sample_size = static_cast<std::size_t>(sample_size);
  what.seed = static_cast<std::uint64_t>(seed);
  return judge(what) ? 0 : 1;
} catch (const std::exception& problem) {
  std::fprintf(stderr, "noise_quality: %s\n", problem.what());
  return 2;
}
