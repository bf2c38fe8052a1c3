// IDmaChannel: a bus master's buffer; IDmaChannelSlave: a transfer over a channel of the system's DMA
// controller (DC-001..DC-010, FN-110, FN-111). Methods <= DISPATCH_LEVEL; AllocateBuffer, FreeBuffer, Start,
// Stop and WaitForTC at PASSIVE_LEVEL; the driver serialises (DC-006).
#pragma once

#include "portcls/com_object.h"

namespace portico::portcls {

// What both kinds of channel have: a DMA adapter and at most one buffer.
class DmaBuffer {
  public:
    DmaBuffer(PDMA_ADAPTER adapter, const DEVICE_DESCRIPTION& description, ULONG map_registers);
    DmaBuffer(const DmaBuffer&) = delete;
    DmaBuffer& operator=(const DmaBuffer&) = delete;

  protected:
    ~DmaBuffer();

    NTSTATUS allocate_buffer(ULONG size, const PHYSICAL_ADDRESS* constraint);
    void free_buffer();
    ULONG maximum_size() const;
    ULONG allocated_size() const;
    ULONG buffer_size() const;
    void set_buffer_size(ULONG size);
    void* system_address() const;
    void physical_address(PHYSICAL_ADDRESS& result) const;
    std::uint64_t physical() const;  // 0: no buffer
    PADAPTER_OBJECT adapter_object() const;
    static void copy_to(void* destination, const void* source, ULONG count);
    static void copy_from(void* destination, const void* source, ULONG count);

    ULONG allocated_ = 0;  // bytes
    ULONG size_ = 0;       // bytes, as SetBufferSize says

  private:
    void release_buffer();

    PDMA_ADAPTER adapter_;
    std::uint64_t highest_address_;
    ULONG maximum_size_;
    void* buffer_ = nullptr;
};

template <class Interface>
class DmaChannelObject : public ComObject<Interface>, public DmaBuffer {
  public:
    using DmaBuffer::DmaBuffer;

    NTSTATUS STDMETHODCALLTYPE AllocateBuffer(ULONG size, PPHYSICAL_ADDRESS constraint) final {
        return allocate_buffer(size, constraint);
    }
    void STDMETHODCALLTYPE FreeBuffer() override { free_buffer(); }
    ULONG STDMETHODCALLTYPE MaximumBufferSize() final { return maximum_size(); }
    ULONG STDMETHODCALLTYPE AllocatedBufferSize() final { return allocated_size(); }
    ULONG STDMETHODCALLTYPE BufferSize() final { return buffer_size(); }
    void STDMETHODCALLTYPE SetBufferSize(ULONG size) final { set_buffer_size(size); }
    PVOID STDMETHODCALLTYPE SystemAddress() final { return system_address(); }
    PHYSICAL_ADDRESS* STDMETHODCALLTYPE PhysicalAddress(PHYSICAL_ADDRESS* result) final {
        return physical_address(*result), result;
    }
    PADAPTER_OBJECT STDMETHODCALLTYPE GetAdapterObject() final { return adapter_object(); }
    void STDMETHODCALLTYPE CopyTo(PVOID destination, PVOID source, ULONG count) final {
        copy_to(destination, source, count);
    }
    void STDMETHODCALLTYPE CopyFrom(PVOID destination, PVOID source, ULONG count) final {
        copy_from(destination, source, count);
    }
};

class DmaChannel final : public DmaChannelObject<IDmaChannel> {
  public:
    using DmaChannelObject::DmaChannelObject;
    ULONG STDMETHODCALLTYPE TransferCount() override;

  private:
    void* find_interface(const GUID& id) override;
    void destroy() override { unmake(this); }
};

// The system's DMA controller moves the buffer's bytes as the device asks for them, again and again until
// Stop (DC-008).
class DmaChannelSlave final : public DmaChannelObject<IDmaChannelSlave> {
  public:
    DmaChannelSlave(PDMA_ADAPTER adapter, const DEVICE_DESCRIPTION& description, ULONG map_registers)
        : DmaChannelObject(adapter, description, map_registers), channel_(description.DmaChannel) {}
    ~DmaChannelSlave() { stop(); }
    ULONG STDMETHODCALLTYPE TransferCount() override;
    void STDMETHODCALLTYPE FreeBuffer() override;
    PORTICO_IDmaChannelSlave(PORTICO_OVERRIDE)

        private : void* find_interface(const GUID& id) override;
    void destroy() override { unmake(this); }

    void stop();

    const unsigned channel_;  // of the controller
    ULONG map_size_ = 0;      // bytes; 0: stopped
};

// One reference for the caller. `description.Master` says which of the two may be made. Errors:
// STATUS_INVALID_PARAMETER for paged pool (FN-111) or no such channel, STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS new_dma_channel(POOL_TYPE pool, PDEVICE_OBJECT pdo, const DEVICE_DESCRIPTION& description,
                         PDMACHANNEL* out);
NTSTATUS new_slave_dma_channel(POOL_TYPE pool, PDEVICE_OBJECT pdo, const DEVICE_DESCRIPTION& description,
                               PDMACHANNELSLAVE* out);

// Of a bus master on PCI.
DEVICE_DESCRIPTION master_description(ULONG maximum_length, BOOLEAN addresses_32, BOOLEAN addresses_64);

}  // namespace portico::portcls
