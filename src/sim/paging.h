// Pageable memory: paged pool, and the PAGE sections of images. While it is watched it goes out when the
// driver reaches DISPATCH_LEVEL, where nobody could bring it in, and comes back at the first touch below
// (IU-016). One host thread runs all processors, so what matters is the IRQL of the one that runs (FLD-024).
//
// Memory that is out already costs nothing: no pageable memory is touched on a message's way. Putting it out
// and bringing it in costs a signal and two changes of protection, up to 100 us on some hosts. So each place
// at which a driver comes to DISPATCH_LEVEL puts it out twice and no more: what is wrong there is wrong then.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/address_map.h"

namespace portico::sim {

class Paging {
  public:
    // Begins anew. Off: everything stays in. As in a new process: off.
    void watch(bool on);

    // A range of whole pages, mapped with `access` (PROT_READ and so on). Past 256 ranges: it stays in.
    void add(AddressRange range, int access);
    void remove(AddressRange range);

    bool is_pageable(std::uint64_t address) const { return find(address) != nullptr; }
    bool is_out(std::uint64_t address) const;
    // Brings in the range in which `address` lies.
    void bring_in(std::uint64_t address);

    // The driver is at DISPATCH_LEVEL or above now: it raised the IRQL or is called there. `site`: where it
    // called from, or the routine.
    void raised(const void* site) {
        if (any_in_) [[unlikely]]
            put_out_for(site);
    }

  private:
    struct Range {
        AddressRange range;
        int access;
        bool in;
    };

    Range* find(std::uint64_t address);
    const Range* find(std::uint64_t address) const { return const_cast<Paging*>(this)->find(address); }
    void put_out_for(const void* site);
    void put_out();

    struct Site {
        const void* place;
        unsigned times;
    };

    std::array<Range, 256> ranges_{};
    std::array<Site, 256> sites_{};  // hashed by place
    std::size_t count_ = 0;
    bool watched_ = false;
    bool any_in_ = false;  // while watched
};

extern Paging paging;

}  // namespace portico::sim
