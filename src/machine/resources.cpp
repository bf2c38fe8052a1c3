#include "machine/resources.h"

#include <fmt/format.h>

#include "sim/scheduler.h"

namespace portico::machine {
namespace {

struct Range {
    std::uint64_t base_max;
    std::uint64_t end_max;  // base + length
};

Range range_of(Resource::Kind kind) {
    switch (kind) {
        case Resource::Kind::port:
            return {0xFFFF, 0x10000};
        case Resource::Kind::interrupt:
            return {sim::irq_line_count - 1, sim::irq_line_count};
        case Resource::Kind::memory:
            return {0xFFFFFFFF, 0x1'0000'0000};
        case Resource::Kind::dma:
            return {7, 8};
    }
    return {};
}

}  // namespace

std::string wrong_with(const Resource& resource) {
    const Range range = range_of(resource.kind);
    const std::string_view key = resource_keys[static_cast<unsigned>(resource.kind)];
    if (resource.base > range.base_max)
        return fmt::format("{} is at most {:#x}, not {:#x}", key, range.base_max, resource.base);
    if (resource.length >= 1 && resource.length <= range.end_max - resource.base) return {};
    return fmt::format("length is 1 to {} at {} {:#x}, not {}", range.end_max - resource.base, key,
                       resource.base, resource.length);
}

}  // namespace portico::machine
