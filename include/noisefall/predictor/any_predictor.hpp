// A predictor chosen at run time.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include <noisefall/core/error.hpp>
#include <noisefall/core/owner.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/shape.hpp>

namespace noisefall {

// Owns any predictor of this condition type for the algebra A, and calls it. Move-only, as a network may be. Several
// conditions go to the model in one call if it can take them so, else one by one. The model writes numbers of the
// state's type.
template <class Condition, Algebra A>
class any_predictor {
 public:
  using condition = Condition;
  using view = typename A::view;
  using span = typename A::span;

  template <class P>
  requires(!std::same_as<std::remove_cvref_t<P>, any_predictor> && NoisePredictor<std::remove_cvref_t<P>, A> &&
           std::same_as<output_span<std::remove_cvref_t<P>, A>, span> &&
           std::same_as<typename std::remove_cvref_t<P>::condition, Condition>)
      any_predictor(P&& model)  // NOLINT(google-explicit-constructor): stands for what it holds
      : model_{new holder<std::remove_cvref_t<P>>(std::forward<P>(model))} {}

  void predict(view x, const evaluation& at, const Condition& c, span out) { model_->predict(x, at, c, out); }
  void predict(view x, const evaluation& at, std::span<const Condition* const> conditions, std::span<const span> outs) {
    model_->predict(x, at, conditions, outs);
  }
  // Throws if the model has none.
  void gradient(view x, const evaluation& at, const Condition& c, span out) { model_->gradient(x, at, c, out); }
  // The shape of the output for this shape of the state.
  shape output_shape(const shape& state) const { return model_->output_shape(state); }

 private:
  struct interface {
    virtual ~interface() = default;
    virtual void predict(view, const evaluation&, const Condition&, span) = 0;
    virtual void predict(view, const evaluation&, std::span<const Condition* const>, std::span<const span>) = 0;
    virtual void gradient(view, const evaluation&, const Condition&, span) = 0;
    virtual shape output_shape(const shape&) const = 0;
  };

  template <class P>
  struct holder final : interface {
    template <class M>
    explicit holder(M&& held) : model(std::forward<M>(held)) {}
    void predict(view x, const evaluation& at, const Condition& c, span out) override { model.predict(x, at, c, out); }
    void predict(view x, const evaluation& at, std::span<const Condition* const> conditions,
                 std::span<const span> outs) override {
      if constexpr (BatchPredictor<P, A>)
        model.predict(x, at, conditions, outs);
      else
        for (std::size_t k = 0; k < conditions.size(); ++k) model.predict(x, at, *conditions[k], outs[k]);
    }
    void gradient(view x, const evaluation& at, const Condition& c, span out) override {
      if constexpr (requires { model.gradient(x, at, c, out); })
        model.gradient(x, at, c, out);
      else
        refuse("any_predictor", "the model has no gradient(), which the sampler asks for", "a model with one");
    }
    shape output_shape(const shape& state) const override {
      if constexpr (requires { model.output_shape(state); })
        return model.output_shape(state);
      else
        return state;
    }

    P model;
  };

  owned<interface> model_;
};

}  // namespace noisefall
