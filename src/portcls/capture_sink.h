// The end of a DirectMusic capture stream's pipe: the IMXF that the port gives to ConnectOutput. Takes events
// apart into the pin's capture and gives them back to the allocator (DM-006, MX-022, MX-024, MX-038).
#pragma once

#include "portcls/allocator_mxf.h"

namespace portico::portcls {

class Capture;

class CaptureSink final : public ComObject<IMXF> {
  public:
    // `allocator` is the stream's and outlives the sink's last call. Null without memory.
    static CaptureSink* create(Capture& capture, AllocatorMxf& allocator);

    CaptureSink(Capture& capture, AllocatorMxf& allocator) : capture_(&capture) {
        allocator_.hold(&allocator);
    }

    PORTICO_IMXF(PORTICO_OVERRIDE)

    // The pin goes: events that still come are only given back, and told. Waits for a PutMessage that is
    // under way on another processor. IRQL: PASSIVE_LEVEL.
    void detach();

  private:
    void* find_interface(const GUID& id) override;
    void destroy() override;

    NTSTATUS refuse(PDMUS_KERNEL_EVENT event, const char* why);
    void take_chain(const DMUS_KERNEL_EVENT* event, unsigned depth, unsigned& left);
    void take(const DMUS_KERNEL_EVENT& event);

    Capture* capture_;
    unsigned inside_ = 0;  // calls of PutMessage that use it
    Held<AllocatorMxf> allocator_;
};

}  // namespace portico::portcls
