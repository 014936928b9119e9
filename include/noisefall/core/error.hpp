// The one exception type of the library: where something is wrong, what it is, and what is allowed.
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

namespace noisefall {

// A text in parts: message{"steps: ", n, " of ", most}. The parts are put together when text() is called, so that a
// check that holds builds no strings, and the code for them exists once, not at every check. Refers to its parts: it
// is made for the call that it is handed to.
class message {
 public:
  // A text or a number that a message names.
  class part {
   public:
    part(const char* text) : text_{text} {}         // NOLINT(google-explicit-constructor): parts stand for their text
    part(std::string_view text) : text_{text} {}    // NOLINT(google-explicit-constructor)
    part(const std::string& text) : text_{text} {}  // NOLINT(google-explicit-constructor)
    part(double value) : kind_{kind::real}, real_{value} {}                      // NOLINT(google-explicit-constructor)
    part(int value) : part{static_cast<long long>(value)} {}                     // NOLINT(google-explicit-constructor)
    part(long value) : part{static_cast<long long>(value)} {}                    // NOLINT(google-explicit-constructor)
    part(long long value) : kind_{kind::whole}, whole_{value} {}                 // NOLINT(google-explicit-constructor)
    part(unsigned value) : part{static_cast<unsigned long long>(value)} {}       // NOLINT(google-explicit-constructor)
    part(unsigned long value) : part{static_cast<unsigned long long>(value)} {}  // NOLINT(google-explicit-constructor)
    part(unsigned long long value) : kind_{kind::count}, count_{value} {}        // NOLINT(google-explicit-constructor)

   private:
    friend class message;
    enum class kind : unsigned char { text, real, whole, count } kind_ = kind::text;
    union {
      std::string_view text_;
      double real_;
      long long whole_;
      unsigned long long count_;
    };
  };

  message(const char* text) : single_{text} {}         // NOLINT(google-explicit-constructor): a text of one part
  message(std::string_view text) : single_{text} {}    // NOLINT(google-explicit-constructor)
  message(const std::string& text) : single_{text} {}  // NOLINT(google-explicit-constructor)
  message(std::initializer_list<part> parts) : parts_(parts) {}

  [[gnu::cold]] std::string text() const {
    std::string all;
    append(all, single_);
    for (const part& p : parts_) append(all, p);
    return all;
  }

 private:
  [[gnu::cold]] static void append(std::string& to, const part& p) {
    switch (p.kind_) {
      case part::kind::text:
        to += p.text_;
        break;
      case part::kind::real:
        to += std::to_string(p.real_);
        break;
      case part::kind::whole:
        to += std::to_string(p.whole_);
        break;
      case part::kind::count:
        to += std::to_string(p.count_);
        break;
    }
  }

  part single_{""};
  std::initializer_list<part> parts_;
};

// Thrown while a sampler, a trajectory or a run is being built, never by the loop itself.
// what() reads "where: what; allowed: ...". Without exceptions, see on_error below.
class error : public std::invalid_argument {
 public:
  [[gnu::cold]] error(const message& where, const message& what, const message& allowed)
      : error{where.text(), what.text(), allowed.text(), 0} {}

  const std::string& where() const noexcept { return where_; }
  const std::string& problem() const noexcept { return what_; }
  const std::string& allowed() const noexcept { return allowed_; }

 private:
  error(std::string where, std::string what, std::string allowed, int)
      : std::invalid_argument{message{where, ": ", what, allowed.empty() ? "" : "; allowed: ", allowed}.text()},
        where_{std::move(where)},
        what_{std::move(what)},
        allowed_{std::move(allowed)} {}

  std::string where_, what_, allowed_;
};

#ifndef __cpp_exceptions
// For programs compiled without exceptions, which define this function once:
//   void noisefall::on_error(const noisefall::error& e) { log(e.what()); reset(); }
// It is called where noisefall::error would be thrown, and must not return: the library neither ends a program nor goes
// on with what it refused. All files of a program are compiled with exceptions, or all without.
[[noreturn]] void on_error(const error& what);
#endif

// Throws noisefall::error.
[[noreturn, gnu::cold]] inline void refuse(const message& where, const message& what, const message& allowed) {
#ifdef __cpp_exceptions
  throw error{where, what, allowed};
#else
  on_error(error{where, what, allowed});
#endif
}

// Throws noisefall::error unless `holds`.
inline void require(bool holds, const message& where, const message& what, const message& allowed) {
  if (!holds) refuse(where, what, allowed);
}

}  // namespace noisefall
