// A parameterisation chosen at run time.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

#include <noisefall/core/owner.hpp>
#include <noisefall/core/reference.hpp>
#include <noisefall/parameterisation/concept.hpp>

namespace noisefall {

// Holds any Parameterisation; copies share it. Gives the same numbers as the one inside.
class any_parameterisation {
 public:
  template <class P>
  requires(!std::same_as<std::remove_cvref_t<P>, any_parameterisation> && Parameterisation<std::remove_cvref_t<P>>)
      any_parameterisation(P&& p)  // NOLINT(google-explicit-constructor): stands for what it holds
      : held_{new model<std::remove_cvref_t<P>>(std::forward<P>(p))} {}

  affine to_x0(const noise_level& at) const { return held_->to_x0(at); }
  affine to_eps(const noise_level& at) const { return held_->to_eps(at); }
  double input_scale(const noise_level& at) const { return held_->input_scale(at); }
  double label(const noise_level& at) const { return held_->label(at); }
  void check() const { held_->check(); }
  std::string_view reference() const { return held_->reference(); }

 private:
  struct interface : counted {
    virtual affine to_x0(const noise_level& at) const = 0;
    virtual affine to_eps(const noise_level& at) const = 0;
    virtual double input_scale(const noise_level& at) const = 0;
    virtual double label(const noise_level& at) const = 0;
    virtual void check() const = 0;
    virtual std::string_view reference() const = 0;
  };

  template <class P>
  struct model final : interface {
    explicit model(P p) : inside(std::move(p)) {}
    affine to_x0(const noise_level& at) const override { return inside.to_x0(at); }
    affine to_eps(const noise_level& at) const override { return inside.to_eps(at); }
    double input_scale(const noise_level& at) const override { return inside.input_scale(at); }
    double label(const noise_level& at) const override { return inside.label(at); }
    void check() const override {
      if constexpr (requires { inside.check(); }) inside.check();
    }
    std::string_view reference() const override { return reference_of(inside); }
    P inside;
  };

  shared<interface> held_;
};

}  // namespace noisefall
