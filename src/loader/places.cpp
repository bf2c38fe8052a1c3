#include "loader/places.h"

#include <cstdio>

#include "loader/loader.h"
#include "nt/discarded_code.h"
#include "nt/missing_imports.h"

namespace portico::loader {
namespace {

bool is_discarded(std::uint64_t address) {
    const Image* const image = image_at(address);
    return image != nullptr && image->is_discarded(address);
}

bool describe(std::uint64_t address, nt::MissingImportPlace& place) {
    const Image* const image = image_at(address);
    const MissingImport* const import = image == nullptr ? nullptr : image->missing_import_at(address);
    if (import == nullptr) return false;
    std::snprintf(place.label.data(), place.label.size(), "%s", import->label.c_str());
    place.page = import->stub;
    place.code = import->code;
    return true;
}

}  // namespace

void answer_for_images() {
    nt::discarded_code_at = is_discarded;
    nt::missing_import_at = describe;
}

}  // namespace portico::loader
