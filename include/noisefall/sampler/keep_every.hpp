// An observer that keeps copies of the state, or of its denoised estimate, from every n-th step.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/tensor/shape.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

enum class kept : std::uint8_t { x, denoised };

// Steps n - 1, 2n - 1, ... and the last one, counted from 0. All memory is taken when a run begins: ceil(steps / n)
// copies, or `most` of them if that is given; what comes after `most` is not kept. A solver that chooses its own steps
// needs `most`. A run on a device is copied from there. The next run starts over, in the same memory if it fits.
template <std::floating_point T>
class keep_every {
 public:
  static constexpr bool looks_at_denoised = true;

  explicit keep_every(std::size_t n, kept what = kept::denoised, std::size_t most = 0)
      : n_{n}, what_{what}, most_{most} {
    require(n >= 1, "keep_every", {"every ", n, " steps"}, "1 or more");
  }

  std::size_t size() const { return at_.size(); }
  // The k-th copy, [B, ...], and where the run stood: at(k).to is the level of x, at(k).from that of denoised.
  view<T> operator[](std::size_t k) const { return {elements_.data() + k * extents_.size(), extents_}; }
  const step_position& at(std::size_t k) const { return at_[k]; }
  // All of them, [size(), B, ...] without gaps.
  std::span<const T> elements() const { return {elements_.data(), size() * extents_.size()}; }

  template <class Run>
  void begin(const Run& run) {
    const std::size_t room = most_ > 0 ? most_ : (run.steps() + n_ - 1) / n_;
    require(room > 0, "keep_every", "how many steps the solver will take is not known", "`most` of 1 or more");
    extents_ = run.core().shape_of(run.state());
    elements_.resize(room * extents_.size());
    at_.clear();
    at_.reserve(room);
    steps_ = 0;
  }

  template <class Report>
  void operator()(const Report& report) {
    ++steps_;
    if ((steps_ % n_ != 0 && !report.done()) || (size() + 1) * extents_.size() > elements_.size()) return;
    const std::span<T> to{elements_.data() + size() * extents_.size(), extents_.size()};
    report.copy(what_ == kept::x ? report.x() : report.denoised(), to);
    at_.push_back(report.at);
  }

 private:
  std::size_t n_;
  kept what_;
  std::size_t most_, steps_ = 0;
  shape extents_;
  std::vector<T> elements_;
  std::vector<step_position> at_;
};

}  // namespace noisefall
