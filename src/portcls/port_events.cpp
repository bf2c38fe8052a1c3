#include "portcls/port_events.h"

#include "nt/probes.h"
#include "portcls/port_base.h"

namespace portico::portcls {
namespace {

bool selects(const EventSelection& s, const PortEvent& event) {
    return (s.any_set || IsEqualGUID(s.set, event.set)) && s.id == event.id &&
           (!s.by_pin || s.pin == event.pin) && (!s.by_node || s.node == event.node) &&
           (s.file == nullptr || s.file == event.entry.FileObject);
}

}  // namespace

PortEvents::PortEvents(PortCore& port) : port_(port) {
    InitializeListHead(&list_);
    nt::ke::initialize_dpc(&dpc_, postponed, nullptr);
}

PortEvents::~PortEvents() {
    nt::ke::remove_dpc(&dpc_);
}

sim::Irql PortEvents::lock() {
    const sim::Irql old = nt::ke::current_irql();
    if (old < sim::dispatch_level) nt::ke::raise(sim::dispatch_level);
    nt::ke::acquire_spin_lock(&lock_);
    return old;
}

void PortEvents::unlock(sim::Irql old) {
    nt::ke::release_spin_lock(&lock_);
    nt::ke::lower(old);
}

bool PortEvents::begin_request(PortEvent& event) {
    const sim::Irql old = lock();
    const bool room = count_ < port_event_limit;
    if (room) {
        ++count_;
        event.state = PortEvent::State::requested;
        event.in_request = true;
        InitializeListHead(&event.entry.ListEntry);
        event.next_requested = requested_;
        requested_ = &event;
    }
    unlock(old);
    return room;
}

PortEvents::Ended PortEvents::end_request(PortEvent& event, bool keep) {
    const sim::Irql old = lock();
    PortEvent** place = &requested_;
    while (*place != &event) place = &(*place)->next_requested;
    *place = event.next_requested;
    event.in_request = false;
    const bool added = event.state != PortEvent::State::requested;
    if (event.state == PortEvent::State::listed && !keep) unlist(event);
    const bool listed = event.state == PortEvent::State::listed;
    if (!listed) {
        event.state = PortEvent::State::closed;
        --count_;
    }
    unlock(old);
    tell_if_moved(event);
    return {added, listed};
}

// PortCls has an event in a list from AddEventToEventList on. On Windows it is linked by this very member.
void PortEvents::tell_if_moved(PortEvent& event) {
    if (event.entry.ListEntry.Flink == &event.entry.ListEntry) return;
    PORTICO_PROBE(
        contract, "PE-004", &event.entry,
        "An event handler put KSEVENT_ENTRY.ListEntry into a list of its own: it belongs to the port's "
        "list, which is lost.");
}

void PortEvents::unlist(PortEvent& event) {
    RemoveEntryList(&event.link);
    event.state = PortEvent::State::closed;
    event.entry.Flags |= KSEVENT_ENTRY_DELETED;
}

void PortEvents::add(PKSEVENT_ENTRY entry) {
    const sim::Irql old = lock();
    PortEvent* event = requested_;
    while (event != nullptr && &event->entry != entry) event = event->next_requested;
    const bool allowed = event != nullptr && event->state == PortEvent::State::requested;
    if (allowed) {
        event->state = PortEvent::State::listed;
        InsertTailList(&list_, &event->link);
    }
    unlock(old);
    if (allowed) return;
    PORTICO_PROBE(contract, "PE-004", entry,
                  "IPortEvents::AddEventToEventList was given an entry that is not the current request's, or "
                  "was added already.");
}

// One whose request is still with the handler is not the client's yet.
PortEvent* PortEvents::take(const FILE_OBJECT* file, const void* data) {
    PortEvent* found = nullptr;
    const sim::Irql old = lock();
    for (PLIST_ENTRY link = list_.Flink; link != &list_ && found == nullptr; link = link->Flink) {
        auto* const event = CONTAINING_RECORD(link, PortEvent, link);
        if (event->in_request || event->entry.FileObject != file) continue;
        if (data == nullptr || data == event->notification.data) found = event;
    }
    if (found != nullptr) {
        unlist(*found);
        --count_;
    }
    unlock(old);
    return found;
}

void PortEvents::generate(const EventSelection& selection) {
    if (nt::ke::current_irql() <= sim::dispatch_level) return generate_now(selection);
    // A full ring loses the call, which is documented for rapid calls (PE-007).
    if (!postponed_.push(selection)) return;
    dpc_.DeferredContext = reinterpret_cast<void*>(port_.object().live().key);
    nt::ke::insert_dpc(&dpc_, this, nullptr);
}

void NTAPI PortEvents::postponed(PKDPC, PVOID context, PVOID self, PVOID) {
    // The port may have ended after the DPC left its queue.
    if (find_live_object(reinterpret_cast<std::uint64_t>(context)) == nullptr) return;
    auto* const events = static_cast<PortEvents*>(self);
    while (!events->postponed_.empty()) {
        const EventSelection selection = events->postponed_.front();
        events->postponed_.pop();
        events->generate_now(selection);
    }
}

// What was signalled for its one time is returned, to be ended without the lock.
PortEvent* PortEvents::signal_selected(const EventSelection& selection) {
    PortEvent* ended = nullptr;
    for (PLIST_ENTRY link = list_.Flink; link != &list_;) {
        auto* const event = CONTAINING_RECORD(link, PortEvent, link);
        link = link->Flink;
        if (!selects(selection, *event)) continue;
        ks::notify(event->notification);
        if ((event->entry.Flags & KSEVENT_ENTRY_ONESHOT) == 0) continue;
        unlist(*event);
        if (event->in_request) continue;  // whoever requested it frees it
        --count_;
        event->next_requested = ended;
        ended = event;
    }
    return ended;
}

void PortEvents::generate_now(const EventSelection& selection) {
    const sim::Irql old = lock();
    PortEvent* ended = signal_selected(selection);
    unlock(old);
    while (ended != nullptr) {
        PortEvent* const next = ended->next_requested;
        if (ended->ended != nullptr) ended->ended(*ended);
        ended = next;
    }
}

}  // namespace portico::portcls
