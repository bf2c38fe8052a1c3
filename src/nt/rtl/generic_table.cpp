// Generic tables as splay trees, with a list of the elements as they were inserted. Any IRQL where neither
// the table nor the driver's routines are paged.
#include "nt/rtl/tree_links.h"
#include "nt/seh/unwindable.h"

// A driver's memory may fault here, and a driver's routine raise; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl::generic {
namespace {

using Links = RTL_SPLAY_LINKS;

struct Element {
    Links links;
    LIST_ENTRY order;
};

using Tree = tree::Tree<Links>;
using Found = tree::Found<Links>;

[[gnu::always_inline]] inline Element* element_of(Links* node) {
    return reinterpret_cast<Element*>(node);
}

[[gnu::always_inline]] inline void* data_of(Links* node) {
    return element_of(node) + 1;
}

// Null when the table is empty. A root that was overwritten is dropped.
Links* root_of(PRTL_GENERIC_TABLE table) {
    Links* const root = table->TableRoot;
    if (root == nullptr || (tree::plausible(root) && root->Parent == root)) return root;
    Tree(table).tell();
    table->TableRoot = nullptr;
    return nullptr;
}

Found find(PRTL_GENERIC_TABLE table, void* buffer) {
    return tree::find<Element>(Tree(table), table, root_of(table), buffer);
}

void splay(PRTL_GENERIC_TABLE table, Links* node) {
    const Tree tree(table);
    if (!tree.leads_up(node)) return;
    tree.splay(node);
    table->TableRoot = node;
}

// A list entry of the table, or its head.
bool is_listed(const LIST_ENTRY& entry) {
    return tree::plausible(entry.Flink) && tree::plausible(entry.Blink) && entry.Flink->Blink == &entry &&
           entry.Blink->Flink == &entry;
}

void tell_list(PRTL_GENERIC_TABLE table) {
    ke::tell_corrupt(table, "The driver overwrote the list of a generic table's elements.");
}

void* insert(PRTL_GENERIC_TABLE table, void* buffer, CLONG size, Found place, BOOLEAN* is_new) {
    if (is_new != nullptr) *is_new = FALSE;
    Links* node = place.node;
    if (place.result != TableFoundNode) {
        if (!is_listed(table->InsertOrderList)) {
            tell_list(table);
            return nullptr;
        }
        auto* const element = tree::allocate<Element>(table, buffer, size);
        if (element == nullptr) return nullptr;
        node = &element->links;
        *node = {node, nullptr, nullptr};
        if (place.result != TableEmptyTree)
            Tree::put(place.node, place.result == TableInsertAsLeft ? tree::left : tree::right, node);
        InsertTailList(&table->InsertOrderList, &element->order);
        ++table->NumberGenericTableElements;
        if (is_new != nullptr) *is_new = TRUE;
    }
    splay(table, node);
    return data_of(node);
}

// False: the table was overwritten, the element stays.
bool remove(PRTL_GENERIC_TABLE table, Links* node) {
    const Tree tree(table);
    LIST_ENTRY& order = element_of(node)->order;
    if (!tree.leads_up(node)) return false;
    if (!is_listed(order)) {
        tell_list(table);
        return false;
    }
    const auto hole = tree.unlink(node, tree::left);
    if (hole.parent != nullptr) tree.splay(hole.parent);
    table->TableRoot = hole.parent != nullptr ? hole.parent : hole.replacement;
    RemoveEntryList(&order);
    --table->NumberGenericTableElements;
    table->OrderedPointer = &table->InsertOrderList;
    table->WhichOrderedElement = 0;
    tree::free_element(table, node);
    return true;
}

Links* next_after(PRTL_GENERIC_TABLE table, Links* node) {
    return tree::next_after(Tree(table), node, [&] { return root_of(table); });
}

// From the head, the end or where it was last time, whatever is nearest. Places count from 1; 0 is the head.
PLIST_ENTRY listed_at(PRTL_GENERIC_TABLE table, ULONG place) {
    PLIST_ENTRY entry = table->OrderedPointer;
    ULONG at = table->WhichOrderedElement;
    const ULONG to_end = table->NumberGenericTableElements + 1 - place;
    const ULONG from_cache = at < place ? place - at : at - place;
    if (at > table->NumberGenericTableElements || from_cache > place || from_cache > to_end) {
        entry = &table->InsertOrderList;
        at = place <= to_end ? 0 : table->NumberGenericTableElements + 1;
    }
    for (tree::Way way; tree::plausible(entry) && is_listed(*entry);) {
        if (at == place) return entry;
        entry = at < place ? entry->Flink : entry->Blink;
        at = at < place ? at + 1 : at - 1;
        if (entry == &table->InsertOrderList || way.is_round(entry)) break;
    }
    tell_list(table);
    return nullptr;
}

}  // namespace
}  // namespace portico::nt::rtl::generic

using namespace portico::nt;

extern "C" {

VOID NTAPI RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table, PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                                     PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                                     PRTL_GENERIC_FREE_ROUTINE FreeRoutine, PVOID TableContext) {
    DDI(RtlInitializeGenericTable, DISPATCH_LEVEL);
    *Table = {nullptr,
              {&Table->InsertOrderList, &Table->InsertOrderList},
              &Table->InsertOrderList,
              0,
              0,
              CompareRoutine,
              AllocateRoutine,
              FreeRoutine,
              TableContext};
}

PVOID NTAPI RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                         PBOOLEAN NewElement) {
    DDI(RtlInsertElementGenericTable, HIGH_LEVEL);
    const auto place = rtl::generic::find(Table, Buffer);
    return rtl::generic::insert(Table, Buffer, BufferSize, place, NewElement);
}

PVOID NTAPI RtlInsertElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                             PBOOLEAN NewElement, PVOID NodeOrParent,
                                             TABLE_SEARCH_RESULT SearchResult) {
    DDI(RtlInsertElementGenericTableFull, HIGH_LEVEL);
    const rtl::generic::Found place{SearchResult, static_cast<PRTL_SPLAY_LINKS>(NodeOrParent)};
    if (!rtl::tree::fits(rtl::generic::Tree(Table), Table, rtl::generic::root_of(Table), place)) {
        if (NewElement != nullptr) *NewElement = FALSE;
        return nullptr;
    }
    return rtl::generic::insert(Table, Buffer, BufferSize, place, NewElement);
}

BOOLEAN NTAPI RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer) {
    DDI(RtlDeleteElementGenericTable, HIGH_LEVEL);
    const auto found = rtl::generic::find(Table, Buffer);
    return found.result == TableFoundNode && rtl::generic::remove(Table, found.node);
}

PVOID NTAPI RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer) {
    DDI(RtlLookupElementGenericTable, HIGH_LEVEL);
    const auto found = rtl::generic::find(Table, Buffer);
    if (found.result != TableFoundNode) return nullptr;
    rtl::generic::splay(Table, found.node);
    return rtl::generic::data_of(found.node);
}

// *NodeOrParent stays as it is when the table is empty.
PVOID NTAPI RtlLookupElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer, PVOID* NodeOrParent,
                                             TABLE_SEARCH_RESULT* SearchResult) {
    DDI(RtlLookupElementGenericTableFull, HIGH_LEVEL);
    const auto found = rtl::generic::find(Table, Buffer);
    *SearchResult = found.result;
    if (found.result != TableEmptyTree) *NodeOrParent = found.node;
    if (found.result != TableFoundNode) return nullptr;
    rtl::generic::splay(Table, found.node);
    return rtl::generic::data_of(found.node);
}

// The root is the element that was given last.
PVOID NTAPI RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart) {
    DDI(RtlEnumerateGenericTable, HIGH_LEVEL);
    PRTL_SPLAY_LINKS const root = rtl::generic::root_of(Table);
    if (root == nullptr) return nullptr;
    PRTL_SPLAY_LINKS const next = rtl::generic::next_after(Table, Restart ? nullptr : root);
    if (next == nullptr) return nullptr;
    rtl::generic::splay(Table, next);
    return rtl::generic::data_of(next);
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID* RestartKey) {
    DDI(RtlEnumerateGenericTableWithoutSplaying, HIGH_LEVEL);
    auto* const next = rtl::generic::next_after(Table, static_cast<PRTL_SPLAY_LINKS>(*RestartKey));
    if (next == nullptr) return nullptr;
    *RestartKey = next;
    return rtl::generic::data_of(next);
}

PVOID NTAPI RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I) {
    DDI(RtlGetElementGenericTable, HIGH_LEVEL);
    if (I >= Table->NumberGenericTableElements) return nullptr;
    PLIST_ENTRY const entry = rtl::generic::listed_at(Table, I + 1);
    if (entry == nullptr) return nullptr;
    Table->OrderedPointer = entry;
    Table->WhichOrderedElement = I + 1;
    return CONTAINING_RECORD(entry, rtl::generic::Element, order) + 1;
}

ULONG NTAPI RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table) {
    DDI(RtlNumberGenericTableElements, HIGH_LEVEL);
    return Table->NumberGenericTableElements;
}

BOOLEAN NTAPI RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table) {
    DDI(RtlIsGenericTableEmpty, HIGH_LEVEL);
    return Table->TableRoot == nullptr;
}

}  // extern "C"
