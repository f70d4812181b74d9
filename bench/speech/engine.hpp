#pragma once

#include "line.hpp"

#include <trunkline/adapters/embedded_transcriber.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace bench {

/// Throws when the model is not installed.
std::unique_ptr<trunkline::adapters::EmbeddedTranscriber> make_engine(const std::filesystem::path& scratch,
                                                                      std::size_t decoders);

/// What `engine` hears in a call of its own, so that every utterance is met with the cepstral mean of a call's start.
/// `audio` is at the rate of `format`, in which it is sent.
std::string transcribe(trunkline::speech::Transcriber& engine, const std::vector<std::string>& phrases,
                       const Samples& audio, trunkline::media::Format format = {});

/// Of the whole process, all threads.
double cpu_seconds();

/// Memory that a stream adds while `streams` are decoding at once, less what one alone takes; MB.
double megabytes_a_stream(const std::filesystem::path& scratch, std::size_t streams, const Samples& speech);

}  // namespace bench
