#include "loader/unwind_images.h"

#include "loader/loader.h"
#include "nt/seh/images.h"

namespace portico::loader {
namespace {

bool describe(std::uint64_t address, nt::seh::UnwindImage& answer) {
    const Image* const image = sim::image_range.contains(address) ? image_at(address) : nullptr;
    if (image == nullptr) return false;
    answer = {};
    answer.range = image->range();
    const sim::AddressRange tables = image->unwind_range();
    answer.cfi = {tables.base, tables.end(), image->unwind_header()};
    return true;
}

}  // namespace

void answer_unwinder() {
    nt::seh::image_at = describe;
}

}  // namespace portico::loader
