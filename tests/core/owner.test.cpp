// Who owns an object, and when it goes.
#include <type_traits>
#include <utility>

#include <noisefall/core/owner.hpp>

#include "catch.hpp"

namespace nf = noisefall;

namespace {

struct base : nf::counted {
  virtual int value() const = 0;
};
struct part final : base {
  explicit part(int& there_are) : alive{&there_are} { ++*alive; }
  ~part() override { --*alive; }
  int value() const override { return 7; }
  int* alive;
};

}  // namespace

TEST_CASE("what is shared lives as long as one of its owners") {
  int alive = 0;
  {
    nf::shared<base> empty, other{new part{alive}};
    CHECK_FALSE(empty);
    {
      const nf::shared<base> first{new part{alive}};
      CHECK(alive == 2);
      const nf::shared<base> second = first;
      CHECK(&*second == &*first);
      other = second;
      CHECK(alive == 1);  // what `other` had is gone
      other = std::as_const(other);
      empty = std::move(other);
    }
    CHECK(alive == 1);
    CHECK(empty->value() == 7);
  }
  CHECK(alive == 0);
}

TEST_CASE("what is owned goes with its owner, and moves with it") {
  static_assert(!std::is_copy_constructible_v<nf::owned<part>>);
  int alive = 0;
  {
    nf::owned<base> first{new part{alive}};
    nf::owned<base> second{std::move(first)};
    CHECK(second->value() == 7);
    second = nf::owned<base>{new part{alive}};
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}
