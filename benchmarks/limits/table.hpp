// The table of goals: what was measured, what it should be, and whether it is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

// Prints itself as a Markdown table.
class goal_table {
 public:
  // `unit` stands behind both numbers, which have `digits` behind the point.
  void at_least(std::string name, double measured, double goal, std::string_view unit = "", int digits = 2) {
    add(std::move(name), measured, ">= ", goal, unit, digits, measured >= goal);
  }
  void at_most(std::string name, double measured, double goal, std::string_view unit = "", int digits = 2) {
    add(std::move(name), measured, "<= ", goal, unit, digits, measured <= goal);
  }

  std::size_t shorts() const {
    return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [](const line& l) { return !l.met; }));
  }

  void print() const {
    std::size_t name = 0, measured = std::strlen("measured"), goal = std::strlen("goal");
    for (const line& l : lines_) {
      name = std::max(name, l.name.size());
      measured = std::max(measured, l.measured.size());
      goal = std::max(goal, l.goal.size());
    }
    const auto row = [&](const std::string& a, const std::string& b, const std::string& c, const char* d) {
      std::printf("| %-*s | %*s | %*s | %-5s |\n", static_cast<int>(name), a.c_str(), static_cast<int>(measured),
                  b.c_str(), static_cast<int>(goal), c.c_str(), d);
    };
    row("", "measured", "goal", "");
    row(std::string(name, '-'), std::string(measured - 1, '-') + ":", std::string(goal - 1, '-') + ":", "-----");
    for (const line& l : lines_) row(l.name, l.measured, l.goal, l.met ? "ok" : "short");
  }

 private:
  struct line {
    std::string name, measured, goal;
    bool met;
  };

  void add(std::string name, double measured, const char* relation, double goal, std::string_view unit, int digits,
           bool met) {
    const auto text = [&](double value) {
      char buffer[64];
      std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
      return std::string{buffer} + std::string{unit};
    };
    lines_.push_back({std::move(name), text(measured), relation + text(goal), met});
  }

  std::vector<line> lines_;
};

}  // namespace bench
