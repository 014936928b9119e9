#include "text_encoder.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include <noisefall/core/error.hpp>

namespace stable_diffusion {

namespace {

// "hidden_states.11" of thirteen: the last but one.
std::string penultimate(const onnx_file& network) {
  constexpr std::string_view prefix = "hidden_states.";
  constexpr std::size_t most_layers = 1000;
  std::size_t last = 0;
  for (const nf::array_info& out : network.outputs())
    for (std::size_t i = last + 1; out.name.starts_with(prefix) && i <= most_layers; ++i)
      if (out.name.substr(prefix.size()) == std::to_string(i)) last = i;
  nf::require(
      last > 0, network.file().string(), {"gives ", to_string(network.outputs())},
      "a text encoder of SDXL, which gives hidden_states.0, hidden_states.1, ... (Optimum's export of the whole "
      "pipeline)");
  return std::string{prefix} + std::to_string(last - 1);
}

}  // namespace

text_encoder::text_encoder(onnx_runtime& runtime, const model_folder& folder) : xl_{folder.xl} {
  for (const std::string number : {"", "_2"}) {
    if (!number.empty() && !xl_) continue;
    tokenizers_.emplace_back(folder.root / ("tokenizer" + number));
    networks_.emplace_back(runtime, folder.root / ("text_encoder" + number) / "model.onnx");
  }
}

encoded_text text_encoder::encode(std::size_t which, const tokens& prompt) {
  onnx_file& network = networks_[which];
  const auto length = static_cast<std::int64_t>(prompt.ids.size());
  std::vector<std::string> wanted{xl_ ? penultimate(network) : "last_hidden_state"};
  if (which == 1) wanted.emplace_back("text_embeds");
  const std::vector<nf::named_tensor> ids{
      {"input_ids", std::vector<std::int64_t>(prompt.ids.begin(), prompt.ids.end()), {1, length}}};
  std::vector<float_array> answers = network.run(ids, wanted);
  const std::vector<std::int64_t>& extents = answers[0].extents;
  nf::require(extents.size() == 3 && extents[0] == 1 && extents[1] == length, network.file().string(),
              {"gives '", wanted[0], "' of shape ", nf::to_string(extents)}, {"[1, ", length, ", width]"});
  encoded_text result{std::move(answers[0].values), prompt.ids.size(), static_cast<std::size_t>(extents[2])};
  if (which == 1) result.pooled = std::move(answers[1].values);
  return result;
}

encoded_text text_encoder::operator()(const std::string& text, long_prompt too_long, const std::string& where,
                                      std::vector<std::string>& notes) {
  encoded_text result;
  for (std::size_t which = 0; which < networks_.size(); ++which) {
    const tokens prompt = tokenizers_[which](text, too_long, where);
    if (prompt.left_out > 0 && which == 0)
      notes.push_back(where + ": " + std::to_string(prompt.left_out) + " tokens are cut: \"" + prompt.rest + "\"");
    encoded_text next = encode(which, prompt);
    if (which == 0) {
      result = std::move(next);
      continue;
    }
    nf::require(next.length == result.length, "tokenizer_2", {next.length, " tokens"},
                {result.length, ", as tokenizer"});
    encoded_text both{{}, result.length, result.width + next.width, std::move(next.pooled)};
    both.states.reserve(both.length * both.width);
    for (std::size_t i = 0; i < both.length; ++i)
      for (const encoded_text* part : {&std::as_const(result), &std::as_const(next)}) {
        const auto row = part->states.begin() + static_cast<std::ptrdiff_t>(i * part->width);
        both.states.insert(both.states.end(), row, row + static_cast<std::ptrdiff_t>(part->width));
      }
    result = std::move(both);
  }
  return result;
}

encoded_text text_encoder::zeros() {
  std::vector<std::string> notes;
  encoded_text result = (*this)("", long_prompt::refused, "prompt", notes);
  std::fill(result.states.begin(), result.states.end(), 0.0F);
  std::fill(result.pooled.begin(), result.pooled.end(), 0.0F);
  return result;
}

}  // namespace stable_diffusion
