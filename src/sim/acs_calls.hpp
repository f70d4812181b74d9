#pragma once

#include <trunkline/base/lru.hpp>
#include <trunkline/sim/acs_service.hpp>

#include <nlohmann/json.hpp>

#include <map>

namespace trunkline::sim {

/// What the service answers.
struct AcsReply {
  int status = 200;
  std::string body;
};

/// `{"error":{code,message}}`; a code of Call Automation is a number.
AcsReply acs_refusal(int status, std::string_view code, std::string_view message);
AcsReply acs_reply(int status, const nlohmann::json& body);

/// A recording that the service makes, so to speak.
struct AcsRecording {
  std::weak_ptr<AcsCall> call;
  std::string callback_uri;
  bool active = true;
};

/// The calls that there are, by all their names, and what is told of them. Knows no socket. One thread.
class AcsCalls {
 public:
  AcsCalls(Ids& ids, const Clock& clock) : ids_(ids), clock_(clock), recordings_(max_recordings) {}

  static constexpr std::size_t max_calls = 10'000;
  static constexpr std::size_t max_events = 1'000;  ///< of one call, not sent
  static constexpr std::size_t max_recordings = 10'000;

  /// Nothing when there are too many.
  std::shared_ptr<AcsCall> ring(providers::acs::Identifier from, providers::acs::Identifier to);
  /// A connection that the gateway asked for by itself: it has its id and everything else.
  std::shared_ptr<AcsCall> open(providers::acs::Identifier from, providers::acs::Identifier to);
  /// The ringing call is connected, has its id, and says so.
  void connect(const std::shared_ptr<AcsCall>& call);
  /// It never was, or is over: no name leads to it any more.
  void end(AcsCall& call, AcsCall::Stage stage, const nlohmann::json& result);

  std::shared_ptr<AcsCall> ringing(const std::string& context) const { return find(ringing_, context); }
  std::shared_ptr<AcsCall> connected(const std::string& connection_id) const { return find(open_, connection_id); }
  std::shared_ptr<AcsCall> by_server_call_id(const std::string& id) const;

  /// `target` empty: the call's own callback.
  void tell(AcsCall& call, std::string_view name, nlohmann::json more, const std::string& callback_uri = {});
  /// Who takes part has changed.
  void tell_roster(AcsCall& call);
  /// Something did about a call that whoever plays it should see.
  static void changed(const AcsCall& call) {
    if (call.on_change) call.on_change();
  }

  std::string guid();
  WallTime now() const { return clock_.wall(); }
  Lru<AcsRecording>& recordings() { return recordings_; }
  std::function<void(std::shared_ptr<AcsCall>)>& take_outbound() { return take_outbound_; }

 private:
  using ByName = std::map<std::string, std::shared_ptr<AcsCall>, std::less<>>;
  static std::shared_ptr<AcsCall> find(const ByName& calls, const std::string& name);

  Ids& ids_;
  const Clock& clock_;
  ByName ringing_;
  ByName open_;
  Lru<AcsRecording> recordings_;
  std::function<void(std::shared_ptr<AcsCall>)> take_outbound_;
};

/// `{code, subCode, message}`.
nlohmann::json acs_result(int code, int sub_code, std::string_view message);
/// Of a success, as most have it.
nlohmann::json acs_success();

}  // namespace trunkline::sim
