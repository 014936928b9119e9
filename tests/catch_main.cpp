// Catch2 version 2 compiled here: Debian's library is built with libstdc++, which a test with libc++ cannot link.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
