// Runs a kernel with fused multiply-add instructions where the processor has them, whatever the compiler's flags are.
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

// A kernel is a struct with `template <bool Fused> static void run(arguments)`, always inlined so that it is compiled
// for the target of its caller. The choice must not depend on the flags where it can depend on the processor: files of
// one program that were compiled with different ones share this code.
#if defined(__x86_64__) && defined(__GNUC__)

template <class Kernel, class... Arguments>
[[gnu::target("avx2,fma"), gnu::noinline]] inline void run_with_fma(Arguments... arguments) {
  Kernel::template run<true>(arguments...);
}

template <class Kernel, class... Arguments>
inline void run_widest(Arguments... arguments) {
  if (has(instruction_set::avx2))
    run_with_fma<Kernel>(arguments...);
  else
    Kernel::template run<false>(arguments...);
}

#elif defined(__FMA__) || defined(__aarch64__)

template <class Kernel, class... Arguments>
inline void run_widest(Arguments... arguments) {
  Kernel::template run<true>(arguments...);
}

#else

template <class Kernel, class... Arguments>
inline void run_widest(Arguments... arguments) {
  Kernel::template run<false>(arguments...);
}

#endif

}  // namespace noisefall::kernels
