// Pointers that own what they point to: one owner, or several of one immutable value.
//
// They stand in for those of <memory>, which every file that includes noisefall would pay for: 35000 lines, and fifty
// functions for each type that is shared.
#pragma once

#include <atomic>
#include <utility>

namespace noisefall {

// The base of what shared<T> points to: counts its owners, on any thread.
class counted {
 public:
  counted() = default;
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  virtual ~counted() = default;

 private:
  friend class shared_counted;
  mutable std::atomic<long> owners_{0};
};

// What shared<T> does, whatever T is.
class shared_counted {
 protected:
  shared_counted() = default;
  explicit shared_counted(const counted* made) : held_{made} { join(); }
  shared_counted(const shared_counted& other) : held_{other.held_} { join(); }
  shared_counted(shared_counted&& other) noexcept : held_{std::exchange(other.held_, nullptr)} {}
  shared_counted& operator=(const shared_counted& other) {
    shared_counted copy{other};
    std::swap(held_, copy.held_);
    return *this;
  }
  shared_counted& operator=(shared_counted&& other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~shared_counted() {
    if (held_ != nullptr && held_->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete held_;
  }

  const counted* held_ = nullptr;

 private:
  void join() const {
    if (held_ != nullptr) held_->owners_.fetch_add(1, std::memory_order_relaxed);
  }
};

// One immutable T, which is derived from counted; copies share it. The last one deletes it.
template <class T>
class shared : private shared_counted {
 public:
  shared() = default;                                       // holds nothing
  explicit shared(const T* made) : shared_counted{made} {}  // made by new
  explicit operator bool() const { return held_ != nullptr; }
  const T& operator*() const { return *static_cast<const T*>(held_); }
  const T* operator->() const { return static_cast<const T*>(held_); }
};

// One T, which it deletes. Not copyable, as T may change.
template <class T>
class owned {
 public:
  explicit owned(T* made) : held_{made} {}  // made by new
  owned(owned&& other) noexcept : held_{std::exchange(other.held_, nullptr)} {}
  owned& operator=(owned&& other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~owned() { delete held_; }
  T& operator*() const { return *held_; }
  T* operator->() const { return held_; }

 private:
  T* held_;
};

}  // namespace noisefall
