# The target docs: pages of the public headers in docs/html of the build folder, by Doxygen. Fails on every warning and
# on every file, class and concept without a comment; members may speak for themselves.
find_package(Doxygen 1.9 REQUIRED)
set(DOXYGEN_INPUT_FILTER "sed -f ${CMAKE_CURRENT_LIST_DIR}/comments.sed")
set(DOXYGEN_FILE_PATTERNS *.hpp README.md orders.md)
set(DOXYGEN_USE_MDFILE_AS_MAINPAGE ${PROJECT_SOURCE_DIR}/README.md)
set(DOXYGEN_IMAGE_PATH ${PROJECT_SOURCE_DIR})
set(DOXYGEN_STRIP_FROM_PATH ${PROJECT_SOURCE_DIR}/include)
set(DOXYGEN_STRIP_FROM_INC_PATH ${PROJECT_SOURCE_DIR}/include)
set(DOXYGEN_INCLUDE_PATH ${PROJECT_SOURCE_DIR}/include)
set(DOXYGEN_EXCLUDE_SYMBOLS noisefall::detail noisefall::detail::* noisefall::kernels noisefall::kernels::*)
set(DOXYGEN_EXTRACT_STATIC YES)
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
set(DOXYGEN_AUTOLINK_SUPPORT NO)
set(DOXYGEN_SKIP_FUNCTION_MACROS NO)
set(DOXYGEN_HAVE_DOT NO)
set(DOXYGEN_QUIET YES)
set(DOXYGEN_GENERATE_LATEX NO)
set(DOXYGEN_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/docs)
set(DOXYGEN_WARN_IF_UNDOCUMENTED YES)
set(DOXYGEN_WARN_NO_PARAMDOC NO)
set(DOXYGEN_WARN_LOGFILE ${PROJECT_BINARY_DIR}/docs/warnings.txt)

doxygen_add_docs(docs-pages ${PROJECT_SOURCE_DIR}/include/noisefall ${PROJECT_SOURCE_DIR}/README.md 
  ${PROJECT_SOURCE_DIR}/tests/solver/orders.md)
add_custom_target(docs
  COMMAND ${CMAKE_COMMAND} -DLOG=${DOXYGEN_WARN_LOGFILE} -DPAGES=${PROJECT_BINARY_DIR}/docs/html/index.html
    -P ${CMAKE_CURRENT_LIST_DIR}/check.cmake
  VERBATIM)
add_dependencies(docs docs-pages)
