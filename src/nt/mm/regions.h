// Runs of pages in use, kept by address in a table of fixed size. For nt/mm.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "nt/findings.h"

namespace portico::nt::mm {

struct Region {
    std::uint32_t start;  // page
    std::uint32_t count;  // pages
    std::uint64_t size;   // bytes, as asked for
    void* owner;          // the user's: a process, a physical address
    Origin made;
};

template <std::size_t Capacity>
class Regions {
  public:
    void clear() { count_ = 0; }
    std::size_t count() const { return count_; }

    // The first region that shares a page with the run.
    const Region* overlapping(std::uint32_t start, std::uint32_t pages) const {
        const Region* const r = at_or_after(start);
        return r != end() && r->start < start + pages ? r : nullptr;
    }
    const Region* starting(std::uint32_t start) const {
        const Region* const r = at_or_after(start);
        return r != end() && r->start == start ? r : nullptr;
    }

    // False: the table is full. `frame` null: no origin is kept.
    bool add(std::uint32_t start, std::uint32_t pages, std::uint64_t size, void* owner, const void* frame) {
        if (count_ == Capacity) return false;
        Region* const at = const_cast<Region*>(at_or_after(start));
        std::copy_backward(at, regions_.data() + count_, regions_.data() + count_ + 1);
        *at = {start, pages, size, owner, {}};
        if (frame != nullptr) capture_origin(at->made, frame);
        ++count_;
        return true;
    }
    bool remove(std::uint32_t start) {
        Region* const at = const_cast<Region*>(starting(start));
        if (at == nullptr) return false;
        std::copy(at + 1, regions_.data() + count_, at);
        --count_;
        return true;
    }
    // A free run of `pages` in [first, limit); limit: there is none.
    std::uint32_t find_free(std::uint32_t first, std::uint32_t limit, std::uint32_t pages) const {
        std::uint32_t start = first;
        for (std::size_t i = 0; i < count_; ++i) {
            if (regions_[i].start + regions_[i].count <= start) continue;
            if (regions_[i].start >= start + pages) break;
            start = regions_[i].start + regions_[i].count;
        }
        return limit - start >= pages && start < limit ? start : limit;
    }

    // The most pages that find_free() finds there now.
    std::uint32_t longest_free(std::uint32_t first, std::uint32_t limit) const {
        if (count_ == Capacity) return 0;
        std::uint32_t start = first;
        std::uint32_t longest = 0;
        for (std::size_t i = 0; i < count_; ++i) {
            if (regions_[i].start > start) longest = std::max(longest, regions_[i].start - start);
            start = std::max(start, regions_[i].start + regions_[i].count);
        }
        return std::max(longest, limit > start ? limit - start : 0);
    }

    template <class Visit>
    void for_each(Visit&& visit) const {
        for (std::size_t i = 0; i < count_; ++i) visit(regions_[i]);
    }

  private:
    const Region* end() const { return regions_.data() + count_; }
    // The first region that ends behind `start`.
    const Region* at_or_after(std::uint32_t start) const {
        return std::partition_point(regions_.data(), regions_.data() + count_,
                                    [&](const Region& r) { return r.start + r.count <= start; });
    }

    std::array<Region, Capacity> regions_{};
    std::size_t count_ = 0;
};

}  // namespace portico::nt::mm
