// IServiceGroup: sinks that are called together at DISPATCH_LEVEL after a request from any IRQL
// (SG-001..SG-050, SV-001..SV-004).
#pragma once

#include "portcls/com_object.h"
#include "portcls/walked_list.h"

namespace portico::portcls {

class ServiceGroup final : public ComObject<IServiceGroup> {
  public:
    static ServiceGroup* create();  // null without memory

    ServiceGroup() = default;

    PORTICO_IServiceSink(PORTICO_OVERRIDE) PORTICO_IServiceGroup(PORTICO_OVERRIDE)

        // Portico's own calls, which are no calls of the driver. request(): any IRQL; nothing is allocated.
        void request();
    NTSTATUS add(IServiceSink* sink, bool system = false);
    // For a sink of Portico's own, in whoever's group it is. IRQL: PASSIVE_LEVEL.
    static NTSTATUS join(IServiceGroup* group, IServiceSink* sink);
    void remove(IServiceSink* sink);

    // The group that Portico made at this address, or null.
    static ServiceGroup* own(IServiceSink* sink);

  private:
    struct Member {
        IServiceSink* sink;
        ServiceGroup* group;  // the sink when it is a group of ours: served without a DPC of its own (SG-002)
        ULONG count;          // times it was added; it is called once (SV-004)
        bool system;          // the sink is Portico's own: calling it is no call into a driver
        Member* next_node;
        Listed listed;
    };

    void* find_interface(const GUID& id) override;
    void destroy() override;

    static void NTAPI deferred(PKDPC dpc, PVOID context, PVOID, PVOID);
    void serve();
    static void call(const Member& member);
    static void reap(Member& member);
    void end();

    KDPC dpc_;
    KTIMER timer_;
    WalkedList<Member> members_;
    bool delayed_ = false;  // SupportDelayedService was called
    bool dying_ = false;    // the last reference is gone; whoever walks the members ends the group
};

// What a port's Notify does with a group, which may be the driver's. `when_gone` is told of one that is freed
// (PM-020). IRQL: any.
void notify_group(IServiceGroup* group, const char* when_gone);

}  // namespace portico::portcls
