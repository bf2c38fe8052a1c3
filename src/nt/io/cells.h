// Blocks of one size for what every request needs: IRPs and small system buffers. Cut from the non-paged pool
// a slab at a time, never given back before a reset. A freed cell is reused only after `quarantine` others,
// so that a request that is completed or touched once more soon after its end is recognised instead of being
// someone else's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace portico::nt::io {

class Cells {
  public:
    constexpr Cells(std::size_t cell_size, unsigned cells_per_slab)
        : cell_size_(cell_size), per_slab_(cells_per_slab) {}

    // Null when the pool is exhausted. What the cell holds is undefined.
    void* take();
    // The cell's last eight bytes carry the free list; the rest keeps what it held.
    void give(void* cell);
    bool owns(const void* address) const;
    // The pool has forgotten every block.
    void reset();

  private:
    static constexpr unsigned slab_limit = 256;
    static constexpr unsigned quarantine = 16;

    void*& link_of(void* cell) const {
        return *reinterpret_cast<void**>(static_cast<char*>(cell) + cell_size_ - sizeof(void*));
    }
    void* take_oldest();
    bool add_slab();

    std::size_t cell_size_;
    unsigned per_slab_;
    unsigned slab_count_ = 0;
    unsigned carved_ = 0;  // cells of the newest slab that were handed out
    unsigned free_count_ = 0;
    void* oldest_ = nullptr;
    void* newest_ = nullptr;
    std::array<char*, slab_limit> slabs_{};
};

}  // namespace portico::nt::io
