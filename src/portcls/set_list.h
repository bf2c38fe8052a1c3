// The property or event sets that a filter, pin or node has, each once.
#pragma once

#include <array>
#include <span>

#include "guiddef.h"

namespace portico::portcls {

// Sets of one target (docs/limits.md); further ones are left out of the list.
constexpr std::size_t set_list_limit = 64;

class SetList {
  public:
    void add(const GUID& set) {
        for (const GUID& known : sets()) {
            if (IsEqualGUID(known, set)) return;
        }
        if (count_ < sets_.size()) sets_[count_++] = set;
    }
    std::span<const GUID> sets() const { return {sets_.data(), count_}; }

  private:
    std::array<GUID, set_list_limit> sets_;
    std::size_t count_ = 0;
};

}  // namespace portico::portcls
