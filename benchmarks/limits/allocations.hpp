// Counts what this program takes from operator new.
#pragma once

#include <cstddef>

namespace bench {

std::size_t allocations();  // since the program began

}  // namespace bench
