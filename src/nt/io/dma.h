// DMA adapters over simulated memory.
#pragma once

#include "wdm.h"

namespace portico::nt::io {

// IoGetDmaAdapter: null for a description of an unknown version or channel, or when memory is exhausted.
// `frame` of the exported function, whose caller must put the adapter back; null: nobody's leak.
PDMA_ADAPTER get_dma_adapter(PDEVICE_OBJECT pdo, const DEVICE_DESCRIPTION& description, ULONG* map_registers,
                             const void* frame);

}  // namespace portico::nt::io
