// DMA adapters. A bus master reaches all of the simulated memory, so no transfer needs a bounce buffer; what
// a transfer may cover at a time is what lies together in physical memory.
#include "nt/io/dma.h"

#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/ke/ke.h"
#include "nt/mm/mdl.h"
#include "sim/dma.h"
#include "sim/processor.h"

struct _ADAPTER_OBJECT {
    DMA_ADAPTER adapter;  // what the driver sees
    DEVICE_DESCRIPTION description;
    ULONG map_registers;
    bool busy;           // a driver keeps the channel
    LIST_ENTRY waiting;  // WAIT_CONTEXT_BLOCKs of devices, in order
};

namespace portico::nt::io {
namespace {

using Adapter = _ADAPTER_OBJECT;

Adapter& of(PDMA_ADAPTER adapter) {
    return *CONTAINING_RECORD(adapter, Adapter, adapter);
}

char* mdl_address(PMDL mdl) {
    return static_cast<char*>(mdl->StartVa) + mdl->ByteOffset;
}

// How many bytes from `address` lie one after the other in physical memory, at most `length`.
ULONG contiguous(const char* address, ULONG length) {
    const std::uint64_t begin = mm::physical_of(address);
    ULONG run = PAGE_SIZE - BYTE_OFFSET(const_cast<char*>(address));
    while (run < length && mm::physical_of(address + run) == begin + run) run += PAGE_SIZE;
    return run < length ? run : length;
}

// ---- operations ----

VOID NTAPI put_adapter(PDMA_ADAPTER adapter) {
    DDI_METHOD("DMA_OPERATIONS::PutDmaAdapter", PASSIVE_LEVEL);
    ex::free(&of(adapter), 0, __builtin_frame_address(0));
}

PVOID NTAPI allocate_common_buffer(PDMA_ADAPTER adapter, ULONG length, PPHYSICAL_ADDRESS logical, BOOLEAN) {
    DDI_METHOD("DMA_OPERATIONS::AllocateCommonBuffer", PASSIVE_LEVEL);
    mm::ContiguousRequest request{};
    request.size = length;
    const DEVICE_DESCRIPTION& description = of(adapter).description;
    if (!description.Dma64BitAddresses)
        request.highest = description.Dma32BitAddresses ? 0xFFFFFFFFull : 0xFFFFFFull;
    void* const buffer = mm::allocate_contiguous(request, __builtin_frame_address(0));
    if (buffer != nullptr) logical->QuadPart = static_cast<LONGLONG>(mm::physical_of(buffer));
    return buffer;
}

VOID NTAPI free_common_buffer(PDMA_ADAPTER, ULONG, PHYSICAL_ADDRESS, PVOID address, BOOLEAN) {
    DDI_METHOD("DMA_OPERATIONS::FreeCommonBuffer", PASSIVE_LEVEL);
    mm::free_contiguous(address);
}

void stop_channel(Adapter& adapter) {
    sim::dma.stop(adapter.description.DmaChannel);
}

void grant(Adapter& adapter, PDEVICE_OBJECT device, const WAIT_CONTEXT_BLOCK& wait) {
    adapter.busy = true;
    IO_ALLOCATION_ACTION action;
    {
        DriverCall call("AdapterControl", reinterpret_cast<const void*>(wait.DeviceRoutine));
        action = call.returned(wait.DeviceRoutine(device, device->CurrentIrp, &adapter, wait.DeviceContext));
    }
    if (action != KeepObject) adapter.busy = false;
}

void grant_next(Adapter& adapter) {
    while (!adapter.busy && !IsListEmpty(&adapter.waiting)) {
        auto* const wait =
            CONTAINING_RECORD(RemoveHeadList(&adapter.waiting), WAIT_CONTEXT_BLOCK, DmaWaitEntry);
        grant(adapter, static_cast<PDEVICE_OBJECT>(wait->DeviceObject), *wait);
    }
}

NTSTATUS NTAPI allocate_channel(PDMA_ADAPTER given, PDEVICE_OBJECT device, ULONG registers,
                                PDRIVER_CONTROL routine, PVOID context) {
    DDI_METHOD("DMA_OPERATIONS::AllocateAdapterChannel", DISPATCH_LEVEL);
    Adapter& adapter = of(given);
    if (registers > adapter.map_registers) return STATUS_INSUFFICIENT_RESOURCES;
    WAIT_CONTEXT_BLOCK& wait = device->Queue.Wcb;
    wait.DeviceRoutine = routine;
    wait.DeviceContext = context;
    wait.DeviceObject = device;
    wait.NumberOfMapRegisters = registers;
    if (adapter.busy) {
        InsertTailList(&adapter.waiting, &wait.DmaWaitEntry);
        return STATUS_SUCCESS;
    }
    grant(adapter, device, wait);
    grant_next(adapter);
    return STATUS_SUCCESS;
}

bool is_slave(const Adapter& adapter) {
    return adapter.description.Master == FALSE;
}

// What the device has not moved by now it will not move any more.
BOOLEAN NTAPI flush_buffers(PDMA_ADAPTER adapter, PMDL, PVOID, PVOID, ULONG, BOOLEAN) {
    DDI_METHOD("DMA_OPERATIONS::FlushAdapterBuffers", DISPATCH_LEVEL);
    if (is_slave(of(adapter))) stop_channel(of(adapter));
    return TRUE;
}

VOID NTAPI free_channel(PDMA_ADAPTER adapter) {
    DDI_METHOD("DMA_OPERATIONS::FreeAdapterChannel", DISPATCH_LEVEL);
    if (is_slave(of(adapter))) stop_channel(of(adapter));
    of(adapter).busy = false;
    grant_next(of(adapter));
}

VOID NTAPI free_map_registers(PDMA_ADAPTER, PVOID, ULONG) {
    DDI_METHOD("DMA_OPERATIONS::FreeMapRegisters", DISPATCH_LEVEL);
}

// A method that returns an 8-byte structure has Microsoft's hidden pointer only in C++ classes; this is a C
// function.
PHYSICAL_ADDRESS NTAPI map_transfer(PDMA_ADAPTER adapter, PMDL, PVOID, PVOID address, PULONG length,
                                    BOOLEAN to_device) {
    DDI_METHOD("DMA_OPERATIONS::MapTransfer", DISPATCH_LEVEL);
    *length = contiguous(static_cast<char*>(address), *length);
    const std::uint64_t begin = mm::physical_of(address);
    const DEVICE_DESCRIPTION& description = of(adapter).description;
    if (is_slave(of(adapter))) {
        sim::dma.start(description.DmaChannel,
                       {begin, *length, to_device != FALSE, description.AutoInitialize != FALSE});
    }
    PHYSICAL_ADDRESS physical;
    physical.QuadPart = static_cast<LONGLONG>(begin);
    return physical;
}

ULONG NTAPI get_alignment(PDMA_ADAPTER) {
    DDI_METHOD("DMA_OPERATIONS::GetDmaAlignment", PASSIVE_LEVEL);
    return 1;
}

ULONG NTAPI read_counter(PDMA_ADAPTER adapter) {
    DDI_METHOD("DMA_OPERATIONS::ReadDmaCounter", DISPATCH_LEVEL);
    if (!is_slave(of(adapter))) return 0;
    return sim::dma.remaining(of(adapter).description.DmaChannel, sim::this_processor->at_ns);
}

// ---- scatter/gather ----

std::size_t list_size(ULONG elements) {
    return sizeof(SCATTER_GATHER_LIST) + elements * sizeof(SCATTER_GATHER_ELEMENT);
}

// Calls `element` for each run of the transfer, of a chain that ends; false: the MDL chain is shorter than
// that.
template <class Element>
bool for_each_run(PMDL mdl, const char* address, ULONG length, Element&& element) {
    while (length != 0 && mdl != nullptr) {
        const char* const end = mdl_address(mdl) + mdl->ByteCount;
        ULONG here = static_cast<ULONG>(end - address) < length ? static_cast<ULONG>(end - address) : length;
        length -= here;
        while (here != 0) {
            const ULONG run = contiguous(address, here);
            element(mm::physical_of(address), run);
            address += run;
            here -= run;
        }
        mdl = mdl->Next;
        if (mdl != nullptr) address = mdl_address(mdl);
    }
    return length == 0;
}

ULONG count_runs(PMDL mdl, const void* address, ULONG length, bool* complete) {
    ULONG count = 0;
    *complete = mm::chain_ends(mdl) && for_each_run(mdl, static_cast<const char*>(address), length,
                                                    [&](std::uint64_t, ULONG) { ++count; });
    return count;
}

void fill_list(PSCATTER_GATHER_LIST list, PMDL mdl, const void* address, ULONG length) {
    list->NumberOfElements = 0;
    list->Reserved = 0;
    for_each_run(mdl, static_cast<const char*>(address), length, [&](std::uint64_t physical, ULONG run) {
        SCATTER_GATHER_ELEMENT& element = list->Elements[list->NumberOfElements++];
        element.Address.QuadPart = static_cast<LONGLONG>(physical);
        element.Length = run;
        element.Reserved = 0;
    });
}

void hand_over(PDEVICE_OBJECT device, PDRIVER_LIST_CONTROL routine, PSCATTER_GATHER_LIST list,
               void* context) {
    DriverCall call("AdapterListControl", reinterpret_cast<const void*>(routine));
    routine(device, device->CurrentIrp, list, context);
}

NTSTATUS NTAPI get_list(PDMA_ADAPTER, PDEVICE_OBJECT device, PMDL mdl, PVOID address, ULONG length,
                        PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN) {
    DDI_METHOD("DMA_OPERATIONS::GetScatterGatherList", DISPATCH_LEVEL);
    bool complete = false;
    const ULONG runs = count_runs(mdl, address, length, &complete);
    if (!complete) return STATUS_BUFFER_TOO_SMALL;
    auto* const list = static_cast<PSCATTER_GATHER_LIST>(
        ex::allocate(NonPagedPool, list_size(runs), 'LGS ', __builtin_frame_address(0)));
    if (list == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    fill_list(list, mdl, address, length);
    hand_over(device, routine, list, context);
    return STATUS_SUCCESS;
}

VOID NTAPI put_list(PDMA_ADAPTER, PSCATTER_GATHER_LIST list, BOOLEAN) {
    DDI_METHOD("DMA_OPERATIONS::PutScatterGatherList", DISPATCH_LEVEL);
    // One that BuildScatterGatherList filled lies in the driver's own buffer.
    if (list->Reserved == 0) ex::free(list, 0, __builtin_frame_address(0));
}

NTSTATUS NTAPI calculate_list(PDMA_ADAPTER, PMDL mdl, PVOID address, ULONG length, PULONG size,
                              PULONG registers) {
    DDI_METHOD("DMA_OPERATIONS::CalculateScatterGatherList", DISPATCH_LEVEL);
    const ULONG pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, length);
    ULONG mdls = 0;
    if (!mm::chain_ends(mdl)) return STATUS_INVALID_PARAMETER;
    for (PMDL m = mdl; m != nullptr; m = m->Next) ++mdls;
    *size = static_cast<ULONG>(list_size(pages + mdls));
    if (registers != nullptr) *registers = pages;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI build_list(PDMA_ADAPTER, PDEVICE_OBJECT device, PMDL mdl, PVOID address, ULONG length,
                          PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN, PVOID buffer, ULONG size) {
    DDI_METHOD("DMA_OPERATIONS::BuildScatterGatherList", DISPATCH_LEVEL);
    bool complete = false;
    const ULONG runs = count_runs(mdl, address, length, &complete);
    if (!complete || list_size(runs) > size) return STATUS_BUFFER_TOO_SMALL;
    auto* const list = static_cast<PSCATTER_GATHER_LIST>(buffer);
    fill_list(list, mdl, address, length);
    list->Reserved = 1;
    hand_over(device, routine, list, context);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI build_mdl(PDMA_ADAPTER, PSCATTER_GATHER_LIST, PMDL original, PMDL* target) {
    DDI_METHOD("DMA_OPERATIONS::BuildMdlFromScatterGatherList", DISPATCH_LEVEL);
    *target = original;
    return STATUS_SUCCESS;
}

constexpr DMA_OPERATIONS operations{sizeof(DMA_OPERATIONS),
                                    put_adapter,
                                    allocate_common_buffer,
                                    free_common_buffer,
                                    allocate_channel,
                                    flush_buffers,
                                    free_channel,
                                    free_map_registers,
                                    map_transfer,
                                    get_alignment,
                                    read_counter,
                                    get_list,
                                    put_list,
                                    calculate_list,
                                    build_list,
                                    build_mdl};

// A system controller has eight channels, one of which joins the two halves.
bool description_valid(const DEVICE_DESCRIPTION& description) {
    if (description.Version > DEVICE_DESCRIPTION_VERSION2) return false;
    return description.Master != FALSE || (description.DmaChannel < 8 && description.DmaChannel != 4);
}

}  // namespace

PDMA_ADAPTER get_dma_adapter(PDEVICE_OBJECT, const DEVICE_DESCRIPTION& description, ULONG* map_registers,
                             const void* frame) {
    if (!description_valid(description)) return nullptr;
    constexpr ULONG registers_most = 256;
    void* const memory =
        frame == nullptr
            ? ex::allocate_internal(NonPagedPool, sizeof(Adapter) + sizeof(DMA_OPERATIONS), 'apdA')
            : ex::allocate(NonPagedPool, sizeof(Adapter) + sizeof(DMA_OPERATIONS), 'apdA', frame);
    if (memory == nullptr) return nullptr;
    auto& adapter = *static_cast<Adapter*>(memory);
    adapter = Adapter{};
    // The table lies beside the adapter: its address is the same in every run.
    auto* const table = reinterpret_cast<PDMA_OPERATIONS>(&adapter + 1);
    *table = operations;
    adapter.adapter = {1, sizeof(DMA_ADAPTER), table};
    adapter.description = description;
    InitializeListHead(&adapter.waiting);
    const ULONG wanted = description.MaximumLength / PAGE_SIZE + 1;
    adapter.map_registers = wanted < registers_most ? wanted : registers_most;
    *map_registers = adapter.map_registers;
    return &adapter.adapter;
}

}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

PDMA_ADAPTER NTAPI IoGetDmaAdapter(PDEVICE_OBJECT PhysicalDeviceObject, PDEVICE_DESCRIPTION DeviceDescription,
                                   PULONG NumberOfMapRegisters) {
    DDI(IoGetDmaAdapter, PASSIVE_LEVEL);
    return io::get_dma_adapter(PhysicalDeviceObject, *DeviceDescription, NumberOfMapRegisters,
                               __builtin_frame_address(0));
}

PADAPTER_OBJECT NTAPI HalGetAdapter(PDEVICE_DESCRIPTION DeviceDescription, PULONG NumberOfMapRegisters) {
    DDI(HalGetAdapter, PASSIVE_LEVEL);
    PDMA_ADAPTER const adapter =
        io::get_dma_adapter(nullptr, *DeviceDescription, NumberOfMapRegisters, __builtin_frame_address(0));
    return adapter == nullptr ? nullptr : &io::of(adapter);
}

}  // extern "C"
