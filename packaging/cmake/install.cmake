# SPDX-License-Identifier: BSL-1.0
# The package after installation has the same target names as the tree. It holds no machine code,
# so it lives under share/ and its version file ignores the architecture.

include(CMakePackageConfigHelpers)

set(synod_config_folder ${CMAKE_INSTALL_DATADIR}/cmake/synod)

list(TRANSFORM synod_components PREPEND synod_ OUTPUT_VARIABLE synod_targets)
install(TARGETS ${synod_targets} EXPORT synod FILE_SET HEADERS)
install(EXPORT synod NAMESPACE synod:: DESTINATION ${synod_config_folder} FILE synod-targets.cmake)

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/synod-config.cmake.in ${PROJECT_BINARY_DIR}/synod-config.cmake
  INSTALL_DESTINATION ${synod_config_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/synod-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/synod-config.cmake
              ${PROJECT_BINARY_DIR}/synod-config-version.cmake DESTINATION ${synod_config_folder})

# For those without CMake; it too is found from where it lies, wherever that is moved to.
set(synod_pc_folder ${CMAKE_INSTALL_DATADIR}/pkgconfig)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY
           ${CMAKE_INSTALL_PREFIX}/${synod_pc_folder} OUTPUT_VARIABLE synod_pc_to_prefix)
configure_file(${CMAKE_CURRENT_LIST_DIR}/synod.pc.in ${PROJECT_BINARY_DIR}/synod.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/synod.pc DESTINATION ${synod_pc_folder})
