// A call of a network: from the state, the labels and the conditions to its input arrays, and from its output to ours.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/adapters/network_array.hpp>
#include <noisefall/adapters/network_condition.hpp>
#include <noisefall/adapters/network_convert.hpp>
#include <noisefall/adapters/network_options.hpp>
#include <noisefall/adapters/network_roles.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/shape.hpp>

namespace noisefall {

// One evaluation for one or more branches that go together: what is in memory, of whatever type.
struct network_question {
  element_type state_type = element_type::float32;
  const void* state = nullptr;  // [B, ...]
  shape state_extents{};
  const evaluation* at = nullptr;
  std::span<const network_condition* const> conditions{};  // g of them
  element_type output_type = element_type::float32;
  std::span<void* const> outputs{};  // g of them, each of output_extents
  shape output_extents{};
};

// Knows what the network declares and feeds it: g branches of B samples are g * B rows, branch after branch. Memory of
// the caller is handed over as it is where type and place fit; what must be converted, repeated or put side by side goes
// through buffers that are kept. A network that was exported for a fixed batch is called as often as it takes. `own_type`
// is what state, time and output have where neither network nor options say.
class network_call {
 public:
  network_call(std::string where, std::vector<array_info> inputs, std::vector<array_info> outputs,
               const network_options& options, element_type own_type)
      : where_{std::move(where)},
        inputs_{std::move(inputs)},
        outputs_{std::move(outputs)},
        options_{options},
        roles_{where_, inputs_, outputs_, options},
        feeds_(inputs_.size()),
        arrays_(inputs_.size()) {
    const auto resolve = [&](element_type& of, element_type asked) {
      if (asked != element_type::unknown) of = asked;
      if (of == element_type::unknown) of = own_type;
    };
    array_info& state = inputs_[roles_.state];
    resolve(state.type, options.state_type);
    require_floating(state, "input");
    if (roles_.time != network_roles::none) {
      array_info& time = inputs_[roles_.time];
      resolve(time.type, options.time_type);
      require(is_floating(time.type) || time.type == element_type::int64 || time.type == element_type::int32,
              place(time), name_of(time.type), "a time in floating point, int64 or int32");
      require(time.any_rank || time.extents.size() <= 1, place(time), {"declared as ", to_string(time)},
              "a time of rank 0 or 1");
    }
    resolve(outputs_[roles_.output].type, options.output_type);
    require_floating(outputs_[roles_.output], "output");
  }

  const array_info& state() const { return inputs_[roles_.state]; }
  const array_info& output() const { return outputs_[roles_.output]; }
  // nullptr: the network has none.
  const array_info* time() const { return roles_.time == network_roles::none ? nullptr : &inputs_[roles_.time]; }
  const std::vector<array_info>& inputs() const { return inputs_; }
  const std::vector<array_info>& outputs() const { return outputs_; }
  const network_options& options() const { return options_; }

  // Extents that the network leaves open are the state's.
  shape output_shape(const shape& state) const {
    const array_info& info = output();
    if (info.any_rank) return state;
    if (info.extents.size() != state.rank())
      refuse(place(info, "output"), {"for a state of shape ", to_string(state)}, to_string(info));
    shape of = state;
    for (std::size_t axis = 1; axis < of.rank(); ++axis)
      if (info.extents[axis] >= 0) of = of.with_extent(axis, static_cast<std::size_t>(info.extents[axis]));
    return of;
  }

  // network.run(inputs, which, output) is called with an array for each input, in their order, and writes the output of
  // that number.
  template <class Network>
  void run(Network& network, const network_question& asked) {
    if (asked.state_extents.samples() == 0 || asked.conditions.empty()) return;
    plan(asked);
    feed_state(asked);
    feed_time(asked);
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      if (i != roles_.state && i != roles_.time) feed_condition(i, asked);
    refuse_strangers(asked);
    place_output(asked);
    for (std::size_t first = 0; first < rows_; first += chunk_) {
      const std::size_t count = std::min(chunk_, rows_ - first);
      for (std::size_t i = 0; i < feeds_.size(); ++i) feeds_[i].hand_over(first, count, arrays_[i]);
      output_feed_.hand_over(first, count, output_array_);
      network.run(arrays_, roles_.output, output_array_);
    }
    deliver(asked);
  }

 private:
  // An array of `period` rows that are repeated over all rows, or one that every call gets whole (row_bytes = 0).
  struct feed {
    array_ref array{};
    std::size_t row_bytes = 0, period = 1;
    bool counts_rows = false;  // the first extent is the number of rows of a call
    std::vector<std::byte> storage{};

    void hand_over(std::size_t first, std::size_t count, array_ref& to) const {
      to.type = array.type;
      to.extents = array.extents;
      to.data = array.data == nullptr ? nullptr : static_cast<std::byte*>(array.data) + first % period * row_bytes;
      if (counts_rows) to.extents[0] = static_cast<std::int64_t>(count);
    }
    std::byte* keep(std::size_t bytes) {
      if (storage.size() < bytes) storage.resize(bytes);
      array.data = storage.data();
      return storage.data();
    }
  };

  std::string place(const array_info& of, const char* kind = "input") const {
    return where_ + ": " + kind + " '" + of.name + "'";
  }
  void require_floating(const array_info& of, const char* kind) const {
    require(is_floating(of.type), place(of, kind), name_of(of.type), "float32, float64, float16 or bfloat16");
  }

  static bool one_label(const evaluation& at) {
    return std::all_of(at.labels.begin(), at.labels.end(), [&](double label) { return label == at.labels[0]; });
  }
  time_shape shape_of_time() const {
    if (options_.time_is != time_shape::unknown) return options_.time_is;
    const array_info& time = inputs_[roles_.time];
    if (time.any_rank) return time_shape::batch;
    if (time.extents.empty()) return time_shape::scalar;
    return time.extents[0] == 1 && fixed_batch() != 1 ? time_shape::one : time_shape::batch;
  }
  std::int64_t fixed_batch() const { return state().any_rank || state().extents.empty() ? -1 : state().extents[0]; }

  // How many rows there are and how many go in a call.
  void plan(const network_question& asked) {
    samples_ = asked.state_extents.samples();
    rows_ = samples_ * asked.conditions.size();
    const std::int64_t fixed = fixed_batch();
    chunk_ = fixed > 0 ? static_cast<std::size_t>(fixed) : options_.most_rows > 0 ? options_.most_rows : rows_;
    if (fixed > 0 && rows_ % chunk_ != 0)
      refuse(
          place(state()),
          {"shape ", to_string(asked.state_extents), " in ", asked.conditions.size(), " branches is ", rows_, " rows"},
          {to_string(state()), ": a multiple of ", chunk_, " rows"});
    chunk_ = std::min(chunk_, rows_);
    if (roles_.time != network_roles::none && shape_of_time() != time_shape::batch && !one_label(*asked.at)) {
      if (fixed > 1)
        refuse(place(*time()), "one time for all, and the samples have times of their own",
               "a network with a time per sample, [B], or of batch 1");
      chunk_ = 1;
    }
  }

  void feed_state(const network_question& asked) {
    const array_info& info = state();
    bool fits = info.any_rank || info.extents.size() == asked.state_extents.rank();
    for (std::size_t axis = 1; fits && axis < info.extents.size(); ++axis)
      fits = info.extents[axis] < 0 || static_cast<std::size_t>(info.extents[axis]) == asked.state_extents[axis];
    if (!fits) refuse(place(info), {"shape ", to_string(asked.state_extents)}, to_string(info));

    feed& into = feeds_[roles_.state];
    into.array.type = info.type;
    into.array.extents.clear();
    for (std::size_t axis = 0; axis < asked.state_extents.rank(); ++axis)
      into.array.extents.push_back(static_cast<std::int64_t>(asked.state_extents[axis]));
    into.counts_rows = true;
    into.row_bytes = asked.state_extents.sample_size() * size_of(info.type);
    const std::size_t elements = asked.state_extents.size(), bytes = samples_ * into.row_bytes;
    into.period = samples_ % chunk_ == 0 ? samples_ : rows_;  // branches see the same state; a call may span them
    if (info.type == asked.state_type && into.period == samples_) {
      into.array.data = const_cast<void*>(asked.state);
      return;
    }
    std::byte* to = into.keep(into.period * into.row_bytes);
    convert(asked.state_type, asked.state, info.type, to, elements);
    for (std::size_t at = bytes; at < into.period * into.row_bytes; at += bytes) std::copy_n(to, bytes, to + at);
  }

  void feed_time(const network_question& asked) {
    if (roles_.time == network_roles::none) return;
    const array_info& info = inputs_[roles_.time];
    feed& into = feeds_[roles_.time];
    const time_shape form = shape_of_time();
    into.array.type = info.type;
    into.array.extents.assign(form == time_shape::scalar ? 0 : 1, 1);
    into.counts_rows = form == time_shape::batch;
    into.row_bytes = size_of(info.type);
    into.period = rows_;
    std::byte* to = into.keep(rows_ * into.row_bytes);
    for (std::size_t row = 0; row < rows_; ++row) {
      const double label = asked.at->label(row % samples_);
      if (is_floating(info.type)) {
        convert(element_type::float64, &label, info.type, to + row * into.row_bytes, 1);
        continue;
      }
      const auto whole = static_cast<std::int64_t>(std::llround(label));
      if (!options_.round_labels && static_cast<double>(whole) != label)
        refuse(place(info), {"takes ", name_of(info.type), ", and the label is ", label},
               "whole labels (whole_labels{...} around the spacing), or network_options::round_labels");
      convert(element_type::int64, &whole, info.type, to + row * into.row_bytes, 1);
    }
  }

  // The tensor of branch k for this input, its extents with the batch's axis, and how they must be.
  struct given {
    const named_tensor* tensor = nullptr;
    std::vector<std::int64_t> extents{};
    bool by_row = false;
  };
  given look_up(const array_info& info, const network_question& asked, std::size_t k) const {
    given found{asked.conditions[k]->find(info.name)};
    if (found.tensor == nullptr) {
      if (!info.optional)
        refuse(place(info), {"the condition of branch ", k, " has no tensor of this name"},
               {to_string(info), ", as named_tensor{\"", info.name, "\", ...}"});
      return found;
    }
    found.extents = found.tensor->array().extents;
    const std::vector<std::int64_t> as_given = found.extents;
    if (!info.any_rank && found.extents.size() + 1 == info.extents.size())
      found.extents.insert(found.extents.begin(), 1);
    bool fits = info.any_rank || found.extents.size() == info.extents.size();
    for (std::size_t axis = 1; fits && axis < info.extents.size(); ++axis)
      fits = info.extents[axis] < 0 || info.extents[axis] == found.extents[axis];
    if (fits && !found.extents.empty()) {
      const std::int64_t first = found.extents[0], declared = info.any_rank ? -1 : info.extents[0];
      const bool one_per_sample = first == 1 || first == static_cast<std::int64_t>(samples_);
      found.by_row = !found.tensor->is_whole() && one_per_sample && follows_batch(info, declared);
      fits = found.by_row || declared < 0 || declared == first;
    }
    if (!fits)
      refuse(place(info), {"shape ", to_string(as_given), " in the condition of branch ", k},
             {to_string(info), fits_samples()});
    if (info.type != element_type::unknown && !convertible(found.tensor->array().type, info.type))
      refuse(place(info), {name_of(found.tensor->array().type), " in the condition of branch ", k}, name_of(info.type));
    return found;
  }
  std::string fits_samples() const { return ", with 1 or " + std::to_string(samples_) + " as the batch"; }
  // Whether an input's first extent is the number of rows of a call.
  bool follows_batch(const array_info& info, std::int64_t declared) const {
    if (declared >= 0) return declared == fixed_batch();
    const auto symbol = [](const array_info& of) { return of.symbols.empty() ? std::string{} : of.symbols[0]; };
    const std::string its = symbol(info), states = symbol(state());
    return its.empty() || states.empty() || its == states;
  }

  void feed_condition(std::size_t i, const network_question& asked) {
    const array_info& info = inputs_[i];
    feed& into = feeds_[i];
    const given first = look_up(info, asked, 0);
    if (first.tensor == nullptr) {
      into = {};
      return;
    }
    const array_ref& array = first.tensor->array();
    const element_type type = info.type == element_type::unknown ? array.type : info.type;
    into.array.type = type;
    into.array.extents = first.extents;
    into.counts_rows = first.by_row;
    const std::size_t elements = first.tensor->elements();
    const std::size_t row = first.by_row ? elements / static_cast<std::size_t>(first.extents[0]) : elements;
    into.row_bytes = first.by_row ? row * size_of(type) : 0;
    into.period = first.by_row ? rows_ : 1;
    const bool direct = array.type == type && asked.conditions.size() == 1 &&
                        (!first.by_row || first.extents[0] == static_cast<std::int64_t>(samples_));
    if (direct) {
      into.array.data = array.data;
      return;
    }
    std::byte* to = into.keep((first.by_row ? rows_ : 1) * row * size_of(type));
    for (std::size_t k = 0; k < asked.conditions.size(); ++k) {
      const given here = k == 0 ? first : look_up(info, asked, k);
      require_alike(info, first, here, k);
      const array_ref& from = here.tensor->array();
      if (!first.by_row) {
        if (k == 0) convert(from.type, from.data, type, to, elements);
        continue;
      }
      std::byte* branch = to + k * samples_ * into.row_bytes;
      const std::size_t rows = static_cast<std::size_t>(here.extents[0]);
      convert(from.type, from.data, type, branch, rows * row);
      for (std::size_t sample = rows; sample < samples_; ++sample)
        std::copy_n(branch, into.row_bytes, branch + sample * into.row_bytes);
    }
  }
  // Branches of one call have rows of one shape, and share what is fed whole.
  void require_alike(const array_info& info, const given& first, const given& here, std::size_t k) const {
    bool alike = (first.tensor == nullptr) == (here.tensor == nullptr);
    if (alike && first.tensor != nullptr) {
      alike = first.by_row == here.by_row && first.extents.size() == here.extents.size() &&
              std::equal(first.extents.begin() + (first.by_row ? 1 : 0), first.extents.end(),
                         here.extents.begin() + (first.by_row ? 1 : 0));
      const array_ref &a = first.tensor->array(), &b = here.tensor->array();
      if (alike && !first.by_row && a.data != b.data)
        alike = a.type == b.type &&
                std::equal(static_cast<const std::byte*>(a.data),
                           static_cast<const std::byte*>(a.data) + first.tensor->elements() * size_of(a.type),
                           static_cast<const std::byte*>(b.data));
    }
    if (!alike)
      refuse(
          place(info),
          {"branch ", k, " has ", here.tensor == nullptr ? "none" : to_string(here.tensor->array().extents),
           " and branch 0 has ", to_string(first.tensor->array().extents), ", or other values of what all rows share"},
          "the same in all branches, or network_options::branches = branch_calls::one_by_one");
  }

  // A tensor that no input takes is a slip of its name.
  void refuse_strangers(const network_question& asked) const {
    for (const network_condition* condition : asked.conditions)
      for (const named_tensor& tensor : condition->tensors()) {
        bool taken = false;
        for (std::size_t i = 0; i < inputs_.size(); ++i)
          taken = taken || (i != roles_.state && i != roles_.time && inputs_[i].name == tensor.name());
        if (!taken)
          refuse({where_, ": condition"}, {"'", tensor.name(), "' is no input of the network beside state and time"},
                 to_string(inputs_));
      }
  }

  void place_output(const network_question& asked) {
    const array_info& info = output();
    const shape& extents = asked.output_extents;
    bool fits = extents.samples() == samples_ && (info.any_rank || info.extents.size() == extents.rank());
    for (std::size_t axis = 1; fits && axis < info.extents.size(); ++axis)
      fits = info.extents[axis] < 0 || static_cast<std::size_t>(info.extents[axis]) == extents[axis];
    if (!fits) refuse(place(info, "output"), {"shape ", to_string(extents)}, to_string(info));
    feed& into = output_feed_;
    into.array.type = info.type;
    into.array.extents.clear();
    for (std::size_t axis = 0; axis < extents.rank(); ++axis)
      into.array.extents.push_back(static_cast<std::int64_t>(extents[axis]));
    into.counts_rows = true;
    into.row_bytes = extents.sample_size() * size_of(info.type);
    into.period = rows_;
    output_is_in_place_ = info.type == asked.output_type;
    for (std::size_t k = 1; k < asked.outputs.size(); ++k)
      output_is_in_place_ = output_is_in_place_ && asked.outputs[k] == static_cast<std::byte*>(asked.outputs[0]) +
                                                                           k * samples_ * into.row_bytes;
    if (output_is_in_place_)
      into.array.data = asked.outputs[0];
    else
      into.keep(rows_ * into.row_bytes);
  }
  void deliver(const network_question& asked) const {
    if (output_is_in_place_) return;
    const std::size_t branch = samples_ * output_feed_.row_bytes;
    for (std::size_t k = 0; k < asked.outputs.size(); ++k)
      convert(output_feed_.array.type, output_feed_.storage.data() + k * branch, asked.output_type, asked.outputs[k],
              asked.output_extents.size());
  }

  std::string where_;
  std::vector<array_info> inputs_, outputs_;
  network_options options_;
  network_roles roles_;
  std::vector<feed> feeds_;
  std::vector<array_ref> arrays_;
  feed output_feed_;
  array_ref output_array_;
  std::size_t samples_ = 0, rows_ = 0, chunk_ = 0;
  bool output_is_in_place_ = false;
};

}  // namespace noisefall
