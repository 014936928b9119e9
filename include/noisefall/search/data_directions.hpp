// The directions in which errors are told apart: the principal axes of the data, its elements, or all as one.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <Eigen/Dense>

#include <noisefall/core/error.hpp>
#include <noisefall/search/error_table.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// Orthonormal axes, one per column [d, m]: group k of `groups` is axis k, and what the axes leave is one group more. No
// axes: as many groups as elements are the elements themselves, one group is all of them.
struct data_directions {
  std::vector<data_direction> groups{{}};
  Eigen::MatrixXd axes{};

  void check(std::size_t d) const {
    const std::size_t m = static_cast<std::size_t>(axes.cols()), n = groups.size();
    if (m > 0) {
      require(static_cast<std::size_t>(axes.rows()) == d && m <= d && n == m + (m < d ? 1 : 0), "data_directions",
              {m, " axes of ", axes.rows(), " elements in ", n, " groups, for samples of ", d},
              "axes of a sample's size, and one group for what they leave");
      const Eigen::MatrixXd products = axes.transpose() * axes;
      require(products.isApprox(Eigen::MatrixXd::Identity(axes.cols(), axes.cols()), 1e-6), "data_directions",
              "axes that are not orthonormal", "orthonormal columns");
    } else {
      require(n == 1 || n == d, "data_directions", {n, " groups for samples of ", d, " elements, without axes"},
              "one group, or one per element");
    }
  }

  // Adds the squares of one sample's error along each group, per axis of it, to `to`.
  void add_squares(const Eigen::VectorXd& error, std::vector<double>& to) const {
    if (axes.cols() > 0) {
      const Eigen::VectorXd along = axes.transpose() * error;
      for (Eigen::Index k = 0; k < along.size(); ++k) to[static_cast<std::size_t>(k)] += along[k] * along[k];
      if (static_cast<std::size_t>(along.size()) < groups.size())
        to.back() += std::max(0.0, error.squaredNorm() - along.squaredNorm()) / groups.back().multiplicity;
    } else if (groups.size() == 1) {
      to[0] += error.squaredNorm() / static_cast<double>(error.size());
    } else {
      for (Eigen::Index e = 0; e < error.size(); ++e) to[static_cast<std::size_t>(e)] += error[e] * error[e];
    }
  }
};

// The `count` principal axes of the data [n, ...] with the largest variances, at most as many as there are elements, and
// their variances. Where samples are fewer than ten for each element, axes that fit them would leave nothing for the rest:
// then the axes are those of every other sample (at most as many less one), and variances are of the others. Cost:
// n d min(n, d) + min(n, d)^3.
template <class T>
data_directions principal_directions(view<T> data, std::size_t count) {
  const auto all = static_cast<Eigen::Index>(data.samples()), d = static_cast<Eigen::Index>(data.sample_size());
  const bool in_halves = all < 10 * d;
  require(all >= (in_halves ? 4 : 2), "principal_directions", {all, " samples of ", d, " elements"},
          "four samples or more, ten for each element where there are fewer than that");
  require(count >= 1, "principal_directions", "no direction asked for", "one direction or more");
  const auto rows_of = [&](Eigen::Index first, Eigen::Index step) {
    Eigen::MatrixXd rows((all - first + step - 1) / step, d);
    for (Eigen::Index i = 0; i < rows.rows(); ++i)
      for (Eigen::Index e = 0; e < d; ++e)
        rows(i, e) =
            static_cast<double>(data.sample(static_cast<std::size_t>(first + i * step))[static_cast<std::size_t>(e)]);
    rows.rowwise() -= rows.colwise().mean().eval();
    return rows;
  };
  const Eigen::MatrixXd rows = rows_of(0, in_halves ? 2 : 1);
  const Eigen::Index n = rows.rows();
  const double share = 1 / static_cast<double>(n - 1);
  const bool by_samples = n < d;
  const Eigen::MatrixXd products =
      by_samples ? Eigen::MatrixXd(rows * rows.transpose()) : Eigen::MatrixXd(rows.transpose() * rows);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solved{products};
  const Eigen::Index most = std::min<Eigen::Index>(by_samples ? n - 1 : d, static_cast<Eigen::Index>(count));
  data_directions found;
  found.groups.clear();
  Eigen::Index kept = 0;
  found.axes.resize(d, most);
  for (Eigen::Index k = 0; k < most; ++k) {
    const double value = solved.eigenvalues()[products.rows() - 1 - k];
    if (by_samples && !(value > 1e-12 * products.trace())) break;  // an axis that no sample has
    const Eigen::VectorXd vector = solved.eigenvectors().col(products.rows() - 1 - k);
    found.axes.col(kept++) = by_samples ? Eigen::VectorXd((rows.transpose() * vector).normalized()) : vector;
    found.groups.push_back({std::max(0.0, value) * share, 1});
  }
  found.axes.conservativeResize(d, kept);
  double left = products.trace() * share;
  if (in_halves) {
    const Eigen::MatrixXd others = rows_of(1, 2), along = others * found.axes;
    const double other_share = 1 / static_cast<double>(others.rows() - 1);
    for (Eigen::Index k = 0; k < kept; ++k)
      found.groups[static_cast<std::size_t>(k)].variance = along.col(k).squaredNorm() * other_share;
    left = others.squaredNorm() * other_share;
  }
  for (const data_direction& g : found.groups) left -= g.variance;
  if (kept < d) {
    const auto rest = static_cast<double>(d - kept);
    found.groups.push_back({std::max(0.0, left) / rest, rest});
  }
  return found;
}

// All directions as one, with the data's mean variance.
template <class T>
data_directions one_direction(view<T> data) {
  const std::size_t n = data.samples(), d = data.sample_size();
  require(n >= 2, "one_direction", {n, " samples"}, "two samples or more");
  double all = 0;
  for (std::size_t e = 0; e < d; ++e) {
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < n; ++i) mean += static_cast<double>(data.sample(i)[e]) / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) square += std::pow(static_cast<double>(data.sample(i)[e]) - mean, 2);
    all += square / static_cast<double>(n - 1);
  }
  return {{{all / static_cast<double>(d), static_cast<double>(d)}}, {}};
}

}  // namespace noisefall
