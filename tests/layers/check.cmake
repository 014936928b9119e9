# Which file may include what:  cmake -DROOT=<repository> -P check.cmake
#
# A header includes headers of its own folder and of folders of a lower level; foreign libraries stay in their folders;
# headers that programs without exceptions may include hold no throw; source files are ASCII. Each finding is a line "file:line: what: allowed".

# ---- the rules -------------------------------------------------------------------------------------------------------
# The level of each folder of include/noisefall. Two folders of one level do not see each other.
set(levels
  core:0
  random:1
  tensor:2
  schedule:3
  trajectory:4 parameterisation:4
  predictor:5 guidance:5
  solver:6
  sampler:7
  search:8 metrics:8 models:8
  config:9
  adapters:10 testing:10)
# Headers that stand in no folder: the umbrella takes core through sampler; everyone may ask for the version.
set(umbrella_level 7)
# A foreign library: the files that may include it, as regular expressions on "<folder>/<file>".
set(foreign
  "nlohmann/=config/.*"
  "Eigen/|unsupported/Eigen/=(models|metrics|search)/.*|adapters/eigen.*"
  "xtensor|xtl/=adapters/(xtensor|npy).*"
  "onnxruntime=adapters/onnxruntime.*"
  "torch/|ATen/|c10/=adapters/torch.*"
  "cuda=adapters/cuda.*"
  "zlib=adapters/png.*"
  "catch2/=(none)")
# Headers that may throw and catch by themselves, as regular expressions on "<folder>/<file>": the others call refuse().
set(with_exceptions "core/error.hpp|config/.*|adapters/.*|tensor/thread_pool.hpp")
# Code, where only ASCII may stand.
set(code include/*.hpp include/*.inc tests/*.hpp tests/*.cpp tests/*.cmake tests/*CMakeLists.txt examples/*.hpp
  examples/*.cpp examples/*.py examples/*CMakeLists.txt benchmarks/*.hpp benchmarks/*.cpp benchmarks/*CMakeLists.txt
  benchmarks/*.sh cmake/*
  CMakeLists.txt CMakePresets.json .ci/run)
# ----------------------------------------------------------------------------------------------------------------------

get_filename_component(ROOT "${ROOT}" ABSOLUTE)
set(folders "")
foreach(entry IN LISTS levels)
  string(REGEX MATCH "^(.*):(.*)$" entry "${entry}")
  set(level_${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
  list(APPEND folders ${CMAKE_MATCH_1})
endforeach()

set(findings 0)
# finding(<file> <text that its line contains> <what: allowed>)
function(finding file text message)
  file(READ ${ROOT}/${file} content)
  string(REPLACE ";" "," content "${content}")
  string(REPLACE ";" "," text "${text}")
  string(FIND "${content}" "${text}" at)
  set(line 1)
  if(at GREATER 0)
    string(SUBSTRING "${content}" 0 ${at} before)
    string(REGEX REPLACE "[^\n]" "" before "${before}")
    string(LENGTH "${before}" line)
    math(EXPR line "${line} + 1")
  endif()
  message("${file}:${line}: ${message}")
  math(EXPR count "${findings} + 1")
  set(findings ${count} PARENT_SCOPE)
endfunction()

# level_of(<variable> <path below include/noisefall>): a folder's level, times ten; empty when unknown
function(level_of variable path)
  set(level "")
  if(path STREQUAL "version.hpp")
    set(level -10)
  elseif(path STREQUAL "noisefall.hpp")
    math(EXPR level "10 * ${umbrella_level} + 5")
  elseif(path MATCHES "^([a-z_]+)/")
    if(DEFINED level_${CMAKE_MATCH_1})
      math(EXPR level "10 * ${level_${CMAKE_MATCH_1}}")
    endif()
  endif()
  set(${variable} "${level}" PARENT_SCOPE)
endfunction()

set(base ${ROOT}/include/noisefall)
file(GLOB_RECURSE headers RELATIVE ${base} ${base}/*.hpp ${base}/*.inc)
foreach(header IN LISTS headers)
  set(file include/noisefall/${header})
  get_filename_component(beside ${header} DIRECTORY)
  string(REGEX REPLACE "/.*" "" folder "${beside}")
  level_of(own ${header})
  if(own STREQUAL "")
    list(JOIN folders " " allowed)
    finding(${file} "" "stands in no known folder: allowed are ${allowed}")
    continue()
  endif()
  set(lower "")
  foreach(other IN LISTS folders)
    math(EXPR level "10 * ${level_${other}}")
    if(level LESS own)
      list(APPEND lower ${other})
    endif()
  endforeach()
  list(JOIN lower " " lower)

  file(STRINGS ${base}/${header} includes REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]")
  foreach(line IN LISTS includes)
    string(REGEX MATCH "([<\"])([^>\"]*)[>\"]" ignored "${line}")
    set(target "${CMAKE_MATCH_2}")
    if(CMAKE_MATCH_1 STREQUAL "\"")  # relative to the file, unless it names noisefall itself
      if(NOT target MATCHES "^noisefall/")
        get_filename_component(target ${base}/${beside}/${target} ABSOLUTE)
        file(RELATIVE_PATH target ${ROOT}/include ${target})
      endif()
    endif()
    if(target MATCHES "^noisefall/(.*)$")
      set(path "${CMAKE_MATCH_1}")
      get_filename_component(other ${path} DIRECTORY)
      string(REGEX REPLACE "/.*" "" other "${other}")
      level_of(its ${path})
      if(its STREQUAL "")
        finding(${file} "${line}" "includes ${target}, which is in no known folder: allowed are ${folder} ${lower}")
      elseif(NOT (its LESS own OR (other STREQUAL folder AND NOT folder STREQUAL "")))
        finding(${file} "${line}" "includes ${target}: allowed are ${folder} ${lower}")
      endif()
    else()
      foreach(entry IN LISTS foreign)
        string(REGEX MATCH "^(.*)=(.*)$" ignored "${entry}")
        set(library "${CMAKE_MATCH_1}")
        set(where "${CMAKE_MATCH_2}")
        if(target MATCHES "^(${library})" AND NOT header MATCHES "^(${where})$")
          finding(${file} "${line}" "includes ${target}: allowed in ${where}")
        endif()
      endforeach()
    endif()
  endforeach()
endforeach()

foreach(header IN LISTS headers)
  if(NOT header MATCHES "^(${with_exceptions})$")
    file(STRINGS ${base}/${header} throws REGEX "^[^/\"]*(throw|try|catch)[ ;]")
    foreach(line IN LISTS throws)
      finding(include/noisefall/${header} "${line}" "throws or catches: allowed in ${with_exceptions}, elsewhere refuse()")
    endforeach()
  endif()
endforeach()

set(sources "")
foreach(pattern IN LISTS code)
  if(pattern MATCHES "^(.*)/([^/]*)$")
    file(GLOB_RECURSE found RELATIVE ${ROOT} ${ROOT}/${CMAKE_MATCH_1}/${CMAKE_MATCH_2})
  else()
    file(GLOB found RELATIVE ${ROOT} ${ROOT}/${pattern})
  endif()
  list(APPEND sources ${found})
endforeach()
list(REMOVE_DUPLICATES sources)
foreach(file IN LISTS sources)
  file(READ ${ROOT}/${file} content)
  string(REGEX MATCH "[^\t\n\r -~]" strange "${content}")
  if(NOT strange STREQUAL "")
    finding(${file} "${strange}" "holds a character that is not ASCII: allowed are tab, newline and 0x20 to 0x7e")
  endif()
endforeach()

list(LENGTH headers headers)
list(LENGTH sources sources)
if(headers EQUAL 0 OR sources EQUAL 0)
  message(FATAL_ERROR "${ROOT} holds ${headers} headers and ${sources} sources: nothing was checked")
endif()
if(findings)
  message(FATAL_ERROR "${findings} findings in ${headers} headers and ${sources} sources")
endif()
message("${headers} headers and ${sources} sources: every include is allowed, every character is ASCII")
