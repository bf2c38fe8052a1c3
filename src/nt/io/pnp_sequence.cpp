// Starting, stopping and removing devices: the IRPs of docs/spec/lifecycle.md, sections 1, 2 and 4, as the
// PnP manager of Windows sends them.
#include <array>

#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/io/bug_check.h"
#include "nt/io/device.h"
#include "nt/io/interfaces.h"
#include "nt/io/irp.h"
#include "nt/io/notification.h"
#include "nt/io/pnp.h"
#include "nt/io/pnp_registry.h"

namespace portico::nt::io {
namespace {

void free_lists(DeviceNode& node) {
    if (node.raw != nullptr) ex::free(node.raw, 0);
    if (node.translated != nullptr) ex::free(node.translated, 0);
    node.raw = node.translated = nullptr;
}

bool make_lists(DeviceNode& node) {
    free_lists(node);
    node.raw = make_resource_list(node, false);
    node.translated = make_resource_list(node, true);
    return node.resource_count == 0 || (node.raw != nullptr && node.translated != nullptr);
}

// Function and filter drivers may change what the device needs; the configuration's assignment stands all the
// same.
void filter_requirements(DeviceNode& node) {
    IO_STACK_LOCATION location{};
    location.MinorFunction = IRP_MN_FILTER_RESOURCE_REQUIREMENTS;
    PIO_RESOURCE_REQUIREMENTS_LIST const given = make_requirements(node);
    location.Parameters.FilterResourceRequirements.IoResourceRequirementList = given;
    ULONG_PTR information = 0;
    const NTSTATUS status = send_pnp(node, location, &information);
    auto* const answered = reinterpret_cast<void*>(information);
    // A driver that answers with another list frees ours.
    if (NT_SUCCESS(status) && answered != nullptr && answered != given) {
        ex::free(answered, 0);
    } else if (given != nullptr) {
        ex::free(given, 0);
    }
}

NTSTATUS send_start(DeviceNode& node) {
    IO_STACK_LOCATION location{};
    location.MinorFunction = IRP_MN_START_DEVICE;
    location.Parameters.StartDevice.AllocatedResources = node.raw;
    location.Parameters.StartDevice.AllocatedResourcesTranslated = node.translated;
    return send_pnp(node, location);
}

// A first start that failed is followed by a removal; one after a stop by a surprise removal first.
void undo_start(DeviceNode& node, bool restart) {
    node.problem = problem_failed_start;
    disable_interfaces(node);
    if (restart) send_pnp(node, IRP_MN_SURPRISE_REMOVAL);
    node.state = NodeState::remove_pending;
    remove_node(node);
    node.problem = problem_failed_start;
}

void finish_start(DeviceNode& node) {
    node.state = NodeState::started;
    node.problem = problem_none;
    if (node.device_power == PowerDeviceUnspecified) node.device_power = PowerDeviceD0;
    set_stack_state(node.pdo, start_pending | remove_pending, false);
    query_capabilities(node);
    query_state_of(node);
    if (node.state != NodeState::started) return;
    announce_interfaces(node);
    enumerate_children(node);
}

}  // namespace

NTSTATUS start_node(DeviceNode& node) {
    const bool restart = node.state == NodeState::stopped;
    if (!restart && node.state != NodeState::drivers_added) return STATUS_INVALID_DEVICE_STATE;
    if (node.problem == problem_disabled) return STATUS_DEVICE_NOT_READY;
    if (!restart) filter_requirements(node);
    if (!make_lists(node)) return STATUS_INSUFFICIENT_RESOURCES;
    const NTSTATUS status = send_start(node);
    if (!NT_SUCCESS(status)) {
        undo_start(node, restart);
        return status;
    }
    finish_start(node);
    return status;
}

// ---- stop ----

NTSTATUS query_stop_node(DeviceNode& node) {
    if (node.state != NodeState::started) return STATUS_INVALID_DEVICE_STATE;
    const NTSTATUS status = send_pnp(node, IRP_MN_QUERY_STOP_DEVICE);
    if (NT_SUCCESS(status)) {
        node.state = NodeState::stop_pending;
    } else {
        // Drivers above the one that refused have prepared for it.
        send_pnp(node, IRP_MN_CANCEL_STOP_DEVICE);
    }
    return status;
}

NTSTATUS cancel_stop_node(DeviceNode& node) {
    if (node.state != NodeState::stop_pending) return STATUS_INVALID_DEVICE_STATE;
    const NTSTATUS status = send_pnp(node, IRP_MN_CANCEL_STOP_DEVICE);
    node.state = NodeState::started;
    return status;
}

NTSTATUS stop_node(DeviceNode& node) {
    if (node.state != NodeState::stop_pending) return STATUS_INVALID_DEVICE_STATE;
    const NTSTATUS status = send_pnp(node, IRP_MN_STOP_DEVICE);
    node.state = NodeState::stopped;
    free_lists(node);
    return status;
}

// ---- removal ----

namespace {

bool has_drivers(const DeviceNode& node) {
    return node.pdo != nullptr && node.pdo->AttachedDevice != nullptr;
}

NTSTATUS query_children(DeviceNode& node) {
    for (DeviceNode* child = next_child(node, nullptr); child != nullptr; child = next_child(node, child)) {
        if (child->state != NodeState::started && child->state != NodeState::drivers_added) continue;
        const NTSTATUS status = query_remove_node(*child);
        if (NT_SUCCESS(status)) continue;
        for (DeviceNode* asked = next_child(node, nullptr); asked != child; asked = next_child(node, asked)) {
            if (asked->state == NodeState::remove_pending) cancel_remove_node(*asked);
        }
        return status;
    }
    return STATUS_SUCCESS;
}

void cancel_children(DeviceNode& node) {
    for (DeviceNode* child = next_child(node, nullptr); child != nullptr; child = next_child(node, child)) {
        if (child->state == NodeState::remove_pending) cancel_remove_node(*child);
    }
}

NTSTATUS refuse_removal(DeviceNode& node, NTSTATUS status) {
    send_pnp(node, IRP_MN_CANCEL_REMOVE_DEVICE);
    cancel_children(node);
    notify_target(node, TargetEvent::remove_cancelled);
    return status;
}

// 0xC9/0x21D and 0x21E: after REMOVE the PDO stands alone.
void check_detached(DeviceNode& node) {
    if (!has_drivers(node)) return;
    PORTICO_PROBE(
        object_misuse, io_manager_violation, node.pdo->AttachedDevice,
        "IRP_MN_REMOVE_DEVICE was completed, but a device object is still attached to the device's stack");
    detach(node.pdo);
}

// The device objects of a stack, kept beyond their end for comparison.
struct Stack {
    static constexpr unsigned depth = 16;
    std::array<PDEVICE_OBJECT, depth> devices;
    unsigned count = 0;

    explicit Stack(PDEVICE_OBJECT pdo) {
        for (PDEVICE_OBJECT d = pdo; d != nullptr && count < depth; d = d->AttachedDevice)
            devices[count++] = d;
    }
    bool has(PDEVICE_OBJECT device) const {
        for (unsigned i = 0; i < count; ++i) {
            if (devices[i] == device) return true;
        }
        return false;
    }
};

void check_irp(IrpRecord& record, void* stack) {
    PIRP const irp = record.irp();
    if (record.state != IrpState::live || irp->CurrentLocation > irp->StackCount) return;
    if (!static_cast<const Stack*>(stack)->has(IoGetCurrentIrpStackLocation(irp)->DeviceObject)) return;
    PORTICO_PROBE(irp, IrpFault::left_at_removal, irp);
}

void remove_children(DeviceNode& node) {
    for (DeviceNode* child = next_child(node, nullptr); child != nullptr;) {
        DeviceNode* const after = next_child(node, child);
        child->present = false;
        if (child->state == NodeState::remove_pending) {
            remove_node(*child);
        } else {
            surprise_remove_node(*child);
        }
        child = after;
    }
}

// The PDO of a device that is gone is its bus driver's to delete; of one that is still there it stays.
void settle_removed(DeviceNode& node) {
    free_lists(node);
    node.state = NodeState::enumerated;
    node.device_power = PowerDeviceUnspecified;
    node.removal_queued = false;
    if (node.pdo != nullptr) {
        set_stack_state(node.pdo, remove_pending | remove_processed, false);
        set_stack_state(node.pdo, start_pending, true);
    }
    if (node.present) return;
    forget_interfaces(node);
    PDEVICE_OBJECT const pdo = node.pdo;
    if (node.root_bus) {
        node.state = NodeState::described;  // the configuration may plug it in again
        node.pdo = nullptr;
        if (pdo != nullptr) {
            extras(pdo).node = nullptr;
            delete_device(pdo);
            ob::dereference(pdo);
        }
        return;
    }
    DeviceNode* const parent = node.parent;
    free_node(node);
    if (pdo != nullptr) {
        extras(pdo).node = nullptr;
        ob::dereference(pdo);
    }
    if (parent != nullptr) last_file_closed(*parent);
}

}  // namespace

NTSTATUS query_remove_node(DeviceNode& node) {
    if (node.state == NodeState::drivers_added) {
        // Not started: nobody uses it, nobody is asked.
        node.state = NodeState::remove_pending;
        return STATUS_SUCCESS;
    }
    if (node.state != NodeState::started) return STATUS_INVALID_DEVICE_STATE;
    if ((node.pnp_state & PNP_DEVICE_NOT_DISABLEABLE) != 0) return STATUS_UNSUCCESSFUL;
    NTSTATUS status = notify_target(node, TargetEvent::query_remove);
    if (!NT_SUCCESS(status)) {
        notify_target(node, TargetEvent::remove_cancelled);
        return status;
    }
    status = query_children(node);
    if (!NT_SUCCESS(status)) {
        notify_target(node, TargetEvent::remove_cancelled);
        return status;
    }
    status = send_pnp(node, IRP_MN_QUERY_REMOVE_DEVICE);
    if (!NT_SUCCESS(status)) return refuse_removal(node, status);
    // Handles that their owners did not close when they were asked keep the device (LC-053).
    if (opens_on_stack(node.pdo) > 0) return refuse_removal(node, STATUS_DEVICE_BUSY);
    set_stack_state(node.pdo, remove_pending, true);
    node.state = NodeState::remove_pending;
    return STATUS_SUCCESS;
}

NTSTATUS cancel_remove_node(DeviceNode& node) {
    if (node.state != NodeState::remove_pending) return STATUS_INVALID_DEVICE_STATE;
    if ((extras(node.pdo).state & start_pending) != 0) {
        node.state = NodeState::drivers_added;
        return STATUS_SUCCESS;
    }
    set_stack_state(node.pdo, remove_pending, false);
    const NTSTATUS status = send_pnp(node, IRP_MN_CANCEL_REMOVE_DEVICE);
    cancel_children(node);
    node.state = NodeState::started;
    notify_target(node, TargetEvent::remove_cancelled);
    return status;
}

NTSTATUS remove_node(DeviceNode& node) {
    if (node.state != NodeState::remove_pending && node.state != NodeState::surprise_removed) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    remove_children(node);
    set_stack_state(node.pdo, remove_pending | remove_processed, true);
    const bool told = node.state == NodeState::surprise_removed;
    Stack stack(node.pdo);
    const NTSTATUS status = send_pnp(node, IRP_MN_REMOVE_DEVICE);
    for_each_irp(check_irp, &stack);
    // Its driver should have switched them off; Windows does it for those that did not.
    disable_interfaces(node);
    check_detached(node);
    if (!told) notify_target(node, TargetEvent::remove_complete);
    settle_removed(node);
    return status;
}

NTSTATUS surprise_remove_node(DeviceNode& node) {
    node.present = false;
    switch (node.state) {
        case NodeState::deleted:
        case NodeState::surprise_removed:
            return STATUS_SUCCESS;
        case NodeState::described:
        case NodeState::enumerated:
            settle_removed(node);
            return STATUS_SUCCESS;
        case NodeState::drivers_added:
            // Never started: there is nothing to be surprised about.
            node.state = NodeState::remove_pending;
            return remove_node(node);
        default:
            break;
    }
    for (DeviceNode* child = next_child(node, nullptr); child != nullptr;) {
        DeviceNode* const after = next_child(node, child);
        surprise_remove_node(*child);
        child = after;
    }
    set_stack_state(node.pdo, remove_pending, true);
    const NTSTATUS status = send_pnp(node, IRP_MN_SURPRISE_REMOVAL);
    disable_interfaces(node);
    node.state = NodeState::surprise_removed;
    notify_target(node, TargetEvent::remove_complete);
    if (opens_on_stack(node.pdo) == 0 && next_child(node, nullptr) == nullptr) remove_node(node);
    return status;
}

void last_file_closed(DeviceNode& node) {
    if (node.state != NodeState::surprise_removed || node.removal_queued) return;
    if (opens_on_stack(node.pdo) != 0 || next_child(node, nullptr) != nullptr) return;
    node.removal_queued = post(PnpAction::remove, node);
}

// ---- state ----

NTSTATUS query_state_of(DeviceNode& node) {
    if (node.state != NodeState::started) return STATUS_INVALID_DEVICE_STATE;
    ULONG_PTR information = 0;
    const NTSTATUS status = send_pnp(node, IRP_MN_QUERY_PNP_DEVICE_STATE, &information);
    if (!NT_SUCCESS(status)) return status;
    node.pnp_state = static_cast<PNP_DEVICE_STATE>(information);
    if ((node.pnp_state & (PNP_DEVICE_FAILED | PNP_DEVICE_REMOVED | PNP_DEVICE_DISABLED)) == 0) return status;
    // The driver gives its device up; the hardware is still there unless it says otherwise.
    const bool there = (node.pnp_state & PNP_DEVICE_REMOVED) == 0;
    const NTSTATUS removed = surprise_remove_node(node);
    node.present = there;
    node.problem =
        (node.pnp_state & PNP_DEVICE_DISABLED) != 0 ? problem_disabled : problem_failed_after_start;
    return removed;
}

}  // namespace portico::nt::io
