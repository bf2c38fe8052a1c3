#include "portcls/open_files.h"

#include <array>

#include "portcls/memory.h"

namespace portico::portcls {
namespace {

std::array<OpenFile*, 256> file_buckets{};  // by the file's address

OpenFile*& bucket_of_file(const FILE_OBJECT* file) {
    const auto mixed = reinterpret_cast<std::uint64_t>(file) * 0x9e37'79b9'7f4a'7c15;
    return file_buckets[mixed >> 56];
}

}  // namespace

OpenFile* find_open_file(const FILE_OBJECT* file) {
    if (file == nullptr) return nullptr;
    OpenFile* open = bucket_of_file(file);
    while (open != nullptr && open->file != file) open = open->next;
    return open;
}

OpenFile* add_open_file(const FILE_OBJECT* file, Subdevice& subdevice) {
    if (OpenFile* const stale = find_open_file(file)) remove_open_file(*stale);
    auto* const open = static_cast<OpenFile*>(allocate(NonPagedPool, sizeof(OpenFile)));
    if (open == nullptr) return nullptr;
    OpenFile*& bucket = bucket_of_file(file);
    *open = {file, nullptr, &subdevice, bucket};
    bucket = open;
    return open;
}

void remove_open_file(OpenFile& open) {
    OpenFile** place = &bucket_of_file(open.file);
    while (*place != &open) place = &(*place)->next;
    *place = open.next;
    release(&open);
}

void reset_open_files() {
    file_buckets.fill(nullptr);
}

}  // namespace portico::portcls
