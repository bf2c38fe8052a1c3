// The PnP manager's thread and the requests that it works off one by one.
#include <array>

#include "base/ring.h"
#include "nt/io/device.h"
#include "nt/io/irp.h"
#include "nt/io/notification.h"
#include "nt/io/pnp.h"
#include "nt/po/po.h"
#include "nt/ps/ps.h"
#include "sim/scheduler.h"

namespace portico::nt::io {
namespace {

constexpr unsigned queue_limit = 64;

struct Manager {
    Ring<PnpRequest*, queue_limit> queue;
    std::array<PnpRequest, queue_limit> own;  // requests that nobody waits for
    std::array<bool, queue_limit> own_used{};
    KEVENT wanted;
    KTHREAD* thread = nullptr;
    bool busy = false;
};
constinit Manager manager{};

void release_own(PnpRequest& request) {
    const auto index = &request - manager.own.data();
    if (index >= 0 && index < static_cast<std::ptrdiff_t>(queue_limit))
        manager.own_used[static_cast<unsigned>(index)] = false;
}

void finish(PnpRequest& request, NTSTATUS status) {
    request.status = status;
    request.done = true;
    ke::set_event(&request.done_event);
    release_own(request);
}

void NTAPI run(void*) {
    for (;;) {
        while (!manager.queue.empty()) {
            PnpRequest& request = *manager.queue.front();
            manager.queue.pop();
            manager.busy = true;
            const NTSTATUS status = execute(request);
            manager.busy = false;
            finish(request, status);
        }
        // Told after the operation that caused them, as Windows does from another thread.
        deliver_interface_events();
        if (!manager.queue.empty()) continue;
        ke::wait(&manager.wanted, KernelMode, false, nullptr);
    }
}

bool start_thread() {
    if (manager.thread != nullptr) return true;
    ke::initialize_event(&manager.wanted, SynchronizationEvent, false);
    // An object, so that a driver may reference the thread on which it is started.
    PETHREAD thread = nullptr;
    if (!NT_SUCCESS(ps::create_thread(*ps::system_process(), "PnP", run, nullptr, &thread))) return false;
    manager.thread = &thread->tcb;
    return true;
}

bool inside_simulation() {
    return sim::stack_range.contains(__builtin_frame_address(0));
}

bool request_done(void* request) {
    return static_cast<PnpRequest*>(request)->done;
}

NTSTATUS run_machine_until(PnpRequest& request, Nanoseconds limit_ns) {
    const Nanoseconds until_ns = sim::scheduler.now_ns() + limit_ns;
    while (!request.done && !sim::scheduler.frozen()) {
        if (!sim::scheduler.run(until_ns, request_done, &request) && !request.done) break;
    }
    return request.done ? request.status : STATUS_IO_TIMEOUT;
}

}  // namespace

void reset_manager() {
    manager.queue.clear();
    manager.own_used.fill(false);
    manager.thread = nullptr;
    manager.busy = false;
}

bool on_pnp_thread() {
    return manager.thread != nullptr && ke::current_thread() == manager.thread && manager.busy;
}

void wake_pnp_thread() {
    if (start_thread()) ke::set_event(&manager.wanted);
}

bool post(PnpRequest& request) {
    if (!start_thread()) return false;
    request.done = false;
    request.status = STATUS_PENDING;
    ke::initialize_event(&request.done_event, NotificationEvent, false);
    if (!manager.queue.push(&request)) return false;
    ke::set_event(&manager.wanted);
    return true;
}

namespace {

PnpRequest* take_own() {
    for (unsigned i = 0; i < queue_limit; ++i) {
        if (manager.own_used[i]) continue;
        manager.own_used[i] = true;
        manager.own[i] = PnpRequest{};
        return &manager.own[i];
    }
    return nullptr;
}

bool post_own(PnpRequest& request) {
    if (post(request)) return true;
    release_own(request);
    return false;
}

}  // namespace

bool post(PnpAction action, DeviceNode& node) {
    PnpRequest* const request = take_own();
    if (request == nullptr) return false;
    request->action = action;
    request->node = &node;
    return post_own(*request);
}

bool post_unload(PDRIVER_OBJECT driver) {
    PnpRequest* const request = take_own();
    if (request == nullptr) return false;
    request->action = PnpAction::unload_driver;
    request->driver = driver;
    return post_own(*request);
}

NTSTATUS perform(PnpRequest& request, Nanoseconds limit_ns) {
    if (inside_simulation() && on_pnp_thread()) {
        // From inside an operation (a driver's start routine): part of it.
        request.status = execute(request);
        request.done = true;
        return request.status;
    }
    if (!post(request)) return STATUS_INSUFFICIENT_RESOURCES;
    if (!inside_simulation()) return run_machine_until(request, limit_ns);
    ke::wait(&request.done_event, KernelMode, false, nullptr);
    return request.status;
}

void reset_pnp() {
    reset_nodes();
    reset_root_bus();
    reset_manager();
}

NTSTATUS perform(PnpAction action, DeviceNode& node, Nanoseconds limit_ns) {
    PnpRequest request;
    request.action = action;
    request.node = &node;
    return perform(request, limit_ns);
}

namespace {

NTSTATUS load(PnpRequest& request) {
    PDRIVER_OBJECT driver = find_driver(request.source->service);
    const NTSTATUS status = driver != nullptr ? STATUS_SUCCESS : load_driver(*request.source, &driver);
    request.driver = driver;
    return status;
}

NTSTATUS disable(DeviceNode& node) {
    if (node.state == NodeState::enumerated || node.state == NodeState::described) {
        node.problem = problem_disabled;
        return STATUS_SUCCESS;
    }
    NTSTATUS status = query_remove_node(node);
    if (NT_SUCCESS(status)) status = remove_node(node);
    if (NT_SUCCESS(status)) node.problem = problem_disabled;
    return status;
}

NTSTATUS bring_up(DeviceNode& node) {
    if (!node.present) return STATUS_NO_SUCH_DEVICE;
    NTSTATUS status = STATUS_SUCCESS;
    if (node.state == NodeState::described) status = enumerate_node(node);
    if (NT_SUCCESS(status) && node.state == NodeState::enumerated) status = add_drivers(node);
    return NT_SUCCESS(status) ? start_node(node) : status;
}

NTSTATUS add(DeviceNode& node) {
    const NTSTATUS status = node.state == NodeState::described ? enumerate_node(node) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status)) return status;
    return node.state == NodeState::enumerated ? add_drivers(node) : STATUS_INVALID_DEVICE_STATE;
}

NTSTATUS enable(DeviceNode& node) {
    node.problem = problem_none;
    return bring_up(node);
}

NTSTATUS replug(DeviceNode& node) {
    if (node.state != NodeState::enumerated && node.state != NodeState::described)
        return STATUS_INVALID_DEVICE_STATE;
    node.present = true;
    return enable(node);
}

}  // namespace

NTSTATUS execute(PnpRequest& request) {
    switch (request.action) {
        case PnpAction::load_driver:
            return load(request);
        case PnpAction::unload_driver:
            return unload_driver(request.driver, request.forced);
        case PnpAction::add_device:
            return add(*request.node);
        case PnpAction::start:
            return bring_up(*request.node);
        case PnpAction::query_stop:
            return query_stop_node(*request.node);
        case PnpAction::cancel_stop:
            return cancel_stop_node(*request.node);
        case PnpAction::stop:
            return stop_node(*request.node);
        case PnpAction::query_remove:
            return query_remove_node(*request.node);
        case PnpAction::cancel_remove:
            return cancel_remove_node(*request.node);
        case PnpAction::remove:
            return remove_node(*request.node);
        case PnpAction::surprise_remove:
            return surprise_remove_node(*request.node);
        case PnpAction::disable:
            return disable(*request.node);
        case PnpAction::enable:
            return enable(*request.node);
        case PnpAction::replug:
            return replug(*request.node);
        case PnpAction::set_device_power:
            return po::change_device_power(*request.node, request.device_power);
        case PnpAction::set_system_power:
            return po::change_system_power(request.system_power);
        case PnpAction::enumerate:
            return enumerate_children(*request.node);
        case PnpAction::query_state:
            return query_state_of(*request.node);
    }
    return STATUS_INVALID_PARAMETER;
}

namespace {

PIRP pnp_irp(PDEVICE_OBJECT device, const IO_STACK_LOCATION& wanted) {
    PIRP const irp = allocate_irp(device->StackSize);
    if (irp == nullptr) return nullptr;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    irp->Flags = IRP_SYNCHRONOUS_API;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = IRP_MJ_PNP;
    stack->MinorFunction = wanted.MinorFunction;
    stack->Parameters = wanted.Parameters;
    return irp;
}

}  // namespace

NTSTATUS send_pnp(DeviceNode& node, const IO_STACK_LOCATION& location, ULONG_PTR* information,
                  Origin* completed) {
    if (information != nullptr) *information = 0;
    if (node.pdo == nullptr) return STATUS_NO_SUCH_DEVICE;
    PDEVICE_OBJECT const top = top_of_stack(node.pdo);
    PIRP const irp = pnp_irp(top, location);
    if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    // The stack may go while the IRP is in it.
    ob::reference(top);
    ++extras(top).kept;
    const NTSTATUS status = call_and_wait(top, irp, information, completed);
    --extras(top).kept;
    for (PDEVICE_OBJECT device = node.pdo; device != nullptr; device = device->AttachedDevice)
        check_extension(device);
    ob::dereference(top);
    return status;
}

NTSTATUS send_pnp(DeviceNode& node, UCHAR minor, ULONG_PTR* information) {
    IO_STACK_LOCATION location{};
    location.MinorFunction = minor;
    return send_pnp(node, location, information);
}

}  // namespace portico::nt::io
