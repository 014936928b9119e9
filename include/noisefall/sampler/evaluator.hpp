// Asking and being told: the request handed to the network, its buffers, and the checks on what comes back.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/inline_vector.hpp>
#include <noisefall/core/owner.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/random/philox_source.hpp>
#include <noisefall/sampler/options.hpp>
#include <noisefall/sampler/pass_builder.hpp>
#include <noisefall/sampler/policies.hpp>
#include <noisefall/sampler/reading.hpp>
#include <noisefall/sampler/run_needs.hpp>
#include <noisefall/sampler/step_passes.hpp>

namespace noisefall {

// What the run asks for: the network's raw output at `state` under each of `branches`, in that order.
// Either write outputs[k] and call answer(), or call answer(views) with arrays of your own.
template <Algebra A>
struct evaluation_request {
  typename A::view state;  // already multiplied by at.input_scale
  evaluation at;
  inline_vector<std::size_t, max_branches> branches;
  inline_vector<typename A::span, max_branches> outputs;
  branch_set gradients;  // those of `branches` whose output is to be a gradient by the state (predictor/concept.hpp)

  // Then the state is not multiplied, and nothing is counted as an evaluation of the network.
  bool only_gradients() const { return gradients.size() == branches.size(); }
};

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
        samples{shape_of(x).samples()},
        fingerprint{needs.fingerprint},
        reader{chosen->guidance, chosen->parameterisation, samples},
        output_count_{needs.branches.size()},
        limits_(samples, 1.0),
        scales_(samples, 1.0),
        coefficients_(pass_weights::storage_size(samples)),
        places_(arrays::own, 0) {
    const shape extents = shape_of(x), output_shape = shape_of_outputs(extents, needs.variance);
    require(!needs.gradients || settings.output_parts == 1, "run: output_parts",
            "2, where gradients have the state's shape", "1 with a solver that asks for gradients");
    list_batches();
    for (std::size_t b = 0; b < output_count_; ++b) add_batch(output_shape);
    if (needs.scales) place(arrays::scaled, add_batch());
    if (needs.stages) place(arrays::scratch, add_batch());
    if (chosen->guidance.has_state()) {
      for (std::size_t& tensor : guidance_tensor_) algebra.fill(batch(tensor = add_batch()), 0);
      place_guidance();
    }
    require_contiguous(x);
    if constexpr (std::same_as<Z, philox>)
      settings.seed = noise.seed;
    else
      prepare_noise(needs);
    if (settings.keep_denoised) place(arrays::denoised, add_batch());
    if (chosen->has_own_steps()) make_staging();
  }

  shape shape_of(const view& v) const { return algebra.extents(v); }

  // Batches of the state's shape that live as long as the run, by number; the state itself is number 0.
  [[gnu::cold]] std::size_t add_batch() { return add_batch(shape_of(x)); }
  const span& batch(std::size_t number) const { return spans_[number]; }
  // Which batch stands behind a name.
  void place(array_name name, std::size_t number) {
    if (places_.size() <= name) places_.resize(name + std::size_t{1});
    places_[name] = number;
  }
  const span& array(array_name name) const { return spans_[places_[name]]; }
  // The same, to be read; outputs of the network are those of the present answer.
  const view& array_view(array_name name) const {
    if (name >= arrays::output && name < arrays::output + max_branches) return branch_outputs_[name - arrays::output];
    return views_[places_[name]];
  }

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
      require(shape_of(of) == shape_of(x), "run: hold", {"a known part of shape ", to_string(shape_of(of))},
              to_string(shape_of(x)));
      require(algebra.finite(of), "run: hold", "the known part holds NaN or infinity", "finite numbers");
    }
    if constexpr (!std::same_as<Z, philox>) {
      if (settings.start == start_from::given) {
        draws_.push_back({settings.first_sample, increment::initial, 0, chosen->path.front().rho(), 0});
        check_noise(noise);
        if (noise_batch_[0] == 0) noise_batch_[0] = add_batch();
        make_staging();
      }
    }
    known_ = part;
    for (std::size_t& number : known_batches_) number = add_batch();
    asked_for_ = {};  // batches may have moved
    shown_ = nothing;
    take_known();
    blend(chosen->path.front());
  }
  bool holds_known() const { return known_batches_[0] != 0; }

  // x = w * (alpha * known + sigma * z) + (1 - w) * x
  void blend(const noise_level& at) {
    begin_known_pass(batch(known_batches_[2]));
    const auto add = [this](std::size_t number, double weight) {
      if (weight == 0) return;
      what_.weights.at(1, what_.inputs.size(), 0) = weight;
      what_.inputs.push_back(batch(number));
    };
    add(known_batches_[0], at.alpha);
    add(known_batches_[1], at.sigma);
    what_.draws.push_back({.which = {}, .filled = x, .is_filled = true});
    what_.outputs.push_back(x);
    what_.weights.at(1, pass_weights::first_draw, 0) = 1;
    algebra.pass(what_);
  }

  [[gnu::cold]] void start_state() {
    const noise_level& first = chosen->path.front();
    if (settings.start != start_from::noise)
      require(algebra.finite(x), "run: state", "the given state holds NaN or infinity", "finite numbers");
    if (settings.start == start_from::given) return;
    builder.begin(storage(1));
    const std::size_t row = builder.output(arrays::state);
    if (settings.start == start_from::image) builder.add(row, builder.input(arrays::state), first.alpha);
    builder.add(row, builder.draw({{0, increment::initial, 0, first.rho(), 0}, 0}), first.sigma);
    run_pass();
  }

  // Another source of noise for the next start.
  [[gnu::cold]] void replace_noise(Z source) {
    check_noise(source);
    noise = std::move(source);
    if constexpr (std::same_as<Z, philox>) settings.seed = noise.seed;
  }

  // Normals for `count` samples of the batch, from one on, that upload_normals() then writes.
  void stage_normals(std::size_t sample, std::size_t count, const increment& which) {
    const std::size_t size = staging_.size() / samples;
    noise.fill(std::span{staging_.data() + sample * size, count * size}, size, which);
  }
  // Numbers for every sample that upload_normals() then writes.
  void stage_numbers(std::span<const double> numbers) {
    make_staging();
    const std::size_t size = staging_.size() / samples;
    require(size % numbers.size() == 0, {"sampler: ", chosen->solver_name()},
            {numbers.size(), " numbers for a sample of ", size, " elements"},
            "one, one per channel, or one per element");
    const std::size_t each = size / numbers.size();
    for (std::size_t i = 0; i < staging_.size(); ++i)
      staging_[i] = static_cast<typename A::scalar>(numbers[i % size / each]);
  }
  // to += factor * of, element by element.
  void add_product(const span& to, const view& factor, const view& of) {
    begin_known_pass(factor);
    what_.inputs.push_back(to);
    what_.draws.push_back({.which = {}, .filled = of, .is_filled = true});
    what_.outputs.push_back(to);
    what_.weights.at(1, 0, 0) = 1;
    what_.weights.at(1, pass_weights::first_draw, 0) = 1;
    algebra.pass(what_);
  }
  void upload_normals(const span& to) { algebra.upload(staging_, to); }

  // Coefficients for the pass being built.
  pass_weights storage(std::size_t lanes) { return {coefficients_, lanes}; }
  // Runs the pass that was built.
  void run_pass() { run_pass(builder.what, builder.weights); }
  // The same of a pass that was built before.
  void run_pass(const named_pass& named, const pass_weights& weights) {
    what_.clear();
    for (const array_name name : named.inputs) what_.inputs.push_back(array_view(name));
    for (const array_name name : named.outputs) what_.outputs.push_back(array(name));
    for (const named_pass::draw& z : named.draws) what_.draws.push_back(drawn(z));
    what_.has_value = named.has_value;
    what_.stores = named.stores;
    if (named.stores) what_.store = array(named.store);
    what_.limit = named.limit;
    what_.divisor = named.divisor;
    what_.seed = settings.seed;
    what_.weights = weights;
    what_.gain = named.gain;
    if (named.gain != gain_rule::none) {
      what_.gain_input = variance_;
      what_.gain_offset = named.gain_offset;
      what_.gain_slope = named.gain_slope;
    }
    algebra.pass(what_);
  }

  // Fills `request` for an evaluation of an array under some branches. The spans must stay valid until the answer.
  void ask(array_name looked_at, std::span<const noise_level> levels, std::span<const double> labels, branch_set wanted,
           std::size_t step, std::size_t call, bool gradient = false) {
    if (!(wanted == asked_for_)) ask_for(wanted, step);
    request.at = {levels, labels, {}, settings.seed, settings.first_sample, step, call};
    request.gradients = gradient ? wanted : wanted & chosen->guidance.gradients();
    if (places_[arrays::scaled] != 0 && !gradient) {
      scale_input(looked_at, levels);
      looked_at = arrays::scaled;
    }
    if (looked_at != shown_) {
      request.state = array(looked_at);
      shown_ = looked_at;
    }
    if (settings.checked)
      for (const span& out : request.outputs) algebra.fill(out, std::numeric_limits<double>::quiet_NaN());
    asked = true;
  }

  // The request's own arrays, to be read.
  std::span<const view> own_outputs() const { return {own_outputs_.begin(), own_outputs_.size()}; }

  // Takes the answer: checks it and splits off variances.
  void take(std::span<const view> outputs) {
    if (!asked) refuse("run: answer", "nothing was asked", "next() first");
    if (outputs.size() != request.branches.size())
      refuse("run: answer", {outputs.size(), " outputs"}, {request.branches.size(), ", one per branch asked for"});
    const bool own = outputs.data() == own_outputs_.begin();
    parts_.clear();
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      if (!own) require_shape(k, outputs[k]);
      if (settings.checked && !algebra.finite(outputs[k]))
        refuse({"predictor: step ", request.at.step},
               {request.gradients.holds(request.branches[k]) ? "the gradient of branch " : "the output of branch ",
                request.branches[k],
                " holds NaN or infinity (elements that the predictor does not write stay NaN in checked runs)"},
               "every element written, with finite numbers");
      if (settings.output_parts == 2) parts_.push_back(algebra.part(outputs[k], 0, 2));
    }
    branch_outputs_ = settings.output_parts == 1 ? outputs : std::span<const view>{parts_.begin(), parts_.size()};
    if (settings.output_parts == 2) variance_ = algebra.part(outputs[0], 1, 2);
  }
  // Weighs the branches of the answer.
  present_reading read(array_name looked_at, const guidance_position& position) {
    const std::span<const noise_level> levels = request.at.levels;
    if (request.only_gradients())
      return {reader, levels, {request.branches.begin(), request.branches.size()}, looked_at, 1, true};
    const std::size_t lanes = reader.lanes(samples, levels.size());
    if (chosen->guidance.needs_gram()) compute_gram(looked_at, position.at);
    reader.look(position, levels, branch_outputs_.size(), has_tensor(), lanes, request.at.call == 0);
    return {reader, levels, {request.branches.begin(), request.branches.size()}, looked_at, lanes};
  }
  // The answer has been used: the next evaluation may be asked for.
  void accept() {
    if (!request.only_gradients()) evaluations += branch_outputs_.size();
    asked = false;
  }

  void commit_guidance(bool tensor_moves) {
    if (has_tensor() && tensor_moves) {
      current_tensor_ = 1 - current_tensor_;
      place_guidance();
    }
    reader.commit();
  }
  [[gnu::cold]] void reset() {
    current_tensor_ = 0;
    reader.reset();
    asked = false;
    evaluations = 0;
    for (held_noise& held : held_noise_) held.is_there = false;
    if (!has_tensor()) return;
    place_guidance();
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
    if (is_sound()) place_guidance();
    for (const std::size_t tensor : guidance_tensor_) transfer(to, batch(tensor));
  }
  bool is_sound() const { return current_tensor_ < std::size(guidance_tensor_); }

  const span& denoised() const {
    if (places_[arrays::denoised] == 0)
      refuse("run: denoised", "the run does not keep it", "run_settings::keep_denoised = true");
    return array(arrays::denoised);
  }

  // What a threshold allows each sample: fixed for all, or the quantiles of `of`.
  std::span<const double> find_limits(const threshold& map, const view& of) {
    if (map.how == threshold::kind::dynamic) algebra.quantile(of, map.ratio, limits_);
    for (double& limit : limits_)
      limit = map.how == threshold::kind::dynamic ? std::clamp(limit, map.floor, map.ceiling) : map.range;
    return limits_;
  }
  std::span<const double> limits() const { return limits_; }

  A algebra;
  shared<policies> chosen;
  run_settings settings;
  Z noise;
  span x;
  std::size_t samples;
  std::uint64_t fingerprint;  // of the sampler, for checkpoints
  guided_reader reader;
  pass_builder builder;
  evaluation_request<A> request;
  bool asked = false;
  std::size_t evaluations = 0;

 private:
  static constexpr std::size_t first_output = 1;  // its batch; the other branches' follow
  static constexpr array_name nothing = arrays::own - 1;

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
    if (!needs.draws.empty() && !chosen->has_own_steps()) slots = max_noise_slots;
    for (std::size_t k = 0; k < slots; ++k) noise_batch_[k] = add_batch();
    if (slots > 0 || chosen->has_own_steps()) make_staging();
  }

  [[gnu::cold]] void make_staging() {
    const std::size_t size = shape_of(x).size();
    if (staging_.size() != size) std::vector<typename A::scalar>(size).swap(staging_);
  }

  // A pass of its own, with an element-wise factor on what it draws.
  void begin_known_pass(const view& factor) {
    what_.clear();
    what_.seed = settings.seed;
    what_.weights = storage(1);
    what_.weights.clear();
    what_.gain = gain_rule::factor;
    what_.gain_input = factor;
  }

  // w * known, w * z and 1 - w.
  [[gnu::cold]] void take_known() {
    const span& rest = batch(known_batches_[2]);
    algebra.fill(rest, 1);
    begin_known_pass(known_.weights);
    what_.inputs.push_back(rest);
    what_.inputs.push_back(known_.weights);
    what_.draws.push_back({.which = {}, .filled = known_.values, .is_filled = true});
    what_.draws.push_back(drawn({{0, increment::initial, 0, chosen->path.front().rho(), 0}, 0}));
    for (const std::size_t number : known_batches_) what_.outputs.push_back(batch(number));
    what_.weights.at(1, pass_weights::first_draw, 0) = 1;
    what_.weights.at(2, pass_weights::first_draw + 1, 0) = 1;
    what_.weights.at(3, 0, 0) = 1;
    what_.weights.at(3, 1, 0) = -1;
    algebra.pass(what_);
  }

  void check_noise(const Z& source) const {
    if constexpr (requires(const increment& which) { source.check(which, samples); })
      for (const increment& which : draws_) source.check(which, samples);
  }

  [[gnu::cold]] std::size_t add_batch(const shape& extents) {
    batches_.push_back(algebra.allocate(extents));
    list_batches();
    return batches_.size();
  }
  [[gnu::cold]] void list_batches() {
    spans_.clear();  // a buffer that moves may take its elements along
    views_.clear();
    spans_.push_back(x);
    for (auto& buffer : batches_) spans_.push_back(algebra.view_of(buffer));
    for (const span& s : spans_) views_.push_back(s);
  }

  // Another set of branches than the last time.
  void ask_for(branch_set wanted, std::size_t step) {
    if (wanted.size() > output_count_)
      refuse("guidance", {"asks for ", wanted.size(), " branches in step ", step},
             {output_count_,
              ", as its needs() said at the trajectory's levels (breakpoints() names the levels where they change)"});
    asked_for_ = wanted;
    request.branches.clear();
    request.outputs.clear();
    own_outputs_.clear();
    for (std::size_t b = 0; b < max_branches; ++b) {
      if (!wanted.holds(b)) continue;
      const span& out = batch(first_output + request.outputs.size());
      request.branches.push_back(b);
      request.outputs.push_back(out);
      own_outputs_.push_back(out);
    }
  }

  void require_shape(std::size_t k, const view& output) const {
    const shape wanted = shape_of(request.outputs[k]), given = shape_of(output);
    if (!(given == wanted)) refuse("run: answer", {"output ", k, " of shape ", to_string(given)}, to_string(wanted));
  }

  void scale_input(array_name looked_at, std::span<const noise_level> levels) {
    for (std::size_t i = 0; i < levels.size(); ++i) scales_[i] = chosen->parameterisation.input_scale(levels[i]);
    request.at.input_scales = {scales_.data(), levels.size()};
    builder.begin(storage(levels.size()));
    const std::size_t row = builder.output(arrays::scaled), term = builder.input(looked_at);
    for (std::size_t lane = 0; lane < levels.size(); ++lane) builder.add(row, term, lane, scales_[lane]);
    run_pass();
  }

  void compute_gram(array_name looked_at, const noise_level& at) {
    inline_vector<view, guided_reader::max_inputs> inputs;
    inputs.push_back(array_view(looked_at));
    for (const view& out : branch_outputs_) inputs.push_back(out);
    if (has_tensor()) inputs.push_back(array_view(arrays::guidance));
    algebra.gram(std::span<const view>{inputs.begin(), inputs.size()},
                 reader.basis(at, branch_outputs_.size(), has_tensor()), reader.gram());
  }

  // One z of a pass. What another source than philox gives lies in a batch.
  noise_draw<view> drawn(const named_pass::draw& of) {
    noise_draw<view> z{.which = of.which};
    z.which.first_sample = settings.first_sample;
    if constexpr (!std::same_as<Z, philox>) {
      const span into = batch(noise_batch_[of.slot]);
      held_noise& held = held_noise_[of.slot];
      if (!held.is_there || held.step != of.which.step || held.slot != of.which.slot) {
        noise.fill(std::span{staging_}, staging_.size() / samples, z.which);
        algebra.upload(staging_, into);
        held = {true, of.which.step, of.which.slot};
      }
      z.filled = into;
      z.is_filled = true;
    }
    return z;
  }

  bool has_tensor() const { return guidance_tensor_[0] != 0; }
  void place_guidance() {
    place(arrays::guidance, guidance_tensor_[current_tensor_]);
    place(arrays::next_guidance, guidance_tensor_[1 - current_tensor_]);
  }

  // What lies in a batch of noise.
  struct held_noise {
    bool is_there = false;
    std::uint32_t step = 0, slot = 0;
  };

  std::vector<typename A::buffer> batches_;
  std::vector<span> spans_;  // of the state and the batches
  std::vector<view> views_;
  std::size_t output_count_, guidance_tensor_[2] = {}, current_tensor_ = 0;
  std::size_t noise_batch_[max_noise_slots] = {};
  held_noise held_noise_[max_noise_slots];
  std::size_t known_batches_[3] = {};  // of a known part: w * values, w * z, 1 - w
  known_part<view> known_{};
  branch_set asked_for_;
  inline_vector<view, max_branches> own_outputs_, parts_;
  std::span<const view> branch_outputs_;  // of the present answer; valid while it is taken
  view variance_{};
  array_name shown_ = nothing;    // what request.state is
  std::vector<increment> draws_;  // what a source other than philox must be able to serve
  std::vector<double> limits_, scales_, coefficients_;
  std::vector<std::size_t> places_;  // the batch behind each name
  pass_description<view, span> what_;
  std::vector<typename A::scalar> staging_;  // ordinary memory between a source of noise, or a file, and the device
};

}  // namespace noisefall
