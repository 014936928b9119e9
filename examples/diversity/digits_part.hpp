// Part (c): ways to guide the digit network, at equal numbers of calls of it, judged by a classifier.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <noisefall/adapters/png.hpp>
#include <noisefall/noisefall.hpp>
#include <noisefall/sampler/cads.hpp>
#include <noisefall/sampler/class_information.hpp>

#include "report.hpp"
#include "support/digit_judge.hpp"
#include "support/digit_network.hpp"
#include "support/panels.hpp"

namespace diversity {

namespace nf = noisefall;

// Sample i is to be a digit i % 10. CADS disturbs the class that the network is told.
struct digit_condition {
  std::vector<int> classes{};
  const nf::cads* noise = nullptr;
};

class digit_predictor {
 public:
  using condition = digit_condition;

  explicit digit_predictor(const std::filesystem::path& weights) : network_{weights} {}

  void predict(nf::view<float> x, const nf::evaluation& at, const digit_condition& given, nf::mutable_view<float> out) {
    times_.assign(at.labels.begin(), at.labels.end());
    if (given.noise == nullptr) return network_.evaluate(x.elements(), times_, given.classes, out.elements());
    vectors_.clear();
    for (std::size_t i = 0; i < x.samples(); ++i) {
      const std::span<const float> clean = network_.class_vector(given.classes[i]);
      vectors_.resize(vectors_.size() + clean.size());
      given.noise->anneal(clean, at, i,
                          std::span<float>{vectors_.end() - static_cast<std::ptrdiff_t>(clean.size()), vectors_.end()});
    }
    network_.evaluate(x.elements(), times_, std::span<const float>{vectors_}, out.elements());
  }

  static digit_condition classes(std::size_t first, std::size_t count) {
    digit_condition made;
    for (std::size_t i = 0; i < count; ++i) made.classes.push_back(static_cast<int>((first + i) % 10));
    return made;
  }

 private:
  examples::digit_network network_;
  std::vector<float> times_, vectors_;
};

class digits_part {
 public:
  explicit digits_part(const settings& s)
      : settings_{s},
        data_{NOISEFALL_EXAMPLES_DATA},
        samples_{s.quick ? 20u : 150u},
        calls_{s.quick ? 16u : 24u},
        seeds_{s.quick ? 2u : 5u},
        strengths_{s.quick ? std::vector<double>{1} : std::vector<double>{0.5, 1, 3}} {}

  report run() {
    std::printf("(c) the digit network: %zu digits of each of %zu seeds, %zu calls a digit at most\n", samples_, seeds_,
                calls_);
    const nf::class_information information = budget();
    make_arms(information);
    sample_all();
    report found;
    found["class_information"] = {{"nats", information.total()}};
    for (const auto& rate : information.rates())
      found["class_information"]["rates"].push_back(
          {{"sigma", rate.sigma}, {"nats_per_log_sigma", rate.nats_per_log_sigma}});
    found["arms"] = table();
    found["at_equal_accuracy"] = compare();
    draw_plots();
    draw_sheets();
    return found;
  }

 private:
  struct arm {
    std::string kind;
    double w;
    std::size_t ink;
    nf::any_guidance guidance;
    bool disturbed = false;  // by CADS
    bool real = false;
    std::string note{};
    std::size_t steps = 0, evaluations = 0;
    std::vector<examples::digit_looks> looks{};  // of each seed
    nf::tensor<float> sheet{};
  };

  static nf::sampler sampler_of(const nf::any_guidance& guidance, std::size_t steps) {
    return {nf::dpm_pp_2m{}, nf::linear{}, nf::karras{.steps = steps}, guidance, nf::predicts_eps{}};
  }

  // What a run of so many steps calls the network: counted on a network that says nothing.
  struct silent {
    using condition = int;
    void predict(nf::view<float>, const nf::evaluation&, int, nf::mutable_view<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = 0;
    }
  };
  static std::size_t evaluations(const nf::any_guidance& guidance, std::size_t steps) {
    silent network;
    nf::tensor<float> x({1, 4});
    return sampler_of(guidance, steps)(network, x, {.seed = 1}).evaluations;
  }

  // The budget meter: an unguided pilot run.
  nf::class_information budget() {
    const std::size_t count = settings_.quick ? 20 : 100;
    digit_predictor network{data_ / "digits_f16.safetensors"};
    nf::tensor<float> x({count, 1, 28, 28});
    const nf::class_information found = nf::measure_class_information(
        sampler_of(nf::unguided{}, settings_.quick ? 10 : 24), network, x,
        {.seed = 100, .conditional = digit_predictor::classes(0, count), .unconditional = {{10}}});
    const nf::class_information possible = found.at_most(std::log(10));
    std::printf(
        "the budget meter finds %.2f nats, of which ten classes can carry 2.30: these are spent above sigma %.2f, half "
        "of "
        "them above %.2f\n",
        found.total(), possible.level_of(0.999 * possible.total()), possible.level_of(possible.total() / 2));
    return possible;
  }

  void make_arms(const nf::class_information& by) {
    arms_.push_back({"real digits", 0, 7, nf::unguided{}, false, true});
    arms_.push_back({"no guidance", 0, 0, nf::unguided{}});
    const double high = by.level_of(0.1 * by.total()), low = by.level_of(0.9 * by.total());
    for (const double w : strengths_) {
      char note[64];
      arms_.push_back({"constant", w, 1, nf::classifier_free{.weight = w}});
      std::snprintf(note, sizeof note, "sigma %.2f to %.2f", low, high);
      arms_.push_back({"interval", w, 2, nf::classifier_free{.weight = nf::weight_schedule::interval(w, low, high)},
                       false, false, note});
      const nf::weight_schedule window = by.window(w, 0.5);
      std::snprintf(note, sizeof note, "-0.5 below sigma %.2f", window.jumps()[0].at);
      arms_.push_back({"window", w, 3, nf::classifier_free{.weight = window}, false, false, note});
      arms_.push_back({"CADS", w, 4, nf::classifier_free{.weight = w}, true});
      arms_.push_back({"APG", w, 5, nf::apg{.weight = w, .norm_cap = 5, .momentum = -0.5}});
    }
    if (!settings_.quick) arms_.push_back(refined(by));
    for (arm& a : arms_) {
      if (a.real) continue;
      a.steps = 1;
      while (evaluations(a.guidance, a.steps + 1) <= calls_) ++a.steps;
      a.evaluations = evaluations(a.guidance, a.steps);
    }
  }

  // The window of w = 1 whose tail begins where digits of another seed are as far apart as real ones, if it keeps the class.
  arm refined(const nf::class_information& by) const {
    constexpr std::size_t count = 60;
    digit_predictor network{data_ / "digits_f16.safetensors"};
    examples::digit_judge judge{data_};
    const nf::refined_window found = nf::refine_window(
        by, 1, 0.5, 1,
        [&](const nf::weight_schedule& w) {
          nf::tensor<float> x({count, 1, 28, 28});
          sampler_of(nf::classifier_free{.weight = w}, calls_ / 2)(
              network, x, {.seed = 50, .conditional = digit_predictor::classes(0, count), .unconditional = {{10}}});
          const examples::digit_looks looks = judge(x);
          return nf::class_measure{looks.spread, looks.accuracy};
        },
        0.97);
    char note[96];
    std::snprintf(note, sizeof note, "-0.5 below sigma %.2f%s", found.sigma1,
                  found.reaches_target ? ""
                  : found.loses_class  ? ", or it loses the class"
                                       : ", spread not reached");
    return {"refined window", 1, 6, nf::classifier_free{.weight = found.weight}, false, false, note};
  }

  void sample_all() {
    std::atomic<std::size_t> next{0};
    for (arm& a : arms_) a.looks.resize(seeds_);
    const auto work = [&] {
      digit_predictor network{data_ / "digits_f16.safetensors"};
      examples::digit_judge judge{data_};
      const nf::cads noise{.horizon = 1000};
      for (std::size_t job = next++; job < arms_.size() * seeds_; job = next++) {
        arm& a = arms_[job % arms_.size()];
        const std::size_t seed = job / arms_.size();
        nf::tensor<float> x({samples_, 1, 28, 28});
        if (a.real) {
          x = judge.others(seed, samples_);
        } else {
          digit_condition given = digit_predictor::classes(0, samples_);
          if (a.disturbed) given.noise = &noise;
          sampler_of(a.guidance, a.steps)(network, x,
                                          {.seed = seed + 1, .conditional = given, .unconditional = {{10}}});
        }
        a.looks[seed] = judge(x);
        if (seed == 0) a.sheet = std::move(x);
      }
    };
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < settings_.threads; ++i) others.emplace_back(work);
    work();
    for (std::thread& t : others) t.join();
  }

  struct value {
    double mean, error;  // its standard error over the seeds
  };
  template <class Of>
  static value over_seeds(const arm& a, Of of) {
    const double n = static_cast<double>(a.looks.size());
    double mean = 0, square = 0;
    for (const examples::digit_looks& l : a.looks) mean += of(l) / n;
    for (const examples::digit_looks& l : a.looks) square += (of(l) - mean) * (of(l) - mean);
    return {mean, n > 1 ? std::sqrt(square / (n - 1) / n) : 0};
  }
  static value accuracy(const arm& a) {
    return over_seeds(a, [](const examples::digit_looks& l) { return l.accuracy; });
  }
  static value spread(const arm& a) {
    return over_seeds(a, [](const examples::digit_looks& l) { return l.spread; });
  }
  static value pixels(const arm& a) {
    return over_seeds(a, [](const examples::digit_looks& l) { return l.pixel_spread; });
  }
  static value coverage(const arm& a) {
    return over_seeds(a, [](const examples::digit_looks& l) { return l.coverage; });
  }
  static value frechet(const arm& a) {
    return over_seeds(a, [](const examples::digit_looks& l) { return l.frechet; });
  }

  report table() const {
    std::printf("%-14s %4s %6s %6s   %-14s %-14s %-14s %-14s %-13s\n", "", "w", "steps", "calls", "accuracy", "spread",
                "of pixels", "coverage", "Frechet");
    report rows = report::array();
    for (const arm& a : arms_) {
      std::printf("%-14s %4.1f %6zu %6zu ", a.kind.c_str(), a.w, a.steps, a.evaluations);
      report row = {{"guidance", a.kind}, {"w", a.w}, {"note", a.note}, {"steps", a.steps}, {"calls", a.evaluations}};
      const auto put = [&](const char* name, const value& v, const char* form) {
        std::printf(form, v.mean, v.error);
        row[name] = {{"mean", v.mean}, {"standard_error", v.error}};
      };
      put("accuracy", accuracy(a), "  %.3f +- %.3f");
      put("spread", spread(a), " %.3f +- %.3f");
      put("pixel_spread", pixels(a), " %.3f +- %.3f");
      put("coverage", coverage(a), " %.3f +- %.3f");
      put("frechet", frechet(a), " %5.2f +- %.2f");
      std::printf("  %s\n", a.note.c_str());
      rows.push_back(row);
    }
    return rows;
  }

  // Each way against constant guidance where it is as accurate, on straight lines between constant guidance's weights.
  report compare() const {
    std::vector<const arm*> line;
    for (const arm& a : arms_)
      if (a.kind == "no guidance" || a.kind == "constant") line.push_back(&a);
    std::sort(line.begin(), line.end(),
              [](const arm* a, const arm* b) { return accuracy(*a).mean < accuracy(*b).mean; });
    report rows = report::array();
    for (const arm& a : arms_) {
      if (a.real || a.kind == "no guidance" || a.kind == "constant") continue;
      const double wanted = accuracy(a).mean;
      if (wanted < accuracy(*line.front()).mean) {
        std::printf("%-14s w %.1f less accurate than no guidance and every constant one: %.3f to %.3f\n",
                    a.kind.c_str(), a.w, wanted, accuracy(*line.front()).mean);
        rows.push_back({{"guidance", a.kind}, {"w", a.w}, {"accuracy", wanted}, {"less_accurate", true}});
        continue;
      }
      std::size_t next = 1;
      while (next + 1 < line.size() && accuracy(*line[next]).mean < wanted) ++next;
      const arm &low = *line[next - 1], &high = *line[next];
      const double width = accuracy(high).mean - accuracy(low).mean;
      const double part = width > 0 ? std::min((wanted - accuracy(low).mean) / width, 1.0) : 1;
      const auto more = [&](auto of) {
        const value here = of(a), from = of(low), to = of(high);
        return value{here.mean - from.mean - part * (to.mean - from.mean),
                     std::hypot(here.error, (1 - part) * from.error, part * to.error)};
      };
      const value s = more(spread), c = more(coverage), f = more(frechet);
      std::printf(
          "%-14s w %.1f against constant guidance as accurate: spread %+.3f +- %.3f, coverage %+.3f +- %.3f, "
          "Frechet %+.2f +- %.2f\n",
          a.kind.c_str(), a.w, s.mean, s.error, c.mean, c.error, f.mean, f.error);
      rows.push_back({{"guidance", a.kind},
                      {"w", a.w},
                      {"accuracy", accuracy(a).mean},
                      {"spread", {{"more", s.mean}, {"standard_error", s.error}}},
                      {"coverage", {{"more", c.mean}, {"standard_error", c.error}}},
                      {"frechet", {{"more", f.mean}, {"standard_error", f.error}}}});
    }
    return rows;
  }

  void draw_plots() const {
    examples::panel_sheet plot{.title = "Digits: fidelity and diversity, at equal network calls", .columns = 3};
    plot.panels = {{"spread in a class, over real", "accuracy", "spread"},
                   {"coverage of real digits", "accuracy", "coverage"},
                   {"Frechet distance", "accuracy", "distance"}};
    plot.panels[2].log_y = true;
    const std::vector<value (*)(const arm&)> of{spread, coverage, frechet};
    for (std::size_t p = 0; p < of.size(); ++p) {
      std::vector<examples::series>& all = plot.panels[p].all;
      for (const arm& a : arms_) {
        const auto known =
            std::find_if(all.begin(), all.end(), [&](const examples::series& s) { return s.name == a.kind; });
        examples::series& s = known == all.end() ? all.emplace_back(examples::series{a.kind, {}, a.ink}) : *known;
        const value x = accuracy(a), y = of[p](a);
        s.points.push_back({x.mean, y.mean, x.error, y.error});
      }
    }
    write_picture(settings_, "diversity.digits.png", plot.draw());
  }

  // Six digits of each class by each way, side by side.
  void draw_sheets() const {
    constexpr std::size_t rows = 6, zoom = 1;
    std::vector<const arm*> shown;
    const double w = strengths_[strengths_.size() / 2];
    for (const arm& a : arms_)
      if (a.real || a.kind == "no guidance" || a.w == w) shown.push_back(&a);
    std::vector<nf::picture> sheets;
    for (const arm* a : shown)
      sheets.push_back(
          nf::sheet(nf::view<float>{a->sheet.data(), {rows * 10, 1, 28, 28}}, {.border = 1, .upscale = zoom}));
    const std::size_t columns = (shown.size() + 1) / 2, gap = 14, head = 34;
    const std::size_t wide = sheets[0].width + gap, high = sheets[0].height + head;
    examples::canvas paper{columns * wide + gap, 2 * high + gap};
    for (std::size_t i = 0; i < shown.size(); ++i) {
      char name[64];
      const arm& a = *shown[i];
      std::snprintf(name, sizeof name, a.w > 0 ? "%s, w = %g" : "%s", a.kind.c_str(), a.w);
      paper.text({static_cast<double>(i % columns * wide + gap), static_cast<double>(i / columns * high + 26)}, name,
                 {30, 30, 30});
    }
    nf::picture all = std::move(paper).done();
    for (std::size_t i = 0; i < sheets.size(); ++i)
      for (std::size_t y = 0; y < sheets[i].height; ++y)
        for (std::size_t x = 0; x < sheets[i].width; ++x) {
          const std::size_t at = (i / columns * high + head + y) * all.width + i % columns * wide + gap + x;
          std::fill_n(all.pixels.begin() + static_cast<std::ptrdiff_t>(3 * at), 3,
                      sheets[i].pixels[y * sheets[i].width + x]);
        }
    write_picture(settings_, "diversity.sheets.png", all);
  }

  settings settings_;
  std::filesystem::path data_;
  std::size_t samples_, calls_, seeds_;  // calls: of the network, for a digit
  std::vector<double> strengths_;
  std::vector<arm> arms_;
};

}  // namespace diversity
