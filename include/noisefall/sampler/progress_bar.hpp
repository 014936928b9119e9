// An observer that draws a progress bar: on a terminal, into a stream, or by handing its text to a callable.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <ostream>
#include <string_view>
#include <type_traits>
#include <utility>

#if defined(_WIN32)
#include <io.h>
#else
#include <unistd.h>
#endif

namespace noisefall {

// What a progress bar expects, and how it looks.
struct progress_options {
  std::size_t total = 0;   // steps of all the runs that it will see; 0: it starts over with each run
  std::size_t width = 30;  // of the bar in characters, at most 60
  double interval = 0.1;   // seconds between two drawings, at least
};

namespace detail {

inline bool is_terminal(std::FILE* file) {
#if defined(_WIN32)
  return _isatty(_fileno(file)) != 0;
#else
  return isatty(fileno(file)) != 0;
#endif
}

// Where the text goes: over the line on which the cursor stands.
struct terminal_line {
  std::FILE* file;
  bool shown = is_terminal(file);
  void operator()(std::string_view text) const {
    if (!shown) return;
    std::fprintf(file, "\r%.*s\033[K", static_cast<int>(text.size()), text.data());
    std::fflush(file);
  }
};

struct stream_line {
  std::ostream* stream;
  void operator()(std::string_view text) const { *stream << '\r' << text << "\033[K" << std::flush; }
};

// Text in a fixed array: what does not fit is left out.
class short_text {
 public:
  template <class... Values>
  void add(const char* format, Values... values) {
    const int n = std::snprintf(text_.data() + size_, text_.size() - size_, format, values...);
    size_ = std::min(size_ + static_cast<std::size_t>(std::max(n, 0)), text_.size() - 1);
  }
  void fill(std::size_t n, char with) {
    for (; n > 0 && size_ + 1 < text_.size(); --n) text_[size_++] = with;
  }
  operator std::string_view() const { return {text_.data(), size_}; }  // NOLINT(google-explicit-constructor)

 private:
  std::array<char, 192> text_{};
  std::size_t size_ = 0;
};

// 0:07, 12:30, 3:05:00
inline void add_duration(short_text& to, double seconds) {
  const auto whole = static_cast<unsigned long long>(std::llround(std::clamp(seconds, 0.0, 1e12)));
  if (whole >= 3600)
    to.add("%llu:%02llu:%02llu", whole / 3600, whole / 60 % 60, whole % 60);
  else
    to.add("%llu:%02llu", whole / 60, whole % 60);
}

}  // namespace detail

// [##########--------------------] 17/50 steps, 3.4 steps/s, 0:10 left
//
// progress_bar bar{stderr}         draws on a terminal, over one line, and clears it after the last step and when it is
//                                  destroyed; does nothing where the file is no terminal
// progress_bar bar{stream}         the same into a std::ostream, whatever that is
// progress_bar bar{callable}       called with the text, a std::string_view, and with an empty one where others clear
// The rate is the mean over the steps so far. The steps of an adaptive solver are trials; there is no bar, as nobody
// knows how many there will be. Not copyable: two would draw on the same line. Allocates nothing.
template <class Write, class Clock = std::chrono::steady_clock>
requires std::invocable<Write&, std::string_view>
class progress_bar {
 public:
  static constexpr bool looks_at_denoised = false;

  explicit progress_bar(std::FILE* file, progress_options options = {}) : write_{file}, options_{options} {}
  explicit progress_bar(std::ostream& stream, progress_options options = {}) : write_{&stream}, options_{options} {}
  explicit progress_bar(Write write, progress_options options = {}) : write_(std::move(write)), options_{options} {}
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;
  ~progress_bar() { clear(); }

  // Takes the text away, so that something else may be written.
  void clear() {
    if (drawn_) write_(std::string_view{""});
    drawn_ = false;
  }

  template <class Run>
  void begin(const Run& run) {
    if (options_.total > 0 && total_ > 0) return;
    total_ = options_.total > 0 ? options_.total : run.steps();
    done_ = 0;
    start_ = last_ = Clock::now();
  }

  template <class Report>
  void operator()(const Report& report) {
    ++done_;
    const bool ends = options_.total > 0 ? done_ >= total_ : report.done();
    const auto now = Clock::now();
    if (ends || seconds(now - last_) >= options_.interval) {
      last_ = now;
      draw(seconds(now - start_));
    }
    if (ends) clear();
  }

 private:
  template <class Duration>
  static double seconds(Duration d) {
    return std::chrono::duration<double>(d).count();
  }

  void draw(double elapsed) {
    detail::short_text text;
    if (total_ > 0) {
      const std::size_t width = std::min<std::size_t>(options_.width, 60);
      const std::size_t full = std::min(width, width * done_ / total_);
      text.fill(1, '[');
      text.fill(full, '#');
      text.fill(width - full, '-');
      text.add("] %zu/%zu steps", done_, total_);
    } else {
      text.add("%zu steps", done_);
    }
    if (elapsed > 0) {
      const double rate = static_cast<double>(done_) / elapsed;
      if (rate >= 1)
        text.add(", %.*f steps/s", rate < 100 ? 1 : 0, rate);
      else
        text.add(", %.1f s/step", 1 / rate);
      if (total_ > done_) {
        text.add("%s", ", ");
        detail::add_duration(text, static_cast<double>(total_ - done_) / rate);
        text.add("%s", " left");
      }
    }
    write_(std::string_view{text});
    drawn_ = true;
  }

  Write write_;
  progress_options options_;
  std::size_t total_ = 0, done_ = 0;
  typename Clock::time_point start_{}, last_{};
  bool drawn_ = false;
};

progress_bar(std::FILE*)->progress_bar<detail::terminal_line>;
progress_bar(std::FILE*, progress_options)->progress_bar<detail::terminal_line>;
progress_bar(std::ostream&)->progress_bar<detail::stream_line>;
progress_bar(std::ostream&, progress_options)->progress_bar<detail::stream_line>;

}  // namespace noisefall
