// Matrices of Eigen as states: what they look at, what they refuse, and that nothing is copied.
#include <noisefall/adapters/eigen.hpp>

#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include <noisefall/noisefall.hpp>

#include "catch.hpp"

namespace nf = noisefall;

namespace {

using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// eps of N(1, 0.25).
constexpr double mean = 1, variance = 0.25;
float gain(const nf::noise_level& at) {
  return static_cast<float>(at.sigma / (at.alpha * at.alpha * variance + at.sigma * at.sigma));
}

struct loop_model {
  using condition = nf::no_condition;
  void predict(nf::view<float> x, const nf::evaluation& at, nf::no_condition, nf::mutable_view<float> out) {
    const auto level = at.level(0);
    for (std::size_t i = 0; i < x.size(); ++i) out[i] = gain(level) * (x[i] - static_cast<float>(level.alpha * mean));
  }
};

struct eigen_model {
  using condition = nf::no_condition;
  void predict(nf::view<float> x, const nf::evaluation& at, nf::no_condition, nf::mutable_view<float> out) {
    const auto level = at.level(0);
    nf::as_eigen(out).array() = gain(level) * (nf::as_eigen(x).array() - static_cast<float>(level.alpha * mean));
  }
};

const nf::sampler& sampler() {
  static const nf::sampler made{nf::dpm_pp_2m{}, nf::linear{}, nf::karras{.steps = 8}};
  return made;
}

nf::tensor<float> drawn(const nf::shape& extents) {
  nf::tensor<float> x(extents);
  loop_model model;
  sampler()(model, x, {.seed = 4});
  return x;
}

template <class Matrix>
bool same_bits(const Matrix& x, const nf::tensor<float>& plain) {
  return std::memcmp(x.data(), plain.data(), sizeof(float) * plain.size()) == 0;
}

}  // namespace

TEST_CASE("column-major and row-major matrices of Eigen are states, with the bits of a tensor") {
  const nf::tensor<float> plain = drawn({3, 10});
  eigen_model model;
  Eigen::MatrixXf columns(10, 3);
  CHECK(sampler()(model, nf::view_of(columns), {.seed = 4}).how == nf::outcome::finished);
  CHECK(same_bits(columns, plain));
  CHECK(columns(7, 2) == plain[27]);

  row_major rows(3, 10);
  sampler()(model, nf::view_of(rows), {.seed = 4});
  CHECK(same_bits(rows, plain));
  CHECK(rows(2, 7) == plain[27]);
}

TEST_CASE("a vector of Eigen is one sample, upright or lying") {
  const nf::tensor<float> plain = drawn({1, 10});
  eigen_model model;
  Eigen::VectorXf upright(10);
  sampler()(model, nf::view_of(upright), {.seed = 4});
  CHECK(same_bits(upright, plain));
  Eigen::RowVectorXf lying(10);
  sampler()(model, nf::view_of(lying), {.seed = 4});
  CHECK(same_bits(lying, plain));
  Eigen::Array<float, 10, 1> fixed;
  CHECK(nf::view_of(fixed).extents() == nf::shape{1, 10});
}

TEST_CASE("a view of a matrix refers to its elements and is as const as they are") {
  Eigen::MatrixXd x(4, 2);
  const auto& unchangeable = x;
  STATIC_REQUIRE(std::is_same_v<decltype(nf::view_of(x)), nf::mutable_view<double>>);
  STATIC_REQUIRE(std::is_same_v<decltype(nf::view_of(unchangeable)), nf::view<double>>);
  CHECK(nf::view_of(x).data() == x.data());
  CHECK(nf::view_of(unchangeable).data() == x.data());
  CHECK(nf::view_of(x).extents() == nf::shape{2, 4});
  STATIC_REQUIRE(
      std::is_same_v<decltype(nf::view_of(Eigen::Map<const Eigen::MatrixXd>(x.data(), 4, 2))), nf::view<double>>);
}

TEST_CASE("maps, references and blocks of Eigen are views, gaps between samples included") {
  Eigen::MatrixXf x = Eigen::MatrixXf::Zero(6, 4);
  const auto left = nf::view_of(x.leftCols(3));
  CHECK(left.data() == x.data());
  CHECK(left.extents() == nf::shape{3, 6});
  CHECK(left.contiguous());
  const auto middle = nf::view_of(x.middleRows(1, 2));
  CHECK(middle.data() == &x(1, 0));
  CHECK(middle.extents() == nf::shape{4, 2});
  CHECK(middle.sample(3) == &x(1, 3));
  Eigen::Ref<Eigen::MatrixXf> reference = x.middleRows(1, 2);
  CHECK(nf::view_of(reference).sample(3) == &x(1, 3));
  CHECK(nf::view_of(x.col(1)).extents() == nf::shape{1, 6});
  CHECK(nf::view_of(x.col(1)).data() == &x(0, 1));

  eigen_model model;
  CHECK(sampler()(model, nf::view_of(x.leftCols(3)), {.seed = 4}).how == nf::outcome::finished);
  CHECK(same_bits(x, drawn({3, 6})));
  CHECK(x.col(3).isZero(0));
}

TEST_CASE("an inner stride that is known at run time only is checked then") {
  Eigen::VectorXf memory(24);
  using strided = Eigen::Map<Eigen::MatrixXf, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
  CHECK(nf::view_of(strided(memory.data(), 3, 4, {6, 1})).sample_stride() == 6);
  CHECK_THROWS_WITH(nf::view_of(strided(memory.data(), 3, 4, {6, 2})),
                    "view_of: a matrix of Eigen with an inner stride of 2; allowed: 1: the elements of a sample are "
                    "adjacent");
}

TEST_CASE("a matrix of Eigen may be given the axes of its samples") {
  Eigen::MatrixXf images(48, 8);
  CHECK(nf::view_of(images, {8, 3, 4, 4}).extents() == nf::shape{8, 3, 4, 4});
  CHECK(nf::view_of(images, {8, 3, 4, 4}).data() == images.data());
  CHECK(nf::view_of(images.topRows(12), {8, 3, 4}).sample_stride() == 48);
  row_major actions(16, 7);
  CHECK(nf::view_of(actions, {1, 16, 7}).extents() == nf::shape{1, 16, 7});
  CHECK_THROWS_WITH(nf::view_of(images, {48, 8}),
                    "view_of: shape [48, 8] for a matrix of 48 x 8; allowed: 8 samples of 48 elements");
  CHECK_THROWS_WITH(nf::view_of(actions, {1, 16, 8}),
                    "view_of: shape [1, 16, 8] for a matrix of 16 x 7; allowed: 16 samples of 7 elements");
  CHECK_THROWS_AS(nf::view_of(actions.leftCols(6), {1, 16, 6}), nf::error);
}

TEST_CASE("a batch as a matrix of Eigen has one sample per column and refers to its elements") {
  nf::tensor<double> batch({2, 3});
  auto matrix = nf::as_eigen(batch);
  CHECK(matrix.rows() == 3);
  CHECK(matrix.cols() == 2);
  matrix(2, 1) = 5;
  CHECK(batch[5] == 5);
  CHECK(nf::as_eigen(std::as_const(batch))(2, 1) == 5);
  const nf::mutable_view<double> with_gaps{batch.data(), {2, 2}, 3};
  CHECK(&nf::as_eigen(with_gaps)(1, 1) == batch.data() + 4);
}

TEST_CASE("16-bit numbers are Eigen's own in a matrix, and a view that widens them is none") {
  nf::tensor<nf::half> halves({1, 2});
  nf::as_eigen(halves)(1, 0) = Eigen::half{1.5f};
  CHECK(static_cast<float>(halves[1]) == 1.5f);
  nf::tensor<nf::bfloat16> brains({1, 2});
  nf::as_eigen(brains)(1, 0) = Eigen::bfloat16{-3.0f};
  CHECK(static_cast<float>(brains[1]) == -3.0f);
  Eigen::Matrix<Eigen::half, Eigen::Dynamic, 1> vector(3);
  vector.setConstant(Eigen::half{0.25f});
  STATIC_REQUIRE(std::is_same_v<decltype(nf::view_of(vector)), nf::mutable_view<nf::half>>);
  CHECK(static_cast<float>(nf::view_of(vector)[2]) == 0.25f);
  const nf::view<float> widened = nf::view<nf::half>{halves};
  CHECK_THROWS_WITH(nf::as_eigen(widened),
                    "as_eigen: a view that widens 16-bit numbers; allowed: numbers of the view's own type");
}
