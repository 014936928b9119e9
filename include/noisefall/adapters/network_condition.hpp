// What a network is told beside the state and the time: tensors by name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/adapters/network_array.hpp>
#include <noisefall/adapters/network_convert.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/tensor/shape.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// A tensor for the input `name`: of float, double, half, bfloat16, std::int64_t, std::int32_t, std::uint8_t or bool. The
// first extent is the batch's, or 1: then all samples get the same. Without that axis, too.
class named_tensor {
 public:
  // Refers to the caller's elements, which live as long as the tensor is used.
  template <class T>
  named_tensor(std::string name, const basic_view<T>& values) : name_{std::move(name)} {
    require(values.contiguous() && values.stored() == storage::native, "named_tensor",
            {"'", name_, "': a view whose samples lie apart or widen 16-bit numbers"},
            "adjacent elements of the view's own type");
    array_.type = type_of<std::remove_const_t<T>>();
    array_.data = const_cast<std::remove_const_t<T>*>(values.data());
    take(values.extents());
  }
  // The same for any pointer, and ranks from 0 on.
  template <class T>
  named_tensor(std::string name, const T* elements, std::vector<std::int64_t> extents) : name_{std::move(name)} {
    array_ = {type_of<T>(), std::move(extents), const_cast<T*>(elements)};
  }
  // Owns its elements; copies share them. Without extents it has one axis: {"class_labels", std::vector<std::int64_t>{3}}.
  template <class T>
  named_tensor(std::string name, std::vector<T> values) : named_tensor{std::move(name), std::move(values), {-1}} {}
  template <class T>
  named_tensor(std::string name, std::vector<T> values, std::vector<std::int64_t> extents) : name_{std::move(name)} {
    auto owned = std::make_shared<std::vector<T>>(std::move(values));
    if (extents == std::vector<std::int64_t>{-1}) extents = {static_cast<std::int64_t>(owned->size())};
    array_ = {type_of<T>(), std::move(extents), owned->data()};
    require(elements() == owned->size(), "named_tensor",
            {"'", name_, "': ", owned->size(), " elements for ", to_string(array_.extents)},
            "as many as the extents say");
    owner_ = std::move(owned);
  }
  named_tensor(std::string name, const std::vector<bool>& values) : named_tensor{std::move(name), bytes(values), {-1}} {
    array_.type = element_type::boolean;
  }

  // Fed as it is, whatever the batch: positions of tokens and the like, whose first extent is not the batch's.
  named_tensor whole() && {
    whole_ = true;
    return std::move(*this);
  }

  const std::string& name() const { return name_; }
  const array_ref& array() const { return array_; }
  bool is_whole() const { return whole_; }
  std::size_t elements() const {
    std::size_t n = 1;
    for (const std::int64_t extent : array_.extents) n *= static_cast<std::size_t>(extent);
    return n;
  }

 private:
  template <class T>
  static constexpr element_type type_of() {
    static_assert(element_type_of<T>() != element_type::unknown,
                  "a named_tensor is of float, double, half, bfloat16, int64, int32, uint8 or bool");
    return element_type_of<T>();
  }
  static std::vector<std::uint8_t> bytes(const std::vector<bool>& of) { return {of.begin(), of.end()}; }
  void take(const shape& extents) {
    for (std::size_t axis = 0; axis < extents.rank(); ++axis)
      array_.extents.push_back(static_cast<std::int64_t>(extents[axis]));
  }

  std::string name_;
  array_ref array_;
  bool whole_ = false;
  std::shared_ptr<const void> owner_;
};

// The condition of a network: its tensors, each name once.
//   const nf::network_condition cat{{"encoder_hidden_states", nf::view<float>{embedding, {1, 77, 768}}}};
//   const nf::network_condition three{{"class_labels", std::vector<std::int64_t>{3}}};
class network_condition {
 public:
  network_condition() = default;
  network_condition(std::initializer_list<named_tensor> tensors) {
    for (const named_tensor& tensor : tensors) add(tensor);
  }
  network_condition& add(named_tensor tensor) {
    require(find(tensor.name()) == nullptr, "network_condition", {"'", tensor.name(), "' twice"}, "each name once");
    tensors_.push_back(std::move(tensor));
    return *this;
  }
  const named_tensor* find(const std::string& name) const {
    const auto found = std::find_if(tensors_.begin(), tensors_.end(),
                                    [&](const named_tensor& tensor) { return tensor.name() == name; });
    return found == tensors_.end() ? nullptr : &*found;
  }
  const std::vector<named_tensor>& tensors() const { return tensors_; }

 private:
  std::vector<named_tensor> tensors_;
};

}  // namespace noisefall
