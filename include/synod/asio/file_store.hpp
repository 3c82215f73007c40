// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/opened_store.hpp>
#include <synod/core/error.hpp>
#include <synod/storage/file_log.hpp>
#include <synod/storage/file_snapshots.hpp>
#include <synod/storage/posix_io.hpp>

#include <memory>
#include <string>
#include <utility>

namespace synod::asio {

// The log of a replica in its folder, and the snapshots in one within.
template <class Io>
struct store_opening<file_log<Io>> {
  using snapshots = file_snapshots<Io>;
  struct opened {
    file_log<Io> log;
    snapshots images;
  };
  static result<std::unique_ptr<opened>> open(std::string const& folder,
                                              disk_options const& given) {
    auto log = file_log<Io>::open(Io(folder.c_str()), given.log);
    if (!log) return log.error();
    auto images = snapshots::open(Io((folder + "/snapshots").c_str()), given.log.low_water_bytes);
    if (!images) return images.error();
    return std::unique_ptr<opened>(new opened{*std::move(log), *std::move(images)});
  }
};

}  // namespace synod::asio
