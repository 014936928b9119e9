// A plot of curves over two logarithmic axes, with ticks and a legend beside it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "canvas.hpp"

namespace examples {

struct curve {
  std::string name;           // in the legend
  std::string note;           // after it, in a column of its own
  std::vector<place> points;  // by rising x; x, y > 0
  bool dashed = false;
};

/// x has a tick at each power of two, y at each power of ten; the axes reach from tick to tick around the points, which
/// may lie a hair outside.
struct log_plot {
  std::string title{}, x_title{}, y_title{}, note_title{};
  std::vector<curve> curves{};
  std::size_t width = 1280, height = 800;

  [[nodiscard]] noisefall::picture draw() const {
    canvas paper(width, height);
    const frame box = around();
    draw_grid(paper, box);
    for (std::size_t i = 0; i < curves.size(); ++i) draw_curve(paper, box, curves[i], ink_of(i));
    draw_legend(paper, box);
    return std::move(paper).done();
  }

 private:
  static constexpr colour black{30, 30, 30}, grey{222, 222, 222};
  static constexpr double line_width = 2.6, dot = 4.5, dash = 9;

  // A palette that stays apart for the colour-blind, then darker ones of it.
  static colour ink_of(std::size_t i) {
    static constexpr std::array<colour, 12> inks{{{120, 120, 120},
                                                  {230, 159, 0},
                                                  {86, 180, 233},
                                                  {0, 158, 115},
                                                  {213, 94, 0},
                                                  {0, 90, 170},
                                                  {204, 121, 167},
                                                  {110, 60, 20},
                                                  {150, 190, 40},
                                                  {120, 40, 140},
                                                  {20, 20, 20},
                                                  {200, 30, 60}}};
    return inks[i % inks.size()];
  }

  // The ends of the axes as exponents of 2 and of 10, and where they lie.
  struct frame {
    int x_low, x_high, y_low, y_high;
    double left, right, top, bottom;

    double x(double exponent) const { return left + (right - left) * (exponent - x_low) / (x_high - x_low); }
    double y(double exponent) const { return bottom - (bottom - top) * (exponent - y_low) / (y_high - y_low); }
    place at(place p) const { return {x(std::log2(p.x)), y(std::log10(p.y))}; }
  };

  frame around() const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    place least{infinity, infinity}, most{0, 0};
    std::size_t widest = 0;
    for (const curve& c : curves) {
      widest = std::max(widest, c.name.size() + c.note.size());
      for (const place& p : c.points) {
        least = {std::min(least.x, p.x), std::min(least.y, p.y)};
        most = {std::max(most.x, p.x), std::max(most.y, p.y)};
      }
    }
    const auto down = [](double v) { return static_cast<int>(std::floor(v + 0.02)); };
    const auto up = [](double v) { return static_cast<int>(std::ceil(v - 0.02)); };
    const double legend = canvas::text_width(std::string(widest, 'x')) + 140;
    return {down(std::log2(least.x)),
            up(std::log2(most.x)),
            down(std::log10(least.y)),
            up(std::log10(most.y)),
            110,
            static_cast<double>(width) - legend,
            70,
            static_cast<double>(height) - 90};
  }

  void draw_grid(canvas& paper, const frame& box) const {
    for (int e = box.x_low; e <= box.x_high; ++e) {
      const double x = box.x(e);
      paper.line({x, box.top}, {x, box.bottom}, grey);
      if (box.x_high - box.x_low > 10 && e % 2 != 0) continue;  // numbers would touch
      const std::string number = e >= 0 ? std::to_string(1L << e) : "1/" + std::to_string(1L << -e);
      paper.text({x - canvas::text_width(number) / 2, box.bottom + 26}, number, black);
    }
    for (int e = box.y_low; e <= box.y_high; ++e) {
      const double y = box.y(e);
      paper.line({box.left, y}, {box.right, y}, grey);
      const std::string power = std::to_string(e);
      const double wide = canvas::text_width("10") + 3 + canvas::text_width(power, 1);
      paper.text({box.left - 12 - wide, y + 7}, "10", black);
      paper.text({box.left - 12 - wide + canvas::text_width("10") + 3, y - 2}, power, black, 1);
    }
    paper.line({box.left, box.bottom}, {box.right, box.bottom}, black, 1.6);
    paper.line({box.left, box.top}, {box.left, box.bottom}, black, 1.6);
    const double middle = (box.left + box.right) / 2;
    paper.text({box.left, box.top - 28}, title, black, 3);
    paper.text({middle - canvas::text_width(x_title) / 2, box.bottom + 64}, x_title, black);
    paper.text({34, (box.top + box.bottom) / 2 + canvas::text_width(y_title) / 2}, y_title, black, 2, true);
  }

  static void draw_curve(canvas& paper, const frame& box, const curve& c, colour ink) {
    double run = 0;
    for (std::size_t i = 0; i < c.points.size(); ++i) {
      const place here = box.at(c.points[i]);
      if (i > 0) {
        const place before = box.at(c.points[i - 1]);
        paper.line(before, here, ink, line_width, c.dashed ? dash : 0, run);
        run += std::hypot(here.x - before.x, here.y - before.y);
      }
      paper.disc(here, dot, ink);
    }
  }

  void draw_legend(canvas& paper, const frame& box) const {
    std::size_t longest = 0;
    for (const curve& c : curves) longest = std::max(longest, c.name.size());
    const double left = box.right + 30, names = left + 60;
    const double notes = names + canvas::text_width(std::string(longest, 'x')) + 24;
    double y = box.top + 10;
    paper.text({notes, y}, note_title, black);
    for (std::size_t i = 0; i < curves.size(); ++i) {
      y += 34;
      paper.line({left, y - 7}, {left + 45, y - 7}, ink_of(i), line_width, curves[i].dashed ? dash : 0);
      paper.disc({left + 22.5, y - 7}, dot, ink_of(i));
      paper.text({names, y}, curves[i].name, black);
      paper.text({notes, y}, curves[i].note, black);
    }
  }
};

}  // namespace examples
