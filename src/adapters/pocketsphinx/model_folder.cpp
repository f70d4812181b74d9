#include <adapters/pocketsphinx/model_files.hpp>
#include <adapters/pocketsphinx/model_folder.hpp>
#include <array>
#include <fstream>

namespace trunkline::adapters {
namespace fs = std::filesystem;
namespace {

constexpr std::array linked = {"mdef", "means", "noisedict", "sendump", "transition_matrices", "variances"};

void write(const fs::path& file, std::string_view content) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << content;
  if (!out.flush()) throw fs::filesystem_error("cannot write", file, std::make_error_code(std::errc::io_error));
}

void require(const fs::path& file) {
  if (fs::exists(file)) return;
  throw fs::filesystem_error("missing", file, std::make_error_code(std::errc::no_such_file_or_directory));
}

}  // namespace

fs::path dictionary_of(const fs::path& model_dir) {
  return model_dir / "cmudict-en-us.dict";
}

Result<ModelFolder> make_telephone_model(const fs::path& model_dir, const fs::path& scratch_dir) {
  try {
    const auto source = fs::absolute(model_dir);
    const auto made = fs::absolute(scratch_dir) / "telephone-model";
    ModelFolder folder{made, made / "mllr", source / "en-us-phone.lm.bin", dictionary_of(source)};
    // pocketsphinx ends the process when some of its files are missing, so they are looked for first.
    require(folder.phones);
    require(folder.dictionary);
    fs::create_directories(made);
    for (const auto* name : linked) {
      require(source / "en-us" / name);
      fs::remove(made / name);
      fs::create_symlink(source / "en-us" / name, made / name);
    }
    write(made / "feat.params", model_files::feat_params);
    write(folder.adaptation, model_files::mllr);
    return folder;
  } catch (const fs::filesystem_error& failure) {
    return make_error("engine_unavailable",
                      "the embedded speech engine's model cannot be prepared; is the Debian package pocketsphinx-en-us "
                      "installed, and the data folder writable?",
                      failure.what());
  }
}

}  // namespace trunkline::adapters
