// IRP_MJ_CREATE requests that wait until a pending stop is cancelled or the device is started again (LC-051).
#pragma once

#include <cstdint>

#include "wdm.h"

namespace portico::portcls {

struct AdapterDevice;

class HeldCreates {
  public:
    void initialize() { InitializeListHead(&list_); }
    // Marks the IRP pending and keeps it, or ends it when it was cancelled already; returns STATUS_PENDING.
    // Under the control lock.
    NTSTATUS hold(PIRP irp);
    // Those that are held now are looked at anew. Without the control lock.
    void resume(AdapterDevice& adapter);
    // Under the control lock when a create may not be held afterwards.
    void fail(NTSTATUS status);

  private:
    static void NTAPI cancelled(PDEVICE_OBJECT device, PIRP irp);
    PIRP take();

    LIST_ENTRY list_;
    std::uint64_t count_ = 0;  // that were held since the last of them were taken; some may be cancelled
};

}  // namespace portico::portcls
