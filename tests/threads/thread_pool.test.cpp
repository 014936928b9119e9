#include "catch.hpp"

#include <atomic>
#include <cstddef>
#include <initializer_list>
#include <latch>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <noisefall/tensor/thread_pool.hpp>

using namespace noisefall;

static_assert(Executor<thread_pool>);

namespace {

// How often each task was called.
std::vector<int> calls(thread_pool& pool, std::size_t tasks) {
  std::vector<int> count(tasks);
  pool(tasks, [&](std::size_t i) { ++count[i]; });
  return count;
}

constexpr std::size_t thread_counts[] = {1, 2, 3, 7};

}  // namespace

TEST_CASE("a pool calls every task once and returns when all are done") {
  for (const std::size_t threads : thread_counts) {
    thread_pool pool{threads};
    CHECK(pool.threads() == threads);
    for (const std::size_t tasks : std::initializer_list<std::size_t>{0, 1, 2, 3, 1000})
      CHECK(calls(pool, tasks) == std::vector<int>(tasks, 1));
  }
}

TEST_CASE("all threads of a pool work at once, the caller's among them") {
  for (const std::size_t threads : thread_counts) {
    thread_pool pool{threads};
    for (int again = 0; again < 200; ++again) {
      std::latch all{static_cast<std::ptrdiff_t>(threads)};
      std::atomic<bool> caller = false;
      pool(threads, [&, me = std::this_thread::get_id()](std::size_t) {
        if (std::this_thread::get_id() == me) caller = true;
        all.arrive_and_wait();
      });
      CHECK(caller);
    }
  }
}

TEST_CASE("a pool takes many short jobs in a row") {
  thread_pool pool{3};
  std::size_t sum = 0;
  for (std::size_t job = 0; job < 2000; ++job) {
    std::size_t parts[4] = {};
    pool(4, [&](std::size_t i) { parts[i] = job + i; });
    sum += std::accumulate(parts, parts + 4, std::size_t{0});
  }
  CHECK(sum == 4 * 1999 * 1000 + 2000 * 6);
}

TEST_CASE("the first exception of a task reaches the caller and the pool goes on") {
  for (const std::size_t threads : thread_counts) {
    thread_pool pool{threads};
    for (int again = 0; again < 20; ++again) {
      CHECK_THROWS_WITH(pool(100,
                             [](std::size_t i) {
                               if (i == 40) throw std::runtime_error{"task 40"};
                             }),
                        "task 40");
      CHECK_THROWS_AS(pool(100, [](std::size_t i) { throw i; }), std::size_t);
      CHECK(calls(pool, 100) == std::vector<int>(100, 1));
    }
  }
}

TEST_CASE("a task may use the pool that runs it") {
  thread_pool pool{3};
  std::vector<std::vector<int>> count(5);
  pool(5, [&](std::size_t i) { count[i] = calls(pool, 10); });
  CHECK(count == std::vector<std::vector<int>>(5, std::vector<int>(10, 1)));
}

TEST_CASE("a pool serves calls from several threads at once") {
  thread_pool pool{2};
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (int k = 0; k < 3; ++k)
    callers.emplace_back([&] {
      for (int again = 0; again < 200; ++again)
        if (calls(pool, 20) != std::vector<int>(20, 1)) ++wrong;
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

TEST_CASE("a pool needs a thread, and by default has one per processor") {
  CHECK(thread_pool{}.threads() >= 1);
  CHECK_THROWS_WITH(thread_pool{0}, "thread_pool: 0 threads; allowed: 1 or more: the caller's is one of them");
}
