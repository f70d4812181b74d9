#pragma once

#include "store/redis/session.hpp"
#include "store/redis/transport.hpp"

#include <memory>
#include <string>
#include <vector>

namespace trunkline::store::redis {

/// Sends `commands` on a connection on which nothing else is under way, and reads their replies, by `deadline`.
/// Error `live_unavailable`.
asio::awaitable<Result<Replies>> exchange(std::shared_ptr<Transport> transport, std::vector<Command> commands,
                                          MonoTime deadline);

/// Whom the Sentinels call master; the first one that knows is believed. Errors as connect_to_master().
asio::awaitable<Result<RedisAddress>> find_master(asio::io_context& loop, const RedisOptions& options);

/// A connection to the server that takes writes, ready for commands: the one that `options` name, or the one that the
/// Sentinels call master and that says so itself.
///
/// Errors `live_unavailable` (nobody there) and `live_refused` (there, but it does not let us in: that does not mend
/// itself); the message says why, without a secret.
asio::awaitable<Result<std::shared_ptr<Transport>>> connect_to_master(asio::io_context& loop, RedisOptions options,
                                                                      RedisAddress& found);

/// What an error reply means for who asked: `live_unavailable` while the server loads its data or is no master any
/// more, else `live_failed`. The server's words go into the detail.
Error to_error(const Reply& reply);
/// The server has become a replica: another one is master.
bool is_no_master(const Reply& reply);

}  // namespace trunkline::store::redis
