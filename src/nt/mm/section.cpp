// Section objects: memory that can be mapped, backed by no file. Views lie in pages that both modes can
// address.
#include "nt/ex/pool.h"
#include "nt/mm/mm_private.h"
#include "nt/ob/ob.h"
#include "nt/ps/ps.h"

namespace portico::nt::mm {
namespace {

struct Section {
    std::uint64_t size;
    ULONG protection;
    ULONG views;
    void* pages;  // system address
};

void remove_section(void* body) {
    free_shared_pages(static_cast<Section*>(body)->pages);
}

constexpr GENERIC_MAPPING section_mapping{STANDARD_RIGHTS_READ | SECTION_QUERY | SECTION_MAP_READ,
                                          STANDARD_RIGHTS_WRITE | SECTION_MAP_WRITE,
                                          STANDARD_RIGHTS_EXECUTE | SECTION_MAP_EXECUTE, SECTION_ALL_ACCESS};

_OBJECT_TYPE section_type{{.name = "Section",
                           .tag = 'tceS',
                           .valid_access = SECTION_ALL_ACCESS,
                           .mapping = section_mapping,
                           .remove = remove_section}};

// Which section a view belongs to: each view holds a reference.
struct View {
    void* address;  // as its process sees it
    Section* section;
    ps::Process* process;
};
constexpr unsigned view_limit = 256;
View views[view_limit];
unsigned view_count = 0;

bool valid_protection(ULONG protection) {
    switch (protection & ~ULONG{PAGE_NOCACHE | PAGE_WRITECOMBINE}) {
        case PAGE_READONLY:
        case PAGE_READWRITE:
        case PAGE_WRITECOPY:
        case PAGE_EXECUTE:
        case PAGE_EXECUTE_READ:
        case PAGE_EXECUTE_READWRITE:
            return true;
        default:
            return false;
    }
}

NTSTATUS create_section(PHANDLE handle, ACCESS_MASK desired, POBJECT_ATTRIBUTES attributes,
                        PLARGE_INTEGER size, ULONG protection, ULONG allocation, HANDLE file,
                        const void* frame) {
    // A section over a file would need a file system.
    if (file != nullptr) return STATUS_INVALID_FILE_FOR_SECTION;
    if (!valid_protection(protection)) return STATUS_INVALID_PAGE_PROTECTION;
    if ((allocation & (SEC_COMMIT | SEC_RESERVE)) == 0 || (allocation & SEC_IMAGE) != 0)
        return STATUS_INVALID_PARAMETER_6;
    if (size == nullptr || size->QuadPart <= 0) return STATUS_INVALID_PARAMETER_4;
    auto* const section = static_cast<Section*>(ob::allocate(&section_type, sizeof(Section), frame));
    if (section == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    section->size = ROUND_TO_PAGES(static_cast<std::uint64_t>(size->QuadPart));
    section->protection = protection;
    section->pages = allocate_shared_pages(section->size / sim::page_size);
    if (section->pages == nullptr) {
        ob::dereference(section);
        return STATUS_SECTION_TOO_BIG;
    }
    __builtin_memset(section->pages, 0, section->size);
    return ob::insert(section, attributes, desired, KernelMode, frame, handle);
}

NTSTATUS map_section(Section& section, ps::Process& process, PVOID* base, PLARGE_INTEGER offset,
                     PSIZE_T size) {
    const std::uint64_t start = offset == nullptr ? 0 : static_cast<std::uint64_t>(offset->QuadPart);
    if (start % sim::page_size != 0) return STATUS_MAPPED_ALIGNMENT;
    if (start >= section.size || *size > section.size - start) return STATUS_INVALID_VIEW_SIZE;
    if (view_count == view_limit) return STATUS_INSUFFICIENT_RESOURCES;
    auto* const at = static_cast<char*>(section.pages) + start;
    *base = process.system ? at : to_user_view(at);
    *size = *size == 0 ? section.size - start : ROUND_TO_PAGES(*size);
    ob::reference(&section);
    ++section.views;
    views[view_count++] = {*base, &section, &process};
    return STATUS_SUCCESS;
}

NTSTATUS unmap_section(const ps::Process& process, const void* base) {
    for (unsigned i = 0; i < view_count; ++i) {
        if (views[i].process != &process || views[i].address != base) continue;
        Section* const section = views[i].section;
        views[i] = views[--view_count];
        --section->views;
        ob::dereference(section);
        return STATUS_SUCCESS;
    }
    return STATUS_NOT_MAPPED_VIEW;
}

}  // namespace

void unmap_all(const ps::Process& process) {
    for (unsigned i = view_count; i > 0; --i) {
        if (views[i - 1].process == &process) unmap_section(process, views[i - 1].address);
    }
}

void reset_sections() {
    view_count = 0;
    section_type.objects = section_type.handles = 0;
}

}  // namespace portico::nt::mm

using namespace portico::nt;

#define FRAME __builtin_frame_address(0)

extern "C" {

NTSTATUS NTAPI ZwCreateSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                               POBJECT_ATTRIBUTES ObjectAttributes, PLARGE_INTEGER MaximumSize,
                               ULONG SectionPageProtection, ULONG AllocationAttributes, HANDLE FileHandle) {
    DDI(ZwCreateSection, PASSIVE_LEVEL);
    return mm::create_section(SectionHandle, DesiredAccess, ObjectAttributes, MaximumSize,
                              SectionPageProtection, AllocationAttributes, FileHandle, FRAME);
}

NTSTATUS NTAPI ZwOpenSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes) {
    DDI(ZwOpenSection, PASSIVE_LEVEL);
    ob::Lookup lookup;
    lookup.type = &mm::section_type;
    lookup.desired = DesiredAccess;
    return ob::open(*ObjectAttributes, lookup, FRAME, SectionHandle);
}

NTSTATUS NTAPI ZwMapViewOfSection(HANDLE SectionHandle, HANDLE ProcessHandle, PVOID* BaseAddress, ULONG_PTR,
                                  SIZE_T, PLARGE_INTEGER SectionOffset, PSIZE_T ViewSize, SECTION_INHERIT,
                                  ULONG, ULONG Win32Protect) {
    DDI(ZwMapViewOfSection, PASSIVE_LEVEL);
    if (!mm::valid_protection(Win32Protect)) return STATUS_INVALID_PAGE_PROTECTION;
    void* section = nullptr;
    NTSTATUS status =
        ob::reference_handle(SectionHandle, SECTION_MAP_READ, &mm::section_type, KernelMode, &section);
    if (!NT_SUCCESS(status)) return status;
    void* process = nullptr;
    status = ob::reference_handle(ProcessHandle, 0, &ps::process_type, KernelMode, &process);
    if (NT_SUCCESS(status)) {
        status = mm::map_section(*static_cast<mm::Section*>(section), *static_cast<ps::Process*>(process),
                                 BaseAddress, SectionOffset, ViewSize);
        ob::dereference(process);
    }
    ob::dereference(section);
    return status;
}

NTSTATUS NTAPI ZwUnmapViewOfSection(HANDLE ProcessHandle, PVOID BaseAddress) {
    DDI(ZwUnmapViewOfSection, PASSIVE_LEVEL);
    void* process = nullptr;
    const NTSTATUS status = ob::reference_handle(ProcessHandle, 0, &ps::process_type, KernelMode, &process);
    if (!NT_SUCCESS(status)) return status;
    const NTSTATUS result = mm::unmap_section(*static_cast<ps::Process*>(process), BaseAddress);
    ob::dereference(process);
    return result;
}

}  // extern "C"
