// A fine run of the same network from common noises: what a run of few steps is held against, sample by sample.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/sampler/sampler.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/search/search_problem.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/tensor/tensor.hpp>

namespace noisefall {

// The network's side of a teacher. `options(first, count)`: seed and conditions of samples first to first + count - 1.
template <class Condition>
struct teacher_settings {
  std::size_t samples = 64;  // two or more
  std::size_t batch = 64;
  std::size_t first_sample = 0;  // another one, for samples that are held out
  std::function<run_options<Condition>(std::size_t first, std::size_t count)> options{};
  any_guidance guidance = unguided{};
  any_parameterisation parameterisation = predicts_eps{};
  threshold map{};
};

// Ends, and states on the way, of runs from the same noises [samples, ...], as numbers in double. The reference is the
// end of a run along `path` under `solver`: fine enough that nothing finer differs by what is to be told. Copies share
// what they hold, the network among it, which must outlive them; not for two threads at once.
class teacher {
 public:
  using states = std::vector<double>;  // [samples, sample_size]

  // `sample`: the extents of one sample's batch of one, as {1, 3, 32, 32}; T: the numbers that the network takes.
  template <std::floating_point T, class Model>
  static teacher of(Model& model, const shape& sample, const any_solver& solver, const any_schedule& schedule,
                    const trajectory& path, teacher_settings<typename Model::condition> settings) {
    require(settings.samples >= 2 && settings.batch >= 1, "teacher",
            {settings.samples, " samples in batches of ", settings.batch},
            "two samples or more, in batches of one or more");
    return {std::make_shared<network<T, Model>>(model, sample, std::move(settings)), solver, schedule, path};
  }

  std::size_t samples() const { return held_->samples; }
  std::size_t sample_size() const { return held_->sample_size; }
  // Of the network, the reference's among them.
  std::size_t evaluations() const { return held_->evaluations; }
  const any_schedule& schedule() const { return schedule_; }
  const any_solver& solver() const { return solver_; }
  const trajectory& path() const { return path_; }
  const states& reference() const { return reference_; }

  // The ends of runs from the common noises.
  states ends(const any_solver& solver, const trajectory& path) const {
    return held_->run(solver, schedule_, path, nullptr);
  }
  // The same from states at the path's first level.
  states ends(const any_solver& solver, const trajectory& path, const states& from) const {
    return held_->run(solver, schedule_, path, &from);
  }
  // The common noises at a level of pure noise.
  states starts(const noise_level& at) const { return held_->noises(at); }
  // What the network says x0 is, guided and mapped, of states at a level above sigma = 0.
  states denoised(const noise_level& at, const states& x) const {
    return ends(ddim{}, trajectory{std::vector<noise_level>{at, clean_level(schedule_)}}, x);
  }

  // Mean squares per element of the differences from the reference, in units of the data: one per sample.
  std::vector<double> errors(const states& ends) const {
    const double scale = path_.back().alpha, size = static_cast<double>(sample_size());
    std::vector<double> all;
    for (std::size_t i = 0; i < samples(); ++i) {
      double sum = 0;
      for (std::size_t e = i * sample_size(); e < (i + 1) * sample_size(); ++e)
        sum += (ends[e] - reference_[e]) * (ends[e] - reference_[e]);
      all.push_back(sum / size / (scale * scale));
    }
    return all;
  }
  // Their mean. A run that comes to no finite end counts as infinitely wrong.
  double error(const states& ends) const {
    double sum = 0;
    for (const double e : errors(ends)) sum += e / static_cast<double>(samples());
    return std::isfinite(sum) ? sum : std::numeric_limits<double>::infinity();
  }
  double error(const any_solver& solver, const trajectory& path) const { return error(ends(solver, path)); }

  // Refuses a search whose ends are not the reference's, or whose solver adds noise: nothing pairs its samples.
  void check_for(const search_problem& problem) const {
    require(problem.base().front() == path_.front() && problem.base().back() == path_.back(), "search: teacher",
            {"the reference runs from sigma / alpha ", path_.front().rho(), " to ", path_.back().rho(),
             ", the base from ", problem.base().front().rho(), " to ", problem.base().back().rho()},
            "the same ends, to the bit");
    if (!problem.solver().planner) return;
    const path_response response = problem.response_of(problem.sigmas()).of(1);
    require(response.fresh == 0, {"search: teacher, ", problem.solver_name()},
            "adds noise: the end of a sample is not the reference's, however fine the steps are",
            "a solver of the ODE, or evolutionary with a metric of the law");
  }

 private:
  // What does not depend on the types of network and numbers.
  struct held {
    std::size_t samples = 0, sample_size = 0, evaluations = 0;
    held() = default;
    held(const held&) = delete;
    held& operator=(const held&) = delete;
    virtual ~held() = default;
    virtual states run(const any_solver&, const any_schedule&, const trajectory&, const states* from) = 0;
    virtual states noises(const noise_level& at) = 0;
  };

  template <class T, class Model>
  struct network final : held {
    network(Model& used, const shape& one, teacher_settings<typename Model::condition> settings)
        : model{used}, sample{one}, how{std::move(settings)} {
      samples = how.samples;
      sample_size = one.sample_size();
    }

    states run(const any_solver& solver, const any_schedule& schedule, const trajectory& path,
               const states* from) override {
      const sampler sample_by =
          solver.planner ? sampler{solver.planner, schedule, path, how.guidance, how.parameterisation, how.map}
                         : sampler{solver.own_steps, schedule, path, how.guidance, how.parameterisation, how.map};
      states all(samples * sample_size);
      for (std::size_t first = 0; first < samples; first += how.batch) {
        const std::size_t count = std::min(how.batch, samples - first);
        tensor<T> x{sample.with_extent(0, count)};
        run_options<typename Model::condition> options = options_of(first, count);
        if (from != nullptr) {
          options.start = start_from::given;
          for (std::size_t k = 0; k < x.size(); ++k) x[k] = static_cast<T>((*from)[first * sample_size + k]);
        }
        evaluations += count * sample_by(model, x, options).evaluations;
        for (std::size_t k = 0; k < x.size(); ++k) all[first * sample_size + k] = static_cast<double>(x[k]);
      }
      return all;
    }
    states noises(const noise_level& at) override {
      states all(samples * sample_size);
      for (std::size_t first = 0; first < samples; first += how.batch) {
        const std::size_t count = std::min(how.batch, samples - first);
        std::vector<T> z(count * sample_size);
        const auto options = options_of(first, count);
        philox{options.seed}.fill(std::span<T>{z}, sample_size, {.first_sample = options.first_sample});
        for (std::size_t k = 0; k < z.size(); ++k) all[first * sample_size + k] = at.sigma * static_cast<double>(z[k]);
      }
      return all;
    }
    run_options<typename Model::condition> options_of(std::size_t first, std::size_t count) const {
      run_options<typename Model::condition> options;
      if (how.options) options = how.options(how.first_sample + first, count);
      options.first_sample = how.first_sample + first;
      return options;
    }

    Model& model;
    shape sample;
    teacher_settings<typename Model::condition> how;
  };

  teacher(std::shared_ptr<held> made, any_solver solver, any_schedule schedule, trajectory path)
      : held_{std::move(made)}, solver_{std::move(solver)}, schedule_{std::move(schedule)}, path_{std::move(path)} {
    reference_ = held_->run(solver_, schedule_, path_, nullptr);
    for (const double x : reference_)
      require(std::isfinite(x), "teacher", "the reference run came to numbers that are not finite",
              "a run that ends well");
  }

  std::shared_ptr<held> held_;
  any_solver solver_;
  any_schedule schedule_;
  trajectory path_;
  states reference_;
};

}  // namespace noisefall
