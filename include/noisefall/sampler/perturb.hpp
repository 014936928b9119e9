// The forward process as free functions: noise a clean batch, and the velocity between data and noise.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/schedule/noise_level.hpp>
#include <noisefall/tensor/span_algebra.hpp>

namespace noisefall {

namespace detail {

// out_i = a(level_i) * first_i + b(level_i) * second_i, sample by sample, in one pass.
template <class T, class A, class B>
void mix(view<T> first, view<T> second, std::span<const noise_level> levels, mutable_view<T> out, const char* where,
         A a, B b) {
  if (!(first.extents() == out.extents() && second.extents() == out.extents()))
    refuse(
        where,
        {"shapes ", to_string(first.extents()), ", ", to_string(second.extents()), " into ", to_string(out.extents())},
        "three equal shapes");
  if (levels.size() != 1 && levels.size() != out.samples())
    refuse(where, {levels.size(), " levels for ", out.samples(), " samples"}, "one level, or one per sample");
  std::vector<double> coefficients(pass_weights::storage_size(levels.size()));
  pass_description<view<T>, mutable_view<T>> mixed;
  mixed.inputs = {first, second};
  mixed.outputs = {out};
  mixed.weights = pass_weights{coefficients, levels.size()};
  for (std::size_t lane = 0; lane < levels.size(); ++lane) {
    mixed.weights.at(1, 0, lane) = a(levels[lane]);
    mixed.weights.at(1, 1, lane) = b(levels[lane]);
  }
  span_algebra<T>{}.pass(mixed);
}

}  // namespace detail

// out = alpha * x0 + sigma * noise, all [B, ...]; one level for the batch or one per sample. Kingma et al.,
// arXiv:2107.00630, equation 1. In place is allowed.
template <class T>
void perturb(std::type_identity_t<view<T>> x0, std::type_identity_t<view<T>> noise, std::span<const noise_level> levels,
             mutable_view<T> out) {
  detail::mix<T>(
      x0, noise, levels, out, "perturb", [](const noise_level& l) { return l.alpha; },
      [](const noise_level& l) { return l.sigma; });
}

// out = alpha * noise - sigma * x0: what a v-predicting network is trained on. Salimans and Ho, arXiv:2202.00512.
template <class T>
void velocity(std::type_identity_t<view<T>> x0, std::type_identity_t<view<T>> noise,
              std::span<const noise_level> levels, mutable_view<T> out) {
  detail::mix<T>(
      x0, noise, levels, out, "velocity", [](const noise_level& l) { return -l.sigma; },
      [](const noise_level& l) { return l.alpha; });
}

}  // namespace noisefall
