// Compares what a replay gives with what was recorded, and keeps the worst.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>

namespace noisefall::golden {

class comparison {
 public:
  // NaN is equal to nothing; a different number of numbers is a miss.
  void look(std::span<const double> mine, std::span<const double> recorded, double tolerance, const std::string& what) {
    if (mine.size() != recorded.size()) {
      keep(std::numeric_limits<double>::infinity(), tolerance,
           what + ": " + std::to_string(mine.size()) + " numbers instead of " + std::to_string(recorded.size()));
      return;
    }
    double worst = 0;
    for (std::size_t i = 0; i < mine.size(); ++i) {
      const double e = mine[i] == recorded[i] ? 0 : std::abs(mine[i] - recorded[i]);
      if (!(e <= worst)) worst = e;
      if (std::isnan(e)) break;
    }
    keep(worst, tolerance, what);
  }
  void look(double mine, double recorded, double tolerance, const std::string& what) {
    look(std::span{&mine, 1}, std::span{&recorded, 1}, tolerance, what);
  }
  // To 1e-9 of the larger of 1 and the recorded number.
  void look(double mine, double recorded, const std::string& what) {
    look(mine, recorded, 1e-9 * (std::isfinite(recorded) ? std::fmax(1, std::abs(recorded)) : 1), what);
  }

  bool matched() const { return matched_; }
  // Of the worst: the first one out of tolerance, or what came closest to it.
  double error() const { return error_; }
  double tolerance() const { return tolerance_; }
  const std::string& what() const { return what_; }

 private:
  void keep(double error, double tolerance, const std::string& what) {
    if (!matched_) return;
    const bool out = !(error <= tolerance) || std::isinf(error);
    if (!out && !(error * tolerance_ > error_ * tolerance)) return;
    error_ = error;
    tolerance_ = tolerance;
    what_ = what;
    matched_ = !out;
  }

  bool matched_ = true;
  double error_ = 0, tolerance_ = 1;
  std::string what_;
};

}  // namespace noisefall::golden
