// What is still there of a driver when it has been unloaded (LC-058).
#include "nt/ex/ex.h"
#include "nt/ex/pool.h"
#include "nt/io/driver.h"
#include "nt/io/irp.h"
#include "nt/io/notification.h"
#include "nt/io/work_item.h"
#include "nt/ke/ke.h"
#include "nt/mm/mm.h"
#include "nt/mm/mm.h"

namespace portico::nt::io {
namespace {

struct Search {
    sim::AddressRange image;
};

void tell(const LeftBehind& left, void*) {
    PORTICO_PROBE(left_behind, left);
}

bool in_image(const Search& search, const void* address) {
    return search.image.contains(address);
}

// In the driver's image, or in memory that it allocated.
bool is_drivers_memory(const Search& search, const void* address) {
    if (in_image(search, address)) return true;
    ex::PoolBlock block;
    return ex::find_block(address, block) && block.live && !block.internal &&
           ex::made_by(block.made, search.image);
}

void check_timer(PKTIMER timer, void* context) {
    const auto& search = *static_cast<Search*>(context);
    const bool ours = is_drivers_memory(search, timer) ||
                      (timer->Dpc != nullptr &&
                       in_image(search, reinterpret_cast<const void*>(timer->Dpc->DeferredRoutine)));
    if (!ours) return;
    tell({LeftKind::timer,
          reinterpret_cast<std::uint64_t>(timer),
          sizeof(KTIMER),
          0,
          0,
          "KTIMER",
          {{ke::armed_from(timer)}}},
         nullptr);
}

void check_dpc(PRKDPC dpc, void* context) {
    const auto& search = *static_cast<Search*>(context);
    if (!in_image(search, reinterpret_cast<const void*>(dpc->DeferredRoutine))) return;
    tell({LeftKind::dpc, reinterpret_cast<std::uint64_t>(dpc), sizeof(KDPC), 0, 0, "KDPC", {}}, nullptr);
}

void check_interrupt(PKINTERRUPT interrupt, PKSERVICE_ROUTINE routine, void* context) {
    const auto& search = *static_cast<Search*>(context);
    if (!in_image(search, reinterpret_cast<const void*>(routine))) return;
    tell({LeftKind::interrupt, reinterpret_cast<std::uint64_t>(interrupt), 0, 0, 0, "KINTERRUPT", {}},
         nullptr);
}

void check_work_item(const QueuedWorkItem& item, void* context) {
    const auto& search = *static_cast<Search*>(context);
    if (!in_image(search, item.routine)) return;
    tell({LeftKind::work_item, reinterpret_cast<std::uint64_t>(item.item), 0, 0, 0, "IO_WORKITEM", item.made},
         nullptr);
}

void check_irp(IrpRecord& record, void* context) {
    const auto& search = *static_cast<Search*>(context);
    if (record.state != IrpState::live || !ex::made_by(record.made, search.image)) return;
    // Sent on behalf of Portico from inside a driver's call: not the driver's.
    if (record.kept || record.issuer != nullptr) return;
    tell({LeftKind::pool_block, reinterpret_cast<std::uint64_t>(record.irp()), record.irp()->Size, ' prI', 0,
          "IRP", record.made},
         nullptr);
}

void check_registration(const void* entry, const Origin& made, void*) {
    tell({LeftKind::reference, reinterpret_cast<std::uint64_t>(entry), 0, 0, 1, "PnP notification", made},
         nullptr);
}

}  // namespace

constinit void (*report_left_above)(sim::AddressRange) = nullptr;

void report_left_behind(const DriverBody& driver) {
    if (driver.image.size == 0) return;
    ex::check_freed_blocks();
    Search search{driver.image};
    ke::for_each_timer(check_timer, &search);
    ke::for_each_dpc(check_dpc, &search);
    ke::for_each_interrupt(check_interrupt, &search);
    for_each_queued_work_item(check_work_item, &search);
    for_each_irp(check_irp, &search);
    for_each_registration(const_cast<PDRIVER_OBJECT>(&driver.object), check_registration, nullptr);
    mm::for_each_left(driver.image, tell, nullptr);
    ob::for_each_left(driver.image, tell, nullptr);
    ex::for_each_left(driver.image, tell, nullptr);
    if (report_left_above != nullptr) report_left_above(driver.image);
}

}  // namespace portico::nt::io
