// The links of binary trees whose nodes lie in a driver's memory, where the driver may overwrite them: each
// is looked at before it is followed. A link that leads nowhere, or to a node that does not point back, is
// told of and cut; a way that leads round is told of and left.
//
// Everything is inlined: what includes this is PORTICO_UNWINDABLE.
#pragma once

#include "nt/ddi.h"
#include "nt/ke/list_links.h"
#include "nt/probes.h"
#include "ntddk.h"

namespace portico::nt::rtl::tree {

// Sides of a node, as the balance of an AVL tree counts them.
constexpr int left = -1, right = 1;

template <class Links>
[[gnu::always_inline]] inline Links*& link(Links* node, int side) {
    return side == left ? node->LeftChild : node->RightChild;
}

template <class Links>
[[gnu::always_inline]] inline int side_of(const Links* node) {
    return node->Parent->LeftChild == node ? left : right;
}

template <class Links>
[[gnu::always_inline]] inline bool plausible(const Links* node) {
    const auto address = reinterpret_cast<ULONG_PTR>(node);
    return address % sizeof(void*) == 0 && ke::is_kernel_memory(address);
}

// Whether a way along links comes round to where it was (Brent's algorithm: what is followed is compared with
// one node, and that moves on after 1, 2, 4 ... steps).
class Way {
  public:
    [[gnu::always_inline]] bool is_round(const void* next) {
        if (next == mark_) return true;
        if (++steps_ == limit_) {
            mark_ = next;
            limit_ *= 2;
        }
        return false;
    }

  private:
    const void* mark_ = nullptr;
    ULONGLONG steps_ = 0, limit_ = 1;
};

// What unlink() left: where a subtree became smaller, and who is in the node's place.
template <class Links>
struct Hole {
    Links* parent;  // null: the node was a splay tree's root and had one child at most
    int side;
    Links* replacement;
};

template <class Links>
class Tree {
  public:
    // `object` is what findings name. `top` is what a root's parent is; null: the root itself.
    [[gnu::always_inline]] explicit Tree(const void* object, Links* top = nullptr)
        : object_(object), top_(top) {}

    [[gnu::always_inline]] void tell() const {
        ke::tell_corrupt(object_, "The driver overwrote the links of a tree of the run-time library.");
    }

    // Null when there is none.
    [[gnu::always_inline]] Links* child(Links* node, int side) const {
        Links* const found = link(node, side);
        if (found == nullptr) return nullptr;
        if (found != node && plausible(found) && found->Parent == node) return found;
        tell();
        link(node, side) = nullptr;
        return nullptr;
    }

    [[gnu::always_inline]] bool is_root(const Links* node) const {
        return node->Parent == (top_ == nullptr ? node : top_);
    }

    // Of a node that is no root; null when the two do not point to each other.
    [[gnu::always_inline]] Links* parent(Links* node) const {
        Links* const up = node->Parent;
        if (plausible(up) && (up->LeftChild == node || up->RightChild == node)) return up;
        tell();
        return nullptr;
    }

    // Whether the way up from `node` ends at a root.
    [[gnu::always_inline]] bool leads_up(Links* node) const {
        Way way;
        while (!is_root(node)) {
            Links* const up = parent(node);
            if (up == nullptr) return false;
            if (way.is_round(up)) {
                tell();
                return false;
            }
            node = up;
        }
        return true;
    }

    // The last node in a row of children on `side`; `node` itself when it has none there.
    [[gnu::always_inline]] Links* outermost(Links* node, int side) const {
        Way way;
        while (Links* const next = child(node, side)) {
            if (way.is_round(next)) {
                tell();
                break;
            }
            node = next;
        }
        return node;
    }

    // The next in order on `side`, of those below `node`; null when there is none.
    [[gnu::always_inline]] Links* neighbour_below(Links* node, int side) const {
        Links* const next = child(node, side);
        return next == nullptr ? nullptr : outermost(next, -side);
    }

    // The next in order on `side`; null when there is none. The way up cannot lead round: it goes from
    // children on `side` to their parents, and `node` has no child there.
    [[gnu::always_inline]] Links* neighbour(Links* node, int side) const {
        if (Links* const below = neighbour_below(node, side)) return below;
        while (!is_root(node)) {
            Links* const up = parent(node);
            if (up == nullptr || link(up, -side) == node) return up;
            node = up;
        }
        return nullptr;
    }

    // Puts `other`, or nothing, where `node` is.
    [[gnu::always_inline]] void replace(Links* node, Links* other) const {
        Links* const up = node->Parent;
        if (up != node) link(up, side_of(node)) = other;
        if (other != nullptr) other->Parent = up == node ? other : up;
    }

    [[gnu::always_inline]] static void put(Links* node, int side, Links* below) {
        link(node, side) = below;
        if (below != nullptr) below->Parent = node;
    }

    // Rotates a child into its parent's place.
    [[gnu::always_inline]] void lift(Links* node) const {
        Links* const down = node->Parent;
        const int side = side_of(node);
        Links* const inner = child(node, -side);
        replace(down, node);
        put(node, -side, down);
        put(down, side, inner);
    }

    // Takes a node out whose way leads up. Where it has two children, its neighbour on `side` takes its
    // place.
    [[gnu::always_inline]] Hole<Links> unlink(Links* node, int side) const {
        Links* const inner = child(node, side);
        Links* const outer = child(node, -side);
        if (inner == nullptr || outer == nullptr) {
            Links* const only = inner != nullptr ? inner : outer;
            Links* const up = node->Parent == node ? nullptr : node->Parent;
            const int at = up == nullptr ? right : side_of(node);
            replace(node, only);
            return {up, at, only};
        }
        Links* const next = outermost(inner, -side);
        Hole<Links> hole{next, side, next};
        if (next != inner) {
            hole = {next->Parent, -side, next};
            put(next->Parent, -side, child(next, side));
            put(next, side, inner);
        }
        put(next, -side, outer);
        replace(node, next);
        return hole;
    }

    // Rotates a node whose way leads up until it is the root.
    [[gnu::always_inline]] void splay(Links* node) const {
        while (!is_root(node)) {
            Links* const up = node->Parent;
            if (!is_root(up)) lift(side_of(up) == side_of(node) ? up : node);
            lift(node);
        }
    }

  private:
    const void* object_;
    Links* top_;
};

// The element after `node`, the first one after null; null: there is none. `root`: asked for the root.
template <class Links, class Root>
[[gnu::always_inline]] inline Links* next_after(const Tree<Links>& tree, Links* node, Root root) {
    if (node != nullptr) {
        if (plausible(node)) return tree.neighbour(node, right);
        tree.tell();
        return nullptr;
    }
    Links* const top = root();
    return top == nullptr ? nullptr : tree.outermost(top, left);
}

// The driver's order of its buffer and an element's data. An answer that is none counts as "equal": nothing
// is inserted then.
template <class Table>
[[gnu::always_inline]] inline ULONG compare(Table* table, void* buffer, void* data) {
    ULONG order;
    {
        DriverCall call("CompareRoutine", reinterpret_cast<const void*>(table->CompareRoutine));
        order = call.returned(static_cast<ULONG>(table->CompareRoutine(table, buffer, data)));
    }
    if (order <= GenericEqual) return order;
    PORTICO_PROBE(object_misuse, driver_verifier_detected_violation, table,
                  "The driver's CompareRoutine returned none of RTL_GENERIC_COMPARE_RESULTS.");
    return GenericEqual;
}

template <class Links>
struct Found {
    TABLE_SEARCH_RESULT result;
    Links* node;  // or its parent to be
};

// `Element` begins with its links; the data follows.
template <class Element, class Table, class Links>
[[gnu::always_inline]] inline Found<Links> find(const Tree<Links>& tree, Table* table, Links* root,
                                                void* buffer) {
    if (root == nullptr) return {TableEmptyTree, nullptr};
    for (Links* node = root;;) {
        const ULONG order = compare(table, buffer, reinterpret_cast<Element*>(node) + 1);
        if (order == GenericEqual) return {TableFoundNode, node};
        const int side = order == GenericLessThan ? left : right;
        Links* const next = tree.child(node, side);
        if (next == nullptr) return {side == left ? TableInsertAsLeft : TableInsertAsRight, node};
        node = next;
    }
}

// Whether what a driver gives with its "Full" insertion fits the tree as it is now.
template <class Links>
[[gnu::always_inline]] inline bool fits(const Tree<Links>& tree, const void* table, Links* root,
                                        Found<Links> place) {
    const auto result = static_cast<ULONG>(place.result);
    const bool empty = result == TableEmptyTree && root == nullptr;
    const bool there = result >= TableFoundNode && result <= TableInsertAsRight && root != nullptr &&
                       plausible(place.node) && tree.leads_up(place.node);
    const bool vacant = result < TableInsertAsLeft ||
                        (there && link(place.node, result == TableInsertAsLeft ? left : right) == nullptr);
    if (empty || (there && vacant)) return true;
    PORTICO_PROBE(object_misuse, driver_verifier_detected_violation, table,
                  "The driver inserts where a search found place, but the table has changed since.");
    return false;
}

// A new element with a copy of the driver's data, not linked yet; null when there is no memory.
template <class Element, class Table>
[[gnu::always_inline]] inline Element* allocate(Table* table, const void* buffer, CLONG size) {
    const CLONG whole = size + static_cast<CLONG>(sizeof(Element));
    if (whole < size) return nullptr;
    void* memory;
    {
        DriverCall call("AllocateRoutine", reinterpret_cast<const void*>(table->AllocateRoutine));
        memory = table->AllocateRoutine(table, whole);
        call.returned(reinterpret_cast<ULONG_PTR>(memory));
    }
    auto* const element = static_cast<Element*>(memory);
    if (element != nullptr && size != 0) __builtin_memcpy(element + 1, buffer, size);
    return element;
}

template <class Table>
[[gnu::always_inline]] inline void free_element(Table* table, void* element) {
    DriverCall call("FreeRoutine", reinterpret_cast<const void*>(table->FreeRoutine));
    table->FreeRoutine(table, element);
}

}  // namespace portico::nt::rtl::tree
