// A user's program that asks for the parts with dependencies.
#include <noisefall/version.hpp>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

int main() {
  const nlohmann::json version = {NOISEFALL_VERSION_MAJOR, NOISEFALL_VERSION_MINOR, NOISEFALL_VERSION_PATCH};
  return Eigen::Vector3i(version[0], version[1], version[2]).size() == 3 ? 0 : 1;
}
