// What a pass description says, in the pass's own type.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

#include <noisefall/tensor/pass.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall::kernels {

// Row 0 makes the value, rows 1 to 3 the outputs. Coefficients are rounded once.
template <class T>
class pass_terms {
 public:
  using description = pass_description<view<T>, mutable_view<T>>;
  static constexpr std::size_t outputs = pass_weights::outputs, draws = pass_weights::draws, rows = 1 + outputs;

  explicit pass_terms(const description& of) : what{of} {}

  bool gains() const { return what.gain != gain_rule::none; }
  bool generates_noise() const {
    for (const auto& draw : what.draws)
      if (!draw.is_filled) return true;
    return false;
  }

  // Of the samples from `first` on, weights_step() apart.
  const double* weights(std::size_t row, std::size_t term, std::size_t first) const {
    return &what.weights.at(row, term, what.weights.lanes() == 1 ? 0 : first);
  }
  std::size_t weights_step() const { return what.weights.lanes() == 1 ? 0 : 1; }
  T limit(std::size_t sample) const { return per_sample(what.limit, sample, std::numeric_limits<T>::infinity()); }
  T divisor(std::size_t sample) const { return per_sample(what.divisor, sample, T{1}); }

  // Calls see(row) for those that there are.
  template <class See>
  void for_each_row(See see) const {
    for (std::size_t r = what.has_value ? 0 : 1; r < rows && r <= what.outputs.size(); ++r) see(r);
  }
  // Calls see(term) for what may enter a row, in the order of summation; noise with a gain enters apart.
  template <class See>
  void for_each_term(std::size_t row, See see) const {
    for (std::size_t k = 0; k < what.inputs.size(); ++k) see(k);
    if (row > 0 && what.has_value) see(std::size_t{pass_weights::value_term});
    if (row > 0 && !gains()) for_each_draw(see);
  }
  template <class See>
  void for_each_draw(See see) const {
    for (std::size_t j = 0; j < what.draws.size(); ++j) see(pass_weights::first_draw + j);
  }

  const description& what;

 private:
  static T per_sample(std::span<const double> values, std::size_t sample, T otherwise) {
    return values.empty() ? otherwise : static_cast<T>(values[values.size() == 1 ? 0 : sample]);
  }
};

}  // namespace noisefall::kernels
