#include <catch2/catch.hpp>

#include <adapters/deepgram/deepgram_results.hpp>

using trunkline::adapters::DeepgramMessage;
using trunkline::adapters::parse_deepgram_message;

TEST_CASE("results as Deepgram sends them are read whole") {
  const auto message = parse_deepgram_message(R"({
    "type":"Results","channel_index":[0,1],"duration":1.98,"start":5.99,"is_final":true,"speech_final":true,
    "channel":{"alternatives":[{"transcript":"Tell me more.","confidence":0.99964,"words":[
      {"word":"tell","start":6.07,"end":6.31,"confidence":0.9998,"punctuated_word":"Tell"},
      {"word":"me","start":6.31,"end":6.47,"confidence":0.9989,"punctuated_word":"me"},
      {"word":"more","start":6.47,"end":6.95,"confidence":0.9996,"punctuated_word":"more."}]}]},
    "metadata":{"request_id":"5ed2","model_info":{"name":"2-general","version":"2024","arch":"nova-2"},
    "model_uuid":"1dbd"},"from_finalize":false})");
  CHECK(message.type == DeepgramMessage::Type::results);
  CHECK(message.is_final);
  CHECK(message.speech_final);
  CHECK_FALSE(message.from_finalize);
  CHECK(message.transcript == "Tell me more.");
  CHECK(message.words == 3);
  CHECK(message.confidence == Approx(0.99964));
  CHECK(message.start == Approx(6.07));
  CHECK(message.end == Approx(6.95));
}

TEST_CASE("without words the times are those of the result") {
  const auto message = parse_deepgram_message(
      R"({"type":"Results","start":2,"duration":1.5,"channel":{"alternatives":[{"transcript":"x"}]}})");
  CHECK(message.type == DeepgramMessage::Type::results);
  CHECK_FALSE(message.is_final);
  CHECK(message.start == 2);
  CHECK(message.end == 3.5);
  CHECK(message.confidence == 0);
}

TEST_CASE("fields of the wrong type are as good as absent") {
  const auto message = parse_deepgram_message(
      R"({"type":"Results","start":"2","duration":null,"is_final":"yes","speech_final":1,
          "channel":{"alternatives":[{"transcript":"x","confidence":17,"words":[3,{"end":"9"}]}]}})");
  CHECK(message.type == DeepgramMessage::Type::results);
  CHECK_FALSE(message.is_final);
  CHECK_FALSE(message.speech_final);
  CHECK(message.start == 0);
  CHECK(message.end == 0);
  CHECK(message.confidence == 1);
}
