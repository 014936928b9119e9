// Goals of the exact predictor of a mixture: two products of matrices, and a softmax that hardly shows beside them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <noisefall/models/mixture_products.hpp>
#include <noisefall/models/softmax.hpp>

#include "limits/goal_group.hpp"

namespace bench {

// For a block of 64 samples of float.
class mixture_goals final : public goal_group {
 public:
  mixture_goals() {
    add(40, 2981);
    add(160, 2981);
    add(784, 2000);
  }

  void report(goal_table& to) const override {
    for (const shape& s : shapes_)
      to.at_most("mixture of " + std::to_string(s.components) + " in " + std::to_string(s.size) +
                     " dimensions: softmax's time over its products'",
                 ratio(s.softmax, s.products), 0.1);
  }

 private:
  using matrix = Eigen::MatrixXf;
  struct shape {
    Eigen::Index size, components;
    timed_bodies::id products, softmax;
  };
  struct matrices {
    matrix rows, columns, asked, logits, shares, means;
  };

  void add(Eigen::Index size, Eigen::Index components) {
    constexpr auto samples = static_cast<Eigen::Index>(nf::mixture_products<float>::block);
    constexpr auto lanes = static_cast<Eigen::Index>(nf::kernels::softmax_lanes);
    const Eigen::Index padded = (components + lanes - 1) / lanes * lanes;
    const auto m = std::make_shared<matrices>(matrices{
        matrix::Random(padded, size + 2), matrix::Random(size, padded), matrix::Random(size + 2, samples), {}, {}, {}});
    m->logits = m->rows * m->asked;
    m->shares = m->logits;
    m->means = m->columns * m->shares;
    const auto products = timed.add([m] {
      m->logits.noalias() = m->rows * m->asked;
      m->means.noalias() = m->columns * m->shares;
      keep(*m->means.data());
    });
    const auto softmax = timed.add([m] {
      float sum = 0;
      for (Eigen::Index i = 0; i < samples; ++i) {
        nf::kernels::run_widest<nf::kernels::exponentials>(m->shares.col(i).data(),
                                                           static_cast<std::size_t>(m->shares.rows()), &sum);
        keep(sum);
      }
    });
    shapes_.push_back({size, components, products, softmax});
  }

  std::vector<shape> shapes_;
};

}  // namespace bench
