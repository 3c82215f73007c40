// SPDX-License-Identifier: BSL-1.0
#pragma once

// Everything that needs the standard library only: ranks 0 to 5. What needs a third party
// is included by its own folder: <synod/cereal/...>, <synod/asio/...>,
// <synod/testing/...>. `tests/run --fix` writes this list.
#include <synod/codec/crc32c.hpp>
#include <synod/codec/frame.hpp>
#include <synod/codec/frame_decoder.hpp>
#include <synod/codec/wire.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/ballot.hpp>
#include <synod/core/batch.hpp>
#include <synod/core/bytes.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/error.hpp>
#include <synod/core/generator.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/node_set.hpp>
#include <synod/core/outcome.hpp>
#include <synod/core/output.hpp>
#include <synod/core/record.hpp>
#include <synod/core/rejections.hpp>
#include <synod/core/slot_value.hpp>
#include <synod/log/client_table.hpp>
#include <synod/log/id_index.hpp>
#include <synod/log/reply_store.hpp>
#include <synod/log/sort_by_key.hpp>
#include <synod/log/window.hpp>
#include <synod/protocol/single_decree.hpp>
#include <synod/protocol/single_decree/core.hpp>
#include <synod/protocol/single_decree/messages.hpp>
#include <synod/protocol/single_decree/options.hpp>
#include <synod/quorum/count_system.hpp>
#include <synod/quorum/counted.hpp>
#include <synod/quorum/disjoint.hpp>
#include <synod/quorum/flexible.hpp>
#include <synod/quorum/grid.hpp>
#include <synod/quorum/majority.hpp>
#include <synod/quorum/tally.hpp>
#include <synod/roles/acceptor.hpp>
#include <synod/roles/learner.hpp>
#include <synod/roles/messages.hpp>
#include <synod/roles/promises.hpp>
#include <synod/roles/proposer.hpp>
#include <synod/roles/rounds.hpp>
#include <synod/runtime/drain.hpp>
#include <synod/storage/address_table.hpp>
#include <synod/storage/faulty.hpp>
#include <synod/storage/memory.hpp>
#include <synod/storage/none.hpp>
#include <synod/version.hpp>
