// A predictor over a network of another library, whichever that is.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <noisefall/adapters/network_call.hpp>
#include <noisefall/adapters/network_condition.hpp>
#include <noisefall/adapters/network_convert.hpp>
#include <noisefall/adapters/network_options.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/core/half.hpp>
#include <noisefall/core/inline_vector.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/shape.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

namespace detail {

// Declares the 16-bit type of the outputs where it is not the state's.
template <class T, class Out>
struct narrow_outputs {
  using output_type = Out;
};
template <class T>
struct narrow_outputs<T, T> {};

}  // namespace detail

// `Network` runs a network: where(), inputs(), outputs(), own_type() and run(arrays, which output, array). States are of T; outputs
// are written as Out: T, or half or bfloat16, which the run reads as they are. A network that computes in other types is
// given them: what is not in its type is converted. Movable, not copyable; one call at a time.
template <class Network, std::floating_point T, class Out = T>
requires std::same_as<Out, T> || std::same_as<Out, half> || std::same_as<Out, bfloat16>
class network_predictor : public detail::narrow_outputs<T, Out> {
 public:
  using condition = network_condition;

  network_predictor(Network network, const network_options& options)
      : network_{std::move(network)},
        call_{network_.where(), network_.inputs(), network_.outputs(), options, network_.own_type()} {}

  void predict(view<T> x, const evaluation& at, const condition& c, mutable_view<Out> out) {
    const condition* const conditions[] = {&c};
    ask(x, at, conditions, std::span<const mutable_view<Out>>{&out, 1});
  }
  void predict(view<T> x, const evaluation& at, std::span<const condition* const> conditions,
               std::span<const mutable_view<Out>> outs) {
    if (call_.options().branches == branch_calls::together) return ask(x, at, conditions, outs);
    for (std::size_t k = 0; k < conditions.size(); ++k) ask(x, at, conditions.subspan(k, 1), outs.subspan(k, 1));
  }
  shape output_shape(const shape& state) const { return call_.output_shape(state); }

  // What the network declares, and what was taken for state, time and output.
  const network_call& call() const { return call_; }
  const Network& network() const { return network_; }
  Network& network() { return network_; }

 private:
  void ask(view<T> x, const evaluation& at, std::span<const condition* const> conditions,
           std::span<const mutable_view<Out>> outs) {
    bool adjacent = x.contiguous() && x.stored() == storage::native;
    inline_vector<void*, max_branches> outputs;
    for (const mutable_view<Out>& out : outs) {
      adjacent = adjacent && out.contiguous();
      outputs.push_back(out.data());
    }
    require(adjacent, network_.where(), "samples that lie apart", "a state and outputs whose samples are adjacent");
    call_.run(network_, {.state_type = element_type_of<T>(),
                         .state = x.data(),
                         .state_extents = x.extents(),
                         .at = &at,
                         .conditions = conditions,
                         .output_type = element_type_of<Out>(),
                         .outputs = {outputs.begin(), outputs.size()},
                         .output_extents = outs[0].extents()});
  }

  Network network_;
  network_call call_;
};

}  // namespace noisefall
