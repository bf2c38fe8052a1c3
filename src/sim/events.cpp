#include "sim/events.h"

#include "base/check.h"
#include "sim/scheduler.h"

namespace portico::sim {

Event::~Event() {
    if (scheduled()) scheduler.events.cancel(*this);
}

void EventQueue::sift_up(int slot, Event* event) {
    while (slot > 0) {
        const int parent = (slot - 1) / 2;
        if (!before(*event, *heap_[static_cast<std::size_t>(parent)])) break;
        put(slot, heap_[static_cast<std::size_t>(parent)]);
        slot = parent;
    }
    put(slot, event);
}

void EventQueue::sift_down(int slot, Event* event) {
    for (;;) {
        int child = 2 * slot + 1;
        if (child >= size_) break;
        if (child + 1 < size_ &&
            before(*heap_[static_cast<std::size_t>(child + 1)], *heap_[static_cast<std::size_t>(child)])) {
            ++child;
        }
        if (!before(*heap_[static_cast<std::size_t>(child)], *event)) break;
        put(slot, heap_[static_cast<std::size_t>(child)]);
        slot = child;
    }
    put(slot, event);
}

void EventQueue::remove_at(int slot) {
    heap_[static_cast<std::size_t>(slot)]->slot = -1;
    Event* const last = heap_[static_cast<std::size_t>(--size_)];
    if (slot == size_) return;
    if (slot > 0 && before(*last, *heap_[static_cast<std::size_t>((slot - 1) / 2)])) {
        sift_up(slot, last);
    } else {
        sift_down(slot, last);
    }
}

void EventQueue::schedule(Event& event, Nanoseconds due_ns) {
    if (event.scheduled()) remove_at(event.slot);
    PORTICO_CHECK(size_ < capacity);
    event.due_ns = due_ns;
    event.sequence = sequence_++;
    sift_up(size_++, &event);
}

void EventQueue::cancel(Event& event) {
    if (event.scheduled()) remove_at(event.slot);
}

Event& EventQueue::pop() {
    Event& event = *heap_[0];
    remove_at(0);
    return event;
}

void EventQueue::clear() {
    while (size_ > 0) remove_at(size_ - 1);
    sequence_ = 0;
}

}  // namespace portico::sim
