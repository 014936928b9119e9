// Plots side by side: curves, and points with error bars, over straight or logarithmic axes.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "canvas.hpp"

namespace examples {

/// A measured point; `dx` and `dy` reach to both sides of it.
struct mark {
  double x = 0, y = 0, dx = 0, dy = 0;
};

struct series {
  std::string name;  // empty: not in the legend
  std::vector<mark> points{};
  std::size_t ink = 0;  // a number in the palette
  bool lines = true, dots = true, dashed = false;
};

struct panel {
  std::string title, x_title, y_title;
  std::vector<series> all{};
  bool log_y = false;
  double x_low = 1, x_high = 0, y_low = 1, y_high = 0;  // low > high: what the points need
};

/// All panels in rows of `columns`, under one title, with one legend below.
class panel_sheet {
 public:
  std::string title;
  std::vector<panel> panels{};
  std::size_t columns = 2;
  double width = 560, height = 400;  // of a panel

  [[nodiscard]] noisefall::picture draw() const {
    const std::size_t rows = (panels.size() + columns - 1) / columns;
    const std::vector<series> names = legend();
    const double sheet = width * static_cast<double>(columns);
    const std::size_t per_row = std::max<std::size_t>(1, static_cast<std::size_t>(sheet / entry_width(names)));
    const std::size_t lines = (names.size() + per_row - 1) / per_row;
    const double below = height * static_cast<double>(rows) + 60;
    canvas paper(static_cast<std::size_t>(sheet),
                 static_cast<std::size_t>(below + 28 * static_cast<double>(lines) + 16));
    paper.text({30, 38}, title, black, 3);
    for (std::size_t i = 0; i < panels.size(); ++i)
      draw_panel(paper, panels[i],
                 {width * static_cast<double>(i % columns), 60 + height * static_cast<double>(i / columns)});
    for (std::size_t i = 0; i < names.size(); ++i) {
      const double x = 30 + entry_width(names) * static_cast<double>(i % per_row),
                   y = below + 22 + 28 * static_cast<double>(i / per_row);
      if (names[i].lines)
        paper.line({x, y - 7}, {x + 40, y - 7}, ink_of(names[i].ink), thick, names[i].dashed ? dash : 0);
      if (names[i].dots) paper.disc({x + 20, y - 7}, dot, ink_of(names[i].ink));
      paper.text({x + 52, y}, names[i].name, black);
    }
    return std::move(paper).done();
  }

  /// A palette that stays apart for the colour-blind.
  static colour ink_of(std::size_t i) {
    static constexpr std::array<colour, 8> inks{{{120, 120, 120},
                                                 {0, 90, 170},
                                                 {213, 94, 0},
                                                 {0, 158, 115},
                                                 {204, 121, 167},
                                                 {150, 110, 0},
                                                 {86, 180, 233},
                                                 {20, 20, 20}}};
    return inks[i % inks.size()];
  }

 private:
  static constexpr colour black{30, 30, 30}, grey{225, 225, 225};
  static constexpr double thick = 2.2, dot = 4.5, dash = 7;

  struct axis {
    double low, high, from, to;  // values, pixels
    bool log;
    double operator()(double value) const {
      const double v = log ? std::log10(std::max(value, 1e-300)) : value;
      return from + (v - low) / (high - low) * (to - from);
    }
  };

  std::vector<series> legend() const {
    std::vector<series> names;
    for (const panel& p : panels)
      for (const series& s : p.all) {
        const bool known = std::any_of(names.begin(), names.end(), [&](const series& n) { return n.name == s.name; });
        if (!s.name.empty() && !known) names.push_back({s.name, {}, s.ink, s.lines, s.dots, s.dashed});
      }
    return names;
  }
  static double entry_width(const std::vector<series>& names) {
    double widest = 0;
    for (const series& s : names) widest = std::max(widest, canvas::text_width(s.name));
    return widest + 90;
  }

  static axis axis_of(const panel& p, bool vertical, double from, double to) {
    double low = vertical ? p.y_low : p.x_low, high = vertical ? p.y_high : p.x_high;
    const bool log = vertical && p.log_y;
    if (low > high) {
      low = std::numeric_limits<double>::infinity();
      high = -low;
      for (const series& s : p.all)
        for (const mark& m : s.points) {
          const double v = vertical ? m.y : m.x, d = vertical ? m.dy : m.dx;
          low = std::min(low, log ? v : v - d);
          high = std::max(high, v + d);
        }
      if (!log) {
        const double room = (high > low ? high - low : 1) * 0.06;
        low -= room;
        high += room;
      }
    }
    return log ? axis{std::floor(std::log10(low)), std::ceil(std::log10(high)), from, to, true}
               : axis{low, high, from, to, false};
  }

  /// The distance of ticks: 1, 2 or 5 times a power of ten, some five of them.
  static double tick_of(const axis& a) {
    const double rough = (a.high - a.low) / 4.5, power = std::pow(10, std::floor(std::log10(rough)));
    const double first = rough / power;
    return power * (first < 1.5 ? 1 : first < 3.5 ? 2 : first < 7.5 ? 5 : 10);
  }
  static std::string text_of(double value, double tick) {
    char text[32];
    const int digits = std::max(0, static_cast<int>(std::ceil(-std::log10(tick) - 1e-9)));
    std::snprintf(text, sizeof text, "%.*f", digits, std::abs(value) < tick / 2 ? 0.0 : value);
    return text;
  }

  static void draw_panel_frame(canvas& paper, const panel& p, const axis& x, const axis& y) {
    const double x_tick = tick_of(x);
    for (double v = std::ceil(x.low / x_tick) * x_tick; v <= x.high + 1e-9 * x_tick; v += x_tick) {
      paper.line({x(v), y.from}, {x(v), y.to}, grey);
      const std::string text = text_of(v, x_tick);
      paper.text({x(v) - canvas::text_width(text) / 2, y.from + 24}, text, black);
    }
    const double y_tick = y.log ? 1 : tick_of(y);
    for (double v = std::ceil(y.low / y_tick - 1e-9) * y_tick; v <= y.high + 1e-9 * y_tick; v += y_tick) {
      const double value = y.log ? std::pow(10, v) : v, at = y(value);
      paper.line({x.from, at}, {x.to, at}, grey);
      const std::string text = y.log ? text_of(value, std::min(value, 1.0)) : text_of(v, y_tick);
      paper.text({x.from - 10 - canvas::text_width(text), at + 7}, text, black);
    }
    paper.line({x.from, y.from}, {x.to, y.from}, black, 1.6);
    paper.line({x.from, y.from}, {x.from, y.to}, black, 1.6);
    paper.text({x.from, y.to - 12}, p.title, black);
    paper.text({(x.from + x.to) / 2 - canvas::text_width(p.x_title) / 2, y.from + 52}, p.x_title, black);
    paper.text({x.from - 76, (y.from + y.to) / 2 + canvas::text_width(p.y_title) / 2}, p.y_title, black, 2, true);
  }

  void draw_panel(canvas& paper, const panel& p, place corner) const {
    const axis x = axis_of(p, false, corner.x + 110, corner.x + width - 24),
               y = axis_of(p, true, corner.y + height - 72, corner.y + 44);
    draw_panel_frame(paper, p, x, y);
    for (const series& s : p.all) {
      const colour ink = ink_of(s.ink);
      double run = 0;
      for (std::size_t i = 0; i < s.points.size(); ++i) {
        const mark& m = s.points[i];
        const place here{x(m.x), y(m.y)};
        if (m.dx > 0) paper.line({x(m.x - m.dx), here.y}, {x(m.x + m.dx), here.y}, ink, 1.2);
        if (m.dy > 0) paper.line({here.x, y(m.y - m.dy)}, {here.x, y(m.y + m.dy)}, ink, 1.2);
        if (s.lines && i > 0) {
          const place before{x(s.points[i - 1].x), y(s.points[i - 1].y)};
          paper.line(before, here, ink, thick, s.dashed ? dash : 0, run);
          run += std::hypot(here.x - before.x, here.y - before.y);
        }
        if (s.dots) paper.disc(here, dot, ink);
      }
    }
  }
};

}  // namespace examples
