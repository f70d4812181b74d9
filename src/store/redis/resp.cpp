#include "store/redis/resp.hpp"

#include <hiredis/hiredis.h>

#include <new>
#include <utility>

namespace trunkline::store::redis {
namespace {

constexpr std::size_t max_elements = 1'000'000;  // of one reply: a few bytes must not make us ask for gigabytes

/// Where hiredis wants to have the next value: inside the array that it is in, or by itself.
Reply* place(const redisReadTask* task) {
  if (task->parent == nullptr) return new (std::nothrow) Reply;
  auto* array = static_cast<Reply*>(task->parent->obj);
  return &array->elements[static_cast<std::size_t>(task->idx)];
}

void* make(const redisReadTask* task, Reply value) {
  Reply* reply = place(task);
  if (reply != nullptr) *reply = std::move(value);
  return reply;
}

void* make_text(const redisReadTask* task, char* text, std::size_t size) {
  Reply reply;
  reply.kind = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::error
               : task->type == REDIS_REPLY_STATUS ? Reply::Kind::status
                                                  : Reply::Kind::text;
  reply.text.assign(text, size);
  return make(task, std::move(reply));
}

void* make_array(const redisReadTask* task, int elements) {
  auto& room = *static_cast<std::size_t*>(task->privdata);
  const auto count = static_cast<std::size_t>(elements);
  if (count > room) return nullptr;
  room -= count;
  Reply reply;
  reply.kind = Reply::Kind::array;
  reply.elements.resize(count);
  return make(task, std::move(reply));
}

void* make_integer(const redisReadTask* task, long long value) {
  Reply reply;
  reply.kind = Reply::Kind::integer;
  reply.integer = value;
  return make(task, std::move(reply));
}

void* make_nil(const redisReadTask* task) {
  return make(task, Reply{});
}

// Only for a reply by itself: what is in an array goes with it.
void free_reply(void* reply) {
  delete static_cast<Reply*>(reply);
}

redisReplyObjectFunctions functions{make_text, make_array, make_integer, make_nil, free_reply};

Error unreadable(const char* why) {
  return make_error("live_unavailable", "Redis answered what cannot be read", why);
}

}  // namespace

std::string_view Reply::error_code() const {
  return is_error() ? std::string_view(text).substr(0, text.find(' ')) : std::string_view();
}

void append_command(std::string& out, const Command& command) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const std::string& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* bytes = nullptr;
  const int size = redisFormatCommandArgv(&bytes, static_cast<int>(words.size()), words.data(), sizes.data());
  if (size < 0) throw std::bad_alloc();
  out.append(bytes, static_cast<std::size_t>(size));
  redisFreeCommand(bytes);
}

void ReplyReader::Free::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

ReplyReader::ReplyReader(std::size_t max_bytes)
    : max_bytes_(max_bytes),
      room_(std::make_unique<std::size_t>(max_elements)),
      reader_(redisReaderCreateWithFunctions(&functions)) {
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = room_.get();
}

Result<> ReplyReader::feed(std::string_view bytes) {
  unfinished_bytes_ += bytes.size();
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) == REDIS_OK) return {};
  return unreadable(reader_->errstr);
}

Result<std::optional<Reply>> ReplyReader::next() {
  void* found = nullptr;
  if (redisReaderGetReply(reader_.get(), &found) != REDIS_OK) return unreadable(reader_->errstr);
  if (found == nullptr) {
    if (unfinished_bytes_ > max_bytes_) return unreadable("a reply is too large");
    return std::nullopt;
  }
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(found));
  unfinished_bytes_ = reader_->len - reader_->pos;
  *room_ = max_elements;
  return std::optional(std::move(*reply));
}

}  // namespace trunkline::store::redis
