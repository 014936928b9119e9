// An observer that writes what a run makes as PNG files, every n steps. Needs zlib.
#pragma once

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <noisefall/adapters/png.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/sampler/keep_every.hpp>
#include <noisefall/tensor/shape.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// Which steps are drawn, and how.
struct png_preview_options {
  std::size_t every = 1;  // steps; the last one is always written
  kept what = kept::denoised;
  sheet_options sheet{};
};

// png_previews<float> previews{"previews/step_{}.png", {.every = 5}}: {} becomes the number of steps done, 001, 002 ...
// Files of earlier runs are written over. The folder is made when a run begins. A file that cannot be written throws
// noisefall::error out of the loop, with its name and the reason; the state is then that of the last step.
template <std::floating_point T>
class png_previews {
 public:
  static constexpr bool looks_at_denoised = true;

  explicit png_previews(std::filesystem::path pattern, png_preview_options options = {})
      : pattern_{std::move(pattern)}, options_{options} {
    const std::string name = pattern_.filename().string();
    require(name.find("{}") != std::string::npos, "png_previews", {"the name ", pattern_.string()},
            "a name with {}, where the number of the step goes");
    require(options.every >= 1, "png_previews", {"every ", options.every, " steps"}, "1 or more");
  }

  // What the present run has written so far.
  const std::vector<std::filesystem::path>& files() const { return files_; }

  template <class Run>
  void begin(const Run& run) {
    extents_ = run.core().shape_of(run.state());
    elements_.resize(extents_.size());
    files_.clear();
    steps_ = 0;
    if (!pattern_.has_parent_path()) return;
    std::error_code failed;
    std::filesystem::create_directories(pattern_.parent_path(), failed);
    require(!failed, pattern_.parent_path().string(), {"cannot be made: ", failed.message()}, "a folder's name");
  }

  template <class Report>
  void operator()(const Report& report) {
    ++steps_;
    if (steps_ % options_.every != 0 && !report.done()) return;
    report.copy(options_.what == kept::x ? report.x() : report.denoised(), std::span<T>{elements_});
    const std::filesystem::path file = name_of(steps_);
    write_png(file, sheet(view<T>{elements_.data(), extents_}, options_.sheet));
    files_.push_back(file);
  }

 private:
  std::filesystem::path name_of(std::size_t step) const {
    constexpr std::size_t digits = 3;
    std::string number = std::to_string(step);
    if (number.size() < digits) number.insert(0, digits - number.size(), '0');
    std::string name = pattern_.filename().string();
    name.replace(name.find("{}"), 2, number);
    return pattern_.parent_path() / name;
  }

  std::filesystem::path pattern_;
  png_preview_options options_;
  shape extents_;
  std::vector<T> elements_;
  std::vector<std::filesystem::path> files_;
  std::size_t steps_ = 0;
};

}  // namespace noisefall
