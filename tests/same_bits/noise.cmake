# Compiles noise.cpp by a compiler and flags of its own, runs it, and fails unless all normals are right:
#   cmake -DCOMPILER=<command> -DFLAGS=<flags> -DPROGRAM=<file to write> [-DEMULATOR=<command>] [-DSETS=<names>] -P noise.cmake
# EMULATOR runs the program; SETS are the instruction sets that it must find, in its order. Where the compiler or the
# emulator does not exist it says "skipped: ...", by which ctest knows.
get_filename_component(tests ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
get_filename_component(root ${tests} DIRECTORY)

separate_arguments(emulator UNIX_COMMAND "${EMULATOR}")
set(tools ${COMPILER})
if(emulator)
  list(GET emulator 0 program)
  list(APPEND tools ${program})
endif()
foreach(tool IN LISTS tools)
  find_program(found_${tool} ${tool})
  if(NOT found_${tool})
    message("skipped: this machine has no ${tool}")
    return()
  endif()
endforeach()

separate_arguments(flags UNIX_COMMAND "${FLAGS}")
execute_process(COMMAND ${COMPILER} -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror ${flags}
  -I${root}/include -I${tests} ${CMAKE_CURRENT_LIST_DIR}/noise.cpp -o ${PROGRAM} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${emulator} ${PROGRAM} RESULT_VARIABLE ended OUTPUT_VARIABLE said)
message("${said}")
if(NOT ended EQUAL 0)
  message(FATAL_ERROR "ended with ${ended}")
endif()
string(REGEX REPLACE " [0-9a-f]+ as expected\n" " " sets "${said}")
if(SETS AND NOT sets STREQUAL "${SETS} ")
  message(FATAL_ERROR "it ran by ${sets}instead of ${SETS}")
endif()
