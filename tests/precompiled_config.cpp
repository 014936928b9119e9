#include "precompiled_config.hpp"
