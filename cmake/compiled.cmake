# noisefall_compiled(<what> <library> ...): noisefall::compiled_<what>, a static library of cmake/<what>.cpp. Who links it
# compiles none of that himself: its files see NOISEFALL_COMPILED_<WHAT>. Built only where it is linked, by the compiler
# of the project that asks.
function(noisefall_compiled what)
  string(TOUPPER ${what} macro)
  add_library(noisefall_compiled_${what} STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${what}.cpp)
  target_link_libraries(noisefall_compiled_${what} PUBLIC ${ARGN})
  target_compile_definitions(noisefall_compiled_${what} INTERFACE NOISEFALL_COMPILED_${macro})
  set_target_properties(noisefall_compiled_${what} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()
