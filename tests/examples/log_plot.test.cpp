// What is drawn where in a plot.
#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "support/log_plot.hpp"

namespace {

using examples::canvas;
using examples::colour;

colour at(const noisefall::picture& p, std::size_t x, std::size_t y) {
  const auto* pixel = p.pixels.data() + (y * p.width + x) * 3;
  return {pixel[0], pixel[1], pixel[2]};
}

constexpr colour white{255, 255, 255}, red{255, 0, 0};

}  // namespace

TEST_CASE("letters differ and fill no more than their box") {
  std::set<std::string> pictures;
  for (const examples::glyph& g : examples::glyphs) {
    std::string rows(g.rows.begin(), g.rows.end());
    CHECK(pictures.insert(rows).second);
    for (const auto row : g.rows) CHECK(row < 32);
  }
  for (char letter = 'a'; letter <= 'z'; ++letter) CHECK(examples::rows_of(letter) != examples::rows_of('#'));
  for (char digit = '0'; digit <= '9'; ++digit) CHECK(examples::rows_of(digit) != examples::rows_of('#'));
}

TEST_CASE("a line covers its middle wholly, its rim in part, and its gaps not at all") {
  canvas paper(40, 20);
  paper.line({5, 10}, {35, 10}, red, 3, 5);
  const noisefall::picture drawn = std::move(paper).done();
  CHECK(at(drawn, 7, 10) == red);
  CHECK(at(drawn, 7, 11) == red);
  CHECK(at(drawn, 7, 13) == white);
  CHECK(at(drawn, 12, 10) == white);  // the gap from 10 to 15
  CHECK(at(drawn, 17, 10) == red);
  canvas slanted(20, 20);
  slanted.line({2, 2}, {17, 9}, red, 1);
  const noisefall::picture smooth = std::move(slanted).done();
  std::set<int> greens;
  for (std::size_t i = 1; i < smooth.pixels.size(); i += 3) greens.insert(smooth.pixels[i]);
  CHECK(greens.size() > 5);
}

TEST_CASE("text stands on its place, upright or turned") {
  canvas paper(40, 40);
  paper.text({10, 20}, "l", red, 1);
  paper.text({30, 30}, "_", red, 1, true);
  paper.text({-100, -100}, "out of the picture", red);
  const noisefall::picture drawn = std::move(paper).done();
  CHECK(at(drawn, 12, 15) == red);
  CHECK(at(drawn, 12, 19) == red);
  CHECK(at(drawn, 12, 20) == white);
  CHECK(at(drawn, 29, 28) == red);
  CHECK(at(drawn, 28, 28) == white);
  CHECK(canvas::text_width("ab", 2) == 22);
}

TEST_CASE("a plot's curve runs between its points, with an axis to each side") {
  examples::log_plot plot{.title = "t", .x_title = "x", .y_title = "y", .note_title = "n"};
  plot.curves = {{"first", "1.00", {{2, 1e-2}, {8, 1e-4}}}, {"second", "2.00", {{2, 1e-3}, {8, 1e-3}}}};
  const noisefall::picture drawn = plot.draw();
  CHECK(drawn.width == 1280);
  CHECK(drawn.height == 800);
  // axes from 2 to 8 and from 1e-4 to 1e-2, 70 below the top, 90 above the bottom, 110 from the left
  CHECK(at(drawn, 110, 400) != white);
  CHECK(at(drawn, 200, 710) != white);
  CHECK(at(drawn, 110, 70) == colour{120, 120, 120});  // the first curve's first point
  std::size_t right = 0;
  for (std::size_t x = 0; x < drawn.width; ++x)
    if (at(drawn, x, 390) == colour{230, 159, 0}) right = std::max(right, x);
  // the second is level at the middle, up to its last point; the legend is higher
  CHECK(right > 900);
  std::size_t first_at_middle = 0;
  for (std::size_t y = 380; y < 400; ++y) first_at_middle += at(drawn, (110 + right) / 2, y) != white;
  CHECK(first_at_middle >= 3);
}
