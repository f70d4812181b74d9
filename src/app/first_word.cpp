#include "app/first_word.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace trunkline::app {

using Finding = observe::Health::Finding;

struct FirstWord::Outcome {
  observe::Health& health;
  const std::string dependency;
  bool reported = false;

  void report(Finding finding, milliseconds took, std::string_view error) {
    if (!std::exchange(reported, true)) health.report(dependency, finding, took, error);
  }
};

FirstWord::FirstWord(const boost::asio::any_io_executor& loop, observe::Health& health, std::string dependency,
                     milliseconds patience)
    : outcome_(std::make_shared<Outcome>(Outcome{health, std::move(dependency), false})), impatience_(loop, patience) {
  impatience_.async_wait([outcome = outcome_, loop, patience](boost::system::error_code cancelled) {
    if (cancelled) return;
    // Behind what waits on the loop already: an answer that is there counts.
    boost::asio::post(loop, [outcome, patience] { outcome->report(Finding::down, patience, "it does not answer"); });
  });
}

void FirstWord::report(Finding finding, milliseconds took, std::string_view error) {
  outcome_->report(finding, took, error);
}

}  // namespace trunkline::app
