// Generic tables as AVL trees. Any IRQL where neither the table nor the driver's routines are paged.
#include "nt/rtl/tree_links.h"
#include "nt/seh/unwindable.h"

// A driver's memory may fault here, and a driver's routine raise; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl::avl {
namespace {

using Links = RTL_BALANCED_LINKS;
using Found = tree::Found<Links>;

class Tree : public tree::Tree<Links> {
  public:
    [[gnu::always_inline]] explicit Tree(PRTL_AVL_TABLE table)
        : tree::Tree<Links>(table, &table->BalancedRoot), table_(table) {}

    [[gnu::always_inline]] Links* root() const { return child(&table_->BalancedRoot, tree::right); }

    // A leaf was put there.
    void grown(Links* node) const {
        for (; !is_root(node); node = node->Parent) {
            const int side = tree::side_of(node);
            Links* const up = node->Parent;
            if (!is_balance(up)) return;
            if (up->Balance == side) {
                restore(up, side);
                return;
            }
            up->Balance = static_cast<CHAR>(up->Balance + side);
            if (up->Balance == 0) return;
        }
        ++table_->DepthOfTree;
    }

    // The subtree on `side` of `up` is lower by one.
    void shrunk(Links* up, int side) const {
        while (up != &table_->BalancedRoot) {
            Links* const above = up->Parent;
            const int above_side = tree::side_of(up);
            if (!is_balance(up)) return;
            if (up->Balance == 0) {
                up->Balance = static_cast<CHAR>(-side);
                return;
            }
            if (up->Balance == side)
                up->Balance = 0;
            else if (!restore(up, -side))
                return;
            up = above;
            side = above_side;
        }
        --table_->DepthOfTree;
    }

  private:
    bool is_balance(const Links* node) const {
        if (node->Balance >= tree::left && node->Balance <= tree::right) return true;
        tell();
        return false;
    }

    // `node` is higher by two on `side`. Whether the subtree is lower by one afterwards.
    bool restore(Links* node, int side) const {
        Links* const heavy = child(node, side);
        Links* const inner = heavy == nullptr ? nullptr : child(heavy, -side);
        if (heavy == nullptr || (heavy->Balance == -side && inner == nullptr)) {
            tell();
            return false;
        }
        if (heavy->Balance != -side) {
            const bool lower = heavy->Balance == side;
            node->Balance = static_cast<CHAR>(lower ? 0 : side);
            heavy->Balance = static_cast<CHAR>(lower ? 0 : -side);
            lift(heavy);
            return lower;
        }
        node->Balance = static_cast<CHAR>(inner->Balance == side ? -side : 0);
        heavy->Balance = static_cast<CHAR>(inner->Balance == -side ? side : 0);
        inner->Balance = 0;
        lift(inner);
        lift(inner);
        return true;
    }

    PRTL_AVL_TABLE table_;
};

[[gnu::always_inline]] inline void* data_of(Links* node) {
    return node == nullptr ? nullptr : node + 1;
}

Found find(PRTL_AVL_TABLE table, void* buffer) {
    const Tree tree(table);
    return tree::find<Links>(tree, table, tree.root(), buffer);
}

// Places in the order have changed.
void forget_ordered(PRTL_AVL_TABLE table) {
    table->OrderedPointer = nullptr;
    table->WhichOrderedElement = 0;
}

void* insert(PRTL_AVL_TABLE table, void* buffer, CLONG size, Found place, BOOLEAN* is_new) {
    if (is_new != nullptr) *is_new = FALSE;
    if (place.result == TableFoundNode) return data_of(place.node);
    Links* const node = tree::allocate<Links>(table, buffer, size);
    if (node == nullptr) return nullptr;
    *node = {};
    const bool first = place.result == TableEmptyTree;
    Tree::put(first ? &table->BalancedRoot : place.node,
              place.result == TableInsertAsLeft ? tree::left : tree::right, node);
    ++table->NumberGenericTableElements;
    forget_ordered(table);
    Tree(table).grown(node);
    if (is_new != nullptr) *is_new = TRUE;
    return data_of(node);
}

// False: that is no element of the table as it is now.
bool remove(PRTL_AVL_TABLE table, Links* node) {
    const Tree tree(table);
    if (!tree::plausible(node) || node == &table->BalancedRoot) {
        tree.tell();
        return false;
    }
    if (!tree.leads_up(node)) return false;
    // An enumeration goes on after the one before.
    if (node == table->RestartKey) table->RestartKey = tree.neighbour(node, tree::left);
    const bool two = tree.child(node, tree::left) != nullptr && tree.child(node, tree::right) != nullptr;
    const auto hole = tree.unlink(node, node->Balance == tree::right ? tree::right : tree::left);
    if (two) hole.replacement->Balance = node->Balance;
    tree.shrunk(hole.parent, hole.side);
    ++table->DeleteCount;
    --table->NumberGenericTableElements;
    forget_ordered(table);
    tree::free_element(table, node);
    return true;
}

Links* next_after(PRTL_AVL_TABLE table, Links* node) {
    const Tree tree(table);
    return tree::next_after<Links>(tree, node, [&] { return tree.root(); });
}

// From the first, the last or where it was last time, whatever is nearest. Places count from 1.
Links* ordered_at(PRTL_AVL_TABLE table, ULONG place) {
    const Tree tree(table);
    auto* node = static_cast<Links*>(table->OrderedPointer);
    ULONG at = table->WhichOrderedElement;
    const ULONG to_last = table->NumberGenericTableElements - place;
    const ULONG from_cache = at < place ? place - at : at - place;
    if (at == 0 || !tree::plausible(node) || from_cache > place - 1 || from_cache > to_last) {
        const bool from_first = place - 1 <= to_last;
        node = tree.root();
        if (node != nullptr) node = tree.outermost(node, from_first ? tree::left : tree::right);
        at = from_first ? 1 : table->NumberGenericTableElements;
    }
    for (tree::Way way; node != nullptr && at != place;) {
        node = tree.neighbour(node, at < place ? tree::right : tree::left);
        at = at < place ? at + 1 : at - 1;
        if (way.is_round(node)) node = nullptr;
    }
    if (node == nullptr) tree.tell();
    return node;
}

// Of the elements that the driver calls equal, the first.
Links* first_equal(PRTL_AVL_TABLE table, void* buffer) {
    const Tree tree(table);
    Links* first = nullptr;
    for (Links* node = tree.root(); node != nullptr;) {
        const ULONG order = tree::compare(table, buffer, node + 1);
        if (order == GenericEqual) first = node;
        node = tree.child(node, order == GenericGreaterThan ? tree::right : tree::left);
    }
    return first;
}

// Where an enumeration that has no place, or lost it to a deletion, begins: at the element that equals the
// buffer, or after it; where there is none, at the next one.
Links* begin_at(PRTL_AVL_TABLE table, void* buffer, bool after) {
    const Found found = find(table, buffer);
    if (found.result == TableEmptyTree || found.result == TableInsertAsLeft) return found.node;
    return found.result == TableFoundNode && !after ? found.node : next_after(table, found.node);
}

// The first from `node` on that matches; null: there is none.
Links* first_match(PRTL_AVL_TABLE table, Links* node, PRTL_AVL_MATCH_FUNCTION match, void* match_data) {
    tree::Way way;
    while (node != nullptr && match != nullptr) {
        NTSTATUS status;
        {
            DriverCall call("MatchFunction", reinterpret_cast<const void*>(match));
            status = call.returned(match(table, node + 1, match_data));
        }
        if (status == STATUS_SUCCESS) break;
        node = status == STATUS_NO_MATCH ? next_after(table, node) : nullptr;
        if (node != nullptr && way.is_round(node)) {
            Tree(table).tell();
            return nullptr;
        }
    }
    return node;
}

}  // namespace
}  // namespace portico::nt::rtl::avl

using namespace portico::nt;

extern "C" {

VOID NTAPI RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table, PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                        PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                        PRTL_AVL_FREE_ROUTINE FreeRoutine, PVOID TableContext) {
    DDI(RtlInitializeGenericTableAvl, DISPATCH_LEVEL);
    *Table = {};
    Table->BalancedRoot.Parent = &Table->BalancedRoot;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

PVOID NTAPI RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                            PBOOLEAN NewElement) {
    DDI(RtlInsertElementGenericTableAvl, HIGH_LEVEL);
    return rtl::avl::insert(Table, Buffer, BufferSize, rtl::avl::find(Table, Buffer), NewElement);
}

PVOID NTAPI RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                                PBOOLEAN NewElement, PVOID NodeOrParent,
                                                TABLE_SEARCH_RESULT SearchResult) {
    DDI(RtlInsertElementGenericTableFullAvl, HIGH_LEVEL);
    const rtl::avl::Tree tree(Table);
    const rtl::avl::Found place{SearchResult, static_cast<PRTL_BALANCED_LINKS>(NodeOrParent)};
    if (!rtl::tree::fits<RTL_BALANCED_LINKS>(tree, Table, tree.root(), place)) {
        if (NewElement != nullptr) *NewElement = FALSE;
        return nullptr;
    }
    return rtl::avl::insert(Table, Buffer, BufferSize, place, NewElement);
}

BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer) {
    DDI(RtlDeleteElementGenericTableAvl, HIGH_LEVEL);
    const auto found = rtl::avl::find(Table, Buffer);
    return found.result == TableFoundNode && rtl::avl::remove(Table, found.node);
}

// NodeOrParent: what RtlLookupElementGenericTableFullAvl found.
VOID NTAPI RtlDeleteElementGenericTableAvlEx(PRTL_AVL_TABLE Table, PVOID NodeOrParent) {
    DDI(RtlDeleteElementGenericTableAvlEx, HIGH_LEVEL);
    rtl::avl::remove(Table, static_cast<PRTL_BALANCED_LINKS>(NodeOrParent));
}

PVOID NTAPI RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer) {
    DDI(RtlLookupElementGenericTableAvl, HIGH_LEVEL);
    const auto found = rtl::avl::find(Table, Buffer);
    return found.result == TableFoundNode ? rtl::avl::data_of(found.node) : nullptr;
}

// *NodeOrParent stays as it is when the table is empty.
PVOID NTAPI RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, PVOID* NodeOrParent,
                                                TABLE_SEARCH_RESULT* SearchResult) {
    DDI(RtlLookupElementGenericTableFullAvl, HIGH_LEVEL);
    const auto found = rtl::avl::find(Table, Buffer);
    *SearchResult = found.result;
    if (found.result != TableEmptyTree) *NodeOrParent = found.node;
    return found.result == TableFoundNode ? rtl::avl::data_of(found.node) : nullptr;
}

PVOID NTAPI RtlLookupFirstMatchingElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                         PVOID* RestartKey) {
    DDI(RtlLookupFirstMatchingElementGenericTableAvl, HIGH_LEVEL);
    PRTL_BALANCED_LINKS const first = rtl::avl::first_equal(Table, Buffer);
    *RestartKey = first;
    return rtl::avl::data_of(first);
}

PVOID NTAPI RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart) {
    DDI(RtlEnumerateGenericTableAvl, HIGH_LEVEL);
    if (Restart) Table->RestartKey = nullptr;
    PRTL_BALANCED_LINKS const next = rtl::avl::next_after(Table, Table->RestartKey);
    if (next != nullptr) Table->RestartKey = next;
    return rtl::avl::data_of(next);
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID* RestartKey) {
    DDI(RtlEnumerateGenericTableWithoutSplayingAvl, HIGH_LEVEL);
    auto* const next = rtl::avl::next_after(Table, static_cast<PRTL_BALANCED_LINKS>(*RestartKey));
    if (next != nullptr) *RestartKey = next;
    return rtl::avl::data_of(next);
}

// At the end *RestartKey is null: another call begins at Buffer.
PVOID NTAPI RtlEnumerateGenericTableLikeADirectory(PRTL_AVL_TABLE Table,
                                                   PRTL_AVL_MATCH_FUNCTION MatchFunction, PVOID MatchData,
                                                   ULONG NextFlag, PVOID* RestartKey, PULONG DeleteCount,
                                                   PVOID Buffer) {
    DDI(RtlEnumerateGenericTableLikeADirectory, HIGH_LEVEL);
    auto* node = static_cast<PRTL_BALANCED_LINKS>(*RestartKey);
    if (node == nullptr || *DeleteCount != Table->DeleteCount)
        node = rtl::avl::begin_at(Table, Buffer, NextFlag != 0);
    else if (NextFlag != 0 || !rtl::tree::plausible(node))
        node = rtl::avl::next_after(Table, node);
    node = rtl::avl::first_match(Table, node, MatchFunction, MatchData);
    *RestartKey = node;
    *DeleteCount = Table->DeleteCount;
    return rtl::avl::data_of(node);
}

PVOID NTAPI RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I) {
    DDI(RtlGetElementGenericTableAvl, HIGH_LEVEL);
    if (I >= Table->NumberGenericTableElements) return nullptr;
    PRTL_BALANCED_LINKS const node = rtl::avl::ordered_at(Table, I + 1);
    Table->OrderedPointer = node;
    Table->WhichOrderedElement = node == nullptr ? 0 : I + 1;
    return rtl::avl::data_of(node);
}

ULONG NTAPI RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table) {
    DDI(RtlNumberGenericTableElementsAvl, HIGH_LEVEL);
    return Table->NumberGenericTableElements;
}

BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table) {
    DDI(RtlIsGenericTableEmptyAvl, HIGH_LEVEL);
    return Table->NumberGenericTableElements == 0;
}

}  // extern "C"
