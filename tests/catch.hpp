// Catch2, version 2 or 3, under the names of version 3.
#pragma once
#if __has_include(<catch2/catch_test_macros.hpp>)  // Catch2 v3
#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
using Catch::Approx;  // v2 puts Approx in the global namespace; Catch::Approx there is the *vector matcher*
#else                 // Catch2 v2 (Debian bookworm)
#include <catch2/catch.hpp>
namespace Catch::Matchers {  // v3 names of the v2 matchers used in these tests
using Catch::Message;
using Catch::WithinAbs;
using Catch::WithinRel;
inline auto ContainsSubstring(std::string const& s) { return Catch::Contains(s); }
}  // namespace Catch::Matchers
#endif
