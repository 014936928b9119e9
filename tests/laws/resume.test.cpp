// L6: a run goes on in another process, from a file, with the same bits.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <noisefall/sampler/checkpoint.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace laws;
using Catch::Matchers::ContainsSubstring;

namespace {

const char* const variable = "NOISEFALL_RESUME_FOLDER";  // where the first process leaves its files for the second

constexpr std::size_t samples = 2, size = 65;

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

// Every solver under a guidance with momentum, and every guidance under one solver.
template <class See>
void for_each_case(See see) {
  std::size_t number = 0;
  for_each_solver([&](const char* name, const auto& solver) {
    see(number++, name, nf::sampler{solver, schedule, path(), hardest_for(solver)});
  });
  for_each_guidance([&](const char* name, const nf::any_guidance& guidance) {
    see(number++, name, nf::sampler{nf::erased_solver{nf::dpm_pp_2m{}}, schedule, path(), guidance});
  });
}

std::string file_name(std::size_t number, std::size_t step) {
  return std::to_string(number) + "-" + std::to_string(step);
}

}  // namespace

TEST_CASE("The second process: goes on with what it finds", "[.resume]") {
  const char* const folder = std::getenv(variable);
  REQUIRE(folder != nullptr);
  for_each_case([&](std::size_t number, const std::string& name, const auto& sample) {
    for (std::size_t step = 0;; ++step) {
      const auto from = std::filesystem::path{folder} / file_name(number, step);
      if (!std::filesystem::exists(from)) break;
      INFO(name << ", step " << step);
      nf::tensor<float> x({samples, size});
      auto run = sample.start(nf::mutable_view<float>{x}, {.seed = guided.seed});
      nf::load(run, read_file(from));
      network<> model;
      nf::finish(run, model, guided, nf::ignore_steps{});
      const auto expected = read_file(std::filesystem::path{folder} / (std::to_string(number) + "-final"));
      CHECK(same_bits<std::byte>(std::as_bytes(x.elements()), expected));
    }
  });
}

TEST_CASE("L6: resumed in a fresh process from a file, after every step, equals uninterrupted") {
  const auto folder = std::filesystem::temp_directory_path() / ("noisefall-resume-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::size_t files = 0;
  for_each_case([&](std::size_t number, const std::string&, const auto& sample) {
    nf::tensor<float> x({samples, size});
    network<> model;
    auto run = sample.start(nf::mutable_view<float>{x}, {.seed = guided.seed});
    for (std::size_t step = 0; run.next() != nullptr && step < 100; ++step) {
      nf::step(run, model, guided);
      write_file(folder / file_name(number, step), nf::save(run));
      ++files;
    }
    write_file(folder / (std::to_string(number) + "-final"), std::as_bytes(x.elements()));
  });
  CHECK(files > 100);
  setenv(variable, folder.c_str(), 1);
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string command =
      std::string{"'"} + self.string() + "' '[.resume]' > '" + (folder / "log").string() + "' 2>&1";
  const int status = std::system(command.c_str());
  INFO(std::string(reinterpret_cast<const char*>(read_file(folder / "log").data()), read_file(folder / "log").size()));
  CHECK(status == 0);
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
  const nf::tensor<float> start = y;
  auto versioned = bytes;
  versioned[0] = std::byte{9};
  CHECK_THROWS_WITH(nf::load(fresh, versioned),
                    ContainsSubstring("another version") && ContainsSubstring("9 instead of 2"));
  const auto shorter = std::span<const std::byte>{bytes}.first(bytes.size() - 5);
  CHECK_THROWS_WITH(nf::load(fresh, shorter), ContainsSubstring("bytes of state"));
  std::vector<std::byte> more = bytes;
  more.push_back(std::byte{1});
  CHECK_THROWS_WITH(nf::load(fresh, more), ContainsSubstring("bytes of state"));
  CHECK(same_bits(y, start));

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

TEST_CASE("Damaged bytes, and looking at the size of a checkpoint, leave a run that works") {
  const nf::sampler sample{nf::heun{}, schedule, path()};
  network<> model;
  nf::tensor<float> x({1, 4}), expected({1, 4});
  auto run = sample.start(x, {.seed = guided.seed});
  auto bytes = nf::save(run);
  bytes[nf::detail::checkpoint_fields(run).size() * sizeof(std::uint64_t)] = std::byte{200};  // the step
  CHECK_THROWS_WITH(nf::load(run, bytes), ContainsSubstring("damaged"));
  nf::answer(run, model, guided);
  CHECK_THROWS(nf::load(run, std::span<const std::byte>{bytes}.first(100)));
  CHECK_FALSE(run.between_steps());
  nf::finish(run, model, guided, nf::ignore_steps{});
  sample(model, expected, guided);
  CHECK(same_bits(x, expected));
}
