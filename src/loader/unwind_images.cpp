#include "loader/unwind_images.h"

#include "loader/loader.h"
#include "nt/seh/images.h"

namespace portico::loader {
namespace {

static_assert(sizeof(RuntimeFunction) == sizeof(RUNTIME_FUNCTION));

bool readable(std::uint64_t address, std::uint64_t size) {
    const Image* const image = image_at(address);
    return image != nullptr && image->is_readable(address, size);
}

bool describe(std::uint64_t address, nt::seh::UnwindImage& answer) {
    const Image* const image = sim::image_range.contains(address) ? image_at(address) : nullptr;
    if (image == nullptr) return false;
    answer = {};
    answer.range = image->range();
    answer.readable = readable;
    answer.tables = image->windows();
    answer.functions = reinterpret_cast<const RUNTIME_FUNCTION*>(image->functions().data());
    answer.function_count = static_cast<std::uint32_t>(image->functions().size());
    if (answer.tables) return true;
    const sim::AddressRange tables = image->unwind_range();
    answer.cfi = {tables.base, tables.end(), image->unwind_header()};
    return true;
}

}  // namespace

void answer_unwinder() {
    nt::seh::image_at = describe;
}

}  // namespace portico::loader
