#include "portcls/event_request.h"

#include <array>

#include "ks/event.h"
#include "ks/pin_connect.h"
#include "ks/user_memory.h"
#include "ksmedia.h"
#include "nt/io/irp.h"
#include "nt/probes.h"
#include "portcls/automation_table.h"
#include "portcls/filter_port.h"
#include "sim/paging.h"
#include "portcls/memory.h"
#include "portcls/set_list.h"

namespace portico::portcls {
namespace {

constexpr ULONG none = ~ULONG{0};

const GUID connection_events = KSEVENTSETID_Connection;
const PCEVENT_ITEM end_of_stream{
    &connection_events, KSEVENT_CONNECTION_ENDOFSTREAM,
    PCEVENT_ITEM_FLAG_ENABLE | PCEVENT_ITEM_FLAG_ONESHOT | PCEVENT_ITEM_FLAG_BASICSUPPORT, nullptr};

// ---- whose event it is ----

// The tables that a request reaches, in order. CX-020: a filter has no events but those of its nodes.
using Tables = std::array<const PCAUTOMATION_TABLE*, 2>;

Tables tables_of(const EventTarget& target, const PCFILTER_DESCRIPTOR& filter, ULONG node) {
    if (node != none) return {node_at(filter, node).AutomationTable, filter.AutomationTable};
    if (target.is_pin) return {ks::pin_at(filter, target.pin_id).AutomationTable, nullptr};
    return {};
}

template <class Visit>
const PCEVENT_ITEM* walk_events(const Tables& tables, Visit&& visit) {
    for (const PCAUTOMATION_TABLE* const table : tables) {
        if (table == nullptr) continue;
        const PCEVENT_ITEM* const found =
            walk_items(table->Events, table->EventItemSize, table->EventCount, visit);
        if (found != nullptr) return found;
    }
    return nullptr;
}

struct Found {
    const PCEVENT_ITEM* item = nullptr;
    bool set_known = false;
};

Found find(const EventTarget& target, const Tables& tables, const ks::EventRequest& request) {
    Found found;
    if (request.node == none && target.tells_end_of_stream &&
        IsEqualGUID(request.event.Set, connection_events)) {
        found.set_known = true;
        if (request.event.Id == end_of_stream.Id) found.item = &end_of_stream;
    }
    if (found.item != nullptr) return found;
    found.item = walk_events(tables, [&](const PCEVENT_ITEM& item) {
        if (!IsEqualGUID(*item.Set, request.event.Set)) return false;
        found.set_known = true;
        return item.Id == request.event.Id;
    });
    return found;
}

// ---- the handler ----

NTSTATUS call_handler(FilterPort& port, const PCEVENT_ITEM& item, PortEvent* event, IUnknown* minor_target,
                      ULONG node, ULONG verb, PIRP irp) {
    PCEVENT_REQUEST request{};
    request.MajorTarget = port.core().unknown_miniport();
    request.MinorTarget = minor_target;
    request.Node = node;
    request.EventItem = &item;
    request.EventEntry = event == nullptr ? nullptr : &event->entry;
    request.Verb = verb;
    request.Irp = irp;
    if (sim::paging.is_pageable(reinterpret_cast<std::uint64_t>(item.Handler)))
        PORTICO_PROBE(contract, "PE-009", reinterpret_cast<const void*>(item.Handler),
                      "An event handler lies in a PAGE section; event handlers must not be pageable.");
    nt::DriverCall call("EventHandler", reinterpret_cast<const void*>(item.Handler));
    return call.returned(item.Handler(&request));
}

// ---- enabling ----

void free_event(PortEvent& event) {
    ks::release_notification(event.notification);
    unmake(&event);
}

PortEvent* make_event(const EventTarget& target, const PCEVENT_ITEM& item, const ks::EventRequest& request,
                      PIRP irp) {
    auto* const event = make<PortEvent>(NonPagedPool);
    if (event == nullptr) return nullptr;
    event->entry = {};
    event->entry.FileObject = IoGetCurrentIrpStackLocation(irp)->FileObject;
    event->entry.EventData = static_cast<PKSEVENTDATA>(irp->UserBuffer);
    event->entry.Flags = (request.verb & KSEVENT_TYPE_ONESHOT) != 0 ? KSEVENT_ENTRY_ONESHOT : 0;
    event->set = request.event.Set;
    event->id = request.event.Id;
    event->pin = target.is_pin ? target.pin_id : none;
    event->node = request.node;
    event->item = &item == &end_of_stream ? nullptr : &item;
    event->minor_target = target.stream;
    event->ended = free_event;
    return event;
}

// FD-071: the handler adds the entry itself; the port its own.
NTSTATUS add(FilterPort& port, PortEvent& event, PIRP irp) {
    PortEvents& events = port.core().events();
    if (!events.begin_request(event)) return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = STATUS_SUCCESS;
    if (event.item == nullptr)
        events.add(&event.entry);
    else
        status =
            call_handler(port, *event.item, &event, event.minor_target, event.node, PCEVENT_VERB_ADD, irp);
    const bool wanted = NT_SUCCESS(status) && status != STATUS_PENDING;
    const PortEvents::Ended ended = events.end_request(event, wanted);
    if (wanted && !ended.added) {
        PORTICO_PROBE(contract, "FD-073", event.item,
                      "An event handler succeeded with PCEVENT_VERB_ADD without adding the entry: the event "
                      "would never come.");
        status = STATUS_UNSUCCESSFUL;
    } else if (status == STATUS_PENDING) {
        status = STATUS_UNSUCCESSFUL;
    }
    if (!ended.listed) free_event(event);
    return status;
}

NTSTATUS enable(const EventTarget& target, const PCEVENT_ITEM& item, const ks::EventRequest& request,
                PIRP irp) {
    ks::EventNotification notification;
    const NTSTATUS status = ks::capture_notification(irp, notification);
    if (!NT_SUCCESS(status)) return status;
    PortEvent* const event = make_event(target, item, request, irp);
    if (event == nullptr) {
        ks::release_notification(notification);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    event->notification = notification;
    event->entry.NotificationType = notification.type;
    event->entry.Object = notification.object;
    event->entry.SemaphoreAdjustment = static_cast<ULONG>(notification.adjustment);
    return add(target.port, *event, irp);
}

NTSTATUS answer_item(const EventTarget& target, const PCEVENT_ITEM& item, const ks::EventRequest& request,
                     PIRP irp) {
    if ((item.Flags & request.verb) == 0) return STATUS_INVALID_DEVICE_REQUEST;
    const bool own = &item == &end_of_stream;
    if (!own && item.Handler == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    if (request.verb != KSEVENT_TYPE_BASICSUPPORT) return enable(target, item, request, irp);
    if (own) return STATUS_SUCCESS;
    return call_handler(target.port, item, nullptr, target.stream, request.node, PCEVENT_VERB_SUPPORT, irp);
}

// ---- which sets there are ----

NTSTATUS answer_list(const SetList& list, PIRP irp) {
    const auto size = static_cast<ULONG>(list.sets().size_bytes());
    const ULONG room = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;
    irp->IoStatus.Information = size;
    if (room == 0 && size != 0) return STATUS_BUFFER_OVERFLOW;
    if (room >= size) return ks::copy_out(irp->RequestorMode, irp->UserBuffer, list.sets().data(), size);
    irp->IoStatus.Information = 0;
    return STATUS_BUFFER_TOO_SMALL;
}

NTSTATUS answer_sets(const EventTarget& target, const Tables& tables, PIRP irp) {
    SetList list;
    if (target.tells_end_of_stream) list.add(connection_events);
    walk_events(tables, [&](const PCEVENT_ITEM& item) {
        list.add(*item.Set);
        return false;
    });
    return answer_list(list, irp);
}

NTSTATUS answer(const EventTarget& target, PIRP irp) {
    const NTSTATUS refused = target.port.requests_refused();
    if (!NT_SUCCESS(refused)) return refused;
    const PCFILTER_DESCRIPTOR* const filter = target.port.core().usable_descriptor();
    if (filter == nullptr) return STATUS_INVALID_DEVICE_STATE;
    ks::EventRequest request;
    const NTSTATUS captured = ks::capture_event(irp, request);
    if (!NT_SUCCESS(captured)) return captured;
    if (request.node != none && request.node >= filter->NodeCount) return STATUS_INVALID_PARAMETER;
    const Tables tables = tables_of(target, *filter, request.node);
    const bool of_set = request.verb == KSEVENT_TYPE_SETSUPPORT;
    if (of_set && IsEqualGUID(request.event.Set, GUID_NULL)) return answer_sets(target, tables, irp);
    const Found found = find(target, tables, request);
    if (!found.set_known) return STATUS_PROPSET_NOT_FOUND;
    if (of_set) return STATUS_SUCCESS;
    if (found.item == nullptr) return STATUS_NOT_FOUND;
    switch (request.verb) {
        case KSEVENT_TYPE_ENABLE:
        case KSEVENT_TYPE_ONESHOT:
        case KSEVENT_TYPE_BASICSUPPORT:
            return answer_item(target, *found.item, request, irp);
        case KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT:
            request.verb = KSEVENT_TYPE_ONESHOT;
            return answer_item(target, *found.item, request, irp);
        default:
            return STATUS_INVALID_DEVICE_REQUEST;
    }
}

// ---- disabling ----

void end_event(FilterPort& port, PortEvent& event) {
    if (event.item != nullptr && port.core().usable_descriptor() != nullptr)
        call_handler(port, *event.item, &event, event.minor_target, event.node, PCEVENT_VERB_REMOVE, nullptr);
    free_event(event);
}

void disable_all(FilterPort& port, const FILE_OBJECT* file) {
    while (PortEvent* const event = port.core().events().take(file)) end_event(port, *event);
}

// Under the port's control lock.
template <class Answer>
NTSTATUS with_control(FilterPort& port, PIRP irp, Answer&& answer) {
    irp->IoStatus.Information = 0;
    NTSTATUS status;
    {
        FilterPort::Control control(port);
        status = answer(IoGetCurrentIrpStackLocation(irp)->FileObject);
    }
    return nt::io::complete(irp, status, irp->IoStatus.Information);
}

}  // namespace

NTSTATUS enable_event(const EventTarget& target, PIRP irp) {
    return with_control(target.port, irp, [&](PFILE_OBJECT) { return answer(target, irp); });
}

NTSTATUS disable_event(FilterPort& port, PIRP irp) {
    return with_control(port, irp, [&](PFILE_OBJECT file) -> NTSTATUS {
        const auto& ioctl = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
        if (ioctl.InputBufferLength == 0) {
            disable_all(port, file);
            return STATUS_SUCCESS;
        }
        if (ioctl.InputBufferLength < sizeof(KSEVENTDATA)) return STATUS_INVALID_BUFFER_SIZE;
        if (ioctl.Type3InputBuffer == nullptr) return STATUS_UNSUCCESSFUL;
        PortEvent* const event = port.core().events().take(file, ioctl.Type3InputBuffer);
        if (event == nullptr) return STATUS_UNSUCCESSFUL;
        end_event(port, *event);
        return STATUS_SUCCESS;
    });
}

void disable_events_of(FilterPort& port, const FILE_OBJECT* file) {
    FilterPort::Control control(port);
    disable_all(port, file);
}

void tell_end_of_stream(FilterPort& port, const FILE_OBJECT* file) {
    EventSelection selection;
    selection.set = connection_events;
    selection.id = end_of_stream.Id;
    selection.file = file;
    port.core().events().generate(selection);
}

}  // namespace portico::portcls
