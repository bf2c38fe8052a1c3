// IMXF behind a pin: events with times, of the stream's own allocator (MX-001..MX-040, DM-003, DM-006).
#pragma once

#include "portcls/allocator_mxf.h"
#include "portcls/capture_sink.h"
#include "portcls/miniport_stream.h"

namespace portico::portcls {

class MxfStream final : public MiniportStream {
  public:
    // Null without memory.
    static MxfStream* create();

    // IMiniportDMus::NewStream and what follows it; `group` gets the stream's group or null. Errors are the
    // miniport's, or STATUS_INSUFFICIENT_RESOURCES. PASSIVE_LEVEL.
    NTSTATUS open(PMINIPORTDMUS miniport, ULONG pin_id, DMUS_STREAM_TYPE type, PKSDATAFORMAT format,
                  PMASTERCLOCK clock, PSERVICEGROUP* group);

    void destroy() override;
    IUnknown* object() const override { return mxf_.get(); }
    NTSTATUS connect(Capture& capture) override;
    NTSTATUS set_format(PKSDATAFORMAT) override { return STATUS_SUCCESS; }  // an IMXF has no such method
    NTSTATUS set_state(KSSTATE next) override;
    NTSTATUS write(const Outgoing& message, ULONG& written) override;
    bool is_stuck(LONGLONG busy_100ns) override;
    LONGLONG prefetch_100ns() const override { return prefetch_100ns_; }
    bool collect(Capture& capture) override;

  private:
    NTSTATUS put(PDMUS_KERNEL_EVENT event);
    void drop_sink();
    NTSTATUS take_new_stream(PMINIPORTDMUS miniport, PMXF mxf, DMUS_STREAM_TYPE type, ULONGLONG prefetch);

    Held<AllocatorMxf> allocator_;
    Held<IMXF> mxf_;
    Held<ISynthSinkDMus> synth_sink_;
    Held<CaptureSink> sink_;
    LONGLONG prefetch_100ns_ = 0;
    LONGLONG last_due_100ns_ = 0;  // of what was handed down, by the master clock
};

}  // namespace portico::portcls
