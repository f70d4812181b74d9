#include <catch2/catch.hpp>

#include <adapters/flite/phrase_cache.hpp>

using trunkline::adapters::PhraseCache;

TEST_CASE("the least recently used phrase goes first") {
  PhraseCache cache(10);
  cache.keep("a", PhraseCache::Audio(4, 1));
  cache.keep("b", PhraseCache::Audio(4, 2));
  CHECK(cache.find("a"));  // now b is older
  cache.keep("c", PhraseCache::Audio(4, 3));
  CHECK(cache.find("a") == PhraseCache::Audio(4, 1));
  CHECK_FALSE(cache.find("b"));
  CHECK(cache.find("c") == PhraseCache::Audio(4, 3));
}

TEST_CASE("a phrase larger than the cache pushes nothing out") {
  PhraseCache cache(10);
  cache.keep("a", PhraseCache::Audio(10, 1));
  cache.keep("b", PhraseCache::Audio(11, 2));
  CHECK(cache.find("a"));
  CHECK_FALSE(cache.find("b"));
}

TEST_CASE("the same phrase kept twice takes its room once") {
  PhraseCache cache(10);
  cache.keep("a", PhraseCache::Audio(6, 1));
  cache.keep("a", PhraseCache::Audio(6, 1));
  cache.keep("b", PhraseCache::Audio(4, 2));
  CHECK(cache.find("a"));
  CHECK(cache.find("b"));
}
