// The digit U-Net of examples/digits/model.py by hand: eps of noised 28x28 digits. Compiled once, with Eigen, in
// example-networks.
#pragma once

#include <filesystem>
#include <memory>
#include <span>

namespace examples {

/// Predicts eps of a noised digit (background -1, ink +1) at the index of its noise level, 0..999 under linear beta
/// 1e-4..0.02. The index is a float and need not be whole. The class is the digit, or 10 for any.
///
/// The result for an image is the same, bit for bit, whatever else is in the batch: images pass one by one through
/// products of the same shapes. Copies share the weights, not the workspace, so each thread takes a copy.
class digit_network {
 public:
  static constexpr int side = 28;
  static constexpr int pixels = side * side;
  static constexpr int no_class = 10;

  explicit digit_network(const std::filesystem::path& file);
  digit_network(const digit_network&);
  digit_network(digit_network&&) noexcept;
  digit_network& operator=(const digit_network&) = delete;
  digit_network& operator=(digit_network&&) = delete;
  ~digit_network();

  /// images, eps [B,1,28,28]; they may be the same memory. times, classes: B of each, or 1 for all.
  /// Some 30 million multiplications per image; the workspace is allocated by the first call.
  void evaluate(std::span<const float> images, std::span<const float> times, std::span<const int> classes,
                std::span<float> eps);

 private:
  class inference;
  std::unique_ptr<inference> self_;
};

}  // namespace examples
