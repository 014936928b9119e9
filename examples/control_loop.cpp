// A robot that samples what to do next, a hundred times a second: warm starts, committed actions, no allocation.
//
// run: --quick
// expect: cold start: +[0-9]+ changes of mind
// expect: cold start, committed: +[0-9]+ changes of mind
// expect: warm start, committed: +0 changes of mind
// expect: 0 allocations
// expect: the warm start keeps to one way, the cold start does not
// run: --slow
// expect: usage: control_loop
// exit: 2
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <numbers>
#include <string_view>
#include <thread>
#include <vector>

#include <noisefall/models/gaussian_mixture.hpp>
#include <noisefall/noisefall.hpp>
#include <noisefall/sampler/deadline.hpp>

// Every allocation of this program is counted.
namespace {
std::atomic<std::size_t> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  if (void* p = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)) return p;
  throw std::bad_alloc{};
}
// Not inlined: g++ would see free() without the aligned_alloc() of the same pointer, and warn.
[[gnu::noinline]] void release(void* p) noexcept { std::free(p); }
}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept { release(p); }
void operator delete(void* p, std::size_t) noexcept { release(p); }
void operator delete(void* p, std::align_val_t) noexcept { release(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { release(p); }

namespace {

namespace nf = noisefall;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t horizon = 16, joints = 7, chunk_size = horizon * joints;  // a chunk of actions: [1, 16, 7]
constexpr std::size_t ticks = 200, ways = 3;
constexpr std::size_t committed = 4;  // actions that are on their way to the motors when a chunk is asked for
constexpr double period = 0.01;       // seconds: two in all
constexpr auto tick_time = std::chrono::milliseconds{10};

// The demonstrations know three ways to do the same movement. On way k, joint j is to be here at time t, in radians.
double demonstrated(std::size_t way, std::size_t joint, double t) {
  const double j = static_cast<double>(joint), turn = 2 * std::numbers::pi / static_cast<double>(ways);
  return 0.5 * std::sin(std::numbers::pi * t + 0.7 * j) + 0.35 * std::cos(turn * static_cast<double>(way) + 2.1 * j);
}

// What a policy network trained on them would have learned, exactly: at each tick a mixture over chunks, all ways
// equally likely. Made beforehand; sampling from one allocates nothing.
std::vector<nf::gaussian_mixture> make_policies() {
  std::vector<nf::gaussian_mixture> all;
  for (std::size_t tick = 0; tick < ticks; ++tick) {
    nf::mixture_law law{std::vector<double>(ways, 1.0), {}, std::vector<double>(ways, 0.03)};
    for (std::size_t way = 0; way < ways; ++way) {
      std::vector<double> mean;
      for (std::size_t h = 0; h < horizon; ++h)
        for (std::size_t j = 0; j < joints; ++j)
          mean.push_back(demonstrated(way, j, static_cast<double>(tick + h) * period));
      law.means.push_back(std::move(mean));
    }
    all.emplace_back(std::move(law), nf::network_output::flow);
  }
  return all;
}

// Which way an action goes.
std::size_t way_of(const float* action, double t) {
  std::size_t best = 0;
  double least = 1e300;
  for (std::size_t way = 0; way < ways; ++way) {
    double distance = 0;
    for (std::size_t j = 0; j < joints; ++j)
      distance += std::pow(static_cast<double>(action[j]) - demonstrated(way, j, t), 2);
    if (distance < least) {
      least = distance;
      best = way;
    }
  }
  return best;
}

// Seven joints with inertia, each pulled to where the action wants it.
struct robot {
  std::array<double, joints> position{}, velocity{};
  double effort = 0;  // of all joints so far: the integral of acceleration squared

  void follow(const float* action) {
    constexpr double stiffness = 900, damping = 60;  // critically damped: settles in about 0.1 s
    for (std::size_t j = 0; j < joints; ++j) {
      const double pull = stiffness * (static_cast<double>(action[j]) - position[j]) - damping * velocity[j];
      velocity[j] += pull * period;
      position[j] += velocity[j] * period;
      effort += pull * pull * period;
    }
  }
};

enum class start { cold, cold_committed, warm_committed };

struct score {
  std::size_t changes = 0, missed = 0, shortened = 0, allocated = 0;
  double mean = 0, worst = 0, late = 0, effort = 0;  // seconds: of a tick, of the slowest, of waking up too late
};

// Two seconds of control. Chunks are sampled from scratch in 10 steps, or in 3 from the last chunk, shifted by a tick
// and noised to t = 0.3: enough to take in what is new, too little to lose the way. In a committed loop the first
// actions are held at what the last chunk had promised.
score drive(start how, std::vector<nf::gaussian_mixture>& policies, bool real_time) {
  const nf::rectified_flow schedule;
  const nf::trajectory whole = nf::time_uniform{.steps = 10, .end = nf::final_level::zero}(schedule);
  const nf::sampler from_noise{nf::dpm_pp_2m{}, schedule, whole, nf::unguided{}, nf::predicts_flow{}};
  const nf::sampler from_last{nf::dpm_pp_2m{}, schedule, nf::partial(whole, 0.3), nf::unguided{}, nf::predicts_flow{}};
  const bool warm = how == start::warm_committed;

  nf::tensor<float> chunk({1, horizon, joints}), last({1, horizon, joints}), held({1, horizon, joints});
  for (std::size_t i = 0; i < committed * joints; ++i) held[i] = 1;
  auto first = from_noise.start(chunk);
  auto next =
      (warm ? from_last : from_noise).start(chunk, {.start = warm ? nf::start_from::image : nf::start_from::noise});
  if (how != start::cold) next.hold({last, held});
  const nf::run_options<nf::component_subset> options;
  nf::deadline limit{tick_time};
  robot arm;
  for (std::size_t j = 0; j < joints; ++j) arm.position[j] = demonstrated(0, j, 0);

  score all;
  std::size_t way = 0;
  auto due = clock_type::now();
  const std::size_t before = allocations;
  for (std::size_t tick = 0; tick < ticks; ++tick) {
    if (real_time) std::this_thread::sleep_until(due);
    const auto begin = clock_type::now();
    // Before it moves the robot may think; and how busy a test machine is shall not decide what comes out.
    limit.until(tick == 0 || !real_time ? begin + std::chrono::seconds{10} : due + tick_time);

    // What the last chunk wants from now on; its end is repeated.
    std::copy(chunk.data() + joints, chunk.data() + chunk_size, last.data());
    std::copy_n(chunk.data() + chunk_size - joints, joints, last.data() + chunk_size - joints);
    if (warm) std::copy_n(last.data(), chunk_size, chunk.data());
    auto& run = tick == 0 ? first : next;
    run.restart(nf::philox{.seed = tick});
    all.shortened += nf::finish(run, policies[tick], options, limit).how == nf::outcome::shortened ? 1 : 0;

    const auto end = clock_type::now();
    arm.follow(chunk.data());
    const std::size_t now = way_of(chunk.data(), static_cast<double>(tick) * period);
    all.changes += tick > 0 && now != way ? 1 : 0;
    way = now;
    const double seconds = std::chrono::duration<double>(end - begin).count();
    all.mean += seconds / static_cast<double>(ticks);
    all.worst = std::max(all.worst, seconds);
    if (real_time) all.late = std::max(all.late, std::chrono::duration<double>(begin - due).count());
    all.missed += tick > 0 && end - begin > tick_time ? 1 : 0;
    due = (tick == 0 ? end : due) + tick_time;
  }
  all.allocated = allocations - before;
  all.effort = arm.effort;
  return all;
}

score drive_and_tell(const char* name, start how, std::vector<nf::gaussian_mixture>& policies, bool real_time) {
  const score s = drive(how, policies, real_time);
  std::printf(
      "%-23s %3zu changes of mind, effort %7.0f rad^2/s^3\n"
      "    a chunk takes %.0f us, the slowest %.0f us, %zu more than 10 ms; woken up to %.1f ms late, %zu runs "
      "shortened; %zu allocations\n",
      name, s.changes, s.effort, 1e6 * s.mean, 1e6 * s.worst, s.missed, 1e3 * s.late, s.shortened, s.allocated);
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  bool real_time = true;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view{argv[i]} != "--quick") {
      std::fputs("usage: control_loop [--quick]\n", stderr);
      return 2;
    }
    real_time = false;
  }
  try {
    auto policies = make_policies();
    std::printf("%zu ticks of 10 ms%s, chunks of %zu actions of %zu joints, %zu ways to go\n", ticks,
                real_time ? "" : " as fast as they come", horizon, joints, ways);
    const score cold = drive_and_tell("cold start:", start::cold, policies, real_time);
    const score held = drive_and_tell("cold start, committed:", start::cold_committed, policies, real_time);
    const score warm = drive_and_tell("warm start, committed:", start::warm_committed, policies, real_time);
    const bool keeps = warm.changes == 0 && cold.changes > 0;
    std::printf("the warm start %s, the cold start %s\n", warm.changes == 0 ? "keeps to one way" : "changes its mind",
                cold.changes == 0 ? "does, too" : "does not");
    return keeps && cold.allocated + held.allocated + warm.allocated == 0 ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "control_loop: %s\n", e.what());
    return 1;
  }
}
