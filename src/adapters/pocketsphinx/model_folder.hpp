#pragma once

#include <trunkline/base/result.hpp>

#include <filesystem>

namespace trunkline::adapters {

/// The files that pocketsphinx is started with.
struct ModelFolder {
  std::filesystem::path acoustic;    ///< telephone variant of the acoustic model
  std::filesystem::path adaptation;  ///< MLLR matrix
  std::filesystem::path phones;      ///< phone language model
  std::filesystem::path dictionary;  ///< CMUdict
};

/// CMUdict, as Debian's pocketsphinx-en-us lays it out.
std::filesystem::path dictionary_of(const std::filesystem::path& model_dir);

/// Makes the telephone variant of the model in `model_dir` (as Debian's pocketsphinx-en-us lays it out): a folder under
/// `scratch_dir` with links to its files and our own feat.params. It must be a folder of its own because a cmninit on
/// the command line is silently overridden by the model's feat.params. Called again, it makes the same again.
/// Error `engine_unavailable`: the model is not installed, or the folder cannot be written.
Result<ModelFolder> make_telephone_model(const std::filesystem::path& model_dir,
                                         const std::filesystem::path& scratch_dir);

}  // namespace trunkline::adapters
