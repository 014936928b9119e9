// The provided Executor: threads that sleep between jobs. Not in the umbrella; programs link Threads::Threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
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
    if (threads == 0) refuse("thread_pool", "0 threads", "1 or more: the caller's is one of them");
    for (std::size_t k = 1; k < threads; ++k) crew_.workers.emplace_back([this] { work(); });
  }

  std::size_t threads() const { return crew_.workers.size() + 1; }

  void operator()(std::size_t tasks, function_ref<void(std::size_t)> task) {
    if (tasks <= 1 || crew_.workers.empty() || busy_.test_and_set(std::memory_order_acquire))
      return in_this_thread{}(tasks, task);
    job now{task, tasks};
    {
      const std::lock_guard lock{mutex_};
      job_ = &now;
    }
    if (tasks > crew_.workers.size())
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
#ifdef __cpp_exceptions
    if (now.failure) std::rethrow_exception(now.failure);
#endif
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
#ifdef __cpp_exceptions
      try {
        do_tasks();
      } catch (...) {
        next.store(tasks, std::memory_order_relaxed);
        if (!failed.exchange(true, std::memory_order_relaxed)) failure = std::current_exception();
      }
#else
      do_tasks();
#endif
    }
    void do_tasks() {
      for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) task(i);
    }
  };

  // Ends and joins its threads, those too that began before one could not. (std::jthread is not in every library.)
  struct crew {
    explicit crew(thread_pool& of) : pool{of} {}
    crew(const crew&) = delete;
    crew& operator=(const crew&) = delete;
    ~crew() {
      {
        const std::lock_guard lock{pool.mutex_};
        pool.ending_ = true;
      }
      pool.wake_.notify_all();
      for (std::thread& worker : workers) worker.join();
    }
    thread_pool& pool;
    std::vector<std::thread> workers{};
  };

  void work() {
    std::unique_lock lock{mutex_};
    for (;;) {
      wake_.wait(lock, [this] { return job_ != nullptr || ending_; });
      if (job_ == nullptr) return;
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
  std::condition_variable wake_;
  job* job_ = nullptr;   // under mutex_: what may still be joined
  bool ending_ = false;  // under mutex_
  std::atomic<std::size_t> helpers_ = 0;
  crew crew_{*this};  // last, so that the threads end before what they use
};

static_assert(Executor<thread_pool>);

}  // namespace noisefall
