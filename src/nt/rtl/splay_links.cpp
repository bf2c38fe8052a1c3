// Splay links: binary trees that a driver links itself. Any IRQL where the tree is not paged.
#include "nt/rtl/tree_links.h"
#include "nt/seh/unwindable.h"

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl::splay {
namespace {

tree::Tree<RTL_SPLAY_LINKS> of(const void* node) {
    return tree::Tree<RTL_SPLAY_LINKS>(node);
}

}  // namespace
}  // namespace portico::nt::rtl::splay

using namespace portico::nt;

extern "C" {

PRTL_SPLAY_LINKS NTAPI RtlSplay(PRTL_SPLAY_LINKS Links) {
    DDI(RtlSplay, HIGH_LEVEL);
    const auto tree = rtl::splay::of(Links);
    if (tree.leads_up(Links)) tree.splay(Links);
    return Links;
}

PRTL_SPLAY_LINKS NTAPI RtlDelete(PRTL_SPLAY_LINKS Links) {
    DDI(RtlDelete, HIGH_LEVEL);
    const auto tree = rtl::splay::of(Links);
    if (!tree.leads_up(Links)) return Links;
    const auto hole = tree.unlink(Links, rtl::tree::left);
    if (hole.parent == nullptr) return hole.replacement;
    tree.splay(hole.parent);
    return hole.parent;
}

VOID NTAPI RtlDeleteNoSplay(PRTL_SPLAY_LINKS Links, PRTL_SPLAY_LINKS* Root) {
    DDI(RtlDeleteNoSplay, HIGH_LEVEL);
    const auto tree = rtl::splay::of(Links);
    if (!tree.leads_up(Links)) return;
    const auto hole = tree.unlink(Links, rtl::tree::left);
    if (*Root == Links) *Root = hole.replacement;
}

PRTL_SPLAY_LINKS NTAPI RtlSubtreeSuccessor(PRTL_SPLAY_LINKS Links) {
    DDI(RtlSubtreeSuccessor, HIGH_LEVEL);
    return rtl::splay::of(Links).neighbour_below(Links, rtl::tree::right);
}

PRTL_SPLAY_LINKS NTAPI RtlSubtreePredecessor(PRTL_SPLAY_LINKS Links) {
    DDI(RtlSubtreePredecessor, HIGH_LEVEL);
    return rtl::splay::of(Links).neighbour_below(Links, rtl::tree::left);
}

PRTL_SPLAY_LINKS NTAPI RtlRealSuccessor(PRTL_SPLAY_LINKS Links) {
    DDI(RtlRealSuccessor, HIGH_LEVEL);
    return rtl::splay::of(Links).neighbour(Links, rtl::tree::right);
}

PRTL_SPLAY_LINKS NTAPI RtlRealPredecessor(PRTL_SPLAY_LINKS Links) {
    DDI(RtlRealPredecessor, HIGH_LEVEL);
    return rtl::splay::of(Links).neighbour(Links, rtl::tree::left);
}

}  // extern "C"
