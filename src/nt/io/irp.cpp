// IRPs: allocation and what is known of each.
#include "nt/io/irp.h"

#include <cstring>

#include "nt/ex/pool.h"
#include "nt/io/cells.h"

namespace portico::nt::io {
namespace {

constexpr CCHAR small_stack = 4;
constexpr CCHAR medium_stack = 10;
enum CellKind : std::uint8_t { small_cell, medium_cell, pool_cell };

constexpr std::size_t cell_size(CCHAR stack_size) {
    return sizeof(IrpRecord) + sizeof(IRP) +
           static_cast<std::size_t>(stack_size) * sizeof(IO_STACK_LOCATION) + 16;
}

struct BufferHeader {
    std::uint64_t kind;
    std::uint64_t reserved;
};
constexpr std::size_t buffer_sizes[] = {128, 512, 2048};
constexpr std::uint64_t pool_buffer = ~0ull;

struct Irps {
    Cells cells[2] = {{cell_size(small_stack), 20}, {cell_size(medium_stack), 20}};
    Cells buffers[3] = {{sizeof(BufferHeader) + buffer_sizes[0] + 16, 20},
                        {sizeof(BufferHeader) + buffer_sizes[1] + 16, 20},
                        {sizeof(BufferHeader) + buffer_sizes[2] + 16, 20}};
    IrpRecord* oldest = nullptr;
    IrpRecord* newest = nullptr;
    std::uint32_t generation = 0;
};

Irps irps;

CellKind kind_for(CCHAR stack_size) {
    return stack_size <= small_stack ? small_cell : stack_size <= medium_stack ? medium_cell : pool_cell;
}

void* take_cell(CCHAR stack_size, CellKind kind) {
    if (kind != pool_cell) return irps.cells[kind].take();
    return ex::allocate_internal(NonPagedPool, cell_size(stack_size), ' prI');
}

void link_record(IrpRecord& record) {
    record.newer = nullptr;
    record.older = irps.newest;
    (irps.newest == nullptr ? irps.oldest : irps.newest->newer) = &record;
    irps.newest = &record;
}

void unlink_record(IrpRecord& record) {
    (record.older == nullptr ? irps.oldest : record.older->newer) = record.newer;
    (record.newer == nullptr ? irps.newest : record.newer->older) = record.older;
}

void start_record(IrpRecord& record, CellKind kind, const void* frame) {
    record.frames = nullptr;
    record.issuer = nullptr;
    record.abandoned = false;
    record.system_buffer = nullptr;
    record.pended[0] = record.pended[1] = 0;
    record.generation = ++irps.generation;
    record.state = IrpState::live;
    record.passed_top = record.kept = record.woke_system = false;
    record.cell_kind = kind;
    record.system_made = frame == nullptr;
    if (frame == nullptr) {
        capture_origin(record.made);
    } else {
        capture_origin(record.made, frame);
    }
    record.completed.frames[0] = 0;
    link_record(record);
}

void clear_irp(PIRP irp, USHORT size, CCHAR stack_size) {
    std::memset(irp, 0, size);
    irp->Type = IO_TYPE_IRP;
    irp->Size = size;
    irp->StackCount = stack_size;
    irp->CurrentLocation = static_cast<CHAR>(stack_size + 1);
    InitializeListHead(&irp->ThreadListEntry);
    irp->Tail.Overlay.CurrentStackLocation = reinterpret_cast<PIO_STACK_LOCATION>(irp + 1) + stack_size;
}

USHORT packet_size(CCHAR stack_size) {
    return static_cast<USHORT>(IoSizeOfIrp(stack_size));
}

}  // namespace

void reset_irps() {
    for (Cells& cells : irps.cells) cells.reset();
    for (Cells& cells : irps.buffers) cells.reset();
    irps.oldest = irps.newest = nullptr;
    irps.generation = 0;
}

IrpRecord* find_record(PIRP irp) {
    for (IrpRecord* record = irps.newest; record != nullptr; record = record->older) {
        if (record->irp() == irp) return record;
    }
    return nullptr;
}

PIRP allocate_irp(CCHAR stack_size, const void* frame) {
    if (stack_size <= 0) return nullptr;
    const CellKind kind = kind_for(stack_size);
    auto* const record = static_cast<IrpRecord*>(take_cell(stack_size, kind));
    if (record == nullptr) return nullptr;
    start_record(*record, kind, frame);
    PIRP const irp = record->irp();
    clear_irp(irp, packet_size(stack_size), stack_size);
    irp->AllocationFlags = IRP_ALLOCATED_FIXED_SIZE;
    return irp;
}

void free_irp(PIRP irp) {
    IrpRecord* record = record_of(irp);
    if (record == nullptr) record = find_record(irp);
    if (record == nullptr) return;  // the driver's own memory: IoFreeIrp has nothing to free
    if (record->state == IrpState::free) {
        PORTICO_PROBE(irp, IrpFault::completed_twice, irp);
        return;
    }
    free_system_buffer(irp);
    for (CallFrame* frame = record->frames; frame != nullptr; frame = frame->outer) frame->gone = true;
    unlink_record(*record);
    record->state = IrpState::free;
    irp->Type = 0;
    if (record->cell_kind == pool_cell) {
        ex::free(record, 0);
    } else {
        irps.cells[record->cell_kind].give(record);
    }
}

namespace {

// Not the driver's that frees it: Portico made it, or a dispatch routine was given it and has not completed
// it.
bool is_somebody_elses(const IrpRecord& record) {
    if (record.system_made || record.kept) return true;
    for (const CallFrame* frame = record.frames; frame != nullptr; frame = frame->outer) {
        if (!frame->completed) return true;
    }
    return false;
}

}  // namespace

void free_irp_of_driver(PIRP irp) {
    const IrpRecord* record = record_of(irp);
    if (record == nullptr) record = find_record(irp);
    if (record == nullptr || record->state == IrpState::free || !is_somebody_elses(*record))
        return free_irp(irp);
    PORTICO_PROBE(irp, IrpFault::freed_unowned, irp);
    if (record->state == IrpState::live) complete(irp, STATUS_UNSUCCESSFUL, 0);
}

void initialize_irp(PIRP irp, USHORT size, CCHAR stack_size) {
    IrpRecord* const record = find_record(irp);
    clear_irp(irp, size, stack_size);
    if (record == nullptr) return;
    irp->AllocationFlags = IRP_ALLOCATED_FIXED_SIZE;
    record->passed_top = false;
    record->state = IrpState::live;
}

void reuse_irp(PIRP irp, NTSTATUS status) {
    IrpRecord* const record = record_of(irp);
    const UCHAR flags = irp->AllocationFlags;
    if (record != nullptr) {
        record->passed_top = false;
        record->pended[0] = record->pended[1] = 0;
        record->issuer = nullptr;
    }
    clear_irp(irp, packet_size(irp->StackCount), irp->StackCount);
    irp->AllocationFlags = flags;
    irp->IoStatus.Status = status;
}

bool allocate_system_buffer(PIRP irp, ULONG size, ULONG output_limit) {
    IrpRecord* const record = record_of(irp);
    std::uint64_t kind = 0;
    while (kind < 3 && size > buffer_sizes[kind]) ++kind;
    void* const memory = kind < 3 ? irps.buffers[kind].take()
                                  : ex::allocate_internal(NonPagedPool, size + sizeof(BufferHeader), 'sysI');
    if (memory == nullptr) return false;
    auto* const header = static_cast<BufferHeader*>(memory);
    header->kind = kind < 3 ? kind : pool_buffer;
    record->system_buffer = header + 1;
    record->output_limit = output_limit;
    irp->AssociatedIrp.SystemBuffer = header + 1;
    return true;
}

void free_system_buffer(PIRP irp) {
    IrpRecord* const record = record_of(irp);
    if (record == nullptr || record->system_buffer == nullptr) return;
    void* const buffer = record->system_buffer;
    record->system_buffer = nullptr;
    release_system_buffer(buffer);
}

void release_system_buffer(void* buffer) {
    auto* const header = static_cast<BufferHeader*>(buffer) - 1;
    if (header->kind < 3) {
        irps.buffers[header->kind].give(header);
    } else {
        ex::free(header, 0);
    }
}

void queue_to_current_thread(PIRP irp) {
    KTHREAD* const thread = ke::current_thread();
    irp->Tail.Overlay.Thread = reinterpret_cast<PETHREAD>(thread);
    if (IrpRecord* const record = record_of(irp)) record->issuer = thread;
}

void for_each_irp(void (*visit)(IrpRecord& record, void* context), void* context) {
    for (IrpRecord* record = irps.oldest; record != nullptr;) {
        IrpRecord* const next = record->newer;
        visit(*record, context);
        record = next;
    }
}

IrpRecord* find_irp(bool (*matches)(const IrpRecord& record, const void* context), const void* context) {
    for (IrpRecord* record = irps.oldest; record != nullptr; record = record->newer) {
        if (matches(*record, context)) return record;
    }
    return nullptr;
}

}  // namespace portico::nt::io

using namespace portico::nt;

namespace {

// A low-resources test may refuse what a driver asks for.
PIRP allocate(CCHAR stack_size, BOOLEAN charge_quota, const void* frame) {
    if (ex::refuse_allocation != nullptr && ex::refuse_allocation(IoSizeOfIrp(stack_size), ' prI'))
        return nullptr;
    PIRP const irp = io::allocate_irp(stack_size, frame);
    if (irp != nullptr && charge_quota != FALSE)
        irp->AllocationFlags |= IRP_QUOTA_CHARGED | IRP_LOOKASIDE_ALLOCATION;
    return irp;
}

}  // namespace

extern "C" {

PIRP NTAPI IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota) {
    DDI(IoAllocateIrp, DISPATCH_LEVEL);
    return allocate(StackSize, ChargeQuota, __builtin_frame_address(0));
}

PIRP NTAPI IoAllocateIrpEx(PDEVICE_OBJECT, CCHAR StackSize, BOOLEAN ChargeQuota) {
    DDI(IoAllocateIrpEx, DISPATCH_LEVEL);
    return allocate(StackSize, ChargeQuota, __builtin_frame_address(0));
}

VOID NTAPI IoFreeIrp(PIRP Irp) {
    DDI(IoFreeIrp, DISPATCH_LEVEL);
    io::free_irp_of_driver(Irp);
}

VOID NTAPI IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize) {
    DDI(IoInitializeIrp, DISPATCH_LEVEL);
    io::initialize_irp(Irp, PacketSize, StackSize);
}

VOID NTAPI IoInitializeIrpEx(PIRP Irp, PDEVICE_OBJECT, USHORT PacketSize, CCHAR StackSize) {
    DDI(IoInitializeIrpEx, DISPATCH_LEVEL);
    io::initialize_irp(Irp, PacketSize, StackSize);
}

VOID NTAPI IoReuseIrp(PIRP Irp, NTSTATUS Status) {
    DDI(IoReuseIrp, DISPATCH_LEVEL);
    io::reuse_irp(Irp, Status);
}

}  // extern "C"
