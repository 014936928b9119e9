# noisefall_own(<target>): what holds for noisefall's own programs and never for who uses noisefall.

if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(NOISEFALL_CCACHE ccache)
  if(NOISEFALL_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${NOISEFALL_CCACHE})
  endif()
endif()

function(noisefall_own target)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 $<$<BOOL:${NOISEFALL_WERROR}>:/WX>)
  else()
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
      $<$<BOOL:${NOISEFALL_WERROR}>:-Werror>)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # collects garbage from 128 MB on otherwise, a twelfth of its time
      target_compile_options(${target} PRIVATE --param=ggc-min-heapsize=1000000)
    endif()
    # g++ 12 sees an overlap in "text" + std::string where there is none (GCC bug 105651, mended in 13).
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      target_compile_options(${target} PRIVATE -Wno-restrict)
    endif()
  endif()
endfunction()

# noisefall_program(<target>): one that people run; it goes to bin/.
function(noisefall_program target)
  noisefall_own(${target})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()
