// Power IRPs: their making, their order, and what their ends set off.
#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/ex/work.h"
#include "nt/io/device.h"
#include "nt/io/irp.h"
#include "nt/po/po.h"
#include "nt/po/power_irp.h"
#include "sim/address_map.h"

namespace portico::nt::po {
namespace {

struct PowerRequest {
    LIST_ENTRY link;  // among those that wait for their device
    WORK_QUEUE_ITEM work;
    PDEVICE_OBJECT device;  // as the caller named it
    PDEVICE_OBJECT top;     // referenced
    PIRP irp;
    io::DeviceNode* node;  // whose requests go one by one; null: not serialised
    PREQUEST_POWER_COMPLETE completion;
    void* context;
    POWER_STATE state;
    UCHAR minor;
};

constexpr unsigned waiting_limit = 1024;  // docs/limits.md

LIST_ENTRY waiting{&waiting, &waiting};
unsigned waiting_count = 0;

// The device's next request, now on its way; null: none waits, or one is on its way.
PowerRequest* take_next(io::DeviceNode& node) {
    if (node.power_busy) return nullptr;
    for (PLIST_ENTRY e = waiting.Flink; e != &waiting; e = e->Flink) {
        auto& request = *CONTAINING_RECORD(e, PowerRequest, link);
        if (request.node != &node) continue;
        RemoveEntryList(e);
        --waiting_count;
        node.power_busy = true;
        return &request;
    }
    return nullptr;
}

// A request that ends while it is sent comes back here for the next one, not deeper into the stack.
void NTAPI send(void* context) {
    auto* request = static_cast<PowerRequest*>(context);
    io::DeviceNode* const node = request->node;
    if (node != nullptr) node->power_sender = ke::current_thread();
    for (; request != nullptr; request = node == nullptr ? nullptr : take_next(*node))
        io::call_driver(request->top, request->irp);
    if (node != nullptr && node->power_sender == ke::current_thread()) node->power_sender = nullptr;
}

// Drivers get power IRPs at PASSIVE_LEVEL; from above it a worker thread takes them there.
void dispatch(PowerRequest& request) {
    if (ke::current_irql() == PASSIVE_LEVEL) return send(&request);
    ExInitializeWorkItem(&request.work, send, &request);
    ex::queue_work_item(&request.work, CriticalWorkQueue);
}

void dispatch_next(io::DeviceNode* node) {
    if (node == nullptr) return;
    node->power_busy = false;
    if (ke::current_irql() == PASSIVE_LEVEL && node->power_sender == ke::current_thread()) return;
    if (PowerRequest* const request = take_next(*node)) dispatch(*request);
}

void call_completion(const PowerRequest& request, PIO_STATUS_BLOCK status) {
    if (request.completion == nullptr) return;
    const void* const address = reinterpret_cast<const void*>(request.completion);
    if (!sim::image_range.contains(address)) {
        request.completion(request.device, request.minor, request.state, request.context, status);
        return;
    }
    DriverCall call("PowerCompletion", address);
    request.completion(request.device, request.minor, request.state, request.context, status);
}

NTSTATUS NTAPI finished(PDEVICE_OBJECT, PIRP irp, PVOID context) {
    auto* const request = static_cast<PowerRequest*>(context);
    call_completion(*request, &irp->IoStatus);
    io::DeviceNode* const node = request->node;
    ob::dereference(request->top);
    ex::free(request, 0);
    io::free_irp(irp);
    dispatch_next(node);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

bool is_serialised(UCHAR minor) {
    return minor == IRP_MN_SET_POWER || minor == IRP_MN_QUERY_POWER;
}

void fill_location(PIO_STACK_LOCATION stack, UCHAR minor, POWER_STATE state) {
    stack->MajorFunction = IRP_MJ_POWER;
    stack->MinorFunction = minor;
    if (minor == IRP_MN_WAIT_WAKE) {
        stack->Parameters.WaitWake.PowerState = state.SystemState;
        return;
    }
    stack->Parameters.Power.Type = DevicePowerState;
    stack->Parameters.Power.State = state;
    stack->Parameters.Power.ShutdownType = PowerActionNone;
}

PowerRequest* make_request(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state) {
    auto* const request = ex::make<PowerRequest>(NonPagedPool, 'rwoP');
    if (request == nullptr) return nullptr;
    request->device = device;
    request->top = io::top_of_stack(device);
    request->minor = minor;
    request->state = state;
    request->irp = io::allocate_irp(request->top->StackSize);
    if (request->irp == nullptr) {
        ex::destroy(request);
        return nullptr;
    }
    ob::reference(request->top);
    request->irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    fill_location(IoGetNextIrpStackLocation(request->irp), minor, state);
    IoSetCompletionRoutine(request->irp, finished, request, TRUE, TRUE, TRUE);
    if (is_serialised(minor)) request->node = io::stack_node(device);
    return request;
}

}  // namespace

void reset_power_irps() {
    InitializeListHead(&waiting);
    waiting_count = 0;
}

NTSTATUS request(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PREQUEST_POWER_COMPLETE completion,
                 void* context, PIRP* irp) {
    if (!is_serialised(minor) && minor != IRP_MN_WAIT_WAKE) return STATUS_INVALID_PARAMETER_2;
    if (waiting_count == waiting_limit) return STATUS_INSUFFICIENT_RESOURCES;
    PowerRequest* const made = make_request(device, minor, state);
    if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    made->completion = completion;
    made->context = context;
    if (irp != nullptr) *irp = made->irp;
    io::DeviceNode* const node = made->node;
    if (node != nullptr && node->power_busy) {
        InsertTailList(&waiting, &made->link);
        ++waiting_count;
        return STATUS_PENDING;
    }
    if (node != nullptr) node->power_busy = true;
    dispatch(*made);
    return STATUS_PENDING;
}

NTSTATUS send_system_irp(io::DeviceNode& node, UCHAR minor, SYSTEM_POWER_STATE state) {
    PDEVICE_OBJECT const top = io::top_of_stack(node.pdo);
    PIRP const irp = io::allocate_irp(top->StackSize);
    if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = IRP_MJ_POWER;
    stack->MinorFunction = minor;
    stack->Parameters.Power.Type = SystemPowerState;
    stack->Parameters.Power.State.SystemState = state;
    stack->Parameters.Power.ShutdownType = state == PowerSystemWorking     ? PowerActionNone
                                           : state == PowerSystemHibernate ? PowerActionHibernate
                                           : state >= PowerSystemShutdown  ? PowerActionShutdown
                                                                           : PowerActionSleep;
    ob::reference(top);
    const NTSTATUS status = io::call_and_wait(top, irp, nullptr);
    ob::dereference(top);
    return status;
}

}  // namespace portico::nt::po

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI PoRequestPowerIrp(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction, POWER_STATE PowerState,
                                 PREQUEST_POWER_COMPLETE CompletionFunction, PVOID Context, PIRP* Irp) {
    DDI(PoRequestPowerIrp, DISPATCH_LEVEL);
    return po::request(DeviceObject, MinorFunction, PowerState, CompletionFunction, Context, Irp);
}

NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    DDI(PoCallDriver, DISPATCH_LEVEL);
    return io::call_driver(DeviceObject, Irp);
}

// Since Windows Vista the power manager keeps the order itself.
VOID NTAPI PoStartNextPowerIrp(PIRP) {
    DDI(PoStartNextPowerIrp, DISPATCH_LEVEL);
}

VOID NTAPI PoSetSystemWake(PIRP Irp) {
    DDI(PoSetSystemWake, DISPATCH_LEVEL);
    if (auto* const record = io::record_of(Irp)) record->woke_system = true;
}

BOOLEAN NTAPI PoGetSystemWake(PIRP Irp) {
    DDI(PoGetSystemWake, DISPATCH_LEVEL);
    const auto* const record = io::record_of(Irp);
    return record != nullptr && record->woke_system;
}

}  // extern "C"
