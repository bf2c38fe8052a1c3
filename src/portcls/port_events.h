// The events of a port's filter and pins that clients have enabled: what IPortEvents adds to and generates
// from (PE-001..PE-009).
#pragma once

#include "base/ring.h"
#include "ks/event.h"
#include "nt/ke/ke.h"
#include "portcls.h"

namespace portico::portcls {

class PortCore;

// Events of one port at a time (docs/limits.md).
constexpr unsigned port_event_limit = 4096;

// An event that a client enables. Whoever enables it makes it, in non-paged memory; `ended` frees it.
struct PortEvent {
    enum class State : std::uint8_t { closed, requested, listed };

    KSEVENT_ENTRY entry;  // what the miniport's handler sees; its ListEntry is in no list
    LIST_ENTRY link;      // in the port's list: none of the driver's business
    ks::EventNotification notification;
    GUID set;
    ULONG id;
    ULONG pin;                           // ULONG(-1): the filter
    ULONG node;                          // ULONG(-1): none
    const PCEVENT_ITEM* item = nullptr;  // whose handler is told of the end; null: the port's own event
    IUnknown* minor_target = nullptr;    // of that handler's requests
    State state = State::closed;
    bool in_request = false;
    PortEvent* next_requested = nullptr;
    // It is off the list for good, and nobody else knows it. IRQL <= DISPATCH_LEVEL.
    void (*ended)(PortEvent& event) = nullptr;
};

// What a call of IPortEvents::GenerateEventList selects (PE-006), or the port's own: of one file.
struct EventSelection {
    GUID set{};
    ULONG id = 0;
    ULONG pin = 0;
    ULONG node = 0;
    bool any_set = false;
    bool by_pin = false;
    bool by_node = false;
    const FILE_OBJECT* file = nullptr;  // null: any
};

class PortEvents {
  public:
    explicit PortEvents(PortCore& port);
    ~PortEvents();

    // Around the call of the handler with PCEVENT_VERB_ADD: in between the entry may be added, once (PE-004).
    // False: there are too many already.
    bool begin_request(PortEvent& event);
    // False when the handler did not add it (FD-073). With `keep` false it is taken off again. An event that
    // is not on the list afterwards, because it was never added, is not kept, or has been signalled for its
    // one time, is the caller's to free.
    struct Ended {
        bool added;
        bool listed;
    };
    Ended end_request(PortEvent& event, bool keep);

    // Takes an event of the file off the list: the first, or the one that was enabled with that KSEVENTDATA.
    // It is not signalled afterwards. Null: none.
    PortEvent* take(const FILE_OBJECT* file, const void* data = nullptr);

    // IPortEvents::AddEventToEventList.
    void add(PKSEVENT_ENTRY entry);
    // IPortEvents::GenerateEventList. Above DISPATCH_LEVEL the work waits for a DPC; a call is lost when
    // `postponed_limit` wait already (PE-007).
    void generate(const EventSelection& selection);

    static constexpr std::size_t postponed_limit = 16;

  private:
    static void NTAPI postponed(PKDPC, PVOID context, PVOID self, PVOID);
    void generate_now(const EventSelection& selection);
    PortEvent* signal_selected(const EventSelection& selection);
    void unlist(PortEvent& event);
    static void tell_if_moved(PortEvent& event);
    sim::Irql lock();
    void unlock(sim::Irql old);

    KSPIN_LOCK lock_ = 0;
    LIST_ENTRY list_;
    unsigned count_ = 0;  // listed or requested
    PortEvent* requested_ = nullptr;
    PortCore& port_;
    KDPC dpc_;
    Ring<EventSelection, postponed_limit> postponed_;
};

}  // namespace portico::portcls
