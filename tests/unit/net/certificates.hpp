#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace trunkline::test {

/// Self-signed certificates made by the openssl command, for as long as the program runs: `good` and `elsewhere` (made
/// out to another name) are trusted by every client of this process, `stranger` is not.
class Certificates {
 public:
  static const Certificates& made() {
    static const Certificates certificates;
    return certificates;
  }

  /// False when there is no openssl command; the reason was printed.
  bool usable() const { return usable_; }
  std::filesystem::path certificate(const std::string& name) const { return folder_ / (name + ".crt"); }
  std::filesystem::path key(const std::string& name) const { return folder_ / (name + ".key"); }
  const std::filesystem::path& folder() const { return folder_; }

  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

 private:
  Certificates() : folder_(std::filesystem::temp_directory_path() / make_ids(system_clock())->make("tls")) {
    std::filesystem::create_directories(folder_);
    usable_ = make("good", "IP:127.0.0.1,DNS:localhost") && make("elsewhere", "DNS:elsewhere.example") &&
              make("stranger", "IP:127.0.0.1");
    if (!usable_) {
      std::cout << "TLS tests skipped: the openssl command is missing\n";
      return;
    }
    std::ofstream trusted(folder_ / "trusted.pem");
    for (const char* name : {"good", "elsewhere"}) {
      std::ifstream one(certificate(name));
      trusted << std::string(std::istreambuf_iterator<char>(one), {});
    }
    // OpenSSL's own variable; read when this process makes its first TLS client.
    ::setenv("SSL_CERT_FILE", (folder_ / "trusted.pem").c_str(), 1);
  }
  ~Certificates() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  bool make(const std::string& name, const std::string& made_out_to) const {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" + name +
        " -addext subjectAltName=" + made_out_to + " -keyout " + key(name).string() + " -out " +
        certificate(name).string() + " >/dev/null 2>&1";
    return std::system(command.c_str()) == 0;
  }

  std::filesystem::path folder_;
  bool usable_ = false;
};

}  // namespace trunkline::test
