#include "nt/io/cells.h"

#include "nt/ex/pool.h"

namespace portico::nt::io {

void* Cells::take_oldest() {
    void* const cell = oldest_;
    oldest_ = link_of(cell);
    --free_count_;
    return cell;
}

bool Cells::add_slab() {
    if (slab_count_ == slab_limit) return false;
    void* const slab = ex::allocate_internal(NonPagedPool, cell_size_ * per_slab_, 'lleC');
    if (slab == nullptr) return false;
    slabs_[slab_count_++] = static_cast<char*>(slab);
    carved_ = 0;
    return true;
}

void* Cells::take() {
    if (free_count_ > quarantine) return take_oldest();
    if (slab_count_ > 0 && carved_ < per_slab_) return slabs_[slab_count_ - 1] + cell_size_ * carved_++;
    if (add_slab()) return slabs_[slab_count_ - 1] + cell_size_ * carved_++;
    return free_count_ > 0 ? take_oldest() : nullptr;
}

void Cells::give(void* cell) {
    link_of(cell) = nullptr;
    if (free_count_++ == 0) {
        oldest_ = cell;
    } else {
        link_of(newest_) = cell;
    }
    newest_ = cell;
}

bool Cells::owns(const void* address) const {
    const char* const at = static_cast<const char*>(address);
    for (unsigned i = 0; i < slab_count_; ++i) {
        if (at >= slabs_[i] && at < slabs_[i] + cell_size_ * per_slab_) return true;
    }
    return false;
}

void Cells::reset() {
    slab_count_ = carved_ = free_count_ = 0;
    oldest_ = newest_ = nullptr;
}

}  // namespace portico::nt::io
