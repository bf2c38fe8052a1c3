// What the adapter needs of a port driver, whatever its class: every port answers IID_PorticoSubdevice. Never
// given to a driver. All PASSIVE_LEVEL.
#pragma once

#include "ks/object.h"
#include "portcls.h"

namespace portico::portcls {

class PortCore;

// {6A0C3D52-1F0B-4C1E-9A43-5B1D2B6C7E90}
inline constexpr GUID IID_PorticoSubdevice{
    0x6A0C3D52, 0x1F0B, 0x4C1E, {0x9A, 0x43, 0x5B, 0x1D, 0x2B, 0x6C, 0x7E, 0x90}};

struct ISubdevice : public IUnknown {
    // IRP_MJ_CREATE on the subdevice's reference string. Gives the file's object, which becomes FsContext, or
    // why not; does not complete the IRP. The object ends with its IRP_MJ_CLOSE.
    virtual NTSTATUS NTAPI CreateFilter(PDEVICE_OBJECT device, PIRP irp, ks::Object** out) = 0;

    // The bound miniport's descriptor; null before IPort::Init and after Unbind.
    virtual PPCFILTER_DESCRIPTOR NTAPI Descriptor() = 0;
    virtual PortCore& NTAPI Core() = 0;

    // LC-031, LC-032: going down PauseStreams, PowerNotify; coming up PowerNotify, ResumeStreams.
    virtual void NTAPI PauseStreams() = 0;
    virtual void NTAPI PowerNotify(POWER_STATE state) = 0;
    virtual void NTAPI ResumeStreams() = 0;

    // Streams down to STOP, their IRPs cancelled; requests that come later end with the status (LC-052,
    // LC-054). Again: the status counts from then on.
    virtual void NTAPI StopStreams(NTSTATUS later_requests) = 0;

    // The subdevice is unregistered and no file of it is open: the miniport goes, and with it the cycle of
    // references between port and miniport (LC-057). Again: nothing.
    virtual void NTAPI Unbind() = 0;

    virtual ULONG NTAPI OpenPins() = 0;
};

}  // namespace portico::portcls
