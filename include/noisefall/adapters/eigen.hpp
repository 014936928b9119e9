// Matrices of Eigen as states, and the library's batches as matrices of Eigen, without a copy.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>

#include <Eigen/Core>

#include <noisefall/core/error.hpp>
#include <noisefall/core/half.hpp>
#include <noisefall/tensor/shape.hpp>
#include <noisefall/tensor/tensor.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

namespace detail {

// The two libraries' 16-bit types have the same bits.
template <class T>
struct eigen_scalar {
  using ours = T;
  using its = T;
};
template <>
struct eigen_scalar<half> {
  using its = Eigen::half;
};
template <>
struct eigen_scalar<bfloat16> {
  using its = Eigen::bfloat16;
};
template <>
struct eigen_scalar<Eigen::half> {
  using ours = half;
};
template <>
struct eigen_scalar<Eigen::bfloat16> {
  using ours = bfloat16;
};

template <class E>
std::true_type is_eigen(const Eigen::DenseBase<E>*);
std::false_type is_eigen(...);

// May own its elements: a Ref to const, which copies what does not fit.
template <class E>
struct is_const_ref : std::false_type {};
template <class E, int Options, class Stride>
struct is_const_ref<Eigen::Ref<const E, Options, Stride>> : std::true_type {};

template <class E>
inline constexpr bool is_eigen_map = std::is_base_of_v<Eigen::MapBase<E, Eigen::ReadOnlyAccessors>, E>;

}  // namespace detail

// A matrix, vector or array of Eigen, or an expression of one.
template <class E>
concept EigenDense = decltype(detail::is_eigen(static_cast<std::remove_const_t<E>*>(nullptr)))::value;

// The batch in a matrix of Eigen, no copy. Samples are what the matrix stores one after another:
//   column-major (Eigen's default), d x B:  one sample per column, a batch of shape [B, d]
//   row-major, B x d:                       one sample per row, a batch of shape [B, d]
//   a vector of d elements:                 one sample, a batch of shape [1, d]
// Maps, Refs and blocks will do where the elements of each sample are adjacent: x.leftCols(4), x.topRows(2). A network
// may answer with a view that has gaps between samples, as the latter's; a state has none. To be used while the matrix
// lives and keeps its size.
//
//   Eigen::MatrixXf x(112, 8);  // 8 action sequences
//   sample(model, nf::view_of(x));
//
// Throws noisefall::error if a stride known at run time only leaves gaps within samples.
template <class Matrix>
requires EigenDense<std::remove_reference_t<Matrix>>
auto view_of(Matrix&& x) {
  using E = std::remove_cvref_t<Matrix>;
  static_assert(
      (E::Flags & Eigen::DirectAccessBit) != 0,
      "view_of refers to the elements of a matrix: this is an expression that has none; evaluate it into one");
  static_assert(std::is_lvalue_reference_v<Matrix> || (detail::is_eigen_map<E> && !detail::is_const_ref<E>::value),
                "view_of refers to the elements of a matrix: give it one that has a name and outlives the view");
  static_assert(E::InnerStrideAtCompileTime == 1 || E::InnerStrideAtCompileTime == Eigen::Dynamic,
                "the elements of a sample are adjacent: this matrix has gaps between them; copy it into a matrix");
  const auto outer = static_cast<std::size_t>(x.outerSize()), inner = static_cast<std::size_t>(x.innerSize());
  require(x.innerStride() == 1 || inner <= 1, "view_of",
          {"a matrix of Eigen with an inner stride of ", static_cast<long long>(x.innerStride())},
          "1: the elements of a sample are adjacent");
  const auto stride = outer <= 1 ? inner : static_cast<std::size_t>(x.outerStride());
  using ours = typename detail::eigen_scalar<typename E::Scalar>::ours;
  using element = std::conditional_t<std::is_const_v<std::remove_pointer_t<decltype(x.data())>>, const ours, ours>;
  return basic_view<element>{reinterpret_cast<element*>(x.data()), {outer, inner}, stride};
}

// The same for samples of more than one axis: view_of(x, {8, 3, 4, 4}) for a column-major 48 x 8 matrix whose columns
// are images of 3 x 4 x 4, or view_of(x, {1, 16, 7}) for a row-major 16 x 7 matrix that is one sample. Throws
// noisefall::error if that is not what is in memory.
template <class Matrix>
requires EigenDense<std::remove_reference_t<Matrix>>
auto view_of(Matrix&& x, const shape& extents) {
  const auto plain = view_of(std::forward<Matrix>(x));
  const bool same_samples = extents.samples() == plain.samples() && extents.sample_size() == plain.sample_size();
  const bool same_elements =
      std::remove_cvref_t<Matrix>::IsRowMajor && plain.contiguous() && extents.size() == plain.size();
  require(same_samples || same_elements, "view_of",
          {"shape ", to_string(extents), " for a matrix of ", static_cast<long long>(x.rows()), " x ",
           static_cast<long long>(x.cols())},
          {plain.samples(), " samples of ", plain.sample_size(), " elements"});
  return decltype(plain){plain.data(), extents, same_samples ? plain.sample_stride() : extents.sample_size()};
}

// A batch as a matrix of Eigen that refers to its elements, one sample per column: for predictors written with Eigen.
//
//   void predict(nf::view<float> x, const nf::evaluation& at, const condition&, nf::mutable_view<float> out) {
//     nf::as_eigen(out).noalias() = weights * nf::as_eigen(x);
//   }
//
// The elements of views of half and bfloat16 are Eigen::half and Eigen::bfloat16. Throws noisefall::error if the view
// widens 16-bit numbers.
template <class T>
auto as_eigen(const basic_view<T>& of) {
  require(of.stored() == storage::native, "as_eigen", "a view that widens 16-bit numbers",
          "numbers of the view's own type");
  using scalar = typename detail::eigen_scalar<std::remove_const_t<T>>::its;
  using plain = Eigen::Matrix<scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using matrix = std::conditional_t<std::is_const_v<T>, const plain, plain>;
  using element = std::conditional_t<std::is_const_v<T>, const scalar, scalar>;
  return Eigen::Map<matrix, Eigen::Unaligned, Eigen::OuterStride<>>(
      reinterpret_cast<element*>(of.data()), static_cast<Eigen::Index>(of.sample_size()),
      static_cast<Eigen::Index>(of.samples()), Eigen::OuterStride<>{static_cast<Eigen::Index>(of.sample_stride())});
}
template <class T>
auto as_eigen(tensor<T>& of) {
  return as_eigen(mutable_view<T>{of});
}
template <class T>
auto as_eigen(const tensor<T>& of) {
  return as_eigen(view<T>{of});
}
template <class T>
void as_eigen(const tensor<T>&&) = delete;  // it would be gone before the matrix is used

}  // namespace noisefall
