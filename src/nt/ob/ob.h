// The object manager: reference-counted objects with a header before their body, the namespace of directories
// and symbolic links, and handles.
//
// Functions without a DDI row here are for Portico itself: PASSIVE_LEVEL unless said otherwise, and unseen by
// the rules about a driver's references. Misuse is told through probes.object_misuse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nt/findings.h"
#include "nt/probes.h"
#include "nt/rtl/rtl.h"
#include "sim/address_map.h"
#include "wdm.h"

namespace portico::nt::ob {

struct Lookup;

// What closing a handle means to a type: `process_handles` and `handles` are what is left, in the process and
// in all.
using CloseProcedure = void (*)(void* body, ACCESS_MASK granted, ULONG process_handles, ULONG handles);
// The last reference went: free what the body owns. Its memory is freed after that. PASSIVE_LEVEL.
using DeleteProcedure = void (*)(void* body);
// A path leads through or to an object of this type. `rest` is what follows it: empty, or with its leading
// backslash; without one when the path is relative to the object itself (a root handle). STATUS_SUCCESS:
// *found holds a referenced object. STATUS_REPARSE: lookup.reparse() was told the new path.
using ParseProcedure = NTSTATUS (*)(void* body, const UNICODE_STRING& rest, Lookup& lookup, void** found);
// The full path of an object that the namespace does not hold itself (a file, a key); as query_name().
using NameProcedure = NTSTATUS (*)(void* body, WCHAR* buffer, ULONG size, ULONG* needed);

struct TypeDescription {
    const char* name;  // a literal: "Event"
    ULONG tag;
    POOL_TYPE pool = NonPagedPool;
    ACCESS_MASK valid_access = STANDARD_RIGHTS_ALL | SPECIFIC_RIGHTS_ALL;
    GENERIC_MAPPING mapping{};
    DeleteProcedure remove = nullptr;
    CloseProcedure close = nullptr;
    ParseProcedure parse = nullptr;
    NameProcedure query_name = nullptr;
    // Where a wait on a handle of this type finds the DISPATCHER_HEADER in the body; -1: it cannot be waited
    // for.
    int wait_offset = -1;
    // Names of this type match whatever their case unless a caller says otherwise, as Windows is set up by
    // default.
    bool case_insensitive = false;
    // As what an object is told about that its driver left at unload.
    LeftKind left = LeftKind::object;
};

}  // namespace portico::nt::ob

struct _OBJECT_TYPE {
    portico::nt::ob::TypeDescription description;
    ULONG objects = 0;
    ULONG handles = 0;
};

namespace portico::nt::ob {

// As after power-on: no object but the directories that Windows has. ex::reset_pool() comes before it.
void reset();

// ---- objects ----

// Where and how an object gets its name.
struct Naming {
    const UNICODE_STRING* name = nullptr;  // null or empty: none
    HANDLE root = nullptr;                 // directory that the name is relative to; null: from the root
    ULONG attributes = 0;                  // OBJ_PERMANENT, OBJ_OPENIF, OBJ_CASE_INSENSITIVE, OBJ_EXCLUSIVE
    KPROCESSOR_MODE mode = KernelMode;
};

// A new object with one reference, its body zero-filled; not yet in the namespace. Null when the pool is
// exhausted. The form with a frame (an exported function's __builtin_frame_address(0)) makes its caller the
// object's maker.
void* allocate(POBJECT_TYPE type, std::size_t body_size);
void* allocate(POBJECT_TYPE type, std::size_t body_size, const void* frame);
// Gives a new object its name. STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_PATH_NOT_FOUND, ...: it stays
// nameless. With OBJ_OPENIF and an object of that name and type: STATUS_OBJECT_NAME_EXISTS and *existing,
// referenced.
NTSTATUS insert_name(void* body, const Naming& naming, void** existing);
// Both in one: null when either fails; `status` (may be null) says why.
void* create(POBJECT_TYPE type, std::size_t body_size, const UNICODE_STRING* name, NTSTATUS* status = nullptr,
             ULONG attributes = 0);

void reference(void* body);
// The object is deleted with its last reference, later on a worker thread when the IRQL or a guarded region
// forbids it now. IRQL <= DISPATCH_LEVEL.
void dereference(void* body);
// Takes the name away when no handle is open, and makes the object temporary.
void make_temporary(void* body);
// Makes the name last beyond the last handle.
void make_permanent(void* body);

POBJECT_TYPE type_of(const void* body);
LONG_PTR references_of(const void* body);
ULONG handles_of(const void* body);
std::string_view type_name(const void* body);
// Where it was made, as far as known.
const Origin& origin_of(const void* body);
// What an object's type keeps of it outside of the body, which drivers overrun; null at first. The type's
// delete procedure frees it.
void* beside(const void* body);
void set_beside(void* body, void* memory);
// False for an address that is no object's body.
bool is_object(const void* body);
// The full path. STATUS_INFO_LENGTH_MISMATCH when `size` bytes do not hold it; *needed in bytes, without
// terminator.
NTSTATUS query_name(void* body, WCHAR* buffer, ULONG size, ULONG* needed);

// A reference that the driver holds from now on, taken by the exported function with that frame.
void reference_for_driver(void* body, const void* frame);
// The driver gave one back. Reports what was never taken.
void dereference_for_driver(void* body);
// A reference that is there already becomes the driver's (a referenced object is returned to it).
void hand_to_driver(void* body, const void* frame);

// ---- look-up by path ----

struct Lookup {
    POBJECT_TYPE type = nullptr;  // null: any
    KPROCESSOR_MODE mode = KernelMode;
    ULONG attributes = 0;  // OBJ_CASE_INSENSITIVE, OBJ_OPENLINK ...
    ACCESS_MASK desired = 0;
    void* context = nullptr;  // of the type's parse procedure: what to create or open
    ULONG context_kind = 0;   // who made the context: a parse procedure refuses others'
    // For parse procedures that answer STATUS_REPARSE. False: too long or no memory.
    bool reparse(const UNICODE_STRING& path);

    UNICODE_STRING path{};  // what is being walked; owned by find()
};

// The object at a path, referenced. `root`: a directory's or other object's body, or null.
NTSTATUS find(void* root, const UNICODE_STRING& path, Lookup& lookup, void** body);
NTSTATUS find(const OBJECT_ATTRIBUTES& attributes, Lookup& lookup, void** body);

// ---- handles ----

constexpr std::uint64_t kernel_handle_bits = 0xFFFFFFFF80000000;
inline HANDLE current_process_handle() {
    return reinterpret_cast<HANDLE>(~0ull);
}
inline HANDLE current_thread_handle() {
    return reinterpret_cast<HANDLE>(~1ull);
}

struct HandleTable;  // of a process; nt/ob/handle_table.h

// A handle in the current process' table, or the system's for OBJ_KERNEL_HANDLE. `granted` has generic rights
// mapped.
NTSTATUS insert_handle(void* body, ACCESS_MASK granted, ULONG attributes, KPROCESSOR_MODE mode,
                       PHANDLE handle);
NTSTATUS insert_handle(void* body, ACCESS_MASK granted, bool kernel, PHANDLE handle);
// The same, its maker being the caller of the exported function with that frame.
NTSTATUS insert_handle(void* body, ACCESS_MASK granted, ULONG attributes, KPROCESSOR_MODE mode,
                       const void* frame, PHANDLE handle);
// STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH; STATUS_ACCESS_DENIED for UserMode only, as on Windows.
NTSTATUS reference_handle(HANDLE handle, ACCESS_MASK desired, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                          void** body, OBJECT_HANDLE_INFORMATION* information = nullptr);
NTSTATUS close(HANDLE handle, KPROCESSOR_MODE mode);
// Every handle of a table: the end of a process.
void close_all(HandleTable& table);

// The rights that `desired` amounts to for this type; STATUS_ACCESS_DENIED for rights that the type does not
// have.
NTSTATUS map_access(POBJECT_TYPE type, ACCESS_MASK desired, KPROCESSOR_MODE mode, ACCESS_MASK* granted);
// Finds and opens: what NtOpenXxx does. The handle is made only when all went well.
NTSTATUS open(const OBJECT_ATTRIBUTES& attributes, Lookup& lookup, const void* frame, PHANDLE handle);
// Names a new object and opens a handle to it, or to the existing one for OBJ_OPENIF; consumes the caller's
// reference.
NTSTATUS insert(void* body, const OBJECT_ATTRIBUTES* attributes, ACCESS_MASK desired, KPROCESSOR_MODE mode,
                const void* frame, PHANDLE handle);

// ---- what a driver left ----

// Its handles, its objects without a handle of its own, and the references it never gave back.
void for_each_left(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                   void* context);

// The first object of a type for which `wanted` holds, in the order of their making; null: there is none.
void* find_object(POBJECT_TYPE type, bool (*wanted)(void* body, void* context), void* context);

// Types that have no home elsewhere.
extern _OBJECT_TYPE directory_type;
extern _OBJECT_TYPE symbolic_link_type;
extern _OBJECT_TYPE event_type;
extern _OBJECT_TYPE semaphore_type;
extern _OBJECT_TYPE mutant_type;
extern _OBJECT_TYPE timer_type;
extern _OBJECT_TYPE callback_type;

// A link at `name` to `target`; it belongs to nobody until the driver makes it with an exported function.
NTSTATUS create_symbolic_link(const UNICODE_STRING& name, const UNICODE_STRING& target, const void* frame);
NTSTATUS delete_symbolic_link(const UNICODE_STRING& name);

// The objects of the directory at `path`, one after the other as its table holds them; none when there is no
// such directory. `visit` is given the object's last name and body and may neither make nor delete objects.
void for_each_in_directory(const UNICODE_STRING& path,
                           void (*visit)(const UNICODE_STRING& name, void* body, void* context),
                           void* context);
// Of a symbolic link's body.
const UNICODE_STRING& link_target(const void* body);

// ---- small helpers ----

UNICODE_STRING string(const char16_t* literal);
bool equal_names(const UNICODE_STRING& a, const UNICODE_STRING& b, bool case_insensitive);
inline WCHAR upcase(WCHAR c) {
    if (c < 0x80) return c >= u'a' && c <= u'z' ? static_cast<WCHAR>(c - 0x20) : c;
    return rtl::upcase(c);
}

}  // namespace portico::nt::ob
