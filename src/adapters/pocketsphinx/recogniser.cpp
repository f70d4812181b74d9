#include <pocketsphinx.h>
#include <sphinxbase/err.h>

#include <adapters/pocketsphinx/recogniser.hpp>
#include <adapters/rate_change.hpp>
#include <algorithm>
#include <mutex>

namespace trunkline::adapters {
namespace {

constexpr const char* search_name = "utterance";
constexpr std::size_t cepstrum_size = 13;

Error not_started(const char* what) {
  return make_error("engine_unavailable", "the embedded speech engine could not be started", what);
}

// Making decoders touches the library's process-wide state.
std::mutex& making() {
  static std::mutex mutex;
  return mutex;
}

cmd_ln_t* base_options(const ModelFolder& model) {
  return cmd_ln_init(nullptr, ps_args(), TRUE, "-hmm", model.acoustic.c_str(), "-mllr", model.adaptation.c_str(),
                     nullptr);
}

ps_decoder_t* start(cmd_ln_t* options) {
  ps_decoder_t* decoder = ps_init(options);
  cmd_ln_free_r(options);  // the decoder holds a reference of its own
  return decoder;
}

// Word insertion penalty of the recipe: without it short digits are heard in every breath.
ps_decoder_t* start_grammar(const ModelFolder& model) {
  cmd_ln_t* options = base_options(model);
  cmd_ln_set_float_r(options, "-wip", 0.01);
  return start(options);
}

ps_decoder_t* start_phones(const ModelFolder& model) {
  cmd_ln_t* options = base_options(model);
  cmd_ln_set_str_r(options, "-allphone", model.phones.c_str());
  cmd_ln_set_boolean_r(options, "-allphone_ci", TRUE);
  cmd_ln_set_float_r(options, "-lw", 2.0);
  cmd_ln_set_float_r(options, "-beam", 1e-10);
  cmd_ln_set_float_r(options, "-pbeam", 1e-10);
  return start(options);
}

bool teach(ps_decoder_t* decoder, const Vocabulary& vocabulary) {
  for (const auto& word : vocabulary.words()) {
    if (ps_add_word(decoder, word.word.c_str(), word.phones.c_str(), FALSE) < 0) return false;
  }
  return ps_set_jsgf_string(decoder, search_name, vocabulary.grammar().c_str()) == 0 &&
         ps_set_search(decoder, search_name) == 0;
}

struct Answer {
  std::string words;
  int score = 0;
  int frames = 0;  // of 10 ms
};

// Streamed in one piece rather than as a "full utterance": the latter takes the cepstral mean from this utterance
// alone, which is worse for a short one.
Answer decode(ps_decoder_t* decoder, std::span<const std::int16_t> samples) {
  Answer answer;
  if (ps_start_utt(decoder) < 0) return answer;
  ps_process_raw(decoder, samples.data(), samples.size(), FALSE, FALSE);
  ps_end_utt(decoder);
  if (const char* words = ps_get_hyp(decoder, &answer.score); words != nullptr) answer.words = words;
  answer.frames = ps_get_n_frames(decoder);
  return answer;
}

// Of the sentence just decoded; what lies between its words is no word, and named in brackets.
int longest_word_ms(ps_decoder_t* decoder) {
  constexpr int frame_ms = 10;
  int longest = 0;
  for (ps_seg_t* segment = ps_seg_iter(decoder); segment != nullptr; segment = ps_seg_next(segment)) {
    const char first = *ps_seg_word(segment);
    if (first == '<' || first == '[') continue;
    int begin = 0;
    int last = 0;
    ps_seg_frames(segment, &begin, &last);
    longest = std::max(longest, last - begin + 1);
  }
  return longest * frame_ms;
}

cmn_t* mean_of(ps_decoder_t* decoder) {
  return ps_get_feat(decoder)->cmn_struct;
}

}  // namespace

void Recogniser::Free::operator()(ps_decoder_s* decoder) const {
  ps_free(decoder);
}

Result<std::unique_ptr<Recogniser>> Recogniser::make(const ModelFolder& model,
                                                     std::shared_ptr<const Vocabulary> vocabulary) {
  const std::lock_guard lock(making());
  err_set_logfp(nullptr);
  Decoder grammar(start_grammar(model));
  if (!grammar) return not_started("grammar decoder");
  if (!teach(grammar.get(), *vocabulary)) return not_started("grammar");
  Decoder phones(start_phones(model));
  if (!phones) return not_started("phone decoder");
  return std::unique_ptr<Recogniser>(new Recogniser(std::move(grammar), std::move(phones), std::move(vocabulary)));
}

Recogniser::Recogniser(Decoder grammar, Decoder phones, std::shared_ptr<const Vocabulary> vocabulary)
    : grammar_(std::move(grammar)),
      phones_(std::move(phones)),
      vocabulary_(std::move(vocabulary)),
      initial_mean_(cepstrum_size) {
  cmn_live_get(mean_of(grammar_.get()), initial_mean_.data());
}

Heard Recogniser::hear(std::span<const std::int16_t> utterance) {
  const auto samples = change_rate(utterance, 8'000, 16'000);  // the model's
  auto sentence = decode(grammar_.get(), samples);
  if (sentence.words.empty() || sentence.frames == 0) return {};
  const auto phones = decode(phones_.get(), samples);
  const double margin = static_cast<double>(sentence.score - phones.score) / sentence.frames;
  return {std::move(sentence.words), margin, longest_word_ms(grammar_.get())};
}

void Recogniser::reset() {
  cmn_live_set(mean_of(grammar_.get()), initial_mean_.data());
  cmn_live_set(mean_of(phones_.get()), initial_mean_.data());
}

}  // namespace trunkline::adapters
