// A list of callbacks that is walked at DISPATCH_LEVEL while callbacks, or other processors, change it. One
// walk at a time; a request for one that comes while it runs on another processor makes it run once more.
#pragma once

#include <utility>

#include "nt/ke/ke.h"

namespace portico::portcls {

// What a node is: in the list; to be taken out by the processor that waits for the walk; to be taken out by
// the walk.
enum class Listed : std::uint8_t { yes, waited_for, left_to_walk };

// Node: has `Node* next_node = nullptr; Listed listed = Listed::yes;`; its owner allocates and frees it.
template <class Node>
class WalkedList {
  public:
    bool walking() const { return walker_ != nullptr; }
    bool walked_here() const { return walker_ == sim::this_processor; }

    // A walk that is under way comes to it, too.
    void append(Node& node) {
        Node** place = &first_;
        while (*place != nullptr) place = &(*place)->next_node;
        *place = &node;
    }

    template <class Match>
    Node* find(Match&& match) {
        Node* node = first_;
        while (node != nullptr && (node->listed != Listed::yes || !match(*node))) node = node->next_node;
        return node;
    }

    // No walk calls the node from now on, and none is calling it when this returns, unless the caller is in
    // that walk. True: the node is out of the list and the caller's. False: the walk's end gives it to
    // `reap`. Waits for another processor's walk, so IRQL <= DISPATCH_LEVEL.
    bool remove(Node& node) {
        if (walked_here()) {
            node.listed = Listed::left_to_walk;
            reaping_ = true;
            return false;
        }
        node.listed = Listed::waited_for;
        while (walking()) nt::ke::stall(wait_step_ns);
        unlink(node);
        return true;
    }

    // Calls visit(node) for each, at the caller's IRQL. Returns at once when the walk is under way already:
    // asked from inside it nothing more happens, from another processor it starts again at its end.
    template <class Visit, class Reap>
    void walk(Visit&& visit, Reap&& reap) {
        if (walking()) {
            again_ = again_ || !walked_here();
            return;
        }
        do {
            again_ = false;
            walker_ = sim::this_processor;
            for (Node* node = first_; node != nullptr && !stopped_; node = node->next_node) {
                if (node->listed == Listed::yes) visit(*node);
            }
            while (std::exchange(reaping_, false)) sweep(reap);
            walker_ = nullptr;
        } while (again_ && !stopped_);
    }

    // The walk that is under way ends after the call it is in, and there are no others.
    void stop() { stopped_ = true; }

    // Gives every node to `reap`; without a walk under way.
    template <class Reap>
    void clear(Reap&& reap) {
        while (first_ != nullptr) {
            Node* const node = first_;
            first_ = node->next_node;
            reap(*node);
        }
    }

  private:
    static constexpr Nanoseconds wait_step_ns = 500;

    void unlink(Node& node) {
        Node** place = &first_;
        while (*place != &node) place = &(*place)->next_node;
        *place = node.next_node;
    }

    template <class Reap>
    void sweep(Reap& reap) {
        for (Node** place = &first_; *place != nullptr;) {
            Node* const node = *place;
            if (node->listed != Listed::left_to_walk) {
                place = &node->next_node;
                continue;
            }
            *place = node->next_node;
            reap(*node);
        }
    }

    Node* first_ = nullptr;
    const sim::Processor* walker_ = nullptr;
    bool again_ = false;
    bool reaping_ = false;
    bool stopped_ = false;
};

}  // namespace portico::portcls
