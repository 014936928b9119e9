# find_package(noisefall) gives noisefall::noisefall and noisefall::testing and looks for nothing else. COMPONENTS adds
#   config    noisefall::config (nlohmann_json)
#   models    noisefall::models (Eigen)
#   metrics   noisefall::metrics (Eigen)
#   eigen     noisefall::eigen (Eigen): adapters/eigen.hpp
#   onnxruntime  noisefall::onnxruntime (ONNX Runtime): adapters/onnxruntime.hpp
#   png       noisefall::png (zlib): adapters/png.hpp
#   torch     noisefall::torch (libtorch): adapters/torch.hpp; a static library that is compiled in the asking project
#   xtensor   noisefall::xtensor (xtensor): adapters/xtensor.hpp, adapters/npy.hpp
#   kernels   noisefall::kernels, a static library that is compiled in the asking project, by its compiler
include(${CMAKE_CURRENT_LIST_DIR}/noisefall-targets.cmake)

set(noisefall_config_needs nlohmann_json nlohmann_json::nlohmann_json)
set(noisefall_models_needs Eigen3 Eigen3::Eigen)
set(noisefall_metrics_needs Eigen3 Eigen3::Eigen)
set(noisefall_eigen_needs Eigen3 Eigen3::Eigen)
set(noisefall_xtensor_needs xtensor xtensor)
set(noisefall_png_needs ZLIB ZLIB::ZLIB)
set(noisefall_onnxruntime_needs onnxruntime onnxruntime::onnxruntime)

foreach(component IN LISTS noisefall_FIND_COMPONENTS)
  set(noisefall_${component}_FOUND FALSE)
  if(component STREQUAL "testing")
    set(noisefall_testing_FOUND TRUE)
  elseif(component STREQUAL "kernels")
    set(noisefall_kernels_FOUND TRUE)
    if(NOT TARGET noisefall::kernels)
      add_library(noisefall_kernels STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/kernels.cpp)
      target_link_libraries(noisefall_kernels PUBLIC noisefall::noisefall)
      target_compile_definitions(noisefall_kernels INTERFACE NOISEFALL_COMPILED_KERNELS)
      set_target_properties(noisefall_kernels PROPERTIES POSITION_INDEPENDENT_CODE ON)
      add_library(noisefall::kernels ALIAS noisefall_kernels)
    endif()
  elseif(component STREQUAL "torch")
    include(${CMAKE_CURRENT_LIST_DIR}/torch.cmake)
    if(TARGET noisefall::torch)
      set(noisefall_torch_FOUND TRUE)
    endif()
  elseif(DEFINED noisefall_${component}_needs)
    list(GET noisefall_${component}_needs 0 noisefall_package)
    list(GET noisefall_${component}_needs 1 noisefall_target)
    if(NOT TARGET ${noisefall_target})  # the asking project may have its own
      list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})  # Findonnxruntime.cmake
      find_package(${noisefall_package} QUIET)
      list(POP_BACK CMAKE_MODULE_PATH)
    endif()
    if(TARGET ${noisefall_target})
      set(noisefall_${component}_FOUND TRUE)
      if(NOT TARGET noisefall::${component})
        add_library(noisefall::${component} INTERFACE IMPORTED)
        target_link_libraries(noisefall::${component} INTERFACE noisefall::noisefall ${noisefall_target})
      endif()
    endif()
  endif()
  if(noisefall_FIND_REQUIRED_${component} AND NOT noisefall_${component}_FOUND)
    set(noisefall_FOUND FALSE)
    if(component STREQUAL "torch")
      set(noisefall_torch_needs libtorch)
    endif()
    if(DEFINED noisefall_${component}_needs)
      list(GET noisefall_${component}_needs 0 noisefall_package)
      string(APPEND noisefall_NOT_FOUND_MESSAGE
        "component ${component} needs the package ${noisefall_package}, which was not found. ")
    else()
      string(APPEND noisefall_NOT_FOUND_MESSAGE
        "there is no component ${component}; there are config, eigen, kernels, metrics, models, onnxruntime, png, testing, torch, xtensor. ")
    endif()
  endif()
endforeach()
