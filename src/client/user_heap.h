// Memory of a simulated client process, for what its requests point to: cells of a few sizes out of user
// memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "nt/ps/ps.h"

namespace portico::client {

class UserHeap {
  public:
    // Forgets every cell, for a new Machine, and takes memory of `process` from now on.
    void reset(nt::ps::Process* process);
    // At least `size` bytes, aligned to 64; null when the range is used up.
    void* allocate(std::size_t size);
    void free(void* cell, std::size_t size);

  private:
    static constexpr unsigned size_classes = 18;  // 256 bytes to 32 MiB
    static unsigned class_of(std::size_t size);
    bool grow(std::size_t size);

    nt::ps::Process* process_ = nullptr;
    std::uint64_t next_ = 0;
    std::uint64_t end_ = 0;
    std::size_t grow_by_ = 0;
    std::array<std::uint64_t, size_classes> free_{};  // each free cell's first word points to the next
};

}  // namespace portico::client
