# SPDX-License-Identifier: BSL-1.0
# Each dependency that was asked for, or one sentence that names the cure.

if(SYNOD_CEREAL)
  find_package(cereal CONFIG QUIET)
  if(NOT cereal_FOUND)
    message(
      FATAL_ERROR
        "cereal was not found: install libcereal-dev, or add its folder to CMAKE_PREFIX_PATH, or "
        "configure with -DSYNOD_CEREAL=OFF -DSYNOD_ASIO=OFF.")
  endif()
endif()

if(SYNOD_ASIO)
  find_package(Boost 1.81 CONFIG QUIET)
  if(NOT Boost_FOUND)
    set(synod_boost_seen "")
    list(REMOVE_DUPLICATES Boost_CONSIDERED_VERSIONS)
    if(Boost_CONSIDERED_VERSIONS)
      set(synod_boost_seen " (found only ${Boost_CONSIDERED_VERSIONS})")
    endif()
    message(
      FATAL_ERROR
        "Boost 1.81 or newer was not found${synod_boost_seen}: install libboost1.81-dev, which "
        "replaces libboost-dev 1.74, or add its folder to CMAKE_PREFIX_PATH, or configure with "
        "-DSYNOD_ASIO=OFF.")
  endif()
  find_package(Threads REQUIRED)
endif()

if(SYNOD_TESTS)
  find_package(GTest CONFIG QUIET)
  if(NOT GTest_FOUND)
    message(
      FATAL_ERROR
        "GoogleTest was not found: install libgtest-dev, or add its folder to CMAKE_PREFIX_PATH, "
        "or configure with -DSYNOD_TESTS=OFF.")
  endif()
endif()

if(SYNOD_BENCHMARKS)
  find_package(benchmark CONFIG QUIET)
  if(NOT benchmark_FOUND)
    message(
      FATAL_ERROR
        "Google Benchmark was not found: install libbenchmark-dev, or add its folder to "
        "CMAKE_PREFIX_PATH, or configure with -DSYNOD_BENCHMARKS=OFF.")
  endif()
endif()
