// Keeps what the probes of pool and objects tell, for tests to look at. One at a time; after Kernel, which
// clears probes.
#pragma once

#include <string>
#include <vector>

#include "nt/probes.h"

namespace portico::test {

struct Misuse {
    std::uint32_t code;
    std::uint64_t detail;  // of pool misuse
    std::uint64_t address;
    std::string text;
    nt::Subject subject;
};

class MisuseLog {
  public:
    MisuseLog() {
        entries().clear();
        nt::probes.pool_misuse = [](std::uint32_t code, const nt::Subject& block, std::uint64_t detail,
                                    const char* text) {
            entries().push_back({code, detail, block.address, text, block});
        };
        nt::probes.object_misuse = [](std::uint32_t code, const void* object, const char* text) {
            entries().push_back({code, 0, reinterpret_cast<std::uint64_t>(object), text, {}});
        };
    }
    ~MisuseLog() {
        nt::probes.pool_misuse = nullptr;
        nt::probes.object_misuse = nullptr;
    }
    MisuseLog(const MisuseLog&) = delete;
    MisuseLog& operator=(const MisuseLog&) = delete;

    static std::vector<Misuse>& entries() {
        static std::vector<Misuse> all;
        return all;
    }
    std::size_t size() const { return entries().size(); }
    const Misuse& last() const { return entries().back(); }
    std::vector<std::uint32_t> codes() const {
        std::vector<std::uint32_t> result;
        for (const Misuse& m : entries()) result.push_back(m.code);
        return result;
    }
    void clear() { entries().clear(); }
};

// What a for_each_left() told.
class LeftLog {
  public:
    static void visit(const nt::LeftBehind& left, void* self) {
        static_cast<LeftLog*>(self)->all.push_back(left);
    }
    std::vector<nt::LeftBehind> all;
    bool has(nt::LeftKind kind) const {
        for (const auto& left : all) {
            if (left.kind == kind) return true;
        }
        return false;
    }
};

}  // namespace portico::test
