// What a sampler is going to do, as a table to read: one line per leg, with the coefficients of its row.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/sampler/run.hpp>
#include <noisefall/sampler/sampler.hpp>

namespace noisefall {

namespace detail {

// Columns of text, aligned at the right or, where they hold numbers, at the decimal point. Empty columns are left out.
class text_table {
 public:
  explicit text_table(std::vector<std::string> heads) : heads_{std::move(heads)} {}

  std::string& cell(std::size_t line, std::size_t column) {
    while (lines_.size() <= line) lines_.emplace_back(heads_.size());
    return lines_[line][column];
  }
  std::size_t lines() const { return lines_.size(); }

  std::string text() const {
    std::vector<width> widths(heads_.size());
    for (std::size_t c = 0; c < heads_.size(); ++c)
      for (const auto& line : lines_) {
        widths[c].before = std::max(widths[c].before, point(line[c]));
        widths[c].after = std::max(widths[c].after, line[c].size() - point(line[c]));
      }
    std::string all;
    add(all, heads_, widths, true);
    for (const auto& line : lines_) add(all, line, widths, false);
    return all;
  }

 private:
  struct width {
    std::size_t before = 0, after = 0;
  };
  static std::size_t point(const std::string& text) {
    const bool is_number = text.find_first_of("0123456789") <= 1;
    return is_number ? std::min(text.find_first_of(".e"), text.size()) : text.size();
  }

  void add(std::string& all, const std::vector<std::string>& cells, const std::vector<width>& widths,
           bool is_head) const {
    std::string line;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const width& w = widths[c];
      if (w.before + w.after == 0) continue;
      const std::size_t whole = std::max(w.before + w.after, heads_[c].size());
      std::string aligned(is_head ? 0 : w.before - point(cells[c]), ' ');
      aligned += cells[c];
      if (!is_head) aligned.resize(w.before + w.after, ' ');
      line.append(2 + whole - aligned.size(), ' ');
      line += aligned;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    all += line.substr(std::min<std::size_t>(2, line.size()));
    all += '\n';
  }

  std::vector<std::string> heads_;
  std::vector<std::vector<std::string>> lines_;
};

// Five significant digits, without trailing zeros.
inline std::string shown_number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.5g", value == 0 ? 0.0 : value);
  return text.data();
}

// The lines of one sampler.
class plan_lines {
 public:
  explicit plan_lines(const policies& of) : of_{of}, table_{heads()} {}

  // `next`: the leg to be marked, if there is one.
  std::string text(std::size_t next) {
    std::size_t stored = 0, evaluations = 0, calls = 0, gradients = 0;
    bool has_previous = false;
    for (std::size_t i = 0; i < of_.path.steps(); ++i) {
      if (of_.cuts_history(i)) {
        stored = 0;
        has_previous = false;
      }
      step_plan plan;
      step_position at;
      of_.with_window(i, stored, has_previous, [&](const step_window& w) {
        at = w.at;
        plan = of_.plan(w);
      });
      add_leg(at, plan, i == next);
      gradients += plan.gradients();
      evaluations += plan.evaluations.size() - plan.gradients();
      for (const stage& s : plan.evaluations)
        if (!s.gradient) calls += of_.guidance.needs(guidance_at(s.at, at)).size();
      if (plan.remember) stored = std::min(stored + 1, of_.planner.history());
      has_previous = plan.keep.has_value();
    }
    const std::string_view guidance = of_.guidance.name();
    return message{of_.solver_name(),
                   ", ",
                   of_.guidance.name().empty() ? "a guidance without a name" : guidance,
                   ": ",
                   of_.path.steps(),
                   of_.path.steps() == 1 ? " leg, " : " legs, ",
                   evaluations,
                   evaluations == 1 ? " evaluation, " : " evaluations, ",
                   calls,
                   calls == 1 ? " call" : " calls",
                   " of the network",
                   gradients == 0 ? "" : ", ",
                   gradients == 0 ? std::string{} : std::to_string(gradients),
                   gradients == 0   ? ""
                   : gradients == 1 ? " gradient"
                                    : " gradients",
                   "\n"}
               .text() +
           table_.text();
  }

 private:
  enum column : std::size_t {
    mark,
    number,
    makes,
    label,
    t,
    rho,
    lambda,
    arrow,
    to_t,
    to_rho,
    to_lambda,
    reads,
    first
  };
  static constexpr std::size_t row_columns = 2 + 2 * (max_evaluations + max_history) + max_noise_slots;

  static std::vector<std::string> heads() {
    std::vector<std::string> all{"",       "leg", "makes", "label",       "t",      "sigma/alpha",
                                 "lambda", "",    "t",     "sigma/alpha", "lambda", "reads"};
    all.insert(all.end(), {"* x", "* kept"});
    for (const auto& [name, count] :
         {std::pair{"* m", max_evaluations}, {"* m-", max_history}, {"* n", max_evaluations}, {"* n-", max_history}})
      for (std::size_t k = 0; k < count; ++k)
        all.push_back(name + std::to_string(std::string_view{name}.ends_with("-") ? k + 1 : k));
    for (std::size_t k = 0; k < max_noise_slots; ++k) all.push_back("* z" + std::to_string(k));
    for (std::size_t k = 0; k < max_branches; ++k) all.push_back("branch " + std::to_string(k));
    return all;
  }

  guidance_position guidance_at(const noise_level& at, const step_position& leg) const {
    return {at, leg.from, leg.to, leg.index, leg.count};
  }

  void add_leg(const step_position& at, const step_plan& plan, bool is_next) {
    for (std::size_t k = 0; k < plan.evaluations.size(); ++k) {
      const stage& s = plan.evaluations[k];
      if (s.state == same_state && !s.gradient) continue;
      const std::size_t line = table_.lines();
      table_.cell(line, makes) = (s.gradient ? "gradient " : "state ") + std::to_string(k);
      table_.cell(line, number) = std::to_string(at.index);
      add_level(line, to_t, s.at);
      table_.cell(line, label) = shown_number(label_of(s, at));
      add_row(line, s.state);
      if (k > plan.first_output() && !s.gradient) add_guidance(line, s.at, at);
    }
    const std::size_t line = table_.lines();
    table_.cell(line, number) = std::to_string(at.index);
    table_.cell(line, makes) = "x";
    const std::size_t look = plan.first_output();
    const bool looks = look < plan.evaluations.size();
    if (looks) table_.cell(line, label) = shown_number(label_of(plan.evaluations[look], at));
    add_level(line, t, at.from);
    table_.cell(line, arrow) = "->";
    add_level(line, to_t, at.to);
    add_row(line, plan.result);
    if (looks) {
      table_.cell(line, reads) = plan.of == quantity::x0 ? "x0" : plan.of == quantity::eps ? "eps" : "output";
      add_guidance(line, plan.evaluations[look].at, at);
    }
    if (is_next) table_.cell(line, mark) = ">";
    if (!plan.keep) return;
    table_.cell(line + 1, number) = std::to_string(at.index);
    table_.cell(line + 1, makes) = "kept";
    add_row(line + 1, *plan.keep);
  }

  double label_of(const stage& s, const step_position& at) const {
    if (!std::isnan(s.label)) return s.label;
    return s.at == at.from ? at.label : of_.parameterisation.label(s.at);
  }

  void add_level(std::size_t line, std::size_t first_column, const noise_level& at) {
    table_.cell(line, first_column) = shown_number(at.t);
    table_.cell(line, first_column + 1) = shown_number(at.rho());
    table_.cell(line, first_column + 2) = shown_number(at.lambda());
  }

  // A coefficient that is rounding next to the others of its row is a zero.
  void add_row(std::size_t line, const row& r) {
    std::vector<double> values{r.x, r.previous};
    for (const auto weights : reading_weights_of(r)) values.insert(values.end(), weights.begin(), weights.end());
    values.insert(values.end(), r.noise.begin(), r.noise.end());
    double largest = 0;
    for (const double v : values) largest = std::max(largest, std::abs(v));
    for (std::size_t c = 0; c < values.size(); ++c)
      if (values[c] != 0)
        table_.cell(line, first + c) = shown_number(std::abs(values[c]) < 1e-14 * largest ? 0 : values[c]);
  }

  void add_guidance(std::size_t line, const noise_level& at, const step_position& leg) {
    const guidance_position here = guidance_at(at, leg);
    const branch_set wanted = of_.guidance.needs(here);
    const bool by_data = of_.guidance.needs_gram() || of_.guidance.scalars() > 0;
    const branch_weights weights = by_data ? branch_weights{} : of_.guidance.weights(here, gram_matrix{{}, 0});
    for (std::size_t b = 0; b < max_branches; ++b)
      if (wanted.holds(b))
        table_.cell(line, first + row_columns + b) =
            by_data ? "data" : shown_number(weights.guided[b] + weights.gradient[b]);
  }

  const policies& of_;
  text_table table_;
};

inline std::string planned_text(const policies& of, std::size_t next) {
  if (!of.has_own_steps()) return plan_lines{of}.text(next);
  const noise_level &from = of.path.front(), &to = of.path.back();
  const std::size_t most = of.own_steps.evaluations();
  return std::string{of.solver_name()} + " chooses its own steps, from sigma/alpha " + shown_number(from.rho()) +
         " (lambda " + shown_number(from.lambda()) + ") to " + shown_number(to.rho()) + " (lambda " +
         shown_number(to.lambda()) + "), with up to " + std::to_string(most) +
         (most == 1 ? " evaluation" : " evaluations") + " in each: there are no rows before it runs\n";
}

}  // namespace detail

// A line of names and counts, then a table. Each line of it is a row: what it makes out of what, weighted.
//   leg, makes    the leg; x: the state after it; state k: what its evaluation k looks at, or gradient k; kept: a tensor
//                 for the next
//   label         what the network is told as time
//   t, sigma/alpha, lambda = log(alpha/sigma)   of the level before the leg and after it (or of the state made)
//   reads         what the m are: x0, eps, or the network's raw output
//   * x, * m0, * m-1, * n0, * z0, * kept        weights: of the state before the leg, of this leg's readings in order
//                 of evaluation, of those of the leg before, of the second readings (CFG++), of noise, of the kept one
//   branch 0, 1   weights of the guidance over the branches, at the level of the evaluation; "data": it looks at those
// Five significant digits; what is exactly 0 is left empty. dpm_pp_2m on karras{.steps = 3}, in part:
//   leg  label        t  sigma/alpha   lambda            t  ...  reads      * x     * m0     * m-1  branch 0  branch 1
//     1  0.59214  0.59214     5.8089    -1.7594  ->  0.001  ...     x0  0.01064  1.9636   -0.96543       7.5      -6.5
// Nothing is printed: the text is the caller's.
[[gnu::cold]] inline std::string plan_table(const sampler& of) {
  return detail::planned_text(of.parts(), of.parts().path.steps());
}

// The same, with > at the leg that comes next.
template <Algebra A, class Z>
[[gnu::cold]] std::string plan_table(const run<A, Z>& of) {
  return detail::planned_text(*of.core().chosen, of.done() ? of.core().chosen->path.steps() : of.steps_done());
}

}  // namespace noisefall
