#include "sim/paging.h"

#include <sys/mman.h>

#include <algorithm>

#include "base/check.h"

namespace portico::sim {

constinit Paging paging;

namespace {

void protect(AddressRange range, int access) {
    PORTICO_CHECK(::mprotect(reinterpret_cast<void*>(range.base), range.size, access) == 0);
}

}  // namespace

void Paging::watch(bool on) {
    sites_.fill({});
    if (watched_ == on) return;
    for (std::size_t i = 0; i < count_; ++i) {
        if (!ranges_[i].in) protect(ranges_[i].range, ranges_[i].access);
        ranges_[i].in = true;
    }
    watched_ = on;
    any_in_ = on && count_ != 0;
}

void Paging::add(AddressRange range, int access) {
    if (count_ == ranges_.size() || range.size == 0) return;
    ranges_[count_++] = {range, access, true};
    any_in_ = watched_;
}

void Paging::remove(AddressRange range) {
    for (std::size_t i = 0; i < count_; ++i) {
        if (ranges_[i].range.base != range.base) continue;
        if (!ranges_[i].in) protect(range, ranges_[i].access);
        ranges_[i] = ranges_[--count_];
        return;
    }
}

Paging::Range* Paging::find(std::uint64_t address) {
    Range* const end = ranges_.data() + count_;
    Range* const found =
        std::find_if(ranges_.data(), end, [&](const Range& r) { return r.range.contains(address); });
    return found == end ? nullptr : found;
}

bool Paging::is_out(std::uint64_t address) const {
    const Range* const range = find(address);
    return range != nullptr && !range->in;
}

void Paging::bring_in(std::uint64_t address) {
    Range* const range = find(address);
    if (range == nullptr || range->in) return;
    protect(range->range, range->access);
    range->in = true;
    any_in_ = true;
}

// Places beyond what the table holds put nothing out.
void Paging::put_out_for(const void* site) {
    constexpr unsigned times_max = 2;
    constexpr unsigned probes_max = 8;
    const std::uint64_t hash = reinterpret_cast<std::uint64_t>(site) * 0x9E3779B97F4A7C15ull >> 56;
    for (unsigned i = 0; i < probes_max; ++i) {
        Site& known = sites_[(hash + i) % sites_.size()];
        if (known.place == nullptr) known.place = site;
        if (known.place != site) continue;
        if (known.times++ < times_max) put_out();
        return;
    }
}

void Paging::put_out() {
    for (std::size_t i = 0; i < count_; ++i) {
        if (ranges_[i].in) protect(ranges_[i].range, PROT_NONE);
        ranges_[i].in = false;
    }
    any_in_ = false;
}

}  // namespace portico::sim
