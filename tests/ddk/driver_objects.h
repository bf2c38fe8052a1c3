// What the test image hands to the test, and takes from it. Both modes; DriverEntry fills it in.
#pragma once

#include "interface_list.h"

// Values that cross the border in each direction.
struct Crossing {
    LONGLONG physical_address;
    LONG power_state;
    PVOID new_stream_stream;
    ULONG new_stream_pin;
    LONG new_stream_capture;
    PVOID new_stream_group;
    PVOID dmus_prefetch;
    LONG dmus_stream_type;
    ULONG event_id;
    LONG pin_event;
    ULONG node_id;
    ULONGLONG delay;
};

// The objects whose methods the other side calls.
struct Callees {
    IDmaChannel* dma;
    IAdapterPowerManagement* power;
    IMiniportMidi* midi;
    IMiniportDMus* dmus;
    IPortEvents* events;
    IServiceGroup* group;
};

struct UnknownFacts {
    ULONG bytes_not_zero;  // after new: bytes of a zeroed member array that are not 0
    ULONG count_after_create;
    NTSTATUS create_status;
    NTSTATUS query_unknown;
    NTSTATUS query_other;
    PVOID other_pointer;
    ULONG destructions;
    PVOID outer_is_self;
    PVOID outer_is_given;
    NTSTATUS create_without_memory;
    ULONG resurrected_destructions;
};

struct DriverObjects {
    const char** last_method;
    PVOID recorders[interface_count];
    Callees callees;
    void(NTAPI* call)(const Callees* callees);
    Crossing* crossing;  // filled by the driver's callees
    void(NTAPI* use_unknown)(UnknownFacts* facts, PUNKNOWN other);
    PVOID(NTAPI* allocate)(ULONG form);
    void(NTAPI* release)(PVOID memory, ULONG form);
    ULONG(NTAPI* big_frame)(ULONG seed);
    const GUID*(NTAPI* guid)(ULONG index);
};

// Arguments of every call in `Callees`, by either side.
const LONGLONG kPhysicalAddress = 0x123456789ALL;
const ULONG kEventId = 7;
const ULONG kNodeId = 99;
const ULONGLONG kDelay = 0xFFFFFFFFFFFF0000ULL;

inline void call_everything(const Callees* callees, Crossing* out) {
#ifdef PORTICO_HOST
    PHYSICAL_ADDRESS address;
    out->physical_address = callees->dma->PhysicalAddress(&address)->QuadPart;
#else
    out->physical_address = callees->dma->PhysicalAddress().QuadPart;
#endif
    POWER_STATE state;
    state.DeviceState = PowerDeviceD2;
    callees->power->PowerChangeState(state);
    PMINIPORTMIDISTREAM* stream = (PMINIPORTMIDISTREAM*)0x1111;
    PSERVICEGROUP* group = (PSERVICEGROUP*)0x2222;
    callees->midi->NewStream(stream, NULL, NonPagedPool, 3, TRUE, NULL, group);
    callees->dmus->NewStream(NULL, NULL, NonPagedPool, 1, DMUS_STREAM_MIDI_CAPTURE, NULL, NULL, NULL, NULL,
                             (PULONGLONG)0x3333);
    callees->events->GenerateEventList(NULL, kEventId, TRUE, 5, FALSE, kNodeId);
    callees->group->RequestDelayedService(kDelay);
}

// Callees that write down what reaches them.
extern Crossing* crossing;

class CrossingDma : public Recorder<IDmaChannel> {
  public:
#ifdef PORTICO_HOST
    STDMETHODIMP_(PHYSICAL_ADDRESS*) PhysicalAddress(PHYSICAL_ADDRESS* result) {
        result->QuadPart = kPhysicalAddress;
        return result;
    }
#else
    STDMETHODIMP_(PHYSICAL_ADDRESS) PhysicalAddress() {
        PHYSICAL_ADDRESS result;
        result.QuadPart = kPhysicalAddress;
        return result;
    }
#endif
};
class CrossingPower : public Recorder<IAdapterPowerManagement> {
  public:
    STDMETHODIMP_(void) PowerChangeState(POWER_STATE state) { crossing->power_state = state.DeviceState; }
};
class CrossingMidi : public Recorder<IMiniportMidi> {
  public:
    STDMETHODIMP_(NTSTATUS)
    NewStream(PMINIPORTMIDISTREAM* stream, PUNKNOWN, POOL_TYPE, ULONG pin, BOOLEAN capture, PKSDATAFORMAT,
              PSERVICEGROUP* group) {
        crossing->new_stream_stream = stream;
        crossing->new_stream_pin = pin;
        crossing->new_stream_capture = capture;
        crossing->new_stream_group = group;
        return STATUS_SUCCESS;
    }
};
class CrossingDMus : public Recorder<IMiniportDMus> {
  public:
    STDMETHODIMP_(NTSTATUS)
    NewStream(PMXF*, PUNKNOWN, POOL_TYPE, ULONG, DMUS_STREAM_TYPE type, PKSDATAFORMAT, PSERVICEGROUP*,
              PAllocatorMXF, PMASTERCLOCK, PULONGLONG prefetch) {
        crossing->dmus_stream_type = type;
        crossing->dmus_prefetch = prefetch;
        return STATUS_SUCCESS;
    }
};
class CrossingEvents : public Recorder<IPortEvents> {
  public:
    STDMETHODIMP_(void) GenerateEventList(GUID*, ULONG id, BOOL pin_event, ULONG, BOOL, ULONG node) {
        crossing->event_id = id;
        crossing->pin_event = pin_event;
        crossing->node_id = node;
    }
};
class CrossingGroup : public Recorder<IServiceGroup> {
  public:
    STDMETHODIMP_(void) RequestDelayedService(ULONGLONG delay) { crossing->delay = delay; }
};
