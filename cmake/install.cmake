# Installs the headers and the package that find_package(noisefall [COMPONENTS ...]) reads.
#
# Only noisefall::noisefall and noisefall::testing are exported. The targets with a dependency are made by the package
# file, for who asks for them: so installing works the same whether a dependency was found, downloaded or left out.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/noisefall)
set_target_properties(noisefall_testing PROPERTIES EXPORT_NAME testing)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp" PATTERN "*.inc")
install(TARGETS noisefall noisefall_testing EXPORT noisefall-targets
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT noisefall-targets NAMESPACE noisefall:: DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/noisefall-config-version.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES cmake/noisefall-config.cmake cmake/compiled.cmake cmake/config.cpp cmake/kernels.cpp
  cmake/Findonnxruntime.cmake cmake/torch.cmake cmake/torch.cpp ${PROJECT_BINARY_DIR}/noisefall-config-version.cmake
  DESTINATION ${package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/noisefall)
