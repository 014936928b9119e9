# cmake -DLOG=<Doxygen's warnings> -DPAGES=<first page> -P check.cmake: fails on every finding, except members and
# specialisations without a comment of their own.
file(STRINGS ${LOG} warnings)
list(FILTER warnings EXCLUDE REGEX "(Member .*|<.*>) is not documented")
list(LENGTH warnings count)
if(count)
  list(JOIN warnings "\n" text)
  message(FATAL_ERROR "${count} findings:\n${text}")
endif()
message(STATUS "pages: ${PAGES}, no findings")
