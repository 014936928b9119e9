// A predictor that counts the calls of another one and the time they take.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>

#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/shape.hpp>

namespace noisefall {

// What P declares of its outputs' type, if anything.
template <class P>
struct output_type_of {};
template <class P>
requires requires { typename P::output_type; }
struct output_type_of<P> {
  using output_type = typename P::output_type;
};

// Refers to `model`, which must outlive it. Hands every call on unchanged; a call that throws is counted too. One call
// for several conditions counts as one call and as many evaluations as it has conditions.
template <class P>
class counting_predictor : public output_type_of<P> {
 public:
  using condition = typename P::condition;
  using clock = std::chrono::steady_clock;

  explicit counting_predictor(P& model) : model_{&model} {}

  template <class View, class Span>
  requires requires(P& p, const View& x, const evaluation& at, const condition& c, const Span& out) {
    p.predict(x, at, c, out);
  }
  void predict(const View& x, const evaluation& at, const condition& c, const Span& out) {
    const stopwatch counted{*this, 1};
    model_->predict(x, at, c, out);
  }
  template <class View, class Span>
  requires requires(P& p, const View& x, const evaluation& at, std::span<const condition* const> cs,
                    std::span<const Span> outs) {
    p.predict(x, at, cs, outs);
  }
  void predict(const View& x, const evaluation& at, std::span<const condition* const> conditions,
               std::span<const Span> outs) {
    const stopwatch counted{*this, conditions.size()};
    model_->predict(x, at, conditions, outs);
  }
  // Not counted: no evaluation of the network.
  template <class View, class Span>
  requires requires(P& p, const View& x, const evaluation& at, const condition& c, const Span& out) {
    p.gradient(x, at, c, out);
  }
  void gradient(const View& x, const evaluation& at, const condition& c, const Span& out) {
    model_->gradient(x, at, c, out);
  }
  shape output_shape(const shape& state) const requires requires(const P& p) { p.output_shape(state); }
  { return model_->output_shape(state); }

  std::size_t calls() const { return calls_; }
  std::size_t evaluations() const { return evaluations_; }
  clock::duration time() const { return time_; }
  double seconds() const { return std::chrono::duration<double>(time_).count(); }
  void reset() {
    calls_ = evaluations_ = 0;
    time_ = {};
  }

 private:
  class stopwatch {
   public:
    stopwatch(counting_predictor& of, std::size_t evaluations) : of_{of}, start_{clock::now()} {
      of_.calls_ += 1;
      of_.evaluations_ += evaluations;
    }
    ~stopwatch() { of_.time_ += clock::now() - start_; }
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;

   private:
    counting_predictor& of_;
    clock::time_point start_;
  };

  P* model_;
  std::size_t calls_ = 0, evaluations_ = 0;
  clock::duration time_{};
};

}  // namespace noisefall
