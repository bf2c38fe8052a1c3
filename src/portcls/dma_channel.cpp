#include "portcls/dma_channel.h"

#include <algorithm>
#include <cstring>

#include "nt/io/dma.h"
#include "nt/mm/mm.h"
#include "nt/probes.h"
#include "portcls/adapter.h"
#include "portcls/new_object.h"

namespace portico::portcls {
namespace {

constexpr ULONG default_maximum_size = 1024 * 1024;  // of a description that names none

std::uint64_t highest_address(const DEVICE_DESCRIPTION& description) {
    if (description.Dma64BitAddresses) return UINT64_MAX;
    return description.Dma32BitAddresses || description.InterfaceType == PCIBus ? 0xFFFFFFFF : 0xFFFFFF;
}

// DC-004: the address bits that are clear in the constraint are the same at the buffer's ends, so the buffer
// lies between two multiples of the lowest of them. 0: no constraint.
std::uint64_t boundary_of(const PHYSICAL_ADDRESS* constraint) {
    if (constraint == nullptr) return 0;
    const auto bits = static_cast<std::uint64_t>(constraint->QuadPart);
    return ~bits & (bits + 1);
}

}  // namespace

DmaChannel::DmaChannel(PDMA_ADAPTER adapter, const DEVICE_DESCRIPTION& description, ULONG map_registers)
    : adapter_(adapter),
      highest_address_(highest_address(description)),
      maximum_size_(
          std::min<ULONG>(description.MaximumLength != 0 ? description.MaximumLength : default_maximum_size,
                          map_registers * PAGE_SIZE)) {}

DmaChannel::~DmaChannel() {
    free_buffer();  // DC-006
    adapter_->DmaOperations->PutDmaAdapter(adapter_);
}

NTSTATUS DmaChannel::create(POOL_TYPE pool, PDEVICE_OBJECT pdo, const DEVICE_DESCRIPTION& description,
                            DmaChannel** out) {
    *out = nullptr;
    if (description.Master == FALSE) return STATUS_NOT_SUPPORTED;
    ULONG map_registers = 0;
    PDMA_ADAPTER const adapter = nt::io::get_dma_adapter(pdo, description, &map_registers, nullptr);
    if (adapter == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    *out = make_object<DmaChannel>(pool, "IDmaChannel", adapter, description, map_registers);
    if (*out != nullptr) return STATUS_SUCCESS;
    adapter->DmaOperations->PutDmaAdapter(adapter);
    return STATUS_INSUFFICIENT_RESOURCES;
}

void* DmaChannel::find_interface(const GUID& id) {
    return is_unknown_iid(id) || IsEqualGUID(id, IID_IDmaChannel) ? static_cast<IDmaChannel*>(this) : nullptr;
}

void DmaChannel::free_buffer() {
    if (buffer_ != nullptr) nt::mm::free_contiguous(std::exchange(buffer_, nullptr));
    allocated_size_ = size_ = 0;
}

NTSTATUS DmaChannel::AllocateBuffer(ULONG size, PPHYSICAL_ADDRESS constraint) {
    DDI_METHOD("IDmaChannel::AllocateBuffer", PASSIVE_LEVEL);
    if (buffer_ != nullptr) {
        PORTICO_PROBE(contract, "DC-003", this,
                      "IDmaChannel::AllocateBuffer was called again without FreeBuffer.");
        return STATUS_UNSUCCESSFUL;
    }
    if (size == 0 || size > maximum_size_) return STATUS_INVALID_PARAMETER;
    buffer_ = nt::mm::allocate_contiguous({size, 0, highest_address_, boundary_of(constraint)}, nullptr);
    if (buffer_ == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    allocated_size_ = size_ = size;
    return STATUS_SUCCESS;
}

void DmaChannel::FreeBuffer() {
    DDI_METHOD("IDmaChannel::FreeBuffer", PASSIVE_LEVEL);
    free_buffer();
}

// A bus master counts for itself: what it may transfer is the buffer.
ULONG DmaChannel::TransferCount() {
    DDI_METHOD("IDmaChannel::TransferCount", DISPATCH_LEVEL);
    return size_;
}

ULONG DmaChannel::MaximumBufferSize() {
    DDI_METHOD("IDmaChannel::MaximumBufferSize", DISPATCH_LEVEL);
    return maximum_size_;
}

ULONG DmaChannel::AllocatedBufferSize() {
    DDI_METHOD("IDmaChannel::AllocatedBufferSize", DISPATCH_LEVEL);
    return allocated_size_;
}

ULONG DmaChannel::BufferSize() {
    DDI_METHOD("IDmaChannel::BufferSize", DISPATCH_LEVEL);
    return size_;
}

void DmaChannel::SetBufferSize(ULONG size) {
    DDI_METHOD("IDmaChannel::SetBufferSize", DISPATCH_LEVEL);
    size_ = size;
}

PVOID DmaChannel::SystemAddress() {
    DDI_METHOD("IDmaChannel::SystemAddress", DISPATCH_LEVEL);
    return buffer_;
}

PHYSICAL_ADDRESS* DmaChannel::PhysicalAddress(PHYSICAL_ADDRESS* result) {
    DDI_METHOD("IDmaChannel::PhysicalAddress", DISPATCH_LEVEL);
    result->QuadPart = buffer_ == nullptr ? 0 : static_cast<LONGLONG>(nt::mm::physical_of(buffer_));
    return result;
}

PADAPTER_OBJECT DmaChannel::GetAdapterObject() {
    DDI_METHOD("IDmaChannel::GetAdapterObject", DISPATCH_LEVEL);
    return reinterpret_cast<PADAPTER_OBJECT>(adapter_);
}

void DmaChannel::CopyTo(PVOID destination, PVOID source, ULONG count) {
    DDI_METHOD("IDmaChannel::CopyTo", DISPATCH_LEVEL);
    std::memcpy(destination, source, count);
}

void DmaChannel::CopyFrom(PVOID destination, PVOID source, ULONG count) {
    DDI_METHOD("IDmaChannel::CopyFrom", DISPATCH_LEVEL);
    std::memcpy(destination, source, count);
}

}  // namespace portico::portcls

NTSTATUS NTAPI PcNewDmaChannel(PDMACHANNEL* OutDmaChannel, PUNKNOWN OuterUnknown, POOL_TYPE PoolType,
                               PDEVICE_DESCRIPTION DeviceDescription, PDEVICE_OBJECT DeviceObject) {
    using namespace portico::portcls;
    DDI(PcNewDmaChannel, PASSIVE_LEVEL);
    if (!new_object_arguments(OutDmaChannel, OuterUnknown)) return STATUS_INVALID_PARAMETER;
    if (DeviceDescription == nullptr) return STATUS_INVALID_PARAMETER;
    const AdapterDevice* const adapter = adapter_argument(
        DeviceObject, "FN-110", "PcNewDmaChannel was given another device object than the adapter's.");
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    if ((PoolType & PagedPool) != 0) {
        PORTICO_PROBE(contract, "FN-111", DeviceObject,
                      "PcNewDmaChannel was asked for an object in paged pool.");
        return STATUS_INVALID_PARAMETER;
    }
    DmaChannel* channel;
    const NTSTATUS status = DmaChannel::create(PoolType, adapter->pdo, *DeviceDescription, &channel);
    *OutDmaChannel = channel;
    return status;
}
