#include "precompiled_engine.hpp"
