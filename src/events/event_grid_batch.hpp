#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/calls/event.hpp>
#include <trunkline/config/settings.hpp>

#include <cstdint>
#include <span>
#include <string>

// What goes to an Azure Event Grid topic, and what its answers mean: without a socket or a database.
namespace trunkline::events::grid {

/// The address that events are posted to: the endpoint's, with `/api/events` and the API's version.
std::string publish_url(const config::EventGrid& settings);

/// The `topic` of every event: a domain wants one, a custom topic takes none. The name of a custom topic is the first
/// label of its endpoint's host.
std::string topic_of(const config::EventGrid& settings);

/// A request's body: a JSON array in the Event Grid schema.
struct Batch {
  std::string body;
  std::size_t events = 0;     ///< in the body; 0: there is nothing to send
  std::int64_t last_seq = 0;  ///< up to where the log is dealt with once the body was taken
};

/// The events about calls and transcripts from the front of `events`, which is not empty: at most `most` of them, and
/// what Event Grid takes at once, 1 MB.
Batch make_batch(std::span<const calls::Event> events, std::size_t most, const std::string& topic);

enum class Next : std::uint8_t {
  advance,  ///< taken
  smaller,  ///< the same with fewer events: one of them is refused, or all are too much
  skip,     ///< this single event will never be taken
  wait,     ///< the same, later
};
/// `status` 0: there was no answer. `events` is how many were sent.
Next judge(int status, std::size_t events);

/// How long to wait after so many failures in a row: 1 s, doubled up to a minute.
milliseconds back_off(std::int64_t failures);

}  // namespace trunkline::events::grid
