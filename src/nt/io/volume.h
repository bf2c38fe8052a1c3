// A small volume in memory, for drivers that read and write files from the kernel (FLD-054): \SystemRoot and
// \??\C: lead to it.
#pragma once

#include <cstddef>

#include "wdm.h"

namespace portico::nt::io {

constexpr unsigned volume_file_limit = 64;
constexpr std::size_t volume_file_size_limit = 4 << 20;

void reset_volume();

// The volume is there from the first path that leads to it: most machines never need it.
void mount_volume_for(const UNICODE_STRING& path);

// Puts a file there; `path` begins at the volume's root: "\Windows\System32\drivers\notes.bin". The content
// is copied. STATUS_OBJECT_NAME_COLLISION, STATUS_INSUFFICIENT_RESOURCES, STATUS_OBJECT_NAME_INVALID.
NTSTATUS add_volume_file(const WCHAR* path, const void* content, std::size_t size);

}  // namespace portico::nt::io
