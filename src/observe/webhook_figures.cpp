#include <trunkline/observe/webhook_figures.hpp>

namespace trunkline::observe {

void WebhookKind::note(Outcome outcome, std::chrono::microseconds took, WallTime at) {
  switch (outcome) {
    case Outcome::accepted:
      ++accepted;
      break;
    case Outcome::refused:
      ++refused;
      break;
    case Outcome::forged:
      ++forged;
      break;
    case Outcome::failed:
      ++failed;
      break;
  }
  last_at = to_millis(at);
  latency.note(took);
}

WebhookKind& WebhookFigures::of(std::string_view provider, std::string_view type) {
  const std::lock_guard lock(mutex_);
  for (WebhookKind& kind : kinds_) {
    if (kind.provider == provider && kind.type == type) return kind;
  }
  WebhookKind& made = kinds_.emplace_back();
  made.provider = provider;
  made.type = type;
  return made;
}

std::vector<const WebhookKind*> WebhookFigures::kinds() const {
  const std::lock_guard lock(mutex_);
  std::vector<const WebhookKind*> all;
  all.reserve(kinds_.size());
  for (const WebhookKind& kind : kinds_) all.push_back(&kind);
  return all;
}

}  // namespace trunkline::observe
