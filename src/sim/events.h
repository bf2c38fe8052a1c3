// What is going to happen: device timers, clock ticks, inputs. Ordered by (time, sequence), so equal times
// keep the order in which they were scheduled.
#pragma once

#include <array>
#include <cstdint>

#include "base/nanoseconds.h"

namespace portico::sim {

// Owned by whoever schedules it (a device model, the clock). `fire` runs with no kernel lock held, on
// whichever stack the simulation is on; `due_ns` is the event's own time, which the running processor may
// have passed already.
struct Event {
    using Fire = void (*)(void* owner, Nanoseconds due_ns);

    Event(Fire fire_function, void* event_owner) : fire(fire_function), owner(event_owner) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event();

    bool scheduled() const { return slot >= 0; }

    Fire fire;
    void* owner;
    Nanoseconds due_ns = never_ns;
    std::uint64_t sequence = 0;
    int slot = -1;
};

// A binary heap of borrowed events. Bounded: schedule() beyond the capacity ends the process
// (docs/limits.md).
class EventQueue {
  public:
    static constexpr int capacity = 4096;

    Nanoseconds next_due_ns() const { return size_ == 0 ? never_ns : heap_[0]->due_ns; }
    bool empty() const { return size_ == 0; }

    void schedule(Event& event, Nanoseconds due_ns);  // again: moves it
    void cancel(Event& event);                        // harmless when not scheduled
    Event& pop();
    void clear();

  private:
    static bool before(const Event& a, const Event& b) {
        return a.due_ns != b.due_ns ? a.due_ns < b.due_ns : a.sequence < b.sequence;
    }
    void put(int slot, Event* event) {
        heap_[static_cast<std::size_t>(slot)] = event;
        event->slot = slot;
    }
    void sift_up(int slot, Event* event);
    void sift_down(int slot, Event* event);
    void remove_at(int slot);

    std::array<Event*, capacity> heap_{};
    int size_ = 0;
    std::uint64_t sequence_ = 0;
};

}  // namespace portico::sim
