// A guidance chosen at run time.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <noisefall/core/owner.hpp>
#include <noisefall/core/reference.hpp>
#include <noisefall/guidance/concept.hpp>

namespace noisefall {

// Holds any Guidance, the library's or a user's, and gives the same numbers as the rule itself. Copies share the rule,
// which is immutable, and allocate nothing.
class any_guidance {
 public:
  template <class G>
  requires(!std::same_as<std::remove_cvref_t<G>, any_guidance> && Guidance<std::remove_cvref_t<G>>)
      any_guidance(G&& rule)  // NOLINT(google-explicit-constructor): stands for what it holds
      : rule_{new holder<std::remove_cvref_t<G>>(std::forward<G>(rule))} {}

  // The rule's own name; empty where it has none.
  std::string_view name() const { return rule_->name(); }
  std::string_view reference() const { return rule_->reference(); }
  guidance_space space() const { return rule_->space(); }
  bool needs_gram() const { return rule_->needs_gram(); }
  bool two_readings() const { return rule_->two_readings(); }
  bool has_state() const { return rule_->has_state(); }
  branch_set gradients() const { return rule_->gradients(); }
  bool couples_batch() const { return rule_->couples_batch(); }

  void check() const { rule_->check(); }
  branch_set needs(const guidance_position& at) const { return rule_->needs(at); }
  // May it need fewer branches by what it remembers? Those, where it may.
  bool narrows() const { return rule_->narrows(); }
  branch_set needs(const guidance_position& at, std::span<const double> remembered) const {
    return rule_->needs(at, remembered);
  }
  std::size_t scalars() const { return rule_->scalars(); }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    return rule_->weights(at, gram);
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return rule_->breakpoints(on); }

  // The rule, if it is a G; else null.
  template <Guidance G>
  const G* get_if() const {
    return rule_->type() == type_of<G>() ? &static_cast<const holder<G>&>(*rule_).rule : nullptr;
  }

 private:
  // One address per type: what typeid would say, in programs compiled without it too.
  template <class G>
  static const void* type_of() {
    static constexpr char address = 0;
    return &address;
  }

  struct interface : counted {
    virtual const void* type() const = 0;
    virtual std::string_view name() const = 0;
    virtual std::string_view reference() const = 0;
    virtual guidance_space space() const = 0;
    virtual bool needs_gram() const = 0;
    virtual bool two_readings() const = 0;
    virtual bool has_state() const = 0;
    virtual branch_set gradients() const = 0;
    virtual bool couples_batch() const = 0;
    virtual void check() const = 0;
    virtual branch_set needs(const guidance_position&) const = 0;
    virtual bool narrows() const = 0;
    virtual branch_set needs(const guidance_position&, std::span<const double>) const = 0;
    virtual std::size_t scalars() const = 0;
    virtual branch_weights weights(const guidance_position&, const gram_matrix&) const = 0;
    virtual std::vector<double> breakpoints(const guidance_grid&) const = 0;
  };

  template <class G>
  struct holder final : interface {
    explicit holder(G held) : rule{std::move(held)} {}
    const void* type() const override { return type_of<G>(); }
    std::string_view name() const override {
      if constexpr (requires { G::name; })
        return G::name;
      else
        return {};
    }
    std::string_view reference() const override { return reference_of(rule); }
    guidance_space space() const override { return space_of(rule); }
    bool needs_gram() const override { return wants_gram(rule); }
    bool two_readings() const override { return makes_two_readings(rule); }
    bool has_state() const override { return noisefall::has_state(rule); }
    branch_set gradients() const override { return gradients_of(rule); }
    bool couples_batch() const override { return noisefall::couples_batch(rule); }
    void check() const override { rule.check(); }
    branch_set needs(const guidance_position& at) const override { return rule.needs(at); }
    bool narrows() const override { return NarrowsBranches<G>; }
    branch_set needs(const guidance_position& at, [[maybe_unused]] std::span<const double> remembered) const override {
      if constexpr (NarrowsBranches<G>)
        return rule.needs(at, remembered);
      else
        return rule.needs(at);
    }
    std::size_t scalars() const override { return scalars_of(rule); }
    branch_weights weights(const guidance_position& at, const gram_matrix& gram) const override {
      return weights_of(rule, at, gram);
    }
    std::vector<double> breakpoints(const guidance_grid& on) const override { return breakpoints_of(rule, on); }

    G rule;
  };

  shared<interface> rule_;
};

}  // namespace noisefall
