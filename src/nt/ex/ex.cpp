#include "nt/ex/ex.h"

#include "nt/ex/pool.h"
#include "nt/ex/tracked.h"
#include "nt/ex/work.h"

namespace portico::nt::ex {
namespace {

struct Visitor {
    void (*visit)(const LeftBehind& left, void* context);
    void* context;
};

void visit_block(const PoolBlock& block, void* context) {
    const auto& visitor = *static_cast<const Visitor*>(context);
    LeftBehind left{};
    left.kind = LeftKind::pool_block;
    left.address = block.address;
    left.size = block.size;
    left.tag = block.tag;
    left.what = "pool block";
    left.made = block.made;
    visitor.visit(left, visitor.context);
}

}  // namespace

void reset() {
    reset_pool();
    reset_tracked();
    reset_work();
    reset_spin_locks();
}

void for_each_left(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                   void* context) {
    Visitor visitor{visit, context};
    for_each_live_block(image, visit_block, &visitor);
    for_each_left_tracked(image, visit, context);
    for_each_left_work_item(image, visit, context);
}

}  // namespace portico::nt::ex
