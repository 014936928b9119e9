// The provided Executor: threads that sleep between jobs. Not in the umbrella; programs link Threads::Threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/tensor/executor.hpp>

namespace noisefall {

// One job at a time, the caller working with the rest. A call while the pool is busy, from another thread or from a
// task, runs in its own thread. The first exception of a task is thrown by the call; tasks not begun by then are left
// out. A call allocates nothing.
class thread_pool {
 public:
  // `threads` counts the caller's.
  explicit thread_pool(std::size_t threads = std::max(std::thread::hardware_concurrency(), 1U)) {
    if (threads == 0) throw error{"thread_pool", "0 threads", "1 or more: the caller's is one of them"};
    for (std::size_t k = 1; k < threads; ++k)
      workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }

  std::size_t threads() const { return workers_.size() + 1; }

  void operator()(std::size_t tasks, function_ref<void(std::size_t)> task) {
    if (tasks <= 1 || workers_.empty() || busy_.test_and_set(std::memory_order_acquire))
      return in_this_thread{}(tasks, task);
    job now{task, tasks};
    {
      const std::lock_guard lock{mutex_};
      job_ = &now;
    }
    if (tasks > workers_.size())
      wake_.notify_all();
    else
      for (std::size_t k = 1; k < tasks; ++k) wake_.notify_one();
    now.take_part();
    {
      const std::lock_guard lock{mutex_};  // who has not come by now comes too late
      job_ = nullptr;
    }
    wait_for_helpers();
    busy_.clear(std::memory_order_release);
    if (now.failure) std::rethrow_exception(now.failure);
  }

 private:
  // Lives in the stack of the call.
  struct job {
    function_ref<void(std::size_t)> task;
    std::size_t tasks;
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> failed = false;
    std::exception_ptr failure{};

    void take_part() noexcept {
      try {
        for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) task(i);
      } catch (...) {
        next.store(tasks, std::memory_order_relaxed);
        if (!failed.exchange(true, std::memory_order_relaxed)) failure = std::current_exception();
      }
    }
  };

  void work(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (wake_.wait(lock, stop, [this] { return job_ != nullptr; })) {
      job* const now = job_;
      helpers_.fetch_add(1, std::memory_order_relaxed);
      lock.unlock();
      now->take_part();
      lock.lock();
      job_ = nullptr;  // all its tasks are taken, and while this thread counts as a helper there is no other job
      if (helpers_.fetch_sub(1, std::memory_order_release) == 1) helpers_.notify_one();
    }
  }

  // They end within a task of the caller: a while of looking costs less than falling asleep.
  void wait_for_helpers() const {
    for (int look = 0; look < 100 && helpers_.load(std::memory_order_acquire) != 0; ++look) std::this_thread::yield();
    for (std::size_t n; (n = helpers_.load(std::memory_order_acquire)) != 0;) helpers_.wait(n);
  }

  std::atomic_flag busy_{};
  std::mutex mutex_;
  std::condition_variable_any wake_;
  job* job_ = nullptr;  // under mutex_: what may still be joined
  std::atomic<std::size_t> helpers_ = 0;
  std::vector<std::jthread> workers_;  // last, so that they end before what they use
};

static_assert(Executor<thread_pool>);

}  // namespace noisefall
