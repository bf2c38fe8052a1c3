#include "client/user_heap.h"

#include <bit>

namespace portico::client {

void UserHeap::reset() { *this = UserHeap(); }

unsigned UserHeap::class_of(std::size_t size) {
    return size <= 256 ? 0 : static_cast<unsigned>(std::bit_width(size - 1)) - 8;
}

void* UserHeap::allocate(std::size_t size) {
    const unsigned cls = class_of(size);
    if (cls >= size_classes) return nullptr;
    if (free_[cls] != 0) {
        auto* const cell = reinterpret_cast<std::uint64_t*>(free_[cls]);
        free_[cls] = *cell;
        return cell;
    }
    const std::size_t cell_size = std::size_t{256} << cls;
    if (cell_size > sim::client_heap_range.end() - next_) return nullptr;
    void* const cell = reinterpret_cast<void*>(next_);
    next_ += cell_size;
    return cell;
}

void UserHeap::free(void* cell, std::size_t size) {
    if (cell == nullptr) return;
    const unsigned cls = class_of(size);
    *static_cast<std::uint64_t*>(cell) = free_[cls];
    free_[cls] = reinterpret_cast<std::uint64_t>(cell);
}

}  // namespace portico::client
