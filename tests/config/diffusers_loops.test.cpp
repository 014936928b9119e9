// Classes of diffusers that no recording covers, each against a loop written out from its Python code.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers.hpp>
#include <noisefall/config/native/solver_description.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/random/recorded.hpp>
#include <noisefall/sampler/sampler.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace {

namespace nf = noisefall;
using nlohmann::json;
using numbers = std::vector<double>;
using draws = std::vector<nf::recorded_draw<double>>;

constexpr std::size_t size = 5;

// A network of its input and its label alone.
double answer(double x, double label) { return 0.8 * std::tanh(x) + 0.1 * std::cos(label); }

struct network {
  using condition = double;
  template <class T>
  void predict(nf::view<T> x, const nf::evaluation& at, const double&, nf::mutable_view<T> out) {
    for (std::size_t e = 0; e < x.size(); ++e) out.data()[e] = static_cast<T>(answer(x.data()[e], at.label(0)));
  }
};

numbers normals(std::uint64_t which) {
  numbers z(size);
  nf::philox{77}.fill(std::span<double>{z}, size, {.step = static_cast<std::uint32_t>(which)});
  return z;
}

// Each element apart: where the loop of a class leaves x.
template <class Step>
numbers each(numbers x, Step step) {
  for (std::size_t e = 0; e < size; ++e) x[e] = step(x[e], e);
  return x;
}

numbers run(const nf::diffusers_setup& s, draws recorded) {
  const nf::sampler sample{s.solver, s.schedule, s.path, nf::unguided{}, s.parameterisation, s.map};
  network model;
  nf::tensor<double> x({1, size});
  const numbers start = normals(1000);
  std::copy(start.begin(), start.end(), x.data());
  sample(model, x, {.start = nf::start_from::given}, nf::recorded_noise<double>{std::move(recorded)});
  return {x.data(), x.data() + size};
}

void same(const numbers& found, const numbers& expected) {
  for (std::size_t e = 0; e < size; ++e) CHECK(found[e] == Approx(expected[e]).epsilon(1e-12).margin(1e-13));
}

nf::diffusers_setup setup(json file, const std::string& name, const nf::diffusers_arguments& a) {
  file["_class_name"] = name;
  return nf::diffusers_config{file}.setup(a);
}

std::string refusal_of(json file, const std::string& name, const nf::diffusers_arguments& a = {}) {
  return message_of([&] { setup(std::move(file), name, a); });
}

}  // namespace

TEST_CASE("SCM's loop is consistency sampling on TrigFlow's circle", "[config]") {
  const auto loop = [](const numbers& times, double sigma_data) {
    numbers x = normals(1000);
    for (std::size_t i = 0; i + 1 < times.size(); ++i) {
      const double s = times[i], t = times[i + 1];
      const numbers z = normals(i);
      x = each(x, [&](double v, std::size_t e) {
        const double x0 = std::cos(s) * v - std::sin(s) * answer(v, s);
        return std::cos(t) * x0 + std::sin(t) * z[e] * sigma_data;
      });
    }
    return x;
  };
  const auto all = [](std::size_t n) {
    draws recorded;
    for (std::size_t i = 0; i < n; ++i) recorded.push_back({static_cast<std::uint32_t>(i), 0, normals(i)});
    return recorded;
  };
  const std::string name = "SCMScheduler";
  same(run(setup(json::object(), name, {.num_inference_steps = 2}), all(2)), loop({1.57080, 1.3, 0}, 0.5));
  same(run(setup(json::object(), name, {.num_inference_steps = 1}), all(1)), loop({1.57080, 0}, 0.5));
  same(run(setup({{"sigma_data", 1.0}, {"max_timesteps", 1.5}}, name, {.num_inference_steps = 3}), all(3)),
       loop({1.5, 1.0, 0.5, 0}, 1));
  same(run(setup({{"intermediate_timesteps", nullptr}}, name, {.num_inference_steps = 2}), all(2)),
       loop({1.57080, 0.7854, 0}, 0.5));
  same(run(setup(json::object(), name, {.num_inference_steps = 2, .timesteps = numbers{1.4, 0.6, 0.1}}), all(2)),
       loop({1.4, 0.6, 0.1}, 0.5));
  CHECK(refusal_of({{"prediction_type", "epsilon"}}, name, {.num_inference_steps = 2}) ==
        "/prediction_type: \"epsilon\"; allowed: trigflow");
  CHECK(refusal_of({{"max_timesteps", 2}}, name) == "/max_timesteps: 2; allowed: a number above 0, up to pi/2");
  CHECK(refusal_of({{"max_timesteps", 1.2}}, name) == "/intermediate_timesteps: missing; allowed: below max_timesteps");
  CHECK(refusal_of(json::object(), name, {.num_inference_steps = 2, .timesteps = numbers{1, 0}}) ==
        "SCMScheduler: timesteps: 2 entries; allowed: one more than num_inference_steps, 3");
  CHECK(refusal_of(json::object(), name, {.num_inference_steps = 1, .timesteps = numbers{3, 0}}) ==
        "SCMScheduler: timesteps: 3.000000; allowed: 0 to pi/2");
}

TEST_CASE("DDPMWuerstchen's loop is DDPM's posterior on the clamped cosine", "[config]") {
  const auto loop = [](const numbers& times, double scaler, double s) {
    const auto bar = [&](double t) {
      if (scaler > 1) t = 1 - std::pow(1 - t, scaler);
      if (scaler < 1) t = std::pow(t, scaler);
      const double c = std::cos((t + s) / (1 + s) * std::numbers::pi * 0.5);
      const double first = std::cos(s / (1 + s) * std::numbers::pi * 0.5);
      return std::clamp(c * c / (first * first), 0.0001, 0.9999);
    };
    numbers x = normals(1000);
    for (std::size_t i = 0; i + 1 < times.size(); ++i) {
      const double t = times[i], previous = times[i + 1], now = bar(t), before = bar(previous), alpha = now / before;
      const numbers z = normals(i);
      x = each(x, [&](double v, std::size_t e) {
        const double mean = std::sqrt(1 / alpha) * (v - (1 - alpha) * answer(v, t) / std::sqrt(1 - now));
        const double deviation = std::sqrt((1 - alpha) * (1 - before) / (1 - now));
        return mean + deviation * z[e] * (previous != 0 ? 1 : 0);
      });
    }
    return x;
  };
  const auto all = [](std::size_t n) {
    draws recorded;
    for (std::size_t i = 0; i < n; ++i) recorded.push_back({static_cast<std::uint32_t>(i), 0, normals(i)});
    return recorded;
  };
  const std::string name = "DDPMWuerstchenScheduler";
  same(run(setup(json::object(), name, {.num_inference_steps = 4}), all(4)), loop({1, 0.75, 0.5, 0.25, 0}, 1, 0.008));
  same(run(setup({{"scaler", 2}, {"s", 0.02}}, name, {.num_inference_steps = 4}), all(4)),
       loop({1, 0.75, 0.5, 0.25, 0}, 2, 0.02));
  same(run(setup({{"scaler", 0.5}}, name, {.num_inference_steps = 2}), all(2)), loop({1, 0.5, 0}, 0.5, 0.008));
  same(run(setup(json::object(), name, {.timesteps = numbers{0.9, 0.6, 0.1}}), all(2)),
       loop({0.9, 0.6, 0.1}, 1, 0.008));
  // two times inside the clamp: a step of no length
  same(run(setup(json::object(), name, {.timesteps = numbers{1, 0.998, 0.4, 0}}), all(3)),
       loop({1, 0.998, 0.4, 0}, 1, 0.008));
  const json file{{"_class_name", name}};
  const auto levels = nf::diffusers_config{file}.noising(numbers{0.5, 1});
  CHECK(levels[0].alpha == Approx(0.70274005894116902).epsilon(1e-12));
  CHECK(levels[1].alpha == Approx(0.01).epsilon(1e-12));
  CHECK(refusal_of({{"scaler", 0}}, name) == "/scaler: 0; allowed: a number > 0");
  CHECK(refusal_of(json::object(), name, {.timesteps = numbers{0.1, 0.6}}) ==
        "DDPMWuerstchenScheduler: timesteps: 0.600000; allowed: falling numbers from 1 to 0");
  CHECK(refusal_of(json::object(), name, {.timesteps = numbers{0.5}}) ==
        "DDPMWuerstchenScheduler: timesteps: 1 entry; allowed: two or more, the last one the end");
}

TEST_CASE("RePaint's loop goes down by DDIM and up again by the forward process", "[config]") {
  struct settings {
    long train = 20, n = 10, length = 3, samples = 2;
    double eta = 0;
    bool clip = true;
  };
  // The pipeline's loop with an empty mask. `recorded` gets the noise of each evaluation under its own number, that of
  // the moves up to it made one.
  const auto loop = [](const settings& by, draws& recorded) {
    numbers betas, bars;
    for (long i = 0; i < by.train; ++i) {
      betas.push_back(1e-4 + (0.02 - 1e-4) * static_cast<double>(i) / static_cast<double>(by.train - 1));
      bars.push_back((bars.empty() ? 1 : bars.back()) * (1 - betas.back()));
    }
    const long stride = by.train / by.n;
    std::map<long, long> jumps;
    for (long at = 0; at < by.n - by.length; at += by.length) jumps[at] = by.samples - 1;
    std::vector<long> timesteps;
    for (long t = by.n; t >= 1;) {
      timesteps.push_back(--t);
      if (jumps.count(t) > 0 && jumps[t] > 0) {
        --jumps[t];
        for (long i = 0; i < by.length; ++i) timesteps.push_back(++t);
      }
    }
    for (long& t : timesteps) t *= stride;

    numbers x = normals(1000), moved(size);  // moved: the noise of the moves since the last evaluation
    double kept = 1;
    std::uint64_t drawn = 0;
    std::uint32_t evaluation = 0;
    long last = timesteps[0] + 1;
    for (const long t : timesteps) {
      if (t >= last) {
        for (long i = 0; i < stride; ++i) {
          const double beta = betas.at(static_cast<std::size_t>(last + i));
          const numbers z = normals(drawn++);
          const auto up = [&](double v, std::size_t e) { return std::sqrt(1 - beta) * v + std::sqrt(beta) * z[e]; };
          x = each(x, up);
          moved = each(moved, up);
          kept *= 1 - beta;
        }
        last = t;
        continue;
      }
      last = t;
      if (kept < 1)
        recorded.push_back(
            {evaluation, 0, each(moved, [&](double v, std::size_t) { return v / std::sqrt(1 - kept); })});
      moved.assign(size, 0);
      kept = 1;
      const double now = bars.at(static_cast<std::size_t>(t)),
                   before = t - stride >= 0 ? bars.at(static_cast<std::size_t>(t - stride)) : 1;
      const double deviation = by.eta * std::sqrt((1 - before) / (1 - now) * (1 - now / before));
      const numbers z = normals(drawn++);
      recorded.push_back({evaluation++, 1, z});
      x = each(x, [&](double v, std::size_t e) {
        const double out = answer(v, static_cast<double>(t));
        double x0 = (v - std::sqrt(1 - now) * out) / std::sqrt(now);
        if (by.clip) x0 = std::clamp(x0, -1.0, 1.0);
        return std::sqrt(before) * x0 + std::sqrt(1 - before - deviation * deviation) * out +
               (t > 0 && by.eta > 0 ? deviation * z[e] : 0);
      });
    }
    return x;
  };
  for (const settings& by : {settings{}, settings{.eta = 0.7}, settings{.eta = 1, .clip = false},
                             settings{.length = 2, .samples = 3, .eta = 0.5}, settings{.n = 20, .eta = 0.3},
                             settings{.samples = 1, .eta = 0.7}, settings{.n = 3, .length = 10}}) {
    INFO("n " << by.n << ", jumps of " << by.length << ", " << by.samples << " times, eta " << by.eta);
    draws recorded;
    const numbers expected = loop(by, recorded);
    const auto s =
        setup({{"num_train_timesteps", by.train}, {"eta", by.eta}, {"clip_sample", by.clip}}, "RePaintScheduler",
              {.num_inference_steps = static_cast<std::size_t>(by.n),
               .jump_length = static_cast<std::size_t>(by.length),
               .jump_n_sample = static_cast<std::size_t>(by.samples)});
    same(run(s, recorded), expected);
  }
  CHECK(setup(json::object(), "RePaintScheduler", {.num_inference_steps = 250}).path.steps() > 2000);
  CHECK(refusal_of(json::object(), "RePaintScheduler", {.num_inference_steps = 250, .jump_n_sample = 1000000}) ==
        "RePaintScheduler: jump_n_sample: 1000000; allowed: jumps of at most 1000000 steps in all");
  CHECK(refusal_of({{"eta", 2}}, "RePaintScheduler") == "/eta: 2; allowed: a number from 0 to 1");
  CHECK(refusal_of(json::object(), "DDIMScheduler", {.num_inference_steps = 3, .jump_length = 3}) ==
        "DDIMScheduler: has no argument jump_length; allowed: num_inference_steps, eta, use_clipped_model_output");
}

TEST_CASE("FlowMapEuler's loop is Euler over shifted sigmas down to 0", "[config]") {
  const auto loop = [](const numbers& sigmas, double shift) {
    numbers x = normals(1000);
    for (std::size_t i = 0; i < sigmas.size(); ++i) {
      const auto shifted = [&](double s) { return shift * s / (1 + (shift - 1) * s); };
      const double from = shifted(sigmas[i]), to = i + 1 < sigmas.size() ? shifted(sigmas[i + 1]) : 0;
      x = each(x, [&](double v, std::size_t) { return v - (from - to) * answer(v, from * 1000); });
    }
    return x;
  };
  const std::string name = "FlowMapEulerDiscreteScheduler";
  same(run(setup(json::object(), name, {.num_inference_steps = 4}), {}), loop({1, 0.75, 0.5, 0.25}, 1));
  same(run(setup({{"shift", 5}}, name, {.num_inference_steps = 4}), {}), loop({1, 0.75, 0.5, 0.25}, 5));
  same(run(setup({{"shift", 5}}, name, {.num_inference_steps = 1}), {}), loop({1}, 5));
  same(run(setup({{"shift", 2}}, name, {.sigmas = numbers{0.9, 0.3}}), {}), loop({0.9, 0.3}, 2));
  same(run(setup({{"shift", 2}}, name, {.timesteps = numbers{900, 300}}), {}), loop({0.9, 0.3}, 2));
  CHECK(refusal_of(json::object(), name, {.num_inference_steps = 3, .sigmas = numbers{0.9}}) ==
        "FlowMapEulerDiscreteScheduler: 1 sigmas; allowed: num_inference_steps of them, 1 or more");
  CHECK(refusal_of(json::object(), name, {.sigmas = numbers{1.5}}) ==
        "FlowMapEulerDiscreteScheduler: a sigma of 1.500000; allowed: 0 < sigma <= 1");
  const json file{{"_class_name", name}};
  CHECK(nf::diffusers_config{file}.noising(numbers{300})[0] == nf::noise_level{300, 0.7, 0.3});
}

TEST_CASE("ScoreSdeVp's loop is Euler-Maruyama in steps of 1 / n, and ends in its mean", "[config]") {
  const auto loop = [](std::size_t n, double low, double high, double last) {
    numbers x = normals(1000);
    for (std::size_t i = 0; i < n; ++i) {
      const double t = 1 + static_cast<double>(i) * (last - 1) / static_cast<double>(n - 1);
      const double log_mean = -0.25 * t * t * (high - low) - 0.5 * t * low, dt = -1 / static_cast<double>(n);
      const double deviation = std::sqrt(1 - std::exp(2 * log_mean)), beta = low + t * (high - low);
      const numbers z = normals(i);
      x = each(x, [&](double v, std::size_t e) {
        const double score = -answer(v, t) / deviation, drift = -0.5 * beta * v - beta * score;
        return v + drift * dt + (i + 1 < n ? std::sqrt(beta) * std::sqrt(-dt) * z[e] : 0);
      });
    }
    return x;
  };
  const std::string name = "ScoreSdeVpScheduler";
  const auto all = [](std::size_t n) {
    draws recorded;
    for (std::size_t i = 0; i < n; ++i) recorded.push_back({static_cast<std::uint32_t>(i), 0, normals(i)});
    return recorded;
  };
  same(run(setup(json::object(), name, {.num_inference_steps = 6}), all(6)), loop(6, 0.1, 20, 1e-3));
  same(
      run(setup({{"beta_min", 0.5}, {"beta_max", 9}, {"sampling_eps", 0.1}}, name, {.num_inference_steps = 3}), all(3)),
      loop(3, 0.5, 9, 0.1));
  CHECK(refusal_of({{"beta_max", 0.01}}, name) == "/beta_max: 0.01; allowed: beta_min or more");
  CHECK(refusal_of({{"sampling_eps", 0}}, name) == "/sampling_eps: 0; allowed: a number in (0, 1)");
}

TEST_CASE("ScoreSdeVe's loop corrects by norms over the batch, and ends in its mean", "[config]") {
  constexpr std::size_t batch = 3;
  struct settings {
    std::size_t n = 6, corrections = 1;
    double snr = 0.15, low = 0.01, high = 1348, last = 1e-5;
  };
  const auto norm = [](const numbers& of) {
    double square = 0;
    for (const double v : of) square += v * v;
    return std::sqrt(square);
  };
  // The pipeline's loop, without its clamp; the network predicts the score.
  const auto loop = [&](const settings& by, std::vector<numbers> x, const std::vector<std::vector<numbers>>& draws) {
    std::size_t drawn = 0;
    for (std::size_t i = 0; i < by.n; ++i) {
      const double t = by.n == 1 ? 1 : 1 + static_cast<double>(i) * (by.last - 1) / static_cast<double>(by.n - 1);
      const double told = by.low * std::pow(by.high / by.low, t);
      const auto discrete = [&](std::size_t k) {
        const double part = by.n == 1 ? 0 : static_cast<double>(k) / static_cast<double>(by.n - 1);
        return std::exp(std::log(by.low) + part * (std::log(by.high) - std::log(by.low)));
      };
      const std::size_t index = static_cast<std::size_t>(t * static_cast<double>(by.n - 1));
      const double sigma = discrete(index), adjacent = index == 0 ? 0 : discrete(index - 1);
      for (std::size_t k = 0; k < by.corrections; ++k) {
        const auto& z = draws[drawn++];
        std::vector<numbers> score = x;
        double of_score = 0, of_noise = 0;
        for (std::size_t s = 0; s < batch; ++s) {
          score[s] = each(x[s], [&](double v, std::size_t) { return answer(v, told); });
          of_score += norm(score[s]) / batch;
          of_noise += norm(z[s]) / batch;
        }
        const double step = std::pow(by.snr * of_noise / of_score, 2) * 2;
        for (std::size_t s = 0; s < batch; ++s)
          x[s] = each(x[s],
                      [&](double v, std::size_t e) { return v + step * score[s][e] + std::sqrt(2 * step) * z[s][e]; });
      }
      const auto& z = draws[drawn++];
      const double diffusion = std::sqrt(sigma * sigma - adjacent * adjacent);
      for (std::size_t s = 0; s < batch; ++s)
        x[s] = each(x[s], [&](double v, std::size_t e) {
          return v + diffusion * diffusion * answer(v, told) + (i + 1 < by.n ? diffusion * z[s][e] : 0);
        });
    }
    return x;
  };
  const std::string name = "ScoreSdeVeScheduler";
  for (const settings& by :
       {settings{}, settings{.corrections = 0}, settings{.n = 1}, settings{.n = 9, .corrections = 3, .snr = 0.3},
        settings{.n = 12, .low = 0.1, .high = 50, .last = 0.23}}) {
    CAPTURE(by.n, by.corrections, by.last);
    const auto s = setup({{"correct_steps", by.corrections},
                          {"snr", by.snr},
                          {"sigma_min", by.low},
                          {"sigma_max", by.high},
                          {"sampling_eps", by.last}},
                         name, {.num_inference_steps = by.n});
    CHECK(s.init_noise_sigma == by.high);
    std::vector<numbers> start;
    for (std::size_t k = 0; k < batch; ++k) start.push_back(normals(1000 + k));
    std::vector<std::vector<numbers>> noises;
    draws recorded;
    for (std::size_t d = 0; d < by.n * (by.corrections + 1); ++d) {
      noises.emplace_back();
      numbers all;
      for (std::size_t k = 0; k < batch; ++k) {
        noises.back().push_back(normals(10 * d + k));
        all.insert(all.end(), noises.back().back().begin(), noises.back().back().end());
      }
      recorded.push_back({static_cast<std::uint32_t>(d), 0, std::move(all)});
    }
    nf::tensor<double> x({batch, size});
    for (std::size_t k = 0; k < batch; ++k) std::copy(start[k].begin(), start[k].end(), x.data() + k * size);
    network model;
    const nf::sampler sample{s.solver, s.schedule, s.path, nf::unguided{}, s.parameterisation, s.map};
    sample(model, x, {.start = nf::start_from::given}, nf::recorded_noise<double>{std::move(recorded)});
    const std::vector<numbers> expected = loop(by, start, noises);
    for (std::size_t k = 0; k < batch; ++k) same({x.data() + k * size, x.data() + (k + 1) * size}, expected[k]);
  }

  const json file{{"_class_name", name}};
  const nf::diffusers_config config{file};
  CHECK(config.noising(numbers{0, 1999})[1].sigma == Approx(1348));
  CHECK(config.noising(numbers{0, 4}, {.num_inference_steps = 5})[0] ==
        nf::noise_level{0, 1, std::exp(std::log(0.01))});
  CHECK_THAT(message_of([&] { config.noising(numbers{5}, {.num_inference_steps = 5}); }),
             Catch::Matchers::ContainsSubstring("a whole number from 0 to 4"));
  CHECK(refusal_of({{"snr", 0}}, name) == "/snr: 0; allowed: a number > 0");
  CHECK(refusal_of({{"sigma_min", 2000}}, name) == "/sigma_min: 2000.000000; allowed: a number below sigma_max");
  CHECK(refusal_of({{"correct_steps", -1}}, name) == "/correct_steps: -1; allowed: a whole number from 0 to 100");
  CHECK(refusal_of({{"sampling_eps", 0}}, name) == "/sampling_eps: 0; allowed: a number in (0, 1)");
  CHECK(refusal_of(json::object(), name, {.num_inference_steps = 5, .eta = 1}) ==
        "ScoreSdeVeScheduler: has no argument eta; allowed: num_inference_steps");
  CHECK(nf::solver_description(config.setup({.num_inference_steps = 5}).solver) ==
        json{{"name", "predictor_corrector"},
             {"corrections", 1},
             {"snr", 0.15},
             {"predictor", "reverse_diffusion"},
             {"couples_batch", true}});
}

TEST_CASE("MiniMaxH3's loop blends the state with the x0 of a velocity towards the data", "[config]") {
  const auto loop = [](const numbers& sigmas) {
    numbers x = normals(1000);
    for (std::size_t i = 0; i + 1 < sigmas.size(); ++i)
      x = each(x, [&](double v, std::size_t) {
        const double x0 = v + sigmas[i] * answer(v, 1 - sigmas[i]), ratio = sigmas[i + 1] / sigmas[i];
        return ratio * v + (1 - ratio) * x0;
      });
    return x;
  };
  const std::string name = "MiniMaxH3Scheduler";
  const auto shifted = [](double s, double by) { return by * s / (1 + (by - 1) * s); };
  same(run(setup(json::object(), name, {.num_inference_steps = 5}), {}),
       loop({1, shifted(0.75, 12), shifted(0.5, 12), shifted(0.25, 12), 0}));
  same(run(setup({{"shift", 3}}, name, {.num_inference_steps = 2}), {}), loop({1, 0}));
  same(run(setup(json::object(), name, {.sigmas = numbers{0.9, 0.3, 0}}), {}), loop({0.9, 0.3, 0}));
  const json file{{"_class_name", name}};
  CHECK(nf::diffusers_config{file}.noising(numbers{0.25})[0] == nf::noise_level{0.25, 0.25, 0.75});
  CHECK(refusal_of({{"shift", 0}}, name) == "/shift: 0; allowed: a number > 0");
  CHECK(refusal_of(json::object(), name, {.num_inference_steps = 1}) ==
        "MiniMaxH3Scheduler: num_inference_steps: 1; allowed: 2 or more, the end counted");
  CHECK(refusal_of(json::object(), name, {.sigmas = numbers{0.9, 0.3}}) ==
        "MiniMaxH3Scheduler: sigmas; allowed: two or more, from 1 or less strictly down to 0");
}

TEST_CASE("the parallel classes are DDIM and DDPM under their own names", "[config]") {
  for (const std::string kind : {"DDIM", "DDPM"}) {
    const json fields{{"prediction_type", "v_prediction"}, {"timestep_spacing", "trailing"}};
    const auto plain = setup(fields, kind + "Scheduler", {.num_inference_steps = 7});
    const auto parallel = setup(fields, kind + "ParallelScheduler", {.num_inference_steps = 7});
    draws recorded;
    for (std::uint32_t i = 0; i < 7; ++i) recorded.push_back({i, 0, normals(i)});
    same(run(parallel, recorded), run(plain, recorded));
    CHECK(refusal_of(json::object(), kind + "ParallelScheduler") ==
          kind + "ParallelScheduler: " +
              (kind == "DDIM" ? "num_inference_steps is missing; allowed: 1 to 1000"
                              : "neither num_inference_steps nor timesteps; allowed: exactly one of them"));
  }
}

TEST_CASE("the Helios classes walk the stages of a flow", "[config]") {
  struct settings {
    long train = 1000, stages = 3;
    double shift = 1, gamma = 1. / 3;
    numbers range{0, 1. / 3, 2. / 3, 1};
  };
  struct grid {
    numbers sigmas, labels;
  };
  // set_timesteps() of both classes, `points` at first
  const auto set_timesteps = [](const settings& by, long stage, long points, double mu, bool exponential, bool drops) {
    const double n = static_cast<double>(by.train);
    numbers whole;
    for (long i = 0; i <= by.train; ++i) {
      const double sigma = 1 - (1 + static_cast<double>(i) * (1 / n - 1) / n);
      whole.push_back(by.shift * sigma / (1 + (by.shift - 1) * sigma));
    }
    std::reverse(whole.begin(), whole.end());
    whole.pop_back();
    numbers distances;
    double all = 0;
    for (std::size_t s = 0; s < static_cast<std::size_t>(by.stages); ++s) {
      const auto from = static_cast<std::size_t>(by.range[s] * n), to = static_cast<std::size_t>(by.range[s + 1] * n);
      double start = whole.at(from);
      const double end = to < whole.size() ? whole[to] : 0;
      if (s != 0) {
        const double original = 1 - start;
        start = 1 - (1 / (std::sqrt(1 + 1 / by.gamma) * (1 - original) + original)) * original;
      }
      distances.push_back(start - end);
      all += distances.back();
    }
    const auto share = [&](long stages) {
      double sum = 0;
      for (long s = 0; s < stages; ++s) sum += distances[static_cast<std::size_t>(s)];
      return sum / all;
    };
    const double begin = stage == 0 ? 0 : share(stage),
                 until = stage + 1 == by.stages ? 0.9999999999999999 : share(stage + 1);
    const double high = std::min(n * whole.at(static_cast<std::size_t>(begin * n)), 999.);
    const double towards = n * whole.at(std::min(static_cast<std::size_t>(until * n), whole.size() - 1));
    const double low = high + (n - 1) * (towards - high) / n, least = 0.999 + (n - 1) * (0 - 0.999) / n;
    grid g;
    for (long i = 0; i < points; ++i) {
      const double part = points == 1 ? 0 : static_cast<double>(i) / static_cast<double>(points - 1);
      g.labels.push_back(high + part * (low - high));
      g.sigmas.push_back(0.999 + part * (least - 0.999));
    }
    g.sigmas.push_back(0);
    if (drops) {
      g.labels.pop_back();
      g.sigmas.erase(g.sigmas.end() - 2);
    }
    if (mu != 0)
      for (std::size_t i = 0; i < g.labels.size(); ++i) {
        const double weight = exponential ? std::exp(mu) : mu;
        g.sigmas[i] = weight / (weight + (1 / g.sigmas[i] - 1));
        g.labels[i] = low + g.sigmas[i] * (high - low);
      }
    return g;
  };
  const auto euler = [](const grid& g) {
    numbers x = normals(1000);
    for (std::size_t i = 0; i < g.labels.size(); ++i)
      x = each(x, [&](double v, std::size_t) { return v + (g.sigmas[i + 1] - g.sigmas[i]) * answer(v, g.labels[i]); });
    return x;
  };
  const auto distilled = [](const grid& g) {
    const numbers start = normals(1000);
    const auto sigma_of = [&](double label) {
      std::size_t best = 0;
      for (std::size_t k = 0; k < g.labels.size(); ++k)
        if (std::abs(g.labels[k] - std::trunc(label)) < std::abs(g.labels[best] - std::trunc(label))) best = k;
      return g.sigmas[best];
    };
    numbers x = start;
    for (std::size_t i = 0; i < g.labels.size(); ++i)
      x = each(x, [&](double v, std::size_t e) {
        const double x0 = v - sigma_of(g.labels[i]) * answer(v, g.labels[i]);
        if (i + 1 == g.labels.size()) return x0;
        const double next = sigma_of(g.labels[i + 1]);
        return (1 - next) * x0 + next * start[e];
      });
    return x;
  };
  const std::string helios = "HeliosScheduler", dmd = "HeliosDMDScheduler";
  for (const settings& by : {settings{}, settings{.train = 400, .shift = 3, .gamma = 0.5},
                             settings{.stages = 2, .range = {0.1, 0.4, 0.9}}}) {
    json file{{"num_train_timesteps", by.train}, {"stages", by.stages},      {"shift", by.shift}, {"gamma", by.gamma},
              {"stage_range", by.range},         {"scheduler_type", "euler"}};
    for (std::size_t stage = 0; stage < static_cast<std::size_t>(by.stages); ++stage) {
      const long s = static_cast<long>(stage);
      CAPTURE(by.train, stage);
      same(run(setup(file, helios, {.num_inference_steps = 5, .stage_index = stage}), {}),
           euler(set_timesteps(by, s, 5, 0, true, false)));
      same(run(setup(file, dmd, {.num_inference_steps = 4, .stage_index = stage}), {}),
           distilled(set_timesteps(by, s, 5, 0, true, true)));
      same(run(setup(file, dmd, {.num_inference_steps = 3, .stage_index = stage, .is_amplify_first_chunk = true}), {}),
           distilled(set_timesteps(by, s, 7, 0, true, true)));
      if (by.shift != 1) continue;
      json dynamic = file;
      dynamic["use_dynamic_shifting"] = true;
      same(run(setup(dynamic, helios, {.num_inference_steps = 5, .mu = 0.7, .stage_index = stage}), {}),
           euler(set_timesteps(by, s, 5, 0.7, true, false)));
      same(run(setup(dynamic, dmd, {.num_inference_steps = 4, .mu = 0.7, .stage_index = stage}), {}),
           distilled(set_timesteps(by, s, 5, 0.7, false, true)));
    }
  }
  // one stage is the whole flow; diffusers hands its shift to the exponential rule as mu
  const auto whole =
      setup({{"stages", 1}, {"shift", 2}, {"scheduler_type", "euler"}}, helios, {.num_inference_steps = 4});
  CHECK(whole.path[1].from.sigma == Approx(std::exp(2.) / (std::exp(2.) + 1 / 0.75025 - 1)));
  CHECK(whole.path[1].label == Approx(1000 * whole.path[1].from.sigma));
  const auto pc =
      setup({{"disable_corrector", {0}}, {"solver_type", "bh1"}}, helios, {.num_inference_steps = 4, .stage_index = 1});
  CHECK(nf::solver_description(pc.solver)["coefficients"] == "bh1");
  CHECK(nf::solver_description(pc.solver)["skip_corrector"] == json{0});
  CHECK(pc.path.back() == nf::noise_level{0, 1, 1e-8});

  CHECK(refusal_of(json::object(), helios, {.num_inference_steps = 4}) ==
        "HeliosScheduler: stage_index is missing; allowed: 0 to 2");
  CHECK(refusal_of(json::object(), helios, {.num_inference_steps = 4, .stage_index = 3}) ==
        "HeliosScheduler: stage_index: 3; allowed: 0 to 2");
  CHECK(refusal_of({{"stage_range", {0, 0.5}}}, helios) ==
        "/stage_range: 2 numbers; allowed: one more than stages, or more");
  CHECK(refusal_of({{"stage_range", {0, 0.5, 0.4, 1}}}, helios) ==
        "/stage_range: [0,0.5,0.4,1]; allowed: rising numbers from 0 to 1");
  CHECK(refusal_of({{"thresholding", true}}, helios) ==
        "/thresholding: true; allowed: false: the class has no rule for it");
  CHECK(refusal_of({{"predict_x0", false}}, helios) ==
        "/predict_x0: false with the default prediction_type, flow_prediction; allowed: true");
  CHECK(refusal_of({{"scheduler_type", "dmd"}}, helios) == "/scheduler_type: \"dmd\"; allowed: euler, unipc");
  CHECK(refusal_of({{"use_dynamic_shifting", true}, {"shift", 2}}, dmd) ==
        "/shift: 2; allowed: 1, with use_dynamic_shifting");
  CHECK(refusal_of(json::object(), "DDIMScheduler", {.num_inference_steps = 3, .stage_index = 1}) ==
        "DDIMScheduler: has no argument stage_index; allowed: num_inference_steps, eta, use_clipped_model_output");
}
