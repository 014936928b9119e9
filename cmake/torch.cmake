# noisefall::torch, where libtorch is found: a static library of the one file that includes libtorch, compiled as C++17.
# Who links it compiles nothing of libtorch. Included by noisefall's own build and by its installed package.

# Its package file speaks of every library that it looks for, and warns of what is its own affair.
set(noisefall_loud ${CMAKE_MESSAGE_LOG_LEVEL})
set(noisefall_warnings ${CMAKE_SUPPRESS_DEVELOPER_WARNINGS})
set(CMAKE_MESSAGE_LOG_LEVEL WARNING)
set(CMAKE_SUPPRESS_DEVELOPER_WARNINGS TRUE CACHE INTERNAL "")
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL TRUE)  # for the project that adds noisefall
find_package(Torch QUIET)
unset(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL)
set(CMAKE_MESSAGE_LOG_LEVEL ${noisefall_loud})
set(CMAKE_SUPPRESS_DEVELOPER_WARNINGS ${noisefall_warnings} CACHE INTERNAL "")

if(TARGET torch AND NOT TARGET noisefall::torch)
  add_library(noisefall_torch STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/torch.cpp)
  add_library(noisefall::torch ALIAS noisefall_torch)
  set_target_properties(noisefall_torch PROPERTIES CXX_STANDARD 17 POSITION_INDEPENDENT_CODE ON)
  target_include_directories(noisefall_torch
    PRIVATE $<TARGET_PROPERTY:noisefall::noisefall,INTERFACE_INCLUDE_DIRECTORIES>)
  target_include_directories(noisefall_torch SYSTEM PRIVATE ${TORCH_INCLUDE_DIRS})
  separate_arguments(noisefall_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  target_compile_options(noisefall_torch PRIVATE ${noisefall_torch_flags})
  target_link_libraries(noisefall_torch PRIVATE ${TORCH_LIBRARIES} INTERFACE noisefall::noisefall)
endif()
