# Lists of texts that may hold what a CMake list cannot: [ ] and ; travel as {lb} {rb} {sc}. On a command line the
# elements are joined by {and}.

# noisefall_head_comment(<variable> <file> <keys>): the file's lines "// <key>: <value>" as a list of encoded texts
function(noisefall_head_comment variable file keys)
  file(READ ${file} text)
  string(REPLACE "[" "{lb}" text "${text}")
  string(REPLACE "]" "{rb}" text "${text}")
  string(REPLACE ";" "{sc}" text "${text}")
  string(REPLACE "\n" ";" text "${text}")
  list(FILTER text INCLUDE REGEX "^// (${keys}):")
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

function(noisefall_decode variable text)
  string(REPLACE "{lb}" "[" text "${text}")
  string(REPLACE "{rb}" "]" text "${text}")
  string(REPLACE "{sc}" ";" text "${text}")
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()
