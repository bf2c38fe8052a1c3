// A queue of fixed capacity. What happens when it is full is the caller's decision, told by push().
#pragma once

#include <array>
#include <cstddef>

namespace portico {

template <class T, std::size_t Capacity>
class Ring {
    static_assert((Capacity & (Capacity - 1)) == 0, "a power of two keeps the index a mask");

  public:
    static constexpr std::size_t capacity() { return Capacity; }
    std::size_t size() const { return tail_ - head_; }
    bool empty() const { return head_ == tail_; }
    bool full() const { return size() == Capacity; }
    void clear() { head_ = tail_ = 0; }

    // False when full: nothing was stored.
    bool push(const T& value) {
        if (full()) return false;
        items_[tail_++ & (Capacity - 1)] = value;
        return true;
    }
    T& front() { return items_[head_ & (Capacity - 1)]; }
    T& operator[](std::size_t index) { return items_[(head_ + index) & (Capacity - 1)]; }
    void pop() { ++head_; }

  private:
    std::array<T, Capacity> items_{};
    std::size_t head_ = 0;
    std::size_t tail_ = 0;
};

}  // namespace portico
