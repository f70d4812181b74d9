#include "fuzz.hpp"
#include "providers/twilio/xml.hpp"

#include <trunkline/providers/twilio/twiml.hpp>

using namespace trunkline;
using namespace trunkline::fuzz;
using namespace trunkline::providers::twilio;
using namespace trunkline::providers::twilio::twiml;

namespace {

// A document that was read is written and read as the same document.
void check_read(std::string_view text) {
  const auto document = parse_twiml(text);
  if (!document) return;
  const auto written = to_xml(*document);
  if (written) must(parse_twiml(*written).value() == *document);
}

// Whatever texts a document is made of, what is written is well-formed and cannot grow verbs or attributes.
void check_built(std::string_view rest) {
  const auto text = [&] { return std::string(take_part(rest, '\0')); };
  const Document document{{Say{text(), text(), text()}, Play{text(), text()},
                           Connect{{text(), text(), text(), text(), {{text(), text()}}}, text()},
                           Dial{text(), text(), text(), {}}, Reject{text()}, Redirect{text(), text()}, Hangup{}}};
  const auto written = to_xml(document);
  if (!written) return;
  const auto root = parse_xml(*written);
  must(root && root->children.size() == document.verbs.size());
  must(root->children[0].children.empty() && root->children[0].attributes.size() <= 2);
  check_read(*written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_read(as_text(data, size));
  check_built(as_text(data, size));
  return 0;
}
