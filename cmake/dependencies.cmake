# noisefall_need(<name>): makes one third-party library available, first from the system, else by download.
#
# Nothing here runs until a target that needs the library is asked for. FETCHCONTENT_TRY_FIND_PACKAGE_MODE,
# FETCHCONTENT_SOURCE_DIR_<NAME> and dependency providers work as CMake documents them.

include(FetchContent)

# What every download has: headers that cannot warn in our builds, time stamps of the extraction.
set(_noisefall_fetch "")
if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.24)
  list(APPEND _noisefall_fetch DOWNLOAD_EXTRACT_TIMESTAMP ON)
endif()
if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.25)
  list(APPEND _noisefall_fetch SYSTEM)
endif()

# find_package first, FetchContent second. CMake does both in one call from 3.24 on; before that, by hand.
macro(_noisefall_find_or_fetch name find_arguments)
  if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.24)
    FetchContent_Declare(${name} ${_noisefall_fetch} ${ARGN} FIND_PACKAGE_ARGS ${find_arguments})
    FetchContent_MakeAvailable(${name})
  else()
    find_package(${name} ${find_arguments} QUIET)
    if(NOT ${name}_FOUND)
      FetchContent_Declare(${name} ${_noisefall_fetch} ${ARGN})
      FetchContent_MakeAvailable(${name})
    endif()
  endif()
endmacro()

# A library of headers alone: a download is its headers and `target`, nothing else. Its own build would install it with
# noisefall and, Eigen's, add 938 tests to the project.
function(_noisefall_need_headers name target folder find_arguments)
  _noisefall_find_or_fetch(${name} "${find_arguments}" ${ARGN} SOURCE_SUBDIR not-used)
  if(NOT TARGET ${target})
    string(TOLOWER ${name} fetched)
    add_library(noisefall_fetched_${fetched} INTERFACE)
    target_include_directories(noisefall_fetched_${fetched} SYSTEM INTERFACE ${${fetched}_SOURCE_DIR}${folder})
    add_library(${target} ALIAS noisefall_fetched_${fetched})
  endif()
endfunction()

function(_noisefall_need_nlohmann_json)
  _noisefall_need_headers(nlohmann_json nlohmann_json::nlohmann_json /include "3.10"
    URL https://github.com/nlohmann/json/releases/download/v3.11.3/json.tar.xz
    URL_HASH SHA256=d6c65aca6b1ed68e7a182f4757257b107ae403032760ed6ef121c9d55e81757d)
endfunction()

function(_noisefall_need_Eigen3)
  _noisefall_need_headers(Eigen3 Eigen3::Eigen "" "3.4"
    URL https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.gz
    URL_HASH SHA256=8586084f71f9bde545ee7fa6d00288b264a2b7ac3607b974e54d13e7162c1c72)
endfunction()

function(_noisefall_need_xtensor)
  _noisefall_need_headers(xtl xtl /include ""
    URL https://github.com/xtensor-stack/xtl/archive/refs/tags/0.7.7.tar.gz
    URL_HASH SHA256=44fb99fbf5e56af5c43619fc8c29aa58e5fad18f3ba6e7d9c55c111b62df1fbb)
  _noisefall_need_headers(xtensor xtensor /include ""
    URL https://github.com/xtensor-stack/xtensor/archive/refs/tags/0.25.0.tar.gz
    URL_HASH SHA256=32d5d9fd23998c57e746c375a544edf544b74f0a18ad6bc3c38cbba968d5e6c7)
  if(TARGET noisefall_fetched_xtensor)
    target_link_libraries(noisefall_fetched_xtensor INTERFACE xtl)
  endif()
endfunction()

function(_noisefall_need_ZLIB)
  _noisefall_find_or_fetch(ZLIB ""
    URL https://github.com/madler/zlib/releases/download/v1.3.1/zlib-1.3.1.tar.gz
    URL_HASH SHA256=9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23
    SOURCE_SUBDIR not-used)
  if(NOT TARGET ZLIB::ZLIB)
    add_subdirectory(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/zlib noisefall-zlib)
  endif()
endfunction()

function(_noisefall_need_Catch2)  # version 2 (Debian 12) and version 3 both serve: tests/catch.hpp
  _noisefall_find_or_fetch(Catch2 ""
    URL https://github.com/catchorg/Catch2/archive/refs/tags/v3.7.1.tar.gz
    URL_HASH SHA256=c991b247a1a0d7bb9c39aa35faf0fe9e19764213f28ffba3109388e62ee0269c)
  set(NOISEFALL_CATCH_MODULES ${Catch2_DIR} ${catch2_SOURCE_DIR}/extras PARENT_SCOPE)  # for include(Catch)
  if(Catch2_VERSION)
    set(NOISEFALL_CATCH_VERSION ${Catch2_VERSION} PARENT_SCOPE)
  else()
    set(NOISEFALL_CATCH_VERSION 3.7.1 PARENT_SCOPE)
  endif()
endfunction()

function(_noisefall_need_benchmark)
  set(BENCHMARK_ENABLE_TESTING OFF)
  set(BENCHMARK_ENABLE_INSTALL OFF)
  set(BENCHMARK_ENABLE_WERROR OFF)
  _noisefall_find_or_fetch(benchmark ""
    URL https://github.com/google/benchmark/archive/refs/tags/v1.8.3.tar.gz
    URL_HASH SHA256=6bc180a57d23d4d9515519f92b0c83d61b05b5bab188961f36ac7b06b0d9e9ce)
endfunction()

macro(noisefall_need name)
  cmake_language(CALL _noisefall_need_${name})
endmacro()
