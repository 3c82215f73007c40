// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/vocabulary.hpp>
#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/runtime/founding_record.hpp>

#include <cstdint>
#include <utility>

namespace synod {

// Who I am: the first thing said to a peer, and the answer to it.
struct founding_hello {
  short_text name;
  cluster_id cluster;  // empty before founding, when only the name is compared
  store_id store;
  incarnation life;
  bool amnesiac = false;
  bool answer = false;
};
// "What I remember of your store is newer than you, or another life with the same number."
struct founding_outlived {
  store_id store;
  incarnation remembered;
};
// The founder to each member: is your store empty? An empty one says so once it has made durable
// whom it said it to, and says it to nobody else.
struct founding_inquiry {
  short_text name;
  store_id founder;
};
struct founding_empty {
  store_id founder;  // of the inquiry: an answer to an earlier store of the founder is void
  store_id store;
};
// No founding with me: why.
struct founding_declined {
  store_id founder;
  error_code why = error_code::none;
};
// Whoever has no record asks for it.
struct founding_lookout {
  short_text name;
  store_id store;
};
struct founding_offer {
  founding_record record;
};
struct founding_adopted {
  cluster_id cluster;
  store_id store;
};
using founding_message =
    one_of<founding_hello, founding_outlived, founding_inquiry, founding_empty, founding_declined,
           founding_lookout, founding_offer, founding_adopted>;

inline void encode(wire_writer& out, founding_hello const& value) {
  out(value.name, value.cluster, value.store, value.life, value.amnesiac, value.answer);
}
inline void decode(wire_reader& in, founding_hello& value) {
  in(value.name, value.cluster, value.store, value.life, value.amnesiac, value.answer);
}
inline void encode(wire_writer& out, founding_outlived const& value) {
  out(value.store, value.remembered);
}
inline void decode(wire_reader& in, founding_outlived& value) { in(value.store, value.remembered); }
inline void encode(wire_writer& out, founding_inquiry const& value) {
  out(value.name, value.founder);
}
inline void decode(wire_reader& in, founding_inquiry& value) { in(value.name, value.founder); }
inline void encode(wire_writer& out, founding_empty const& value) {
  out(value.founder, value.store);
}
inline void decode(wire_reader& in, founding_empty& value) { in(value.founder, value.store); }
inline void encode(wire_writer& out, founding_declined const& value) {
  out(value.founder, static_cast<std::uint16_t>(value.why));
}
inline void decode(wire_reader& in, founding_declined& value) {
  std::uint16_t why = 0;
  in(value.founder, why);
  if (why >= error_codes) in.fail();
  value.why = static_cast<error_code>(in.failed() ? 0 : why);
}
inline void encode(wire_writer& out, founding_lookout const& value) {
  out(value.name, value.store);
}
inline void decode(wire_reader& in, founding_lookout& value) { in(value.name, value.store); }
inline void encode(wire_writer& out, founding_offer const& value) { out(value.record); }
inline void decode(wire_reader& in, founding_offer& value) { in(value.record); }
inline void encode(wire_writer& out, founding_adopted const& value) {
  out(value.cluster, value.store);
}
inline void decode(wire_reader& in, founding_adopted& value) { in(value.cluster, value.store); }

inline void encode(wire_writer& out, founding_message const& value) {
  out(static_cast<std::uint8_t>(value.index()));
  visit(out, value);
}

namespace detail {
template <std::size_t... I>
void decode_founding(wire_reader& in, std::uint8_t which, founding_message& value,
                     std::index_sequence<I...>) {
  bool const known = ((which == I ? (in(value.emplace<I>()), true) : false) || ...);
  if (!known) in.fail();
}
}  // namespace detail

inline void decode(wire_reader& in, founding_message& value) {
  auto const which = in.get<std::uint8_t>();
  detail::decode_founding(in, which, value,
                          std::make_index_sequence<alternatives_of<founding_message>>());
}

// --- what a founding wants of the world
// ------------------------------------------------------

struct founded {
  cluster_id cluster;
  bool named = false;  // this store is one of the founders
};
// First boot cannot go on by itself.
struct founding_blocked {
  node_id by;
  error why;
};
// This store was found to have forgotten something, and has that in writing: it never votes again.
// A node that stopped before would try again as if nothing had been said, with a life that is one
// higher, until its lives catch up with what the others remember.
struct store_amnesiac {
  node_id told_by;
};
using founding_event = one_of<founded, founding_blocked, store_amnesiac>;

struct founding_output {
  struct send {
    node_id to;
    founding_message message;
  };
  struct deferred_send {
    std::uint64_t after = 0;
    node_id to;
    founding_message message;
  };
  struct numbered_record {
    std::uint64_t number = 0;
    host_record what;
  };

  list<send> send_now;
  list<numbered_record> persist;   // in this order, numbered from 1
  list<deferred_send> send_after;  // once `persisted(n)` with n >= after was called
  list<founding_event> events;

  [[nodiscard]] bool empty() const {
    return send_now.empty() && persist.empty() && send_after.empty() && events.empty();
  }
  void clear() {
    send_now.clear();
    persist.clear();
    send_after.clear();
    events.clear();
  }
};

}  // namespace synod
