// IDmaChannel: a bus master's buffer (DC-001..DC-010, FN-110, FN-111). Methods <= DISPATCH_LEVEL,
// AllocateBuffer and FreeBuffer at PASSIVE_LEVEL; the driver serialises (DC-006).
#pragma once

#include "portcls/com_object.h"

namespace portico::portcls {

class DmaChannel final : public ComObject<IDmaChannel> {
  public:
    // STATUS_NOT_SUPPORTED for a slave channel: no DMA controller is simulated.
    static NTSTATUS create(POOL_TYPE pool, PDEVICE_OBJECT pdo, const DEVICE_DESCRIPTION& description,
                           DmaChannel** out);

    DmaChannel(PDMA_ADAPTER adapter, const DEVICE_DESCRIPTION& description, ULONG map_registers);
    ~DmaChannel();

    PORTICO_IDmaChannel(PORTICO_OVERRIDE)

        private : void* find_interface(const GUID& id) override;
    void destroy() override { unmake(this); }
    void free_buffer();

    PDMA_ADAPTER adapter_;
    std::uint64_t highest_address_;
    ULONG maximum_size_;
    void* buffer_ = nullptr;
    ULONG allocated_size_ = 0;
    ULONG size_ = 0;
};

}  // namespace portico::portcls
