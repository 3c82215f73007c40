# SPDX-License-Identifier: BSL-1.0
# What only this repository's own programs get: warnings, ccache, a place for the binaries, and as
# many compile jobs as cores and memory allow. Nothing of it reaches a consumer.

if(NOT CMAKE_RUNTIME_OUTPUT_DIRECTORY)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
  set(CMAKE_CXX_FLAGS_RELEASE -O2)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "g++ ${CMAKE_CXX_COMPILER_VERSION} is too old: install g++-12 or newer, or "
                      "set CXX to one that is.")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  message(FATAL_ERROR "clang ${CMAKE_CXX_COMPILER_VERSION} is too old: install clang-16 or newer, "
                      "or set CXX to one that is.")
endif()

add_library(synod_warnings INTERFACE)
# Aggregates are initialised by naming the fields that matter, so leaving some out is the point.
target_compile_options(synod_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow
                                                -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 guesses these from data flow after inlining, and guesses wrong too often to stop a build.
  target_compile_options(
    synod_warnings
    INTERFACE -Wno-error=array-bounds -Wno-error=dangling-pointer -Wno-error=free-nonheap-object
              -Wno-error=maybe-uninitialized -Wno-error=restrict -Wno-error=stringop-overflow
              -Wno-error=stringop-overread -Wno-error=use-after-free -Winvalid-pch
              -Wno-error=invalid-pch)
endif()

# ccache must be told that a precompiled header is no reason to give up.
find_program(SYNOD_CCACHE ccache)
if(SYNOD_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${SYNOD_CCACHE})
endif()

# One compile job may take a gigabyte with Asio and coroutines, so a small machine gets fewer jobs
# than cores instead of an out-of-memory kill.
if(NOT SYNOD_JOBS)
  cmake_host_system_information(RESULT synod_cores QUERY NUMBER_OF_LOGICAL_CORES)
  cmake_host_system_information(RESULT synod_megabytes QUERY AVAILABLE_PHYSICAL_MEMORY)
  if(EXISTS /sys/fs/cgroup/memory.max)
    file(READ /sys/fs/cgroup/memory.max synod_limit)
    string(STRIP "${synod_limit}" synod_limit)
    if(synod_limit MATCHES "^[0-9]+$")
      math(EXPR synod_limit "${synod_limit} / 1048576")
      if(synod_limit LESS synod_megabytes)
        set(synod_megabytes ${synod_limit})
      endif()
    endif()
  endif()
  math(EXPR synod_jobs "${synod_megabytes} / 1200")
  if(synod_jobs LESS 1)
    set(synod_jobs 1)
  elseif(synod_jobs GREATER synod_cores)
    set(synod_jobs ${synod_cores})
  endif()
else()
  set(synod_jobs ${SYNOD_JOBS})
endif()
set_property(GLOBAL APPEND PROPERTY JOB_POOLS synod_compile=${synod_jobs})
set(CMAKE_JOB_POOL_COMPILE synod_compile)

# Everything of ours that there is, for programs of our own.
add_library(synod_everything INTERFACE)
target_link_libraries(synod_everything INTERFACE synod::synod synod_warnings)
if(SYNOD_CEREAL)
  target_link_libraries(synod_everything INTERFACE synod::cereal synod::testing)
endif()

# synod_includes(<result> <regular expression> <file>...): whether one of the files includes it.
function(synod_includes result pattern)
  set(found FALSE)
  foreach(file IN LISTS ARGN)
    file(STRINGS ${file} lines REGEX "^#include.*${pattern}")
    if(lines)
      set(found TRUE)
    endif()
  endforeach()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# synod_link(<target> <file>...): the libraries that the includes of its files ask for. A program
# that wants Asio is left out where Asio was switched off.
function(synod_link target)
  target_link_libraries(${target} PRIVATE synod_everything)
  synod_includes(asio "[<\"](synod|boost)/asio" ${ARGN})
  if(asio)
    if(SYNOD_ASIO)
      target_link_libraries(${target} PRIVATE synod::asio)
    else()
      set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
  endif()
  synod_includes(threads "<(thread|future|mutex|condition_variable)>" ${ARGN})
  if(threads)
    find_package(Threads REQUIRED)
    target_link_libraries(${target} PRIVATE Threads::Threads)
  endif()
  synod_includes(allocations "support/allocations\\.hpp" ${ARGN})
  if(allocations)
    target_link_libraries(${target} PRIVATE synod_allocations)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  endif()
  synod_includes(benchmark "<benchmark/" ${ARGN})
  if(benchmark)
    target_link_libraries(${target} PRIVATE benchmark::benchmark)
  endif()
endfunction()
