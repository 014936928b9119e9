// What a step costs around a network that answers in 16 bits: its outputs read by the fused pass as they are, against the
// same outputs widened to float first, against a network in float. The network takes no time and its state is float, so
// all that is measured is the adapter and the run.
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <noisefall/adapters/network_predictor.hpp>
#include <noisefall/noisefall.hpp>

namespace {

namespace nf = noisefall;

// Writes its output and nothing else.
class instant_network {
 public:
  instant_network(const nf::shape& state, nf::element_type answer) : inputs_(2), outputs_(1) {
    inputs_[0].name = "sample";
    inputs_[0].type = nf::element_type::float32;
    for (std::size_t axis = 0; axis < state.rank(); ++axis) inputs_[0].extents.push_back(-1);
    inputs_[1].name = "timestep";
    inputs_[1].type = nf::element_type::int64;
    inputs_[1].extents = {-1};
    outputs_[0] = inputs_[0];
    outputs_[0].type = answer;
  }
  static const char* where() { return "instant_network"; }
  static nf::element_type own_type() { return nf::element_type::float32; }
  const std::vector<nf::array_info>& inputs() const { return inputs_; }
  const std::vector<nf::array_info>& outputs() const { return outputs_; }
  void run(const std::vector<nf::array_ref>&, std::size_t, nf::array_ref& output) {
    std::size_t bytes = nf::size_of(output.type);
    for (const std::int64_t extent : output.extents) bytes *= static_cast<std::size_t>(extent);
    std::memset(output.data, 0, bytes);
  }

 private:
  std::vector<nf::array_info> inputs_, outputs_;
};

template <class Out>
void add(const std::string& name, const nf::shape& extents, nf::element_type answer) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    constexpr std::size_t steps = 100;
    const nf::sampler sample{nf::any_solver{nf::dpm_pp_2m{}}, nf::linear{}, nf::trailing{.steps = steps},
                             nf::guidance_scale(2)};
    nf::network_predictor<instant_network, float, Out> model{instant_network{extents, answer},
                                                             {.branches = nf::branch_calls::one_by_one}};
    nf::tensor<float> x{extents};
    auto run = sample.start(nf::mutable_view<float>{x}, {.seed = 1, .checked = false});
    const nf::run_options<nf::network_condition> options{.seed = 1, .checked = false};
    for (auto turn : state) {
      run.restart();
      while (!run.done()) nf::answer(run, model, options);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(steps));
  })->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  for (const auto& [size, extents] :
       std::vector<std::pair<std::string, nf::shape>>{{"1x4x64x64", {1, 4, 64, 64}}, {"64x4x64x64", {64, 4, 64, 64}}}) {
    using nf::element_type;
    add<float>("100_steps/float/" + size, extents, element_type::float32);
    add<nf::half>("100_steps/half_as_it_is/" + size, extents, element_type::float16);
    add<float>("100_steps/half_widened_first/" + size, extents, element_type::float16);
    add<nf::bfloat16>("100_steps/bfloat16_as_it_is/" + size, extents, element_type::bfloat16);
    add<float>("100_steps/bfloat16_widened_first/" + size, extents, element_type::bfloat16);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
