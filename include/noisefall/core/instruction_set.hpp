// What the processor can do, whatever the compiler's flags are.
#pragma once

namespace noisefall::kernels {

// What kernels with an implementation per instruction set choose from.
enum class instruction_set { portable, neon, avx2, avx512 };  // AVX2 with FMA and F16C; AVX-512 F, DQ, VL and BW

inline bool has(instruction_set set) {
#if defined(__x86_64__) && defined(__GNUC__)
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#ifndef __clang__  // 14 does not know the name; processors with AVX2 have it
  avx2 = avx2 && __builtin_cpu_supports("f16c");
#endif
  if (set == instruction_set::avx2) return avx2;
  if (set == instruction_set::avx512)
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
#elif defined(__AARCH64EL__) && defined(__ARM_NEON)
  if (set == instruction_set::neon) return true;
#endif
  return set == instruction_set::portable;
}

inline instruction_set widest_instruction_set() {
  return has(instruction_set::avx512) ? instruction_set::avx512
         : has(instruction_set::avx2) ? instruction_set::avx2
         : has(instruction_set::neon) ? instruction_set::neon
                                      : instruction_set::portable;
}

// Runs a kernel without intrinsics on AVX2 where the processor has it: a struct with `static void run(arguments)`,
// always inlined so that it is compiled for the target of its caller. The choice must not depend on the flags where it
// can depend on the processor: files of one program that were compiled with different ones share this code.
#if defined(__x86_64__) && defined(__GNUC__)

template <class Kernel, class... Arguments>
[[gnu::target("avx2,fma"), gnu::noinline]] inline void run_on_avx2(Arguments... arguments) {
  Kernel::run(arguments...);
}

template <class Kernel, class... Arguments>
inline void run_widest(Arguments... arguments) {
  has(instruction_set::avx2) ? run_on_avx2<Kernel>(arguments...) : Kernel::run(arguments...);
}

#else

template <class Kernel, class... Arguments>
inline void run_widest(Arguments... arguments) {
  Kernel::run(arguments...);
}

#endif

}  // namespace noisefall::kernels
