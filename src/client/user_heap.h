// Memory of the simulated client process, for what its requests point to. Taken once, given out in cells of a few sizes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/address_map.h"

namespace portico::client {

class UserHeap {
  public:
    // Forgets every cell: for a new Machine.
    void reset();
    // At least `size` bytes, aligned to 64; null when the range is used up.
    void* allocate(std::size_t size);
    void free(void* cell, std::size_t size);

  private:
    static constexpr unsigned size_classes = 18;  // 256 bytes to 32 MiB
    static unsigned class_of(std::size_t size);

    std::uint64_t next_ = sim::client_heap_range.base;
    std::array<std::uint64_t, size_classes> free_{};  // each free cell's first word points to the next
};

}  // namespace portico::client
