// The classifier of digits against torch, and the real digits.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "support/digit_classifier.hpp"
#include "support/digit_network.hpp"

namespace {

const std::filesystem::path data_folder = NOISEFALL_EXAMPLES_DATA;

}  // namespace

TEST_CASE("the classifier of digits computes what torch computes, and knows real digits that it never saw") {
  const noisefall::tensor<float> real = examples::real_digits(data_folder / "real_digits.png");
  REQUIRE(real.extents() == noisefall::shape{1500, 1, 28, 28});
  examples::digit_classifier classifier{data_folder / "digit_classifier_f16.safetensors"};
  const auto judged = classifier(real.elements());
  std::size_t right = 0;
  for (std::size_t i = 0; i < 1500; ++i) right += judged.label(i) == i % 10 ? 1u : 0u;
  CHECK(right >= 1495);

  std::ifstream in(data_folder / "digit_classifier_case.json");
  const auto recorded = nlohmann::json::parse(in);
  const auto check = [](const std::vector<float>& wanted, const float* got) {
    float most = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const float apart = std::abs(got[i] - wanted[i]) / (1 + std::abs(wanted[i]));
      most = apart <= most ? most : apart;  // a NaN stays
    }
    CHECK(most < 1e-5f);
  };
  check(recorded.at("logits"), judged.logits.data());
  check(recorded.at("features"), judged.features.data());
}

TEST_CASE("a sheet of digits in colours is refused") {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "noisefall_digits_in_colours.png";
  noisefall::write_png(file, {28, 28, 3, std::vector<std::uint8_t>(std::size_t{28} * 28 * 3)});
  CHECK_THROWS_WITH(examples::real_digits(file), Catch::Matchers::ContainsSubstring("a picture in colours"));
}

TEST_CASE("a class vector of its own is the class, and another one another image") {
  examples::digit_network network{data_folder / "digits_f16.safetensors"};
  const std::vector<float> images(2 * 784, 0.25f), times{500};
  std::vector<float> of_classes(images.size()), of_vectors(images.size());
  network.evaluate(images, times, std::vector<int>{3, 10}, of_classes);
  std::vector<float> vectors;
  for (const int label : {3, 10}) {
    const std::span<const float> own = network.class_vector(label);
    vectors.insert(vectors.end(), own.begin(), own.end());
  }
  network.evaluate(images, times, std::span<const float>{vectors}, of_vectors);
  CHECK(of_vectors == of_classes);
  vectors[5] += 1;
  network.evaluate(images, times, std::span<const float>{vectors}, of_vectors);
  CHECK_FALSE(std::equal(of_vectors.begin(), of_vectors.begin() + 784, of_classes.begin()));
  CHECK(std::equal(of_vectors.begin() + 784, of_vectors.end(), of_classes.begin() + 784));
  CHECK_THROWS_WITH(
      network.evaluate(images, times, std::span<const float>{vectors.data(), 128}, of_vectors),
      Catch::Matchers::ContainsSubstring("class_vectors has 128 values; allowed are 128 for each of 2 images"));
}
