// The events of a port's filter and pins: what IPortEvents adds to and generates from (PE-001..PE-009).
#pragma once

#include "base/ring.h"
#include "nt/ke/ke.h"
#include "portcls.h"

namespace portico::portcls {

class PortCore;

// An event that a client enables. Whoever enables it makes the entry and frees it.
struct PortEvent {
    enum class State : std::uint8_t { closed, requested, listed };

    KSEVENT_ENTRY entry;  // what the miniport's handler sees
    GUID set;
    ULONG id;
    ULONG pin;   // ULONG(-1): the filter
    ULONG node;  // ULONG(-1): none
    State state = State::closed;
    PortEvent* next_requested = nullptr;
};

// What a call of IPortEvents::GenerateEventList selects (PE-006).
struct EventSelection {
    GUID set;
    ULONG id;
    ULONG pin;
    ULONG node;
    bool any_set;
    bool by_pin;
    bool by_node;
};

class PortEvents {
  public:
    explicit PortEvents(PortCore& port);
    ~PortEvents();

    // Around the call of the handler with PCEVENT_VERB_ADD: in between the entry may be added, once (PE-004).
    // end_request() is false when the handler did not add it (FD-073).
    void begin_request(PortEvent& event);
    bool end_request(PortEvent& event);
    // Takes an event off the list; it is not signalled afterwards.
    void remove(PortEvent& event);
    // The first listed event that the file enabled, taken off; null: none.
    PortEvent* remove_of_file(const FILE_OBJECT* file);

    // IPortEvents::AddEventToEventList.
    void add(PKSEVENT_ENTRY entry);
    // IPortEvents::GenerateEventList. Above DISPATCH_LEVEL the work waits for a DPC; a call is lost when
    // `postponed_limit` wait already (PE-007).
    void generate(const EventSelection& selection);

    static constexpr std::size_t postponed_limit = 16;

    // Notifies the client; IRQL DISPATCH_LEVEL. Set by what enables events.
    static void (*signal)(PortEvent& event);
    // A one-shot event was signalled and is off the list (PE-008); IRQL DISPATCH_LEVEL.
    static void (*retire)(PortEvent& event);

  private:
    static void NTAPI postponed(PKDPC, PVOID context, PVOID self, PVOID);
    void generate_now(const EventSelection& selection);
    sim::Irql lock();
    void unlock(sim::Irql old);

    KSPIN_LOCK lock_ = 0;
    LIST_ENTRY list_;
    PortEvent* requested_ = nullptr;
    PortCore& port_;
    KDPC dpc_;
    Ring<EventSelection, postponed_limit> postponed_;
};

}  // namespace portico::portcls
