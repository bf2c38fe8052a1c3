// The registry, in memory. Paths are the kernel's: \Registry\Machine\System\CurrentControlSet\Services\NAME.
// Names match whatever their case. PASSIVE_LEVEL throughout.
//
// These functions are for Portico (machine files, the PnP manager): they ask for no access rights and make
// what is missing.
#pragma once

#include <string_view>

#include "base/result.h"
#include "nt/ob/ob.h"
#include "wdm.h"

namespace portico::nt::cm {

// As after power-on: the keys every Windows has, empty. After ob::reset().
void reset();

extern _OBJECT_TYPE key_type;

// Makes the key and every one that is missing above it. `volatile_key`: lost at the next start, as with
// REG_OPTION_VOLATILE. STATUS_OBJECT_PATH_SYNTAX_BAD for a path that does not begin with \Registry.
NTSTATUS create_path(const UNICODE_STRING& path, bool volatile_key = false);
bool key_exists(const UNICODE_STRING& path);
// The key with everything below it. STATUS_OBJECT_NAME_NOT_FOUND.
NTSTATUS delete_tree(const UNICODE_STRING& path);
// The key is made when missing. An empty name is the key's unnamed value.
NTSTATUS set_value(const UNICODE_STRING& path, const UNICODE_STRING& name, ULONG type, const void* data,
                   ULONG size);
// At most `size` bytes into `buffer`; *needed is the whole length. STATUS_BUFFER_OVERFLOW: more than fits.
NTSTATUS query_value(const UNICODE_STRING& path, const UNICODE_STRING& name, ULONG* type, void* buffer,
                     ULONG size, ULONG* needed);
NTSTATUS delete_value(const UNICODE_STRING& path, const UNICODE_STRING& name);
// A handle to the key for the driver's use, its maker being the caller of the exported function with that
// frame (null: Portico). STATUS_OBJECT_NAME_NOT_FOUND unless `create`.
NTSTATUS open_key(const UNICODE_STRING& path, ACCESS_MASK access, bool create, const void* frame,
                  PHANDLE handle);
// Its subkeys' names in order; false: no more. `name` points into the registry and holds until it changes.
bool subkey_at(const UNICODE_STRING& path, ULONG index, UNICODE_STRING& name);

// The same with UTF-8, for texts from files.
NTSTATUS create_path(std::string_view path);
NTSTATUS set_string(std::string_view path, std::string_view name, std::string_view value);
NTSTATUS set_dword(std::string_view path, std::string_view name, ULONG value);

// Loads a registration file ("Windows Registry Editor Version 5.00" or REGEDIT4; UTF-8, or UTF-16 with its
// mark). `file` is what errors call it: they name file and line. What came before the line in error has been
// loaded.
Result<void> load_reg(std::string_view text, std::string_view file = "registry");

}  // namespace portico::nt::cm
