// Keys as objects: what a handle to a key refers to. For nt/cm.
#pragma once

#include "nt/cm/hive.h"

namespace portico::nt::cm {

struct KeyBody {
    Key* key;
};

// The context of a Lookup that creates (ob::Lookup::context).
struct CreateRequest {
    static constexpr ULONG kind = 'tCyK';

    const UNICODE_STRING* class_name = nullptr;
    ULONG options = 0;      // REG_OPTION_*
    ULONG disposition = 0;  // out: REG_CREATED_NEW_KEY, REG_OPENED_EXISTING_KEY
};

// A handle to the key that the attributes name; `request` null: opens only.
NTSTATUS open(const OBJECT_ATTRIBUTES& attributes, ACCESS_MASK desired, ULONG attribute_bits,
              CreateRequest* request, const void* frame, PHANDLE handle);

// The body behind a driver's handle, referenced. ZwXxxKey is called from kernel mode, where nobody looks at
// what the handle was opened for: `needed` is what a user would need. STATUS_KEY_DELETED.
NTSTATUS reference(HANDLE handle, ACCESS_MASK needed, KeyBody** body);

}  // namespace portico::nt::cm
