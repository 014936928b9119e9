// Asking and being told: the request handed to the network, its buffers, and the checks on what comes back.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/inline_vector.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/random/philox_source.hpp>
#include <noisefall/sampler/options.hpp>
#include <noisefall/sampler/pass_builder.hpp>
#include <noisefall/sampler/policies.hpp>
#include <noisefall/sampler/reading.hpp>

namespace noisefall {

// What the run asks for: the network's raw output at `state` under each of `branches`, in that order.
// Either write outputs[k] and call answer(), or call answer(views) with arrays of your own.
template <Algebra A>
struct evaluation_request {
  typename A::view state;  // already multiplied by at.input_scale
  evaluation at;
  inline_vector<std::size_t, max_branches> branches;
  inline_vector<typename A::span, max_branches> outputs;
};

// The buffers and the reading machinery that every kind of run shares. Nothing here allocates after construction.
template <Algebra A, class Z>
class evaluator {
 public:
  using view = typename A::view;
  using span = typename A::span;
  using buffer = typename A::buffer;

  evaluator(A device, std::shared_ptr<const policies> with, const run_needs& needs, span state,
            const run_settings& set, Z source)
      : algebra{std::move(device)},
        chosen{std::move(with)},
        settings{set},
        noise{std::move(source)},
        x{state},
        samples{shape_of(x).samples()},
        reader{chosen->guidance, chosen->parameterisation, samples},
        builder{samples} {
    const shape extents = shape_of(x);
    require(extents.size() > 0, "run: state", "shape " + to_string(extents), "one sample of one element or more");
    require(settings.output_parts == 1 || settings.output_parts == 2, "run: output_parts",
            std::to_string(settings.output_parts), "1, or 2 for a network with learned variance");
    require(!needs.variance || settings.output_parts == 2, "run: state",
            "the solver needs the network's variance, which an output of shape " + to_string(extents) + " lacks",
            "a predictor whose output has twice the channels (output_shape, or output_parts = 2)");
    shape output_shape = extents;
    if (settings.output_parts == 2) {
      require(extents.rank() >= 2, "run: state", "shape " + to_string(extents) + " with a doubled output",
              "a channel axis: [B, C, ...]");
      output_shape = extents.with_extent(1, 2 * extents[1]);
    }
    for (std::size_t b = 0; b < needs.branches.size(); ++b) output_buffers_.push_back(algebra.allocate(output_shape));
    if (needs.scales) scaled_ = algebra.allocate(extents);
    if (needs.stages) scratch_ = algebra.allocate(extents);
    if (chosen->guidance.has_state())
      for (auto& tensor : guidance_tensor_) {
        tensor = algebra.allocate(extents);
        algebra.fill(algebra.view_of(*tensor), 0);
      }
    if constexpr (!std::same_as<Z, philox>)
      if (needs.draws || settings.start == start_from::noise)
        for (auto& filled : noise_buffers_) filled = algebra.allocate(extents);
    if (settings.keep_denoised) denoised_ = algebra.allocate(extents);
    limits_.resize(samples, 1);
  }

  shape shape_of(const view& v) const { return algebra.extents(v); }

  // Writes sigma * z into x.
  void start() {
    if (settings.start == start_from::given) {
      require(algebra.finite(x), "run: state", "the given state holds NaN or infinity", "finite numbers");
      return;
    }
    builder.begin(1, settings.seed);
    const std::size_t row = builder.output(x);
    builder.add(row, draw_term({0, increment::initial, 0, chosen->path.front().rho(), 0}, 0),
                chosen->path.front().sigma);
    run_pass();
  }

  // The draw of an increment as a term of the pass being built. `which` numbers the draws of the pass.
  std::size_t draw_term(increment which, std::size_t id) {
    which.first_sample = settings.first_sample;
    noise_draw<view> z{.which = which};
    if constexpr (!std::same_as<Z, philox>) {
      auto& filled = *noise_buffers_[id];
      const span into = algebra.view_of(filled);
      if (filled_[id] != std::optional{std::pair{which.step, which.slot}}) {
        noise.fill(into.elements(), into.sample_size(), which);
        filled_[id] = std::pair{which.step, which.slot};
      }
      z.filled = into;
      z.is_filled = true;
    }
    return builder.draw(static_cast<int>(id), z);
  }

  // Sample i of `out` alone.
  void fill(const span& out, std::size_t i, const increment& which) const {
    if constexpr (requires { out.elements(); })
      noise.fill(out.elements().subspan(i * out.sample_size(), out.sample_size()), out.sample_size(), which);
  }

  void run_pass() { algebra.pass(builder.what); }

  // Fills `request` for an evaluation of `state`. The spans must stay valid until the answer.
  void ask(const view& state, std::span<const noise_level> levels, std::span<const double> labels,
           const guidance_position& position, std::size_t step, std::size_t call) {
    const branch_set wanted = chosen->guidance.needs(position);
    request = {};
    const double scale = chosen->parameterisation.input_scale(levels[0]);
    request.at = {levels, labels, scale, settings.seed, settings.first_sample, step, call};
    request.state = state;
    if (scale != 1 || levels.size() > 1) scale_input(state, levels);
    for (std::size_t b = 0; b < max_branches; ++b) {
      if (!wanted.holds(b)) continue;
      const span out = algebra.view_of(output_buffers_[request.outputs.size()]);
      if (settings.checked) algebra.fill(out, std::numeric_limits<double>::quiet_NaN());
      request.branches.push_back(b);
      request.outputs.push_back(out);
    }
    position_ = position;
    state_ = state;
    asked = true;
  }

  // Takes the answer: checks it, splits off variances, weighs the branches.
  void take(std::span<const view> outputs) {
    if (outputs.size() != request.branches.size())
      throw error{"run: answer", std::to_string(outputs.size()) + " outputs",
                  std::to_string(request.branches.size()) + ", one per branch asked for"};
    branch_outputs_.clear();
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      if (!(shape_of(outputs[k]) == shape_of(static_cast<view>(request.outputs[k]))))
        throw error{"run: answer", "output " + std::to_string(k) + " of shape " + to_string(shape_of(outputs[k])),
                    to_string(shape_of(static_cast<view>(request.outputs[k])))};
      if (settings.checked && !algebra.finite(outputs[k]))
        throw error{"predictor: step " + std::to_string(request.at.step),
                    "the output of branch " + std::to_string(request.branches[k]) +
                        " holds NaN or infinity (elements that the predictor does not write stay NaN in checked runs)",
                    "every element written, with finite numbers"};
      branch_outputs_.push_back(part(outputs[k], 0));
    }
    if (settings.output_parts == 2) variance = part(outputs[0], 1);
    reading_lanes_ = reader.lanes(samples, request.at.levels.size());
    const std::optional<view> tensor = guidance_tensor();
    reader.look(algebra, position_, request.at.levels, std::span{request.branches.begin(), request.branches.size()},
                state_, std::span<const view>{branch_outputs_.begin(), branch_outputs_.size()},
                tensor ? &*tensor : nullptr, reading_lanes_);
    evaluations += outputs.size();
    asked = false;
  }

  std::size_t reading_lanes() const { return reading_lanes_; }
  const noise_level& level(std::size_t lane) const { return request.at.level(lane); }

  // Adds weight * (the guided value as `of`) to a row of the pass being built; `make` picks the combination of a lane.
  template <class Weights>
  void add_reading(std::size_t row, int state_id, double weight, Weights make) {
    const std::size_t state_term = builder.input(state_id, state_);
    for (std::size_t lane = 0; lane < builder.lanes(); ++lane) {
      const reading_weights w = make(lane);
      builder.add(row, state_term, lane, weight * w.state);
      for (std::size_t k = 0; k < branch_outputs_.size(); ++k)
        builder.add(row, builder.input(first_output_id + static_cast<int>(k), branch_outputs_[k]), lane,
                    weight * w.output[request.branches[k]]);
      if (w.guidance_tensor != 0)
        builder.add(row, builder.input(guidance_id, *guidance_tensor()), lane, weight * w.guidance_tensor);
    }
  }

  reading_weights guided(quantity of, std::size_t lane) const { return reader.guided(of, level(lane), lane); }
  reading_weights renoise(quantity of, std::size_t lane) const { return reader.renoise(of, level(lane), lane); }

  // The pass's rows that make the guidance's next tensor, from the step's first evaluation; commit() makes it current.
  void add_next_tensor(int state_id) {
    if (!chosen->guidance.has_state()) return;
    const std::size_t row = builder.output(algebra.view_of(*guidance_tensor_[1 - current_tensor_]));
    add_reading(row, state_id, 1, [&](std::size_t lane) { return reader.next_tensor(level(lane), lane); });
  }
  void commit_guidance() {
    if (chosen->guidance.has_state()) current_tensor_ = 1 - current_tensor_;
  }
  void reset() {
    current_tensor_ = 0;
    asked = false;
    evaluations = 0;
    for (auto& id : filled_) id.reset();
    for (auto& tensor : guidance_tensor_)
      if (tensor) algebra.fill(algebra.view_of(*tensor), 0);
  }

  // The numbers of a batch that lies in memory.
  auto elements_of(buffer& of) const {
    if constexpr (requires { algebra.view_of(of).elements(); })
      return algebra.view_of(of).elements();
    else
      return std::span<typename A::scalar>{};
  }

  void transfer(archive& to) {
    to(evaluations);
    to(current_tensor_);
    if constexpr (requires { x.elements(); }) to.elements(x.elements());
    for (auto& tensor : guidance_tensor_)
      if (tensor) to.elements(elements_of(*tensor));
  }

  span scratch() { return algebra.view_of(*scratch_); }
  span denoised() { return algebra.view_of(*denoised_); }
  std::vector<double>& limits() { return limits_; }

  static constexpr int x_id = 0, scratch_id = 1, previous_id = 2, guidance_id = 3, tensor_id = 4;
  static constexpr int first_output_id = 20, first_slot_id = 40, first_renoise_id = 60;

  A algebra;
  std::shared_ptr<const policies> chosen;
  run_settings settings;
  Z noise;
  span x;
  std::size_t samples;
  guided_reader<A> reader;
  pass_builder<A> builder;
  evaluation_request<A> request;
  bool asked = false;
  std::size_t evaluations = 0;
  view variance{};

 private:
  void scale_input(const view& state, std::span<const noise_level> levels) {
    if (!scaled_) return;
    builder.begin(levels.size(), settings.seed);
    const std::size_t row = builder.output(algebra.view_of(*scaled_)), term = builder.input(x_id, state);
    for (std::size_t lane = 0; lane < levels.size(); ++lane)
      builder.add(row, term, lane, chosen->parameterisation.input_scale(levels[lane]));
    run_pass();
    request.state = algebra.view_of(*scaled_);
  }

  // Half `which` of an output with output_parts parts per sample.
  view part(const view& output, std::size_t which) const {
    if (settings.output_parts == 1) return output;
    if constexpr (requires { output.data(); }) {
      const shape extents = shape_of(x);
      return view{output.data() + which * extents.sample_size(), extents, output.sample_stride()};
    } else {
      return output;
    }
  }

  std::optional<view> guidance_tensor() {
    if (!guidance_tensor_[0]) return std::nullopt;
    return static_cast<view>(algebra.view_of(*guidance_tensor_[current_tensor_]));
  }

  std::vector<buffer> output_buffers_;
  std::optional<buffer> scaled_, scratch_, denoised_;
  std::array<std::optional<buffer>, 2> guidance_tensor_;
  std::size_t current_tensor_ = 0;
  std::array<std::optional<buffer>, max_noise_slots> noise_buffers_;
  std::array<std::optional<std::pair<std::uint32_t, std::uint32_t>>, max_noise_slots> filled_;
  inline_vector<view, max_branches> branch_outputs_;
  guidance_position position_;
  view state_{};
  std::size_t reading_lanes_ = 1;
  std::vector<double> limits_;
};

}  // namespace noisefall
