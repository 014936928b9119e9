// L6: a run goes on in another process, from a file, with the same bits.
#include <unistd.h>

#include <concepts>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/random/brownian.hpp>
#include <noisefall/random/philox_source.hpp>
#include <noisefall/random/torch_cpu.hpp>
#include <noisefall/sampler/checkpoint.hpp>
#include <noisefall/sampler/checkpoint_file.hpp>
#include <noisefall/solver/built_in.hpp>
#include <noisefall/trajectory/inversion.hpp>
#include <noisefall/trajectory/restart.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace laws;
using Catch::Matchers::ContainsSubstring;

namespace {

const char* const variable = "NOISEFALL_RESUME_FOLDER";  // where the first process leaves its files for the second

constexpr std::size_t samples = 2, size = 17;  // not a multiple of any vector

std::vector<std::byte> read_file(const std::filesystem::path& from) {
  std::ifstream file{from, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

void write_file(const std::filesystem::path& to, std::span<const std::byte> bytes) {
  std::ofstream{to, std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()),
                                            static_cast<std::streamsize>(bytes.size()));
}

// The network with a variance beside its output: twice the channels.
struct with_variance {
  using condition = double;
  network<> inner;

  template <class T>
  void predict(nf::view<T> x, const nf::evaluation& at, const double& mean, nf::mutable_view<T> out) {
    nf::tensor<T> eps{x.extents()};
    inner.predict(x, at, mean, nf::mutable_view<T>{eps});
    const std::size_t n = x.sample_size();
    for (std::size_t i = 0; i < x.samples(); ++i)
      for (std::size_t e = 0; e < n; ++e) {
        out.sample(i)[e] = eps.data()[i * n + e];
        out.sample(i)[n + e] = static_cast<T>(0.1 * static_cast<double>(e % 5) - 0.2);
      }
  }
};

template <class Solver>
struct each_default {
  template <class See>
  static void show(See& see) {
    see(std::string{Solver::name} + ", defaults", nf::erased_solver{Solver{}});
  }
};
template <class... Solvers>
struct all_defaults {
  template <class See>
  static void show(See& see) {
    (each_default<Solvers>::show(see), ...);
  }
};

// see(name, element, model, start), where start(x) makes the run: every solver under every guidance, and under one
// each what else a run is made of. A combination that a sampler refuses is none.
template <class See>
void for_each_case(See see) {
  const auto plain = [&](const std::string& name, const nf::sampler& sample, nf::run_settings settings = {}) {
    settings.seed = guided.seed;
    see(name, float{}, network<>{}, [&](auto x) { return sample.start(x, settings); });
  };
  const auto under_each_guidance = [&](const std::string& solver_name, const auto& solver) {
    for_each_guidance([&](const char* guidance_name, const nf::any_guidance& guidance) {
      const std::string name = solver_name + ", " + guidance_name;
      INFO(name);
      try {
        plain(name, nf::sampler{solver, schedule, path(), guidance});
      } catch (const nf::error& e) {
        const std::string_view why = e.problem();
        const bool known = why.starts_with("cannot renoise") || why.starts_with("a guidance with momentum") ||
                           why.starts_with("every sample has its own level");
        INFO(e.what());
        CHECK(known);
      }
    });
  };
  for_each_solver([&](const char* name, const auto& solver) { under_each_guidance(name, solver); });
  const auto of_defaults = [&](const std::string& name, const auto& solver) { under_each_guidance(name, solver); };
  nf::built_in_solvers::in<all_defaults>::show(of_defaults);

  for_each_map([&](const char* map_name, const nf::threshold& map) {
    for_each_planned_solver([&](const char* name, const nf::erased_solver& solver) {
      plain(std::string{name} + ", " + map_name,
            nf::sampler{solver, schedule, path(), projected, nf::predicts_eps{}, map});
    });
    plain(std::string{"dpm_adaptive, "} + map_name,
          nf::sampler{nf::dpm_adaptive{}, schedule, path(), doubled, nf::predicts_eps{}, map});
  });
  nf::threshold keeping = nf::static_threshold(0.8);
  keeping.keep_eps = true;
  plain("two readings", nf::sampler{nf::ddim{.eta = 0.5}, schedule, path(), projected, nf::predicts_eps{}, keeping});
  const nf::sampler sde{nf::dpm_multistep{.tau_squared = 1}, schedule, path(), projected};
  plain("keeps denoised", sde, {.keep_denoised = true});
  plain("from an image", sde, {.first_sample = 5, .start = nf::start_from::image});
  plain("inversion", nf::sampler{nf::ddim{}, schedule, nf::inversion(path()), doubled},
        {.start = nf::start_from::given});
  const nf::restart twice{nf::uniform_lambda{.steps = 6}, {{.sigma_min = 0.5, .sigma_max = 2, .steps = 2, .times = 2}}};
  plain("restarting", nf::sampler{nf::unipc{}, schedule, twice, doubled});
  plain("restarting, momentum", nf::sampler{nf::sa_solver{}, schedule, twice, projected});
  using kind = nf::ddpm::variance_kind;
  for (const kind variance : {kind::learned_range, kind::learned}) {
    const nf::sampler learned{nf::ddpm{.variance = variance}, schedule, path(), projected};
    if (variance == kind::learned_range)
      see("learned variance", float{}, with_variance{},
          [&](auto x) { return learned.start(x, {.seed = guided.seed, .output_parts = 2}); });
  }
  for_each_solver([&](const char* name, const auto& solver) {
    const nf::sampler sample{solver, schedule, path(), hardest_for(solver)};
    see(std::string{name} + ", double", double{}, network<>{},
        [&](auto x) { return sample.start(x, {.seed = guided.seed}); });
    see(std::string{name} + ", Brownian path", float{}, network<>{},
        [&](auto x) { return sample.start(x, {.seed = guided.seed}, nf::brownian_path{3}); });
  });
  see("torch's noise", float{}, network<>{},
      [&](auto x) { return sde.start(x, {.seed = guided.seed}, nf::torch_cpu{.seed = 3}); });
}

// The state that a run of element T starts from, where it is not noise.
template <class T>
nf::tensor<T> first_state() {
  nf::tensor<T> x({samples, size});
  for (std::size_t i = 0; i < samples * size; ++i) x.data()[i] = static_cast<T>(0.01 * static_cast<double>(i) - 0.2);
  return x;
}

std::filesystem::path file_of(std::size_t number, std::size_t step) {
  return std::filesystem::path{std::getenv(variable)} / (std::to_string(number) + "-" + std::to_string(step));
}
std::filesystem::path last_of(std::size_t number) {
  return std::filesystem::path{std::getenv(variable)} / (std::to_string(number) + "-final");
}

}  // namespace

TEST_CASE("The second process: goes on with what it finds", "[.resume]") {
  REQUIRE(std::getenv(variable) != nullptr);
  std::size_t number = 0, resumed = 0;
  for_each_case([&]<class T>(const std::string& name, T, const auto& model, auto start) {
    const auto expected = read_file(last_of(number));
    for (std::size_t step = 0; std::filesystem::exists(file_of(number, step)); ++step, ++resumed) {
      INFO(name << ", step " << step);
      nf::tensor<T> x = first_state<T>();
      auto run = start(nf::mutable_view<T>{x});
      nf::load_file(run, file_of(number, step));
      auto network = model;
      nf::finish(run, network, guided, nf::ignore_steps{});
      if (!same_bits<std::byte>(std::as_bytes(x.elements()), expected)) FAIL_CHECK("other bits");
    }
    ++number;
  });
  std::ofstream{last_of(number)} << resumed;
}

TEST_CASE("L6: resumed in a fresh process from a file, after every step, equals uninterrupted") {
  const auto folder = std::filesystem::temp_directory_path() / ("noisefall-resume-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  setenv(variable, folder.c_str(), 1);
  std::size_t files = 0, number = 0;
  for_each_case([&]<class T>(const std::string& name, T, auto model, auto start) {
    INFO(name);
    nf::tensor<T> x = first_state<T>();
    auto run = start(nf::mutable_view<T>{x});
    for (std::size_t step = 0; run.next() != nullptr && step < 100; ++step, ++files) {
      nf::step(run, model, guided);
      // What save_file writes; the law is about the bytes, and thousands of files need not reach the disk.
      write_file(file_of(number, step), nf::save(run));
    }
    CHECK(run.done());
    write_file(last_of(number++), std::as_bytes(x.elements()));
  });
  CHECK(files > 1000);
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string command =
      std::string{"'"} + self.string() + "' '[.resume]' > '" + (folder / "log").string() + "' 2>&1";
  const int status = std::system(command.c_str());
  INFO(std::string(reinterpret_cast<const char*>(read_file(folder / "log").data()), read_file(folder / "log").size()));
  CHECK(status == 0);
  const auto said = read_file(last_of(number));
  CHECK(std::string(reinterpret_cast<const char*>(said.data()), said.size()) == std::to_string(files));
  std::filesystem::remove_all(folder);
}

TEST_CASE("A checkpoint of another version, shape, seed or sampler is refused, and the run stays as it is") {
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, path()};
  network<> model;
  nf::tensor<float> x({samples, size}), y({samples, size}), other({samples, size + 1});
  auto run = sample.start(nf::mutable_view<float>{x}, {.seed = 1});
  nf::step(run, model, guided);
  const std::vector<std::byte> bytes = nf::save(run);

  auto fresh = sample.start(nf::mutable_view<float>{y}, {.seed = 1});
  nf::step(fresh, model, guided);
  nf::step(fresh, model, guided);
  const nf::tensor<float> start = y;
  auto versioned = bytes;
  versioned[8] = std::byte{9};
  CHECK_THROWS_WITH(nf::load(fresh, versioned), "checkpoint: load: version 9; allowed: version 2");
  auto foreign = bytes;
  foreign[1] = std::byte{'P'};
  CHECK_THROWS_WITH(nf::load(fresh, foreign), ContainsSubstring("do not begin as a checkpoint does"));
  CHECK_THROWS_WITH(nf::load(fresh, {}), ContainsSubstring("0 bytes that do not begin as a checkpoint does"));
  for (std::size_t kept = 1; kept < bytes.size(); ++kept)
    CHECK_THROWS_WITH(nf::load(fresh, std::span<const std::byte>{bytes}.first(kept)),
                      ContainsSubstring("ends early: after " + std::to_string(kept)));
  std::vector<std::byte> more = bytes;
  more.push_back(std::byte{1});
  CHECK_THROWS_WITH(nf::load(fresh, more), ContainsSubstring("goes on after its end"));
  for (std::size_t at = 24; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] ^= std::byte{0x40};
    CHECK_THROWS_WITH(nf::load(fresh, damaged), ContainsSubstring("damaged"));
  }
  CHECK(same_bits(y, start));
  CHECK(fresh.steps_done() == 2);

  auto seeded = sample.start(nf::mutable_view<float>{y}, {.seed = 2});
  CHECK_THROWS_WITH(nf::load(seeded, bytes), ContainsSubstring("another seed") && ContainsSubstring("1 instead of 2"));
  auto shaped = sample.start(nf::mutable_view<float>{other}, {.seed = 1});
  CHECK_THROWS_WITH(nf::load(shaped, bytes), ContainsSubstring("another shape"));
  const nf::sampler another{nf::dpm_pp_2m{}, schedule, path(7)};
  auto longer = another.start(nf::mutable_view<float>{y}, {.seed = 1});
  CHECK_THROWS_WITH(nf::load(longer, bytes), ContainsSubstring("another sampler"));
  const nf::sampler guided_now{nf::dpm_pp_2m{}, schedule, path(), doubled};
  auto with_guidance = guided_now.start(y, {.seed = 1});
  CHECK_THROWS_WITH(nf::load(with_guidance, bytes), ContainsSubstring("another sampler"));

  auto inside = nf::sampler{nf::heun{}, schedule, path()}.start(nf::mutable_view<float>{y}, {.seed = 1});
  nf::answer(inside, model, guided);
  CHECK_THROWS_WITH(nf::save(inside), ContainsSubstring("inside a step"));
}

TEST_CASE("A checkpoint file is written whole or not at all, and what is wrong with one is said with its name") {
  const auto folder = std::filesystem::temp_directory_path() / ("noisefall-files-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto file = folder / "run.checkpoint";
  const nf::sampler sample{nf::unipc{}, schedule, path(), projected};
  network<> model;
  nf::tensor<float> x({samples, size}), y({samples, size});
  auto run = sample.start(x, {.seed = guided.seed});
  auto other = sample.start(y, {.seed = guided.seed});
  nf::step(run, model, guided);
  nf::save_file(run, file);
  nf::step(run, model, guided);
  nf::save_file(run, file);  // over the first one
  CHECK(read_file(file) == nf::save(run));
  nf::load_file(other, file);
  nf::finish(run, model, guided, nf::ignore_steps{});
  nf::finish(other, model, guided, nf::ignore_steps{});
  CHECK(same_bits(x, y));

  const auto alone = [&] {
    return std::distance(std::filesystem::directory_iterator{folder}, std::filesystem::directory_iterator{});
  };
  CHECK(alone() == 1);  // no temporary file is left
  // A process that died while it was saving: its file is in nobody's way.
  write_file(folder / "run.checkpoint.tmp0", {});
  nf::save_file(run, file);
  CHECK(alone() == 2);

  auto bytes = read_file(file);
  bytes.pop_back();
  write_file(file, bytes);
  CHECK_THROWS_WITH(nf::load_file(other, file),
                    ContainsSubstring(file.string() + ": checkpoint: load: ends early: after "));
  CHECK_THROWS_WITH(nf::load_file(other, folder / "none"), ContainsSubstring("none: there is no such file; allowed: "));
  CHECK_THROWS_WITH(nf::load_file(other, folder), ContainsSubstring(": is no file; allowed: "));
  CHECK_THROWS_WITH(nf::save_file(run, folder / "none" / "run"), ContainsSubstring("cannot be written: No such file"));
  std::filesystem::create_directories(folder / "taken" / "inside");
  CHECK_THROWS_WITH(nf::save_file(run, folder / "taken"), ContainsSubstring("taken: cannot be written: "));
  CHECK(alone() == 3);
  std::filesystem::remove_all(folder);
}

TEST_CASE("A checkpoint tells samplers apart by whatever changes their numbers") {
  const auto refuses = [](const nf::sampler& saved, const nf::sampler& other) {
    nf::tensor<float> x({2, 4}), y({2, 4});
    auto run = saved.start(x, {.output_parts = 2});
    auto into = other.start(y, {.output_parts = 2});
    CHECK_NOTHROW(nf::load(run, nf::save(run)));
    CHECK_THROWS_WITH(nf::load(into, nf::save(run)), ContainsSubstring("another sampler"));
  };
  const auto guided_by = [](const nf::any_guidance& rule, const nf::predicts_eps& network = {}) {
    return nf::sampler{nf::dpm_pp_2m{}, schedule, path(), rule, network};
  };
  refuses(guided_by(nf::rescale{.weight = 2, .phi = 0.7}), guided_by(nf::rescale{.weight = 2, .phi = 0}));
  refuses(guided_by(nf::apg{.weight = 2, .norm_cap = 2}), guided_by(nf::apg{.weight = 2, .norm_cap = 15}));
  refuses(guided_by(nf::unguided{}, {.label_scale = 1}), guided_by(nf::unguided{}, {.label_scale = -1}));
  const auto steps_of = [](const auto& solver) { return nf::sampler{solver, schedule, path()}; };
  refuses(steps_of(nf::dpm_adaptive{.rtol = 0.05}), steps_of(nf::dpm_adaptive{.rtol = 0.01}));
  using kind = nf::ddpm::variance_kind;
  refuses(steps_of(nf::ddpm{.variance = kind::learned}), steps_of(nf::ddpm{.variance = kind::learned_range}));
}

TEST_CASE("Forged bytes, and looking at the size of a checkpoint, leave a run that works") {
  const auto try_forgery = [](const auto& solver, const nf::any_guidance& guidance, std::size_t word, unsigned value) {
    const nf::sampler sample{solver, schedule, path(), guidance};
    network<> model;
    nf::tensor<float> x({1, 4}), expected({1, 4});
    auto run = sample.start(x, {.seed = guided.seed});
    nf::step(run, model, guided);
    auto bytes = nf::save(run);
    CHECK_THROWS(nf::load(run, std::span<const std::byte>{bytes}.first(100)));
    nf::answer(run, model, guided);  // it may stand inside a step
    bytes[word] = static_cast<std::byte>(value);
    const std::size_t sum_at = bytes.size() - sizeof(std::uint64_t);
    const std::uint64_t sum = nf::detail::checksum(std::span<const std::byte>{bytes}.first(sum_at));
    std::memcpy(bytes.data() + sum_at, &sum, sizeof sum);
    CHECK_THROWS_WITH(nf::load(run, bytes), ContainsSubstring("numbers that no run has"));
    nf::finish(run, model, guided, nf::ignore_steps{});
    sample(model, expected, guided);
    CHECK(same_bits(x, expected));
  };
  constexpr std::size_t state_at = 10 * sizeof(std::uint64_t);
  try_forgery(nf::heun{}, doubled, state_at, 200);              // the step
  try_forgery(nf::dpm_pp_2m{}, projected, state_at + 16, 200);  // how many readings are stored
  try_forgery(nf::dpm_pp_2m{}, projected, state_at + 25, 2);    // a slot's number
  try_forgery(nf::dpm_adaptive{}, doubled, state_at + 8, 7);    // what the solver wants
}
