#include "portcls/service_group.h"

#include "nt/probes.h"
#include "portcls/new_object.h"

namespace portico::portcls {
namespace {

constexpr const char* group_kind = "IServiceGroup";

// The DPC may have left its queue on one processor while another one ends the group, so it names the group by
// a key that stops being valid then.
void* context_of(std::uint64_t key) {
    return reinterpret_cast<void*>(key);
}

}  // namespace

ServiceGroup* ServiceGroup::create() {
    auto* const group = make_object<ServiceGroup>(NonPagedPool, group_kind);
    if (group != nullptr) nt::ke::initialize_dpc(&group->dpc_, deferred, context_of(group->live().key));
    return group;
}

ServiceGroup* ServiceGroup::own(IServiceSink* sink) {
    const LiveObject* const live = live_object_at(sink);
    return live != nullptr && live->kind == group_kind ? static_cast<ServiceGroup*>(sink) : nullptr;
}

void* ServiceGroup::find_interface(const GUID& id) {
    const bool known =
        is_unknown_iid(id) || IsEqualGUID(id, IID_IServiceSink) || IsEqualGUID(id, IID_IServiceGroup);
    return known ? static_cast<IServiceGroup*>(this) : nullptr;
}

void ServiceGroup::destroy() {
    if (delayed_) nt::ke::cancel_timer(&timer_);
    nt::ke::remove_dpc(&dpc_);
    dying_ = true;
    members_.stop();
    if (!members_.walking()) end();
}

void ServiceGroup::end() {
    members_.clear(reap);
    unmake(this);
}

void ServiceGroup::reap(Member& member) {
    for (ULONG i = 0; i < member.count; ++i) drop_reference(member.sink);
    portcls::release(&member);
}

void ServiceGroup::call(const Member& member) {
    if (member.group != nullptr) return member.group->serve();
    if (member.system) return member.sink->RequestService();
    nt::DriverCall call("IServiceSink::RequestService", method_of(member.sink, 3));
    member.sink->RequestService();
}

void ServiceGroup::serve() {
    members_.walk(call, reap);
    if (dying_ && !members_.walking()) end();
}

void NTAPI ServiceGroup::deferred(PKDPC, PVOID context, PVOID, PVOID) {
    const LiveObject* const live = find_live_object(reinterpret_cast<std::uint64_t>(context));
    if (live != nullptr) static_cast<ServiceGroup*>(live->core)->serve();
}

void ServiceGroup::request() {
    nt::ke::insert_dpc(&dpc_, nullptr, nullptr);
}

NTSTATUS ServiceGroup::add(IServiceSink* sink, bool system) {
    add_reference(sink);
    if (Member* const known = members_.find([&](const Member& m) { return m.sink == sink; })) {
        ++known->count;
        return STATUS_SUCCESS;
    }
    auto* const member = static_cast<Member*>(allocate(NonPagedPool, sizeof(Member)));
    if (member == nullptr) return drop_reference(sink), STATUS_INSUFFICIENT_RESOURCES;
    member->sink = sink;
    member->group = own(sink);
    member->count = 1;
    member->system = system;
    members_.append(*member);
    return STATUS_SUCCESS;
}

NTSTATUS ServiceGroup::join(IServiceGroup* group, IServiceSink* sink) {
    ServiceGroup* const known = own(group);
    return known != nullptr ? known->add(sink, true) : group->AddMember(sink);
}

void ServiceGroup::remove(IServiceSink* sink) {
    Member* const member = members_.find([&](const Member& m) { return m.sink == sink; });
    if (member == nullptr) {
        PORTICO_PROBE(contract, "SG-007", this,
                      "IServiceGroup::RemoveMember was given a sink that is not a member.");
        return;
    }
    if (member->count > 1) {
        --member->count;
        drop_reference(sink);
    } else if (members_.remove(*member)) {
        reap(*member);
    }
}

void ServiceGroup::RequestService() {
    DDI_METHOD("IServiceGroup::RequestService", HIGH_LEVEL);  // SG-004, CX-004: any level
    request();
}

NTSTATUS ServiceGroup::AddMember(PSERVICESINK sink) {
    DDI_METHOD("IServiceGroup::AddMember", PASSIVE_LEVEL);
    if (sink == nullptr || passed_dead(sink)) return STATUS_INVALID_PARAMETER;
    return add(sink);
}

void ServiceGroup::RemoveMember(PSERVICESINK sink) {
    DDI_METHOD("IServiceGroup::RemoveMember", PASSIVE_LEVEL);
    remove(sink);
}

void ServiceGroup::SupportDelayedService() {
    DDI_METHOD("IServiceGroup::SupportDelayedService", DISPATCH_LEVEL);
    if (delayed_) return;
    nt::ke::initialize_timer(&timer_, NotificationTimer);
    delayed_ = true;
}

void ServiceGroup::RequestDelayedService(ULONGLONG delay) {
    DDI_METHOD("IServiceGroup::RequestDelayedService", DISPATCH_LEVEL);  // SG-016: a DPC re-arms itself
    if (!delayed_) {
        PORTICO_PROBE(contract, "SG-011", this,
                      "RequestDelayedService was called before SupportDelayedService.");
        return;
    }
    LARGE_INTEGER due;
    due.QuadPart = static_cast<LONGLONG>(delay);  // CX-005
    nt::ke::set_timer(&timer_, due, 0, &dpc_);
}

void ServiceGroup::CancelDelayedService() {
    DDI_METHOD("IServiceGroup::CancelDelayedService", DISPATCH_LEVEL);
    if (delayed_) nt::ke::cancel_timer(&timer_);
}

void notify_group(IServiceGroup* group, const char* when_gone) {
    if (ServiceGroup* const own = ServiceGroup::own(group)) {
        own->request();
    } else if (is_freed(group)) {
        PORTICO_PROBE(contract, "PM-020", group, when_gone);
    } else {
        group->RequestService();
    }
}

}  // namespace portico::portcls

NTSTATUS NTAPI PcNewServiceGroup(PSERVICEGROUP* OutServiceGroup, PUNKNOWN OuterUnknown) {
    using namespace portico::portcls;
    DDI(PcNewServiceGroup, PASSIVE_LEVEL);
    if (!new_object_arguments(OutServiceGroup, OuterUnknown)) return STATUS_INVALID_PARAMETER;
    *OutServiceGroup = ServiceGroup::create();
    return *OutServiceGroup == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}
