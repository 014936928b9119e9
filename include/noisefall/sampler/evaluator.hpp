// Asking and being told: the request handed to the network, its buffers, and the checks on what comes back.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/inline_vector.hpp>
#include <noisefall/core/owner.hpp>
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

// A reading of the present evaluation: guided or renoise as a quantity, or the guidance's tensor for the next step.
enum class reading_kind : std::uint8_t { guided, renoise, next_tensor };

// The buffers and the reading machinery that every kind of run shares. Nothing here allocates after construction.
template <Algebra A, class Z>
class evaluator {
 public:
  using view = typename A::view;
  using span = typename A::span;

  [[gnu::cold]] evaluator(A device, shared<policies> with, const run_needs& needs, span state, const run_settings& set,
                          Z source)
      : algebra{std::move(device)},
        chosen{std::move(with)},
        settings{set},
        noise{std::move(source)},
        x{state},
        x_view(state),
        samples{shape_of(x).samples()},
        fingerprint{needs.fingerprint},
        reader{chosen->guidance, chosen->parameterisation, samples},
        builder{samples},
        output_count_{needs.branches.size()},
        limits_(samples, 1.0),
        scales_(samples, 1.0) {
    const shape extents = shape_of(x), output_shape = shape_of_outputs(extents, needs.variance);
    first_output_ = batches_.size();
    for (std::size_t b = 0; b < output_count_; ++b) add_batch(output_shape);
    if (needs.scales) scaled_ = add_batch();
    if (needs.stages) scratch_ = add_batch();
    if (chosen->guidance.has_state())
      for (std::size_t& tensor : guidance_tensor_) algebra.fill(batch(tensor = add_batch()), 0);
    require_contiguous(x);
    if constexpr (std::same_as<Z, philox>)
      settings.seed = noise.seed;
    else
      prepare_noise(needs);
    if (settings.keep_denoised) denoised_ = add_batch();
    if (chosen->has_own_steps()) make_staging();
  }

  shape shape_of(const view& v) const { return algebra.extents(v); }

  // Batches of the state's shape that live as long as the run, by number.
  [[gnu::cold]] std::size_t add_batch() { return add_batch(shape_of(x)); }
  const span& batch(std::size_t number) const { return spans_[number]; }
  const view& batch_view(std::size_t number) const { return views_[number]; }  // the same, to be read

  // Makes x the first level's sample.
  [[gnu::cold]] void start() {
    start_state();
    if (!holds_known()) return;
    take_known();
    blend(chosen->path.front());
  }

  // run::hold().
  [[gnu::cold]] void hold(const known_part<view>& part) {
    for (const view& of : {part.values, part.weights}) {
      if (!(shape_of(of) == shape_of(x)))
        throw error{"run: hold", {"a known part of shape ", to_string(shape_of(of))}, to_string(shape_of(x))};
      require(algebra.finite(of), "run: hold", "the known part holds NaN or infinity", "finite numbers");
    }
    if constexpr (!std::same_as<Z, philox>) {
      if (settings.start == start_from::given) {
        draws_.push_back({settings.first_sample, increment::initial, 0, chosen->path.front().rho(), 0});
        check_noise(noise);
        if (draws_.size() == 1) noise_batch_[0] = add_batch();
        make_staging();
      }
    }
    known_ = part;
    for (std::size_t& number : held_) number = add_batch();
    asked_for_ = {};  // batches may have moved
    take_known();
    blend(chosen->path.front());
  }
  bool holds_known() const { return held_[0] != none; }

  // x = w * (alpha * known + sigma * z) + (1 - w) * x
  void blend(const noise_level& at) {
    builder.begin(1, settings.seed);
    const std::size_t row = builder.output(x);
    if (at.alpha != 0) builder.add(row, builder.input(known_id, batch(held_[0])), at.alpha);
    if (at.sigma != 0) builder.add(row, builder.input(known_noise_id, batch(held_[1])), at.sigma);
    builder.add(row, builder.draw(gained_id, {.which = {}, .filled = x_view, .is_filled = true}), 1);
    set_gain(batch(held_[2]));
    run_pass();
  }

  [[gnu::cold]] void start_state() {
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
  [[gnu::cold]] void replace_noise(Z source) {
    check_noise(source);
    noise = std::move(source);
    if constexpr (std::same_as<Z, philox>) settings.seed = noise.seed;
  }

  // The draw of an increment as a term of the pass being built. `which` numbers the draws of the pass.
  std::size_t draw_term(increment which, std::size_t id) {
    which.first_sample = settings.first_sample;
    noise_draw<view> z{.which = which};
    if constexpr (!std::same_as<Z, philox>) {
      const span into = batch(noise_batch_[id]);
      if (!filled_[id].holds || filled_[id].step != which.step || filled_[id].slot != which.slot) {
        noise.fill(std::span{staging_}, staging_.size() / samples, which);
        algebra.upload(staging_, into);
        filled_[id] = {true, which.step, which.slot};
      }
      z.filled = into;
      z.is_filled = true;
    }
    return builder.draw(static_cast<int>(id), z);
  }

  // Normals for one sample of the batch that upload_normals() then writes.
  void stage_normals(std::size_t sample, const increment& which) {
    const std::size_t size = staging_.size() / samples;
    noise.fill(std::span{staging_.data() + sample * size, size}, size, which);
  }
  void upload_normals(const span& to) { algebra.upload(staging_, to); }

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
    if (wanted.size() > output_count_)
      throw error{
          "guidance",
          {"asks for ", wanted.size(), " branches in step ", step},
          {output_count_,
           ", as its needs() said at the trajectory's levels (breakpoints() names the levels where they change)"}};
    request.at = {levels, labels, {}, settings.seed, settings.first_sample, step, call};
    request.state = state;
    if (scaled_ != none) scale_input(state, levels);
    if (!(wanted == asked_for_)) ask_for(wanted);
    if (settings.checked)
      for (const span& out : request.outputs) algebra.fill(out, std::numeric_limits<double>::quiet_NaN());
    position_ = position;
    state_ = state;
    asked = true;
  }

  // The request's own arrays, to be read.
  std::span<const view> own_outputs() const { return {own_outputs_.begin(), own_outputs_.size()}; }

  // Takes the answer: checks it, splits off variances, weighs the branches.
  void take(std::span<const view> outputs) {
    if (!asked) throw error{"run: answer", "nothing was asked", "next() first"};
    if (outputs.size() != request.branches.size())
      throw error{"run: answer", {outputs.size(), " outputs"}, {request.branches.size(), ", one per branch asked for"}};
    const bool own = outputs.data() == own_outputs_.begin();
    parts_.clear();
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      if (!own) require_shape(k, outputs[k]);
      if (settings.checked && !algebra.finite(outputs[k]))
        throw error{{"predictor: step ", request.at.step},
                    {"the output of branch ", request.branches[k],
                     " holds NaN or infinity (elements that the predictor does not write stay NaN in checked runs)"},
                    "every element written, with finite numbers"};
      if (settings.output_parts == 2) parts_.push_back(algebra.part(outputs[k], 0, 2));
    }
    branch_outputs_ = settings.output_parts == 1 ? outputs : std::span<const view>{parts_.begin(), parts_.size()};
    if (settings.output_parts == 2) variance = algebra.part(outputs[0], 1, 2);
    reading_lanes_ = reader.lanes(samples, request.at.levels.size());
    if (chosen->guidance.needs_gram()) compute_gram();
    reader.look(position_, request.at.levels, outputs.size(), has_tensor(), reading_lanes_, request.at.call == 0);
  }
  // The answer has been used: the next evaluation may be asked for.
  void accept() {
    evaluations += branch_outputs_.size();
    asked = false;
  }

  std::size_t reading_lanes() const { return reading_lanes_; }
  const noise_level& level(std::size_t lane) const { return request.at.level(lane); }

  // Adds weight * a reading to a row of the pass being built.
  void add_reading(std::size_t row, int state_id, double weight, reading_kind kind, quantity of = quantity::x0) {
    const std::size_t state_term = builder.input(state_id, state_);
    for (std::size_t lane = 0; lane < builder.lanes(); ++lane) {
      const reading_weights w = weights_of(kind, of, lane % reading_lanes_);
      builder.add(row, state_term, lane, weight * w.state);
      for (std::size_t k = 0; k < branch_outputs_.size(); ++k)
        builder.add(row, builder.input(first_output_id + static_cast<int>(k), branch_outputs_[k]), lane,
                    weight * w.output[request.branches[k]]);
      if (w.guidance_tensor != 0)
        builder.add(row, builder.input(guidance_id, guidance_tensor()), lane, weight * w.guidance_tensor);
    }
  }

  // The pass's rows that make the guidance's next tensor, from the step's first evaluation; commit() makes it current.
  void add_next_tensor(int state_id) {
    if (has_tensor())
      add_reading(builder.output(batch(guidance_tensor_[1 - current_tensor_])), state_id, 1, reading_kind::next_tensor);
  }
  void commit_guidance() {
    if (has_tensor()) current_tensor_ = 1 - current_tensor_;
    reader.commit();
  }
  [[gnu::cold]] void reset() {
    current_tensor_ = 0;
    reader.reset();
    asked = false;
    evaluations = 0;
    for (drawn& id : filled_) id.holds = false;
    if (!has_tensor()) return;
    for (const std::size_t tensor : guidance_tensor_) algebra.fill(batch(tensor), 0);
  }

  // Checkpoints: the numbers of a batch, wherever it lies.
  [[gnu::cold]] void transfer(archive& to, const span& of) {
    make_staging();
    if (!to.reads()) algebra.download(of, staging_);
    to(staging_);
    if (to.reads()) algebra.upload(staging_, of);
  }
  [[gnu::cold]] void transfer(archive& to) {
    to(evaluations);
    to(current_tensor_);
    reader.transfer(to);
    transfer(to, x);
    if (!has_tensor()) return;
    for (const std::size_t tensor : guidance_tensor_) transfer(to, batch(tensor));
  }

  const span& scratch() const { return batch(scratch_); }
  const view& scratch_view() const { return batch_view(scratch_); }
  const span& denoised() const {
    if (denoised_ == none)
      throw error{"run: denoised", "the run does not keep it", "run_settings::keep_denoised = true"};
    return batch(denoised_);
  }

  // What a threshold allows each sample: fixed for all, or the quantiles of `of`.
  std::span<const double> find_limits(const threshold& map, const view& of) {
    if (map.how == threshold::kind::dynamic) algebra.quantile(of, map.ratio, limits_);
    for (double& limit : limits_)
      limit = map.how == threshold::kind::dynamic ? std::clamp(limit, map.floor, map.ceiling) : map.range;
    return limits_;
  }
  std::span<const double> limits() const { return limits_; }

  static constexpr int x_id = 0, scratch_id = 1, previous_id = 2, guidance_id = 3, tensor_id = 4;
  static constexpr int known_id = 5, known_noise_id = 6, gained_id = 7;
  static constexpr int first_output_id = 20, first_slot_id = 40, first_renoise_id = 60;

  A algebra;
  shared<policies> chosen;
  run_settings settings;
  Z noise;
  span x;
  view x_view;
  std::size_t samples;
  std::uint64_t fingerprint;  // of the sampler, for checkpoints
  guided_reader reader;
  pass_builder<A> builder;
  evaluation_request<A> request;
  bool asked = false;
  std::size_t evaluations = 0;
  view variance{};

 private:
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

  [[gnu::cold]] shape shape_of_outputs(const shape& extents, bool needs_variance) const {
    require(extents.size() > 0, "run: state", {"shape ", to_string(extents)}, "one sample of one element or more");
    require(settings.output_parts == 1 || settings.output_parts == 2, "run: output_parts", {settings.output_parts},
            "1, or 2 for a network with learned variance");
    if (settings.output_parts == 1) {
      require(!needs_variance, "run: state",
              {"the solver needs the network's variance, which an output of shape ", to_string(extents), " lacks"},
              "a predictor whose output has twice the channels (output_shape, or output_parts = 2)");
      return extents;
    }
    require(extents.rank() >= 2, "run: state", {"shape ", to_string(extents), " with a doubled output"},
            "a channel axis: [B, C, ...]");
    return extents.with_extent(1, 2 * extents[1]);
  }

  // A row over the batch as one long array; a state with gaps belongs into a copy.
  static void require_contiguous(const span& state) {
    if constexpr (requires {
                    { state.contiguous() } -> std::same_as<bool>;
                  })
      require(state.contiguous(), "run: state", "samples with gaps between them", "a contiguous batch");
  }

  [[gnu::cold]] void prepare_noise(const run_needs& needs) {
    const bool starts = settings.start != start_from::given;
    draws_ = needs.draws;
    if (starts) draws_.push_back({0, increment::initial, 0, chosen->path.front().rho(), 0});
    for (increment& which : draws_) which.first_sample = settings.first_sample;
    check_noise(noise);
    std::size_t slots = starts ? 1 : 0;
    if (!needs.draws.empty()) slots = max_noise_slots;
    for (std::size_t k = 0; k < slots; ++k) noise_batch_[k] = add_batch();
    if (slots > 0) make_staging();
  }

  [[gnu::cold]] void make_staging() {
    const std::size_t size = shape_of(x).size();
    if (staging_.size() != size) std::vector<typename A::scalar>(size).swap(staging_);
  }

  // The element-wise factor of the pass being built.
  void set_gain(const view& of) {
    builder.what.gain = gain_rule::factor;
    builder.what.gain_input = of;
  }

  // w * known, w * z and 1 - w.
  [[gnu::cold]] void take_known() {
    algebra.fill(batch(held_[2]), 1);
    builder.begin(1, settings.seed);
    builder.add(builder.output(batch(held_[0])),
                builder.draw(gained_id, {.which = {}, .filled = known_.values, .is_filled = true}), 1);
    builder.add(builder.output(batch(held_[1])),
                draw_term({0, increment::initial, 0, chosen->path.front().rho(), 0}, 0), 1);
    const std::size_t row = builder.output(batch(held_[2]));
    builder.add(row, builder.input(known_id, batch(held_[2])), 1);
    builder.add(row, builder.input(known_noise_id, known_.weights), -1);
    set_gain(known_.weights);
    run_pass();
  }

  void check_noise(const Z& source) const {
    if constexpr (requires(const increment& which) { source.check(which, samples); })
      for (const increment& which : draws_) source.check(which, samples);
  }

  [[gnu::cold]] std::size_t add_batch(const shape& extents) {
    batches_.push_back(algebra.allocate(extents));
    spans_.clear();  // a buffer that moves may take its elements along
    views_.clear();
    for (auto& buffer : batches_) {
      spans_.push_back(algebra.view_of(buffer));
      views_.push_back(spans_.back());
    }
    return batches_.size() - 1;
  }

  // Another set of branches than the last time.
  void ask_for(branch_set wanted) {
    asked_for_ = wanted;
    request.branches.clear();
    request.outputs.clear();
    own_outputs_.clear();
    for (std::size_t b = 0; b < max_branches; ++b) {
      if (!wanted.holds(b)) continue;
      const span& out = batch(first_output_ + request.outputs.size());
      request.branches.push_back(b);
      request.outputs.push_back(out);
      own_outputs_.push_back(out);
    }
  }

  void require_shape(std::size_t k, const view& output) const {
    const shape wanted = shape_of(request.outputs[k]), given = shape_of(output);
    if (!(given == wanted))
      throw error{"run: answer", {"output ", k, " of shape ", to_string(given)}, to_string(wanted)};
  }

  void scale_input(const view& state, std::span<const noise_level> levels) {
    for (std::size_t i = 0; i < levels.size(); ++i) scales_[i] = chosen->parameterisation.input_scale(levels[i]);
    request.at.input_scales = {scales_.data(), levels.size()};
    builder.begin(levels.size(), settings.seed);
    const std::size_t row = builder.output(batch(scaled_)), term = builder.input(x_id, state);
    for (std::size_t lane = 0; lane < levels.size(); ++lane) builder.add(row, term, lane, scales_[lane]);
    run_pass();
    request.state = batch(scaled_);
  }

  void compute_gram() {
    inline_vector<view, guided_reader::max_inputs> inputs;
    inputs.push_back(state_);
    for (const view& out : branch_outputs_) inputs.push_back(out);
    if (has_tensor()) inputs.push_back(guidance_tensor());
    algebra.gram(std::span<const view>{inputs.begin(), inputs.size()},
                 reader.basis(position_.at, branch_outputs_.size(), has_tensor()), reader.gram());
  }

  reading_weights weights_of(reading_kind kind, quantity of, std::size_t lane) const {
    switch (kind) {
      case reading_kind::guided:
        return reader.guided(of, level(lane), lane);
      case reading_kind::renoise:
        return reader.renoise(of, level(lane), lane);
      case reading_kind::next_tensor:
        break;
    }
    return reader.next_tensor(level(lane), lane);
  }

  bool has_tensor() const { return guidance_tensor_[0] != none; }
  view guidance_tensor() { return batch(guidance_tensor_[current_tensor_]); }

  // What lies in a batch of noise.
  struct drawn {
    bool holds = false;
    std::uint32_t step = 0, slot = 0;
  };

  std::vector<typename A::buffer> batches_;
  std::vector<span> spans_;  // of the batches
  std::vector<view> views_;
  std::size_t first_output_ = 0, output_count_, scaled_ = none, scratch_ = none, denoised_ = none;
  std::size_t guidance_tensor_[2] = {none, none}, current_tensor_ = 0;
  std::size_t noise_batch_[max_noise_slots] = {};
  std::size_t held_[3] = {none, none, none};  // of a known part: w * values, w * z, 1 - w
  known_part<view> known_{};
  drawn filled_[max_noise_slots];
  branch_set asked_for_;
  inline_vector<view, max_branches> own_outputs_, parts_;
  std::span<const view> branch_outputs_;  // of the present answer; valid while it is taken
  guidance_position position_;
  view state_{};
  std::size_t reading_lanes_ = 1;
  std::vector<increment> draws_;  // what a source other than philox must be able to serve
  std::vector<double> limits_, scales_;
  std::vector<typename A::scalar> staging_;  // ordinary memory between a source of noise, or a file, and the device
};

}  // namespace noisefall
