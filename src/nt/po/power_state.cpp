// Device and system power states and the ways between them.
#include "nt/ddi.h"
#include "nt/io/device.h"
#include "nt/io/misc.h"
#include "nt/po/po.h"
#include "nt/po/power_irp.h"

namespace portico::nt::po {
namespace {

SYSTEM_POWER_STATE state_of_system = PowerSystemWorking;

struct Waiter {
    KEVENT event;
    NTSTATUS status;
};

void NTAPI done(PDEVICE_OBJECT, UCHAR, POWER_STATE, PVOID context, PIO_STATUS_BLOCK status) {
    auto& waiter = *static_cast<Waiter*>(context);
    waiter.status = status->Status;
    ke::set_event(&waiter.event);
}

NTSTATUS request_and_wait(io::DeviceNode& node, UCHAR minor, DEVICE_POWER_STATE wanted) {
    Waiter waiter;
    ke::initialize_event(&waiter.event, NotificationEvent, false);
    POWER_STATE state;
    state.DeviceState = wanted;
    const NTSTATUS status = request(node.pdo, minor, state, done, &waiter, nullptr);
    if (status != STATUS_PENDING) return status;
    ke::wait(&waiter.event, KernelMode, false, nullptr);
    return waiter.status;
}

bool takes_part(const io::DeviceNode& node) {
    return node.pdo != nullptr && node.state == io::NodeState::started;
}

// Parents come before their children in the table.
io::DeviceNode* last_first(unsigned step) {
    const unsigned count = io::node_count();
    return step < count ? io::node_at(count - 1 - step) : nullptr;
}

NTSTATUS ask_all(SYSTEM_POWER_STATE state) {
    for (unsigned i = 0; io::DeviceNode* const node = last_first(i); ++i) {
        if (!takes_part(*node)) continue;
        const NTSTATUS status = send_system_irp(*node, IRP_MN_QUERY_POWER, state);
        if (NT_SUCCESS(status)) continue;
        // Everybody who was asked, the one who refused included, hears that it does not happen.
        for (unsigned told = 0; told <= i; ++told) {
            if (takes_part(*last_first(told)))
                send_system_irp(*last_first(told), IRP_MN_SET_POWER, state_of_system);
        }
        return status;
    }
    return STATUS_SUCCESS;
}

void set_one(io::DeviceNode& node, SYSTEM_POWER_STATE state) {
    if (!takes_part(node)) return;
    send_system_irp(node, IRP_MN_SET_POWER, state);
    node.system_power = state;
}

}  // namespace

void reset() {
    state_of_system = PowerSystemWorking;
    reset_power_irps();
    reset_idle();
    reset_settings();
}

SYSTEM_POWER_STATE system_power() {
    return state_of_system;
}

DEVICE_POWER_STATE note_device_state(PDEVICE_OBJECT device, DEVICE_POWER_STATE state) {
    io::DeviceExtras& own = io::extras(device);
    const DEVICE_POWER_STATE before = own.power_state;
    own.power_state = state;
    if (io::DeviceNode* const node = io::stack_node(device)) node->device_power = state;
    return before;
}

NTSTATUS change_device_power(io::DeviceNode& node, DEVICE_POWER_STATE state) {
    if (!takes_part(node)) return STATUS_INVALID_DEVICE_STATE;
    if (state < PowerDeviceD0 || state > PowerDeviceD3) return STATUS_INVALID_PARAMETER;
    if (state > node.device_power) {
        const NTSTATUS status = request_and_wait(node, IRP_MN_QUERY_POWER, state);
        if (!NT_SUCCESS(status)) return status;
    }
    return request_and_wait(node, IRP_MN_SET_POWER, state);
}

NTSTATUS change_system_power(SYSTEM_POWER_STATE state) {
    if (state < PowerSystemWorking || state > PowerSystemShutdown) return STATUS_INVALID_PARAMETER;
    if (state == state_of_system) return STATUS_SUCCESS;
    if (state != PowerSystemWorking) {
        const NTSTATUS status = ask_all(state);
        if (!NT_SUCCESS(status)) return status;
        if (state == PowerSystemShutdown) io::send_shutdown();
        for (unsigned i = 0; io::DeviceNode* const node = last_first(i); ++i) set_one(*node, state);
    } else {
        for (unsigned i = 0; io::DeviceNode* const node = io::node_at(i); ++i) set_one(*node, state);
    }
    state_of_system = state;
    return STATUS_SUCCESS;
}

}  // namespace portico::nt::po

using namespace portico::nt;

extern "C" {

POWER_STATE NTAPI PoSetPowerState(PDEVICE_OBJECT DeviceObject, POWER_STATE_TYPE Type, POWER_STATE State) {
    DDI(PoSetPowerState, DISPATCH_LEVEL);
    if (Type != DevicePowerState) return State;
    POWER_STATE before;
    before.DeviceState = po::note_device_state(DeviceObject, State.DeviceState);
    return before;
}

}  // extern "C"
