// The Kullback-Leibler divergence of Gaussians.
#pragma once

#include <cmath>
#include <limits>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <noisefall/core/error.hpp>
#include <noisefall/metrics/moments.hpp>

namespace noisefall {

// KL(p, q) = 1/2 (tr(Sq^-1 Sp) + (mq - mp)^T Sq^-1 (mq - mp) - d + log det Sq - log det Sp), in nats; of estimated
// moments it is too large. Infinite where p is singular; a q that is singular is refused. Cost: d^3.
inline double gaussian_kl(const gaussian_moments& p, const gaussian_moments& q) {
  p.check("gaussian_kl");
  q.check("gaussian_kl");
  require(p.mean.size() == q.mean.size(), "gaussian_kl",
          {"laws of ", p.mean.size(), " and of ", q.mean.size(), " elements"}, "laws of one size");
  const Eigen::LLT<Eigen::MatrixXd> of_q{q.covariance}, of_p{p.covariance};
  require(of_q.info() == Eigen::Success, "gaussian_kl", "the second covariance is singular or has negative eigenvalues",
          "a positive definite one");
  if (of_p.info() != Eigen::Success) return std::numeric_limits<double>::infinity();
  const auto log_det = [](const Eigen::LLT<Eigen::MatrixXd>& of) {
    return 2 * of.matrixLLT().diagonal().array().log().sum();
  };
  const Eigen::VectorXd apart = of_q.matrixL().solve(q.mean - p.mean);
  const Eigen::MatrixXd ratio = of_q.matrixL().solve(Eigen::MatrixXd{of_p.matrixL()});
  return 0.5 * (ratio.squaredNorm() + apart.squaredNorm() - static_cast<double>(p.mean.size()) + log_det(of_q) -
                log_det(of_p));
}

}  // namespace noisefall
