# Runs a command and checks how it ends and what it prints:
#   cmake -DSTATUS=<status>|failure "-DEXPECT=<encoded regex>[{and}<encoded regex>...]" [-DOUT=<folder to empty and run in>]
#         -P run_and_check.cmake -- <command> <argument>...
# Every expression of EXPECT must match the output (cmake/head_comment.cmake says how they are encoded).
include(${CMAKE_CURRENT_LIST_DIR}/head_comment.cmake)

set(command "")
set(after FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  if(after)
    list(APPEND command "${CMAKE_ARGV${i}}")
  elseif("${CMAKE_ARGV${i}}" STREQUAL "--")  # the first one; the command may hold more
    set(after TRUE)
  endif()
endforeach()

if(NOT EXPECT)
  message(FATAL_ERROR "nothing says what this must print: give its source a line '// expect: <regex>'")
endif()
if(OUT)
  file(REMOVE_RECURSE ${OUT})
  file(MAKE_DIRECTORY ${OUT})
else()
  set(OUT .)
endif()
execute_process(COMMAND ${command} WORKING_DIRECTORY ${OUT} RESULT_VARIABLE ended OUTPUT_VARIABLE said
  ERROR_VARIABLE said)
message("${said}")
if(STATUS STREQUAL "failure")
  if(ended EQUAL 0 OR NOT ended MATCHES "^[0-9]+$")
    message(FATAL_ERROR "was expected to fail, but ended with ${ended}")
  endif()
elseif(NOT ended STREQUAL STATUS)
  message(FATAL_ERROR "ended with ${ended} instead of ${STATUS}")
endif()
string(REPLACE "{and}" ";" EXPECT "${EXPECT}")
foreach(encoded IN LISTS EXPECT)
  noisefall_decode(regex "${encoded}")
  if(NOT said MATCHES "${regex}")
    message(FATAL_ERROR "printed nothing that matches '${regex}'")
  endif()
endforeach()
