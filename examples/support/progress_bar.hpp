// A progress bar on a terminal; silent where the output is no terminal.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

namespace examples {

/// [##########..........] 11/22 steps, 4.3 s, on the line where the cursor stands. It clears its line when it ends.
class progress_bar {
 public:
  /// total 0: how many there will be is not known.
  explicit progress_bar(std::size_t total) : total_(total), shown_(isatty(STDERR_FILENO) != 0) {}
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;
  ~progress_bar() {
    if (shown_) std::fputs("\r\033[K", stderr);
  }

  void step() {
    ++done_;
    if (!shown_) return;
    const double seconds = std::chrono::duration<double>(clock::now() - start_).count();
    std::string bar(total_ == 0 ? 0 : width, '.');
    if (total_ > 0) std::fill_n(bar.begin(), std::min(width, width * done_ / total_), '#');
    const std::string of = total_ == 0 ? "" : "/" + std::to_string(total_);
    std::fprintf(stderr, "\r\033[K[%s] %zu%s steps, %.1f s", bar.c_str(), done_, of.c_str(), seconds);
    std::fflush(stderr);
  }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::size_t width = 40;

  std::size_t total_, done_ = 0;
  bool shown_;
  clock::time_point start_ = clock::now();
};

}  // namespace examples
