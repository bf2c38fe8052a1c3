// A stream of the miniport as its pin sees it: an IMiniportMidiStream or an IMXF (PM-005, MD-009).
#pragma once

#include <cstdint>

#include "portcls.h"

namespace portico::portcls {

class Capture;

// So long a device may take nothing before it is broken, not busy (MS-044, MS-045).
constexpr LONGLONG busy_limit_100ns = 10'000'000;

// A message on its way to the miniport, or a piece of a SysEx.
struct Outgoing {
    const std::uint8_t* bytes;  // readable for 8 bytes past its end (MS-051)
    ULONG size;                 // > 0
    bool whole;                 // exactly one message
    USHORT channel_group;
    LONGLONG due_100ns;  // by the master clock
};

class MiniportStream {
  public:
    MiniportStream(const MiniportStream&) = delete;
    MiniportStream& operator=(const MiniportStream&) = delete;

    // Lets go of the stream and ends itself. PASSIVE_LEVEL.
    virtual void destroy() = 0;
    // The very pointer from NewStream.
    virtual IUnknown* object() const = 0;

    // PASSIVE_LEVEL. Errors are the miniport's.
    //
    // Where what a capture stream receives goes, when it does not wait to be asked (MX-024).
    virtual NTSTATUS connect(Capture&) { return STATUS_SUCCESS; }
    virtual NTSTATUS set_format(PKSDATAFORMAT format) = 0;
    virtual NTSTATUS set_state(KSSTATE next) = 0;

    // DISPATCH_LEVEL. On success `written` of the bytes are taken, at most all; none: come back later. On
    // failure the message is lost.
    virtual NTSTATUS write(const Outgoing& message, ULONG& written) = 0;
    // Nothing has been taken for so long: true, and told, when that is no longer "busy" and the message is to
    // be given up.
    virtual bool is_stuck(LONGLONG busy_100ns) = 0;
    // How long before it is due a message is handed down (MD-006).
    virtual LONGLONG prefetch_100ns() const { return 0; }

    // Has the miniport give `capture` what it received. False: it never said that nothing is left, and was
    // told of. DISPATCH_LEVEL.
    virtual bool collect(Capture& capture) = 0;

  protected:
    MiniportStream() = default;
    ~MiniportStream() = default;
};

}  // namespace portico::portcls
