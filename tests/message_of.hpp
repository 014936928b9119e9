// What an action that should be refused says.
#pragma once

#include <string>

#include <noisefall/core/error.hpp>

// "nothing was thrown" without an error of the library's; another exception is the test's failure.
template <class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const noisefall::error& error) {
    return error.what();
  }
  return "nothing was thrown";
}
