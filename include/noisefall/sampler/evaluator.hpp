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
#include <noisefall/sampler/look_ahead.hpp>
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

  evaluator(A device, std::shared_ptr<const policies> with, const run_needs& needs, span state, const run_settings& set,
            Z source)
      : algebra{std::move(device)},
        chosen{std::move(with)},
        settings{set},
        noise{std::move(source)},
        x{state},
        samples{shape_of(x).samples()},
        fingerprint{needs.fingerprint},
        reader{chosen->guidance, chosen->parameterisation, samples},
        builder{samples} {
    const shape extents = shape_of(x);
    require(extents.size() > 0, "run: state", {"shape ", to_string(extents)}, "one sample of one element or more");
    require(settings.output_parts == 1 || settings.output_parts == 2, "run: output_parts", {settings.output_parts},
            "1, or 2 for a network with learned variance");
    require(!needs.variance || settings.output_parts == 2, "run: state",
            {"the solver needs the network's variance, which an output of shape ", to_string(extents), " lacks"},
            "a predictor whose output has twice the channels (output_shape, or output_parts = 2)");
    shape output_shape = extents;
    if (settings.output_parts == 2) {
      require(extents.rank() >= 2, "run: state", {"shape ", to_string(extents), " with a doubled output"},
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
    require_contiguous(x);
    if constexpr (std::same_as<Z, philox>)
      settings.seed = noise.seed;
    else
      prepare_noise(needs);
    if (settings.keep_denoised) denoised_ = algebra.allocate(extents);
    if (chosen->has_own_steps()) staging_.resize(extents.size());
    limits_.resize(samples, 1);
    scales_.resize(samples, 1);
  }

  shape shape_of(const view& v) const { return algebra.extents(v); }

  // Makes x the first level's sample.
  void start() {
    const noise_level& first = chosen->path.front();
    if (settings.start != start_from::noise)
      require(algebra.finite(x), "run: state", "the given state holds NaN or infinity", "finite numbers");
    if (settings.start == start_from::given) return;
    builder.begin(1, settings.seed);
    const std::size_t row = builder.output(x);
    if (settings.start == start_from::image) builder.add(row, builder.input(x_id, x), first.alpha);
    builder.add(row, draw_term({0, increment::initial, 0, first.rho(), 0}, 0), first.sigma);
    run_pass();
  }

  // Another source of noise for the next start.
  void replace_noise(Z source) {
    check_noise(source);
    noise = std::move(source);
    if constexpr (std::same_as<Z, philox>) settings.seed = noise.seed;
  }

  // The draw of an increment as a term of the pass being built. `which` numbers the draws of the pass.
  std::size_t draw_term(increment which, std::size_t id) {
    which.first_sample = settings.first_sample;
    noise_draw<view> z{.which = which};
    if constexpr (!std::same_as<Z, philox>) {
      auto& filled = *noise_buffers_[id];
      const span into = algebra.view_of(filled);
      if (filled_[id] != std::optional{std::pair{which.step, which.slot}}) {
        noise.fill(std::span{staging_}, staging_.size() / samples, which);
        algebra.upload(staging_, into);
        filled_[id] = std::pair{which.step, which.slot};
      }
      z.filled = into;
      z.is_filled = true;
    }
    return builder.draw(static_cast<int>(id), z);
  }

  // Normals for some samples of `out`, each with an increment of its own.
  template <class Wanted, class Increment>
  void fill(const span& out, Wanted wanted, Increment which) {
    const std::size_t size = shape_of(x).sample_size();
    for (std::size_t i = 0; i < samples; ++i)
      if (wanted(i)) noise.fill(std::span{staging_}.subspan(i * size, size), size, which(i));
    algebra.upload(staging_, out);
  }

  void run_pass() { algebra.pass(builder.what); }

  // Fills `request` for an evaluation of `state`. The spans must stay valid until the answer.
  void ask(const view& state, std::span<const noise_level> levels, std::span<const double> labels,
           const guidance_position& position, std::size_t step, std::size_t call) {
    branch_set wanted;
    for (const noise_level& at : levels) {
      guidance_position here = position;
      here.at = at;
      wanted = wanted | chosen->guidance.needs(here);
    }
    if (wanted.size() > output_buffers_.size())
      throw error{
          "guidance",
          {"asks for ", wanted.size(), " branches in step ", step},
          {output_buffers_.size(),
           ", as its needs() said at the trajectory's levels (breakpoints() names the levels where they change)"}};
    request = {};
    request.at = {levels, labels, {}, settings.seed, settings.first_sample, step, call};
    request.state = state;
    if (scaled_) scale_input(state, levels);
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
      throw error{"run: answer", {outputs.size(), " outputs"}, {request.branches.size(), ", one per branch asked for"}};
    branch_outputs_.clear();
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      if (!(shape_of(outputs[k]) == shape_of(static_cast<view>(request.outputs[k]))))
        throw error{"run: answer",
                    {"output ", k, " of shape ", to_string(shape_of(outputs[k]))},
                    {to_string(shape_of(static_cast<view>(request.outputs[k])))}};
      if (settings.checked && !algebra.finite(outputs[k]))
        throw error{{"predictor: step ", request.at.step},
                    {"the output of branch ", request.branches[k],
                     " holds NaN or infinity (elements that the predictor does not write stay NaN in checked runs)"},
                    "every element written, with finite numbers"};
      branch_outputs_.push_back(settings.output_parts == 1 ? outputs[k] : algebra.part(outputs[k], 0, 2));
    }
    if (settings.output_parts == 2) variance = algebra.part(outputs[0], 1, 2);
    reading_lanes_ = reader.lanes(samples, request.at.levels.size());
    const std::optional<view> tensor = guidance_tensor();
    reader.look(algebra, position_, request.at.levels, std::span{request.branches.begin(), request.branches.size()},
                state_, std::span<const view>{branch_outputs_.begin(), branch_outputs_.size()},
                tensor ? &*tensor : nullptr, reading_lanes_, request.at.call == 0);
  }
  // The answer has been used: the next evaluation may be asked for.
  void accept() {
    evaluations += branch_outputs_.size();
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
    add_reading(row, state_id, 1,
                [&](std::size_t lane) { return reader.next_tensor(level(lane), lane % reading_lanes_); });
  }
  void commit_guidance() {
    if (chosen->guidance.has_state()) current_tensor_ = 1 - current_tensor_;
    reader.commit();
  }
  void reset() {
    current_tensor_ = 0;
    reader.reset();
    asked = false;
    evaluations = 0;
    for (auto& id : filled_) id.reset();
    for (auto& tensor : guidance_tensor_)
      if (tensor) algebra.fill(algebra.view_of(*tensor), 0);
  }

  // Checkpoints: the numbers of a batch, wherever it lies.
  void transfer(archive& to, const span& batch) {
    staging_.resize(shape_of(x).size());
    if (!to.reads()) algebra.download(batch, staging_);
    to(staging_);
    if (to.reads()) algebra.upload(staging_, batch);
  }
  void transfer(archive& to) {
    to(evaluations);
    to(current_tensor_);
    reader.transfer(to);
    transfer(to, x);
    for (auto& tensor : guidance_tensor_)
      if (tensor) transfer(to, algebra.view_of(*tensor));
  }

  span scratch() { return algebra.view_of(*scratch_); }
  span denoised() {
    if (!denoised_) throw error{"run: denoised", "the run does not keep it", "run_settings::keep_denoised = true"};
    return algebra.view_of(*denoised_);
  }
  std::vector<double>& limits() { return limits_; }

  static constexpr int x_id = 0, scratch_id = 1, previous_id = 2, guidance_id = 3, tensor_id = 4;
  static constexpr int first_output_id = 20, first_slot_id = 40, first_renoise_id = 60;

  A algebra;
  std::shared_ptr<const policies> chosen;
  run_settings settings;
  Z noise;
  span x;
  std::size_t samples;
  std::uint64_t fingerprint;  // of the sampler, for checkpoints
  guided_reader<A> reader;
  pass_builder<A> builder;
  evaluation_request<A> request;
  bool asked = false;
  std::size_t evaluations = 0;
  view variance{};

 private:
  // A row over the batch as one long array; a state with gaps belongs into a copy.
  static void require_contiguous(const span& state) {
    if constexpr (requires {
                    { state.contiguous() } -> std::same_as<bool>;
                  })
      require(state.contiguous(), "run: state", "samples with gaps between them", "a contiguous batch");
  }

  void prepare_noise(const run_needs& needs) {
    const bool starts = settings.start != start_from::given;
    draws_ = needs.draws;
    if (starts) draws_.push_back({0, increment::initial, 0, chosen->path.front().rho(), 0});
    for (increment& which : draws_) which.first_sample = settings.first_sample;
    check_noise(noise);
    std::size_t slots = starts ? 1 : 0;
    if (!needs.draws.empty()) slots = max_noise_slots;
    for (std::size_t k = 0; k < slots; ++k) noise_buffers_[k] = algebra.allocate(shape_of(x));
    if (slots > 0) staging_.resize(shape_of(x).size());
  }

  void check_noise(const Z& source) const {
    if constexpr (requires(const increment& which) { source.check(which, samples); })
      for (const increment& which : draws_) source.check(which, samples);
  }

  void scale_input(const view& state, std::span<const noise_level> levels) {
    for (std::size_t i = 0; i < levels.size(); ++i) scales_[i] = chosen->parameterisation.input_scale(levels[i]);
    request.at.input_scales = std::span{scales_}.first(levels.size());
    builder.begin(levels.size(), settings.seed);
    const std::size_t row = builder.output(algebra.view_of(*scaled_)), term = builder.input(x_id, state);
    for (std::size_t lane = 0; lane < levels.size(); ++lane) builder.add(row, term, lane, scales_[lane]);
    run_pass();
    request.state = algebra.view_of(*scaled_);
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
  std::vector<increment> draws_;  // what a source other than philox must be able to serve
  std::vector<double> limits_, scales_;
  std::vector<typename A::scalar> staging_;  // ordinary memory between a source of noise, or a file, and the device
};

}  // namespace noisefall
