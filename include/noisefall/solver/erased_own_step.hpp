// A solver with its own steps whose type is known at run time only: what the sampler holds.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <noisefall/core/owner.hpp>
#include <noisefall/core/reference.hpp>
#include <noisefall/random/noise_source.hpp>
#include <noisefall/solver/concept.hpp>
#include <noisefall/solver/own_step.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// The solver's state of one run, ready to go on.
class own_walk {
 public:
  virtual ~own_walk() = default;
  virtual void begin(std::size_t samples) = 0;
  virtual own_action advance(bench& on) = 0;
  virtual void transfer(archive& to) = 0;
  virtual bool is_sound() const = 0;
  // The leg that it stands at, if it walks legs.
  virtual std::optional<std::size_t> present_leg() const = 0;
};

// Copies share the solver they hold, which nothing can change.
class erased_own_step {
 public:
  erased_own_step() = default;  // holds none
  template <class S>
  requires(!std::same_as<std::remove_cvref_t<S>, erased_own_step> && OwnStep<std::remove_cvref_t<S>>)
      erased_own_step(S&& solver)  // NOLINT(google-explicit-constructor): stands for what it holds
      : held_{new model<std::remove_cvref_t<S>>(std::forward<S>(solver))} {}

  explicit operator bool() const { return bool{held_}; }
  std::string_view name() const { return held_->name(); }
  std::string_view reference() const { return held_->reference(); }
  void check() const { held_->check(); }
  // Throws noisefall::error on a trajectory that it cannot walk.
  void check_path(const trajectory& path) const { held_->check_path(path); }
  bool couples_batch() const { return held_->couples_batch(); }
  std::size_t tensors() const { return held_->tensors(); }
  std::size_t readings() const { return held_->readings(); }
  std::size_t evaluations() const { return held_->evaluations(); }
  quantity reads() const { return held_->reads(); }
  bool walks_legs() const { return held_->walks_legs(); }
  owned<own_walk> walk() const { return held_->walk(); }
  // Hands over what tells two such solvers apart, for checkpoints; nothing, if the solver has no parameters(archive&).
  void parameters(archive& to) const { held_->parameters(to); }
  // What it will draw on a trajectory, as far as that is known before.
  std::vector<increment> draws(const trajectory& path) const { return held_->draws(path); }

  // The solver inside if it is an S, else null; lives as long as an erased_own_step that holds it.
  template <class S>
  const S* get() const {
    return held_ && held_->type() == &type_of<S> ? &static_cast<const model<S>&>(*held_).solver : nullptr;
  }

 private:
  template <class S>
  static inline char type_of = 0;  // its address tells types apart without RTTI; nobody writes or reads it

  struct interface : counted {
    virtual const void* type() const = 0;
    virtual std::string_view name() const = 0;
    virtual std::string_view reference() const = 0;
    virtual void check() const = 0;
    virtual void check_path(const trajectory& path) const = 0;
    virtual bool couples_batch() const = 0;
    virtual std::size_t tensors() const = 0;
    virtual std::size_t readings() const = 0;
    virtual std::size_t evaluations() const = 0;
    virtual quantity reads() const = 0;
    virtual bool walks_legs() const = 0;
    virtual owned<own_walk> walk() const = 0;
    virtual void parameters(archive& to) const = 0;
    virtual std::vector<increment> draws(const trajectory& path) const = 0;
  };

  template <class S>
  struct walk_of final : own_walk {
    explicit walk_of(const S& s) : solver{s} {}
    void begin(std::size_t samples) override { solver.begin(state, samples); }
    own_action advance(bench& on) override { return solver.advance(state, on); }
    void transfer(archive& to) override { solver.transfer(to, state); }
    bool is_sound() const override {
      if constexpr (requires { solver.is_sound(state); }) return solver.is_sound(state);
      return true;
    }
    std::optional<std::size_t> present_leg() const override {
      if constexpr (requires { solver.present_leg(state); }) return solver.present_leg(state);
      return std::nullopt;
    }
    S solver;
    typename S::state state{};
  };

  template <class S>
  struct model final : interface {
    template <class T>
    explicit model(T&& s) : solver{std::forward<T>(s)} {}
    const void* type() const override { return &type_of<S>; }
    std::string_view name() const override { return name_of(solver); }
    std::string_view reference() const override { return reference_of(solver); }
    void check() const override { solver.check(); }
    void check_path(const trajectory& path) const override {
      solver.check_ends(path.front(), path.back());
      if constexpr (requires(const leg& l) { solver.check_leg(l); })
        for (const leg& l : path.legs()) solver.check_leg(l);
    }
    bool couples_batch() const override { return solver.couples_batch; }
    std::size_t tensors() const override { return solver.tensors(); }
    std::size_t readings() const override { return solver.readings(); }
    std::size_t evaluations() const override {
      if constexpr (requires { solver.evaluations(); })
        return solver.evaluations();
      else
        return solver.readings();
    }
    quantity reads() const override { return solver.reads(); }
    bool walks_legs() const override {
      return requires(const typename S::state& s) { solver.present_leg(s); };
    }
    owned<own_walk> walk() const override { return owned<own_walk>{new walk_of<S>(solver)}; }
    void parameters(archive& to) const override {
      if constexpr (requires { solver.parameters(to); }) solver.parameters(to);
    }
    std::vector<increment> draws([[maybe_unused]] const trajectory& path) const override {
      if constexpr (requires { solver.draws(path); }) return solver.draws(path);
      return {};
    }
    S solver;
  };

  shared<interface> held_;
};

}  // namespace noisefall
