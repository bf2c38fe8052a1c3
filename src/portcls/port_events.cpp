#include "portcls/port_events.h"

#include "nt/probes.h"
#include "portcls/port_base.h"

namespace portico::portcls {

constinit void (*PortEvents::signal)(PortEvent&) = nullptr;
constinit void (*PortEvents::retire)(PortEvent&) = nullptr;

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

void PortEvents::begin_request(PortEvent& event) {
    const sim::Irql old = lock();
    event.state = PortEvent::State::requested;
    event.next_requested = requested_;
    requested_ = &event;
    unlock(old);
}

bool PortEvents::end_request(PortEvent& event) {
    const sim::Irql old = lock();
    PortEvent** place = &requested_;
    while (*place != &event) place = &(*place)->next_requested;
    *place = event.next_requested;
    const bool added = event.state == PortEvent::State::listed;
    if (!added) event.state = PortEvent::State::closed;
    unlock(old);
    return added;
}

void PortEvents::add(PKSEVENT_ENTRY entry) {
    const sim::Irql old = lock();
    PortEvent* event = requested_;
    while (event != nullptr && &event->entry != entry) event = event->next_requested;
    const bool allowed = event != nullptr && event->state == PortEvent::State::requested;
    if (allowed) {
        event->state = PortEvent::State::listed;
        InsertTailList(&list_, &event->entry.ListEntry);
    }
    unlock(old);
    if (allowed) return;
    PORTICO_PROBE(contract, "PE-004", entry,
                  "IPortEvents::AddEventToEventList was given an entry that is not the current request's, or "
                  "was added already.");
}

void PortEvents::remove(PortEvent& event) {
    const sim::Irql old = lock();
    if (event.state == PortEvent::State::listed) RemoveEntryList(&event.entry.ListEntry);
    event.state = PortEvent::State::closed;
    unlock(old);
}

PortEvent* PortEvents::remove_of_file(const FILE_OBJECT* file) {
    PortEvent* found = nullptr;
    const sim::Irql old = lock();
    for (PLIST_ENTRY link = list_.Flink; link != &list_ && found == nullptr; link = link->Flink) {
        auto* const event = CONTAINING_RECORD(link, PortEvent, entry.ListEntry);
        if (event->entry.FileObject == file) found = event;
    }
    if (found != nullptr) {
        RemoveEntryList(&found->entry.ListEntry);
        found->state = PortEvent::State::closed;
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

void PortEvents::generate_now(const EventSelection& s) {
    const sim::Irql old = lock();
    for (PLIST_ENTRY link = list_.Flink; link != &list_;) {
        auto* const event = CONTAINING_RECORD(link, PortEvent, entry.ListEntry);
        link = link->Flink;
        const bool selected = (s.any_set || IsEqualGUID(s.set, event->set)) && s.id == event->id &&
                              (!s.by_pin || s.pin == event->pin) && (!s.by_node || s.node == event->node);
        if (!selected) continue;
        if (signal != nullptr) signal(*event);
        if ((event->entry.Flags & KSEVENT_ENTRY_ONESHOT) == 0) continue;
        RemoveEntryList(&event->entry.ListEntry);
        event->state = PortEvent::State::closed;
        event->entry.Flags |= KSEVENT_ENTRY_DELETED;
        if (retire != nullptr) retire(*event);
    }
    unlock(old);
}

}  // namespace portico::portcls
