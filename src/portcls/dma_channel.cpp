#include "portcls/dma_channel.h"

#include <algorithm>
#include <cstring>

#include "nt/io/dma.h"
#include "nt/ke/ke.h"
#include "nt/mm/mm.h"
#include "nt/probes.h"
#include "portcls/adapter.h"
#include "portcls/new_object.h"
#include "sim/dma.h"
#include "sim/processor.h"

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

template <class Channel>
NTSTATUS create(POOL_TYPE pool, const char* kind, PDEVICE_OBJECT pdo, const DEVICE_DESCRIPTION& description,
                Channel** out) {
    *out = nullptr;
    if ((pool & PagedPool) != 0) {
        PORTICO_PROBE(contract, "FN-111", pdo, "A DMA channel was asked for in paged pool.");
        return STATUS_INVALID_PARAMETER;
    }
    ULONG map_registers = 0;
    PDMA_ADAPTER const adapter = nt::io::get_dma_adapter(pdo, description, &map_registers, nullptr);
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    *out = make_object<Channel>(pool, kind, adapter, description, map_registers);
    if (*out != nullptr) return STATUS_SUCCESS;
    adapter->DmaOperations->PutDmaAdapter(adapter);
    return STATUS_INSUFFICIENT_RESOURCES;
}

}  // namespace

// ---- the buffer ----

DmaBuffer::DmaBuffer(PDMA_ADAPTER adapter, const DEVICE_DESCRIPTION& description, ULONG map_registers)
    : adapter_(adapter),
      highest_address_(highest_address(description)),
      maximum_size_(
          std::min<ULONG>(description.MaximumLength != 0 ? description.MaximumLength : default_maximum_size,
                          map_registers * PAGE_SIZE)) {}

DmaBuffer::~DmaBuffer() {
    release_buffer();  // DC-006
    adapter_->DmaOperations->PutDmaAdapter(adapter_);
}

void DmaBuffer::release_buffer() {
    if (buffer_ != nullptr) nt::mm::free_contiguous(std::exchange(buffer_, nullptr));
    allocated_ = size_ = 0;
}

NTSTATUS DmaBuffer::allocate_buffer(ULONG size, const PHYSICAL_ADDRESS* constraint) {
    DDI_METHOD("IDmaChannel::AllocateBuffer", PASSIVE_LEVEL);
    if (buffer_ != nullptr) {
        PORTICO_PROBE(contract, "DC-003", this,
                      "IDmaChannel::AllocateBuffer was called again without FreeBuffer.");
        return STATUS_UNSUCCESSFUL;
    }
    if (size == 0 || size > maximum_size_) return STATUS_INVALID_PARAMETER;
    buffer_ = nt::mm::allocate_contiguous({size, 0, highest_address_, boundary_of(constraint)}, nullptr);
    if (buffer_ == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    allocated_ = size_ = size;
    return STATUS_SUCCESS;
}

void DmaBuffer::free_buffer() {
    DDI_METHOD("IDmaChannel::FreeBuffer", PASSIVE_LEVEL);
    release_buffer();
}

ULONG DmaBuffer::maximum_size() const {
    DDI_METHOD("IDmaChannel::MaximumBufferSize", DISPATCH_LEVEL);
    return maximum_size_;
}

ULONG DmaBuffer::allocated_size() const {
    DDI_METHOD("IDmaChannel::AllocatedBufferSize", DISPATCH_LEVEL);
    return allocated_;
}

ULONG DmaBuffer::buffer_size() const {
    DDI_METHOD("IDmaChannel::BufferSize", DISPATCH_LEVEL);
    return size_;
}

void DmaBuffer::set_buffer_size(ULONG size) {
    DDI_METHOD("IDmaChannel::SetBufferSize", DISPATCH_LEVEL);
    size_ = size;
}

void* DmaBuffer::system_address() const {
    DDI_METHOD("IDmaChannel::SystemAddress", DISPATCH_LEVEL);
    return buffer_;
}

void DmaBuffer::physical_address(PHYSICAL_ADDRESS& result) const {
    DDI_METHOD("IDmaChannel::PhysicalAddress", DISPATCH_LEVEL);
    result.QuadPart = static_cast<LONGLONG>(physical());
}

std::uint64_t DmaBuffer::physical() const {
    return buffer_ == nullptr ? 0 : nt::mm::physical_of(buffer_);
}

PADAPTER_OBJECT DmaBuffer::adapter_object() const {
    DDI_METHOD("IDmaChannel::GetAdapterObject", DISPATCH_LEVEL);
    return reinterpret_cast<PADAPTER_OBJECT>(adapter_);
}

void DmaBuffer::copy_to(void* destination, const void* source, ULONG count) {
    DDI_METHOD("IDmaChannel::CopyTo", DISPATCH_LEVEL);
    std::memcpy(destination, source, count);
}

void DmaBuffer::copy_from(void* destination, const void* source, ULONG count) {
    DDI_METHOD("IDmaChannel::CopyFrom", DISPATCH_LEVEL);
    std::memcpy(destination, source, count);
}

// ---- a bus master ----

void* DmaChannel::find_interface(const GUID& id) {
    return is_unknown_iid(id) || IsEqualGUID(id, IID_IDmaChannel) ? static_cast<IDmaChannel*>(this) : nullptr;
}

// A bus master counts for itself: what it may transfer is the buffer.
ULONG DmaChannel::TransferCount() {
    DDI_METHOD("IDmaChannel::TransferCount", DISPATCH_LEVEL);
    return size_;
}

// ---- a channel of the system's controller ----

void* DmaChannelSlave::find_interface(const GUID& id) {
    const bool known =
        is_unknown_iid(id) || IsEqualGUID(id, IID_IDmaChannel) || IsEqualGUID(id, IID_IDmaChannelSlave);
    return known ? static_cast<IDmaChannelSlave*>(this) : nullptr;
}

ULONG DmaChannelSlave::TransferCount() {
    DDI_METHOD("IDmaChannelSlave::TransferCount", DISPATCH_LEVEL);
    return map_size_;
}

void DmaChannelSlave::FreeBuffer() {
    if (map_size_ != 0) {
        PORTICO_PROBE(contract, "DC-007", this,
                      "IDmaChannel::FreeBuffer was called while the channel is started.");
        stop();
    }
    free_buffer();
}

void DmaChannelSlave::stop() {
    if (std::exchange(map_size_, 0) != 0) sim::dma.stop(channel_);
}

NTSTATUS DmaChannelSlave::Start(ULONG map_size, BOOLEAN to_device) {
    DDI_METHOD("IDmaChannelSlave::Start", PASSIVE_LEVEL);
    if (map_size_ != 0) {
        PORTICO_PROBE(contract, "DC-007", this, "IDmaChannelSlave::Start was called on a started channel.");
        return STATUS_UNSUCCESSFUL;
    }
    if (map_size == 0 || map_size > allocated_) {
        PORTICO_PROBE(contract, "DC-007", this,
                      "IDmaChannelSlave::Start was given no bytes, or more than the buffer has.");
        return STATUS_INVALID_PARAMETER;
    }
    if (sim::dma.started(channel_)) return STATUS_UNSUCCESSFUL;  // somebody else's transfer
    map_size_ = map_size;
    sim::dma.start(channel_, {physical(), map_size, to_device != FALSE, true});
    return STATUS_SUCCESS;
}

NTSTATUS DmaChannelSlave::Stop() {
    DDI_METHOD("IDmaChannelSlave::Stop", PASSIVE_LEVEL);
    stop();
    return STATUS_SUCCESS;
}

ULONG DmaChannelSlave::ReadCounter() {
    DDI_METHOD("IDmaChannelSlave::ReadCounter", DISPATCH_LEVEL);
    return map_size_ == 0 ? 0 : sim::dma.remaining(channel_, sim::this_processor->at_ns);
}

// A stopped channel has nothing to wait for.
NTSTATUS DmaChannelSlave::WaitForTC(ULONG timeout_us) {
    DDI_METHOD("IDmaChannelSlave::WaitForTC", PASSIVE_LEVEL);
    if (map_size_ == 0) return STATUS_SUCCESS;
    constexpr ULONG step_us = 10;
    for (ULONG waited_us = 0;; waited_us += step_us) {
        if (sim::dma.take_terminal_count(channel_, sim::this_processor->at_ns)) return STATUS_SUCCESS;
        if (waited_us + step_us > timeout_us) return STATUS_UNSUCCESSFUL;
        nt::ke::stall(step_us * microsecond_ns);
    }
}

// ---- making them ----

NTSTATUS new_dma_channel(POOL_TYPE pool, PDEVICE_OBJECT pdo, const DEVICE_DESCRIPTION& description,
                         PDMACHANNEL* out) {
    DmaChannel* channel;
    const NTSTATUS status = create(pool, "IDmaChannel", pdo, description, &channel);
    *out = channel;
    return status;
}

NTSTATUS new_slave_dma_channel(POOL_TYPE pool, PDEVICE_OBJECT pdo, const DEVICE_DESCRIPTION& description,
                               PDMACHANNELSLAVE* out) {
    DmaChannelSlave* channel;
    const NTSTATUS status = create(pool, "IDmaChannelSlave", pdo, description, &channel);
    *out = channel;
    return status;
}

DEVICE_DESCRIPTION master_description(ULONG maximum_length, BOOLEAN addresses_32, BOOLEAN addresses_64) {
    DEVICE_DESCRIPTION description{};
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.Master = TRUE;
    description.Dma32BitAddresses = addresses_32;
    description.Dma64BitAddresses = addresses_64;
    description.InterfaceType = PCIBus;
    description.MaximumLength = maximum_length;
    return description;
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
    if (DeviceDescription->Master != FALSE)
        return new_dma_channel(PoolType, adapter->pdo, *DeviceDescription, OutDmaChannel);
    PDMACHANNELSLAVE slave;
    const NTSTATUS status = new_slave_dma_channel(PoolType, adapter->pdo, *DeviceDescription, &slave);
    *OutDmaChannel = slave;
    return status;
}
