// States in matrices of Eigen, and a network written with Eigen: two layers that are the exact predictor of correlated
// data. Its samples are checked against that data.
//
// expect: 20000 samples, one per column; finished after 20 steps
// expect: covariance wanted: 1\.00 0\.80; 0\.80 1\.00
// expect: covariance drawn:  (0\.9[89]|1\.0[0-3]) 0\.(79|8[0-2]); 0\.(79|8[0-2]) (0\.9[89]|1\.0[0-3])
#include <cmath>
#include <cstdio>

#include <Eigen/Dense>

#include <noisefall/adapters/eigen.hpp>
#include <noisefall/noisefall.hpp>

namespace nf = noisefall;

// eps of data from N(0, C): along the axes of C, with variances s, it is  sigma / (alpha^2 s + sigma^2)  times the
// state.
struct correlated {
  using condition = nf::no_condition;

  explicit correlated(const Eigen::MatrixXf& covariance) : axes{covariance} {}

  void predict(nf::view<float> x, const nf::evaluation& at, nf::no_condition, nf::mutable_view<float> out) {
    const auto [t, alpha, sigma] = at.level(0);
    const auto a = static_cast<float>(alpha), s = static_cast<float>(sigma);
    const Eigen::VectorXf gain = s / (a * a * axes.eigenvalues().array() + s * s);
    hidden.noalias() = axes.eigenvectors().transpose() * nf::as_eigen(x);
    nf::as_eigen(out).noalias() = axes.eigenvectors() * gain.asDiagonal() * hidden;
  }

  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> axes;
  Eigen::MatrixXf hidden;  // keeps its memory from call to call
};

void print(const char* what, const Eigen::MatrixXf& m) {
  std::printf("covariance %s %.2f %.2f; %.2f %.2f\n", what, m(0, 0), m(0, 1), m(1, 0), m(1, 1));
}

int main() {
  const Eigen::Matrix2f wanted{{1, 0.8f}, {0.8f, 1}};
  correlated network{wanted};
  const nf::sampler sample{nf::unipc{}, nf::linear{}, nf::uniform_lambda{.steps = 20}};

  Eigen::MatrixXf x(2, 20000);
  const auto result = sample(network, nf::view_of(x), {.seed = 5});
  std::printf("%d samples, one per column; finished after %zu steps\n", static_cast<int>(x.cols()), result.steps);

  const Eigen::MatrixXf rest = x.colwise() - x.rowwise().mean();
  const Eigen::MatrixXf drawn = rest * rest.transpose() / static_cast<float>(x.cols());
  print("wanted:", wanted);
  print("drawn: ", drawn);
  return result.how == nf::outcome::finished && (drawn - wanted).cwiseAbs().maxCoeff() < 0.03f ? 0 : 1;
}
