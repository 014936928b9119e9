// A user's program that asks for the parts with dependencies.
#include <noisefall/version.hpp>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <noisefall/adapters/eigen.hpp>
#include <noisefall/adapters/png.hpp>
#include <noisefall/adapters/xtensor.hpp>
#include <noisefall/config/config.hpp>
#include <noisefall/config/diffusers.hpp>
#include <noisefall/metrics/wasserstein.hpp>
#include <noisefall/models/network_output.hpp>
#include <noisefall/search/error_table.hpp>
#include <noisefall/tensor/span_algebra.hpp>

namespace nf = noisefall;

int main() {
  const nlohmann::json version = {NOISEFALL_VERSION_MAJOR, NOISEFALL_VERSION_MINOR, NOISEFALL_VERSION_PATCH};
  Eigen::VectorXf three = Eigen::VectorXf::Constant(3, static_cast<float>(version.size()));
  xt::xtensor<float, 2> array = xt::ones<float>({1, 3});
  const bool finite = nf::span_algebra<float>{}.finite(nf::view_of(array));
  const bool drawn = nf::sheet(nf::view<float>{array.data(), {1, 1, 1, 3}}).width > 3;
  const double numbers[] = {1, 2}, apart = nf::wasserstein_1(std::span{numbers, 1}, std::span{numbers + 1, 1});
  const bool named =
      !nf::catalogue::built_in().solvers().names().empty() && nf::diffusers_config::is_built("DDIMScheduler");
  return finite && named && drawn && nf::view_of(three).sample_size() == array.size() && three[2] == 3 && apart == 1
             ? 0
             : 1;
}
