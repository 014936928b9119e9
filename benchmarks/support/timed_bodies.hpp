// Times pieces of code against each other: in turn, many times, so that a bad moment of the machine hits all of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "support/machine.hpp"

namespace bench {

// Makes the compiler believe that someone looks at a result, so that the work for it is done.
template <class T>
inline void keep(const T& result) {
#ifdef __GNUC__
  asm volatile("" : : "g"(&result) : "memory");
#else
  static const volatile void* seen;
  seen = &result;
#endif
}

struct effort {
  std::size_t rounds = 5;  // of which the best 3 count
  std::size_t laps = 15;   // in a round
  double slice = 3e-4;     // seconds that a body is repeated for in a lap, once at least
};

// A lap runs every body for one slice, after one call that is not timed: it brings the body's data and branches back
// into the core. A round is the median of its laps, and a body's time the median of its best 3 rounds.
class timed_bodies {
 public:
  using id = std::size_t;

  template <class F>
  id add(F code) {
    bodies_.push_back({[held = std::make_shared<F>(std::move(code))] { (*held)(); }});
    return bodies_.size() - 1;
  }

  void run_round(const effort& how) {
    std::vector<std::vector<double>> laps(bodies_.size());
    for (std::size_t lap = 0; lap < how.laps; ++lap)
      for (id i = 0; i < bodies_.size(); ++i) {
        body& b = bodies_[i];
        if (b.calls == 0) b.calls = calls_in(how.slice, b);
        b.call();
        laps[i].push_back(time(b, b.calls) / static_cast<double>(b.calls));
      }
    for (id i = 0; i < bodies_.size(); ++i) bodies_[i].rounds.push_back(median(laps[i]));
  }

  // Of one call, after the rounds.
  double seconds(id i) const {
    std::vector<double> best = bodies_[i].rounds;
    std::sort(best.begin(), best.end());
    best.resize(std::min<std::size_t>(best.size(), 3));
    return median(best);
  }

 private:
  struct body {
    std::function<void()> call;
    std::size_t calls = 0;  // per slice
    std::vector<double> rounds{};
  };

  static double time(const body& b, std::size_t calls) {
    const double begin = thread_seconds();
    for (std::size_t k = 0; k < calls; ++k) b.call();
    return thread_seconds() - begin;
  }

  static std::size_t calls_in(double slice, const body& b) {
    for (std::size_t calls = 1;; calls *= 2) {
      const double taken = time(b, calls);
      if (taken > slice / 4)
        return std::max<std::size_t>(1, static_cast<std::size_t>(slice / taken * static_cast<double>(calls)));
    }
  }

  static double median(std::vector<double> of) {
    const auto middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
    std::nth_element(of.begin(), middle, of.end());
    return *middle;
  }

  std::vector<body> bodies_;
};

}  // namespace bench
