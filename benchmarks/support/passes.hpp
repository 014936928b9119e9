// The passes of common steps, as the engine describes them, on arrays of a benchmark's own.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <noisefall/tensor/span_algebra.hpp>

namespace bench {

namespace nf = noisefall;

using algebra = nf::span_algebra<float>;
using description = nf::pass_description<algebra::view, algebra::span>;

// A description with storage of its own: to be made once and run often.
class prepared_pass {
 public:
  explicit prepared_pass(std::size_t lanes = 1) : storage_(nf::pass_weights::storage_size(lanes)) {
    what.weights = nf::pass_weights{storage_, lanes};
    what.weights.clear();
  }
  // A pass that someone else described.
  explicit prepared_pass(const description& of) : prepared_pass{of.weights.lanes()} {
    const nf::pass_weights own = what.weights;
    what = of;
    what.weights = own;
    for (std::size_t row = 0; row < nf::pass_weights::rows; ++row)
      for (std::size_t term = 0; term < nf::pass_weights::terms; ++term)
        for (std::size_t lane = 0; lane < own.lanes(); ++lane) own.at(row, term, lane) = of.weights.at(row, term, lane);
    limits_.assign(of.limit.begin(), of.limit.end());
    divisors_.assign(of.divisor.begin(), of.divisor.end());
    what.limit = limits_;
    what.divisor = divisors_;
  }
  // Vectors take their memory along, so a moved pass still points at its own.
  prepared_pass(prepared_pass&&) = default;
  prepared_pass& operator=(prepared_pass&&) = default;

  void weigh(std::size_t row, std::size_t term, double weight) {
    for (std::size_t lane = 0; lane < what.weights.lanes(); ++lane) what.weights.at(row, term, lane) = weight;
  }
  void clamp(double limit) {
    limits_ = {limit};
    what.limit = limits_;
  }
  void operator()() const { algebra{}.pass(what); }

  description what;

 private:
  std::vector<double> storage_, limits_, divisors_;
};

// What all steps below look at: the state, the network's two outputs, and the oldest reading that is remembered.
struct step_arrays {
  algebra::span x, c, u, past;
};

// value = x0 = 1.001 * x - 0.02 * (u + 7.5 * (c - u));   x <- stay * x + (1 - stay) * value + drift * past
inline prepared_pass two_m(const step_arrays& at, std::size_t lanes, double stay, double drift) {
  prepared_pass pass{lanes};
  for (const auto& in : {at.x, at.c, at.u, at.past}) pass.what.inputs.push_back(in);
  pass.what.has_value = pass.what.stores = true;
  pass.what.store = at.past;
  pass.what.outputs.push_back(at.x);
  pass.weigh(0, 0, 1.001);
  pass.weigh(0, 1, -0.02 * 7.5);
  pass.weigh(0, 2, 0.02 * 6.5);
  pass.weigh(1, 0, stay);
  pass.weigh(1, 3, drift);
  pass.weigh(1, nf::pass_weights::value_term, 1 - stay);
  return pass;
}

// DPM-Solver++ 2M under classifier-free guidance, with x0 clamped: reads 4 arrays, writes 2, in place.
inline prepared_pass two_m_clamp(const step_arrays& at, std::size_t lanes = 1) {
  prepared_pass pass = two_m(at, lanes, 0.99, -0.003);
  pass.clamp(1);
  return pass;
}

inline void add_noise(prepared_pass& pass, double weight) {
  pass.what.seed = 42;
  pass.what.draws.push_back({.which = {.step = 3}});
  pass.weigh(1, nf::pass_weights::first_draw, weight);
}

// SDE-DPM-Solver++ 2M under guidance: the same arrays, and noise.
inline prepared_pass two_m_noise(const step_arrays& at) {
  prepared_pass pass = two_m(at, 1, 0.98, -0.005);
  add_noise(pass, 0.1);
  return pass;
}

// An ancestral or DDPM step under guidance: reads 3 arrays, writes 1, and noise.
inline prepared_pass ancestral(const step_arrays& at) {
  prepared_pass pass;
  for (const auto& in : {at.x, at.c, at.u}) pass.what.inputs.push_back(in);
  pass.what.outputs.push_back(at.x);
  pass.weigh(1, 0, 0.99);
  pass.weigh(1, 1, 0.075);
  pass.weigh(1, 2, -0.065);
  add_noise(pass, 0.1);
  return pass;
}

// out = a weighted sum of the inputs.
inline prepared_pass combination(std::span<const algebra::span> inputs, const algebra::span& out) {
  prepared_pass pass;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    pass.what.inputs.push_back(inputs[k]);
    pass.weigh(1, k, 0.3 + 0.1 * static_cast<double>(k));
  }
  pass.what.outputs.push_back(out);
  return pass;
}

}  // namespace bench
