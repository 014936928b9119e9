#include "precompiled_catch.hpp"
