// Arrays of xtensor as states, and the library's batches as arrays of xtensor, without a copy.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#if __has_include(<xtensor/containers/xadapt.hpp>)  // xtensor 0.26 and later
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/core/xnoalias.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xtensor.hpp>
#endif

#include <noisefall/core/error.hpp>
#include <noisefall/tensor/shape.hpp>
#include <noisefall/tensor/tensor.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// What of xtensor has its elements in memory: xarray, xtensor, xtensor_fixed, adaptors, and strided views of these.
template <class E>
concept XtensorArray = requires(E& array) {
  typename E::value_type;
  { std::remove_const_t<E>::static_layout } -> std::convertible_to<xt::layout_type>;
  array.data();
  array.data_offset();
  array.strides();
  array.shape();
};

namespace detail {

template <class Numbers>
std::string listed_numbers(const Numbers& numbers) {
  std::string text = "[";
  for (const auto number : numbers) text += (text.size() > 1 ? ", " : "") + std::to_string(number);
  return text + "]";
}

// How far apart the samples of an array lie. Throws unless each of them is row-major and without gaps. An extent of 1
// may have any stride: nothing is multiplied by it.
template <class Strides>
std::size_t stride_of_samples(const shape& extents, const Strides& strides) {
  if (extents.size() == 0) return extents.sample_size();
  bool row_major = true;
  std::ptrdiff_t wanted = 1;
  for (std::size_t axis = extents.rank() - 1; axis > 0; --axis) {
    row_major &= extents[axis] == 1 || static_cast<std::ptrdiff_t>(strides[axis]) == wanted;
    wanted *= static_cast<std::ptrdiff_t>(extents[axis]);
  }
  const auto between = extents.samples() == 1 ? wanted : static_cast<std::ptrdiff_t>(strides[0]);
  require(row_major && between >= wanted, "view_of",
          {"an xtensor of shape ", to_string(extents), " with strides ", listed_numbers(strides)},
          "samples that are row-major, without gaps and in ascending order, as xt::eval makes them");
  return static_cast<std::size_t>(between);
}

inline void require_plain(bool native, bool contiguous) {
  require(native, "as_xtensor", "a view that widens 16-bit numbers", "numbers of the view's own type");
  require(contiguous, "as_xtensor", "a view with gaps between its samples", "a contiguous view");
}

}  // namespace detail

// The batch in an array of xtensor: [samples, ...], row-major, no copy. To be used while the array lives and keeps its
// shape.
//
//   xt::xtensor<float, 4> images = xt::zeros<float>({2, 3, 64, 64});
//   sample(model, nf::view_of(images));
//
// A view (xt::view, xt::strided_view) may leave gaps between samples, not within them: some of the channels of a batch
// will do, some of the columns of its images will not. A network may answer with such a view; a state has no gaps.
// Throws noisefall::error for other strides and for ranks 0 and above 8.
template <class Array>
requires XtensorArray<std::remove_reference_t<Array>>
auto view_of(Array&& array) {
  using E = std::remove_cvref_t<Array>;
  static_assert(std::is_lvalue_reference_v<Array>,
                "view_of refers to the elements of an array: give it one that has a name and outlives the view");
  static_assert(
      E::static_layout != xt::layout_type::column_major,
      "a state is row-major: this array is column-major; use xt::layout_type::row_major (the default) or copy "
      "it into such an array");
  const auto& given = array.shape();
  std::vector<std::size_t> list;
  for (const auto extent : given) list.push_back(static_cast<std::size_t>(extent));
  const shape extents{std::span<const std::size_t>{list}};
  const std::size_t stride = detail::stride_of_samples(extents, array.strides());
  auto* first = array.data() + static_cast<std::ptrdiff_t>(array.data_offset());
  return basic_view<std::remove_pointer_t<decltype(first)>>{first, extents, stride};
}

// A batch as an array of xtensor that refers to its elements: for predictors written with xtensor. The rank is the
// batch's; as_xtensor<4>(view) fixes it at compile time, which is faster and allocates nothing.
//
//   void predict(nf::view<float> x, const nf::evaluation& at, const condition&, nf::mutable_view<float> out) {
//     xt::noalias(nf::as_xtensor<4>(out)) = nf::as_xtensor<4>(x) * gain;
//   }
//
// Throws noisefall::error if the view has gaps or widens 16-bit numbers, or if its rank is another.
template <std::size_t Rank = 0, class T>
auto as_xtensor(const basic_view<T>& of) {
  detail::require_plain(of.stored() == storage::native, of.contiguous());
  if constexpr (Rank == 0) {
    std::vector<std::size_t> extents;
    for (std::size_t axis = 0; axis < of.extents().rank(); ++axis) extents.push_back(of.extents()[axis]);
    return xt::adapt(of.data(), of.size(), xt::no_ownership(), extents);
  } else {
    require(of.extents().rank() == Rank, "as_xtensor", {"a batch of shape ", to_string(of.extents())},
            {"rank ", Rank, ", as asked for"});
    std::array<std::size_t, Rank> extents;
    for (std::size_t axis = 0; axis < Rank; ++axis) extents[axis] = of.extents()[axis];
    return xt::adapt(of.data(), of.size(), xt::no_ownership(), extents);
  }
}
template <std::size_t Rank = 0, class T>
auto as_xtensor(tensor<T>& of) {
  return as_xtensor<Rank>(mutable_view<T>{of});
}
template <std::size_t Rank = 0, class T>
auto as_xtensor(const tensor<T>& of) {
  return as_xtensor<Rank>(view<T>{of});
}
template <std::size_t Rank = 0, class T>
void as_xtensor(const tensor<T>&&) = delete;  // it would be gone before the array is used

}  // namespace noisefall
