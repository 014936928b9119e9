// Guidance and diversity: what guidance does to the spread within a class, and what gives it back.
//   (a) a Gaussian class: mean and variance against the weight, measured, on exact curves
//   (b) many classes in many dimensions: overlap and variance against the mean field, and a tail that loses the class
//   (c) the digit network: ways to guide it at equal calls, judged by a classifier of digits
// Prints tables, draws plots and sheets, and writes all numbers to diversity.json.
//
//   diversity [--quick] [--part a|b|c] [--threads N] [--out DIR]
//
// run: --quick --out {out}
// expect: 42 points, the farthest [0-3]\.[0-9]+ standard errors off: all on their curves
// expect:   40   0\.20   2981  0\.0 +0\.9[3-9][0-9] +0\.965 +(0\.9[7-9]|1\.0[0-4])
// expect:   40   0\.20   2981  1\.0 +1\.(19|20|21|22)[0-9] +1\.209 +0\.8[2-6][0-9] +0\.844 +(1\.000|0\.99)
// expect:   40   0\.20   2981  2\.0 +1\.3[2-6][0-9] +1\.338 +0\.(7[7-9]|8[01])[0-9] +0\.806 +(1\.000|0\.99)
// expect: w = 1, d  40, K = exp\(0\.2 d\): K  2981, variance 0\.8[0-5]
// expect: w = 1, d  80, K = d d: K  6400, variance 0\.(8[7-9]|9)
// expect: w = 1, then -1 below t  1\.5: variance 0\.8[1-7].* accuracy (1\.000|0\.99)
// expect: w = 1, then -1 below t  7\.0: variance 1\.[5-9].* accuracy 0\.(4[5-9]|5|60)
// expect: w = 2, then -0\.5 below t 14\.0: variance (0\.9[5-9]|1\.0).* accuracy 0\.(8[89]|9)
// expect: of which ten classes can carry 2\.30: these are spent above sigma [1-4]\.
// expect: real digits .* (1\.000|0\.9[5-9]).*
// expect: no guidance +0\.0 +16 +16 +(1\.000|0\.9)
// expect: constant +1\.0 +8 +16 +(1\.000|0\.9)
// expect: interval +1\.0 +1[0-5] +1[56] +(1\.000|0\.9)
// expect: window +1\.0 +8 +16 +(1\.000|0\.[89])
// expect: CADS +1\.0 +8 +16
// expect: APG +1\.0 +8 +16 +(1\.000|0\.9)
// expect: APG +w 1\.0 (against constant guidance as|less) accurate
// expect: wrote .*diversity.sheets.png
// expect: wrote .*diversity.json
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "diversity/classes_part.hpp"
#include "diversity/digits_part.hpp"
#include "diversity/gaussian_part.hpp"
#include "diversity/report.hpp"

int main(int count, char** words) try {
  diversity::settings s;
  s.threads = std::clamp(std::thread::hardware_concurrency(), 1u, 8u);
  std::string parts = "abc";
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const bool more = i + 1 < count;
    if (word == "--quick") {
      s.quick = true;
    } else if (word == "--part" && more) {
      parts = words[++i];
    } else if (word == "--out" && more) {
      s.out = words[++i];
    } else if (word == "--threads" && more) {
      const std::string_view number = words[++i];
      std::from_chars(number.data(), number.data() + number.size(), s.threads);
      s.threads = std::clamp<std::size_t>(s.threads, 1, 64);
    } else {
      std::fprintf(stderr, "diversity [--quick] [--part a|b|c] [--threads N] [--out DIR]\n");
      return 2;
    }
  }
  std::filesystem::create_directories(s.out);
  diversity::report all{{"quick", s.quick}};
  if (parts.find('a') != std::string::npos) all["gaussian"] = diversity::gaussian_part{s}.run();
  if (parts.find('b') != std::string::npos) all["classes"] = diversity::classes_part{s}.run();
  if (parts.find('c') != std::string::npos) all["digits"] = diversity::digits_part{s}.run();
  std::ofstream{s.out / "diversity.json"} << all.dump(2) << '\n';
  std::printf("wrote %s\n", (s.out / "diversity.json").string().c_str());
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "diversity: %s\n", e.what());
  return 1;
}
