#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/store/live.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>

namespace trunkline::store {

/// What is live of one process that shares it with nobody. Messages are delivered on `loop`, which one thread runs and
/// which is there as long as the store is.
///
/// Time is `clock.mono()`. At most `max_keys` keys: for one more, those whose time is over go, then the one whose time
/// would be over first. Messages that wait for the loop are bounded, too: who missed one hears `on_gap`.
std::unique_ptr<LiveStore> make_memory_live(asio::io_context& loop, const Clock& clock, std::size_t max_keys = 100'000);

}  // namespace trunkline::store
