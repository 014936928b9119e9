# find_package(noisefall) gives noisefall::noisefall and noisefall::testing and looks for nothing else;
# COMPONENTS config adds noisefall::config (nlohmann_json), COMPONENTS models adds noisefall::models (Eigen).
include(${CMAKE_CURRENT_LIST_DIR}/noisefall-targets.cmake)

set(noisefall_config_needs nlohmann_json nlohmann_json::nlohmann_json)
set(noisefall_models_needs Eigen3 Eigen3::Eigen)

foreach(component IN LISTS noisefall_FIND_COMPONENTS)
  set(noisefall_${component}_FOUND FALSE)
  if(component STREQUAL "testing")
    set(noisefall_testing_FOUND TRUE)
  elseif(DEFINED noisefall_${component}_needs)
    list(GET noisefall_${component}_needs 0 noisefall_package)
    list(GET noisefall_${component}_needs 1 noisefall_target)
    find_package(${noisefall_package} QUIET)
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
    if(DEFINED noisefall_${component}_needs)
      string(APPEND noisefall_NOT_FOUND_MESSAGE
        "component ${component} needs the package ${noisefall_package}, which was not found. ")
    else()
      string(APPEND noisefall_NOT_FOUND_MESSAGE
        "there is no component ${component}; there are config, models, testing. ")
    endif()
  endif()
endforeach()
