// INIT code of an image whose machines follow one another: it goes and comes back twenty thousand times a
// second, and changing a page's access each time would cost more than the rest of a machine's life. So its
// memory is mapped a second time, where it can be written, and is filled with an instruction that faults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/address_map.h"

namespace portico::loader {

class InitCode {
  public:
    // For pages that hold code and nothing else, as it must come back; they can be read and executed. Null:
    // this host does not let memory be mapped twice so, or a debugger may write to the code (breakpoints);
    // then the pages' access has to be changed.
    static std::unique_ptr<InitCode> take_over(sim::AddressRange pages);
    ~InitCode();
    InitCode(const InitCode&) = delete;
    InitCode& operator=(const InitCode&) = delete;

    void discard();
    void restore();

  private:
    InitCode(sim::AddressRange pages, std::vector<std::byte> code);
    bool map(int placement);
    static void own_all();

    sim::AddressRange pages_;
    std::vector<std::byte> code_;
    std::byte* writable_ = nullptr;
    bool gone_ = false;
};

}  // namespace portico::loader
