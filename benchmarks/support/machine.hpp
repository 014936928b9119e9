// The machine under a benchmark: the core it is pinned to, this thread's clock, the core's cycles, names for the
// record.
#pragma once

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>

#ifdef __linux__
#include <sched.h>
#include <time.h>
#endif

#include <noisefall/core/instruction_set.hpp>

namespace bench {

// CPU time of this thread: what other programs take of a shared core does not count.
inline double thread_seconds() {
#ifdef __linux__
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
#else
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
#endif
}

// Keeps this thread on the last of the cores that it may run on; the first one serves most interrupts.
inline void pin_to_one_core() {
#ifdef __linux__
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int core = CPU_SETSIZE - 1; core >= 0; --core) {
    if (!CPU_ISSET(core, &allowed)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    sched_setaffinity(0, sizeof one, &one);  // a refusal leaves the thread where it was
    return;
  }
#endif
}

// Takes `cycles` cycles of the core, a multiple of 8: additions that wait for each other, one cycle each. No counter
// says how fast a core runs at the moment, and in a virtual machine there often is none. Registers are added, because
// some cores do away with additions of constants before they execute.
inline void spend_cycles(std::uint64_t cycles) {
#if defined(__x86_64__) && defined(__GNUC__)
  std::uint64_t sum = 0;
  const std::uint64_t one = 1;
  for (std::uint64_t done = 0; done < cycles; done += 8)
    asm volatile(
        "add %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\t"
        "add %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0"
        : "+r"(sum)
        : "r"(one)
        : "cc");
#else
  volatile std::uint64_t sum = 0;  // has no cycle count to go by: instruction sets with one are x86's
  for (std::uint64_t done = 0; done < cycles; ++done) sum = sum + 1;
#endif
}

// The processor as Linux names it. Virtual machines shorten the model, so its numbers are told too.
inline std::string processor() {
  std::ifstream list{"/proc/cpuinfo"};
  std::string line, name = "unknown processor", family, model;
  const auto take = [&line](const char* key, std::string& value) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos && line.substr(0, line.find('\t')) == key) value = line.substr(colon + 2);
  };
  while (std::getline(list, line) && !line.empty()) {
    take("cpu family", family);
    take("model name", name);
    take("model", model);
  }
  return family.empty() ? name : name + " (family " + family + ", model " + model + ")";
}

inline std::string compiler() {
#if defined(__clang__)
  return "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__);
#elif defined(__GNUC__)
  return std::string{"g++ "} + __VERSION__;
#else
  return "unknown compiler";
#endif
}

inline const char* name_of(noisefall::kernels::instruction_set set) {
  using noisefall::kernels::instruction_set;
  switch (set) {
    case instruction_set::avx512:
      return "AVX-512";
    case instruction_set::neon:
      return "NEON";
    case instruction_set::avx2:
      return "AVX2";
    case instruction_set::portable:
      break;
  }
  return "portable";
}

}  // namespace bench
