// The one exception type of the library: where something is wrong, what it is, and what is allowed.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace noisefall {

// Thrown while a sampler, a trajectory or a run is being built, never by the loop itself.
// what() reads "where: what; allowed: ...".
class error : public std::invalid_argument {
 public:
  error(std::string where, std::string what, std::string allowed)
      : std::invalid_argument{where + ": " + what + (allowed.empty() ? "" : "; allowed: " + allowed)},
        where_{std::move(where)},
        what_{std::move(what)},
        allowed_{std::move(allowed)} {}

  const std::string& where() const noexcept { return where_; }
  const std::string& problem() const noexcept { return what_; }
  const std::string& allowed() const noexcept { return allowed_; }

 private:
  std::string where_, what_, allowed_;
};

// Throws noisefall::error unless `holds`.
inline void require(bool holds, std::string_view where, std::string_view what, std::string_view allowed) {
  if (!holds) throw error{std::string{where}, std::string{what}, std::string{allowed}};
}

}  // namespace noisefall
