#pragma once

#include <prometheus/family.h>
#include <prometheus/labels.h>

#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::observe {

/// The time series of one metric, by label values, no more than `limit`; after that all new ones are one, `other`.
/// Finding a series that exists takes a shared lock and no allocation that outlives the call. Any thread.
template <class Series>
class Labelled {
 public:
  /// `make(labels)` registers a series.
  using Make = std::function<Series&(const prometheus::Labels&)>;

  Labelled(std::vector<std::string> names, std::size_t limit, Make make)
      : names_(std::move(names)), limit_(limit), make_(std::move(make)) {}

  Series& at(std::initializer_list<std::string_view> values) {
    std::string key;
    for (const std::string_view value : values) {
      key += value;
      key += '\x1f';
    }
    {
      const std::shared_lock reading(mutex_);
      if (const auto found = series_.find(key); found != series_.end()) return *found->second;
    }
    const std::unique_lock writing(mutex_);
    if (const auto found = series_.find(key); found != series_.end()) return *found->second;
    if (series_.size() >= limit_) return other();
    return *series_.emplace(std::move(key), &make_(labels(values))).first->second;
  }

 private:
  prometheus::Labels labels(std::initializer_list<std::string_view> values) const {
    prometheus::Labels labels;
    auto value = values.begin();
    for (const std::string& name : names_) labels.emplace(name, *value++);
    return labels;
  }

  Series& other() {
    if (other_ == nullptr) {
      prometheus::Labels labels;
      for (const std::string& name : names_) labels.emplace(name, "other");
      other_ = &make_(labels);
    }
    return *other_;
  }

  std::vector<std::string> names_;
  std::size_t limit_;
  Make make_;
  std::shared_mutex mutex_;
  std::map<std::string, Series*> series_;
  Series* other_ = nullptr;
};

}  // namespace trunkline::observe
