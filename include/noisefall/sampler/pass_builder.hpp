// Assembles one pass: names inputs, outputs and draws, and fills its table of coefficients.
#pragma once

#include <cstddef>
#include <vector>

#include <noisefall/tensor/algebra.hpp>

namespace noisefall {

// Inputs are told apart by an id of the caller's. Asking for a ninth input sets overflowed() and is otherwise ignored:
// the run then stores the reading first and builds the rest anew.
template <Algebra A>
class pass_builder {
 public:
  using view = typename A::view;
  using span = typename A::span;

  explicit pass_builder(std::size_t samples) : storage_(pass_weights::storage_size(samples)) {}

  void begin(std::size_t lanes, std::uint64_t seed) {
    what.clear();
    what.seed = seed;
    what.weights = pass_weights{storage_, lanes};
    what.weights.clear();
    ids_.clear();
    draw_ids_.clear();
    overflowed_ = false;
  }
  bool overflowed() const { return overflowed_; }
  std::size_t lanes() const { return what.weights.lanes(); }

  std::size_t input(int id, const view& from) {
    for (std::size_t i = 0; i < ids_.size(); ++i)
      if (ids_[i] == id) return i;
    if (ids_.size() == ids_.capacity()) {
      overflowed_ = true;
      return 0;
    }
    ids_.push_back(id);
    what.inputs.push_back(from);
    return ids_.size() - 1;
  }

  // The row of a new output.
  std::size_t output(const span& to) {
    if (what.outputs.size() == what.outputs.capacity()) {
      overflowed_ = true;
      return pass_weights::outputs;
    }
    what.outputs.push_back(to);
    return what.outputs.size();
  }

  // The term of a draw.
  std::size_t draw(int id, const noise_draw<view>& z) {
    for (std::size_t i = 0; i < draw_ids_.size(); ++i)
      if (draw_ids_[i] == id) return pass_weights::first_draw + i;
    draw_ids_.push_back(id);
    what.draws.push_back(z);
    return pass_weights::first_draw + draw_ids_.size() - 1;
  }

  void add(std::size_t row, std::size_t term, double weight) {
    for (std::size_t lane = 0; lane < lanes(); ++lane) what.weights.at(row, term, lane) += weight;
  }
  void add(std::size_t row, std::size_t term, std::size_t lane, double weight) {
    what.weights.at(row, term, lane) += weight;
  }

  pass_description<view, span> what;

 private:
  std::vector<double> storage_;
  inline_vector<int, pass_weights::inputs> ids_;
  inline_vector<int, pass_weights::draws> draw_ids_;
  bool overflowed_ = false;
};

}  // namespace noisefall
