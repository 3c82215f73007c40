# SPDX-License-Identifier: BSL-1.0
# The INTERFACE targets. Headers are found by their place: a folder named after a third party
# belongs to the target of that name, testing/ to synod::testing, everything else to synod::synod.

include(GNUInstallDirs)

# synod_library(<component> <folder>... LINKS <target>...)
function(synod_library component)
  cmake_parse_arguments(arg "" "" "FOLDERS;WITHOUT;LINKS" ${ARGN})
  set(globs ${arg_FOLDERS})
  list(TRANSFORM globs PREPEND ${PROJECT_SOURCE_DIR}/include/)
  list(TRANSFORM globs APPEND /*.hpp)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${globs})
  foreach(folder IN LISTS arg_WITHOUT)
    list(FILTER headers EXCLUDE REGEX "/include/synod/${folder}/")
  endforeach()

  add_library(synod_${component} INTERFACE)
  add_library(synod::${component} ALIAS synod_${component})
  set_target_properties(synod_${component} PROPERTIES EXPORT_NAME ${component})
  target_compile_features(synod_${component} INTERFACE cxx_std_20)
  target_sources(synod_${component} INTERFACE FILE_SET HEADERS BASE_DIRS
                                              ${PROJECT_SOURCE_DIR}/include FILES ${headers})
  target_link_libraries(synod_${component} INTERFACE ${arg_LINKS})
  # Each header alone: built by the target all_verify_interface_header_sets.
  set_target_properties(synod_${component} PROPERTIES VERIFY_INTERFACE_HEADER_SETS
                                                      ${PROJECT_IS_TOP_LEVEL})
endfunction()

set(synod_components synod)
synod_library(synod FOLDERS synod WITHOUT cereal testing asio rocksdb lmdb fabric prometheus)

if(SYNOD_CEREAL)
  list(APPEND synod_components cereal testing)
  synod_library(cereal FOLDERS synod/cereal LINKS synod::synod cereal::cereal)
  synod_library(testing FOLDERS synod/testing LINKS synod::cereal)
endif()

if(SYNOD_ASIO)
  list(APPEND synod_components asio)
  synod_library(asio FOLDERS synod/asio LINKS synod::cereal Boost::headers Threads::Threads)
endif()
