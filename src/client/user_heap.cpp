#include "client/user_heap.h"

#include <algorithm>
#include <bit>

#include "nt/mm/mm.h"

namespace portico::client {
namespace {

// Small at first, because taking pages means zeroing them; doubled each time.
constexpr std::size_t first_growth = 32 * 1024;

}  // namespace

void UserHeap::reset(nt::ps::Process* process) {
    *this = UserHeap();
    process_ = process;
    grow_by_ = first_growth;
}

bool UserHeap::grow(std::size_t size) {
    grow_by_ = std::max(grow_by_ * 2, size);
    void* const memory = nt::mm::allocate_user(*process_, grow_by_);
    if (memory == nullptr) return false;
    next_ = reinterpret_cast<std::uint64_t>(memory);
    end_ = next_ + grow_by_;
    return true;
}

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
    if (cell_size > end_ - next_ && !grow(cell_size)) return nullptr;
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
