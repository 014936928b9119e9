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
