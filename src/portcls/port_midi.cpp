#include "portcls/port_midi.h"

#include <cstring>
#include <utility>

#include "dmusprop.h"
#include "ks/data_ranges.h"
#include "ks/pin_connect.h"
#include "nt/ob/ob.h"
#include "portcls/adapter.h"
#include "portcls/filter.h"
#include "portcls/new_port.h"
#include "portcls/synth_clock_properties.h"

namespace portico::portcls {
namespace {

void request_service(IServiceGroup* group) {
    notify_group(group, "IPortMidi::Notify was given a service group that is gone.");
}

bool has_direct_music_range(const KSPIN_DESCRIPTOR& pin) {
    return ks::walk_ranges(pin.DataRanges, pin.DataRangesCount,
                           [](PKSDATARANGE range, const KSATTRIBUTE_LIST*) {
                               return IsEqualGUID(range->MajorFormat, KSDATAFORMAT_TYPE_MUSIC) &&
                                      IsEqualGUID(range->SubFormat, KSDATAFORMAT_SUBTYPE_DIRECTMUSIC);
                           });
}

}  // namespace

NTSTATUS create_port_midi(PPORT* out) {
    auto* const port = make_object<PortMidi>(NonPagedPool, "IPortMidi");
    *out = port;
    return port == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

PortMidi::PortMidi() : FilterPort(static_cast<PortCore&>(*this)), sink_(*this) {}

void* PortMidi::find_port_interface(const GUID& id) {
    // The methods are the same, in the same slots (PM-005).
    const bool known = IsEqualGUID(id, IID_IPortMidi) || IsEqualGUID(id, IID_IPortDMus);
    return known ? static_cast<IPortMidi*>(this) : nullptr;
}

NTSTATUS STDMETHODCALLTYPE PortMidi::PortSink::QueryInterface(REFIID id, PVOID* out) {
    const bool known = is_unknown_iid(id) || IsEqualGUID(id, IID_IServiceSink);
    *out = known ? this : nullptr;
    return known ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

template <class Visit>
void PortMidi::for_each_pin(Visit&& visit) {
    pins_.find([&](MidiPin& pin) {
        visit(pin);
        return false;
    });
}

template <class Visit>
void PortMidi::visit_pins(Visit&& visit) {
    ++visiting_;
    for_each_pin(visit);
    if (--visiting_ != 0) return;
    while (closed_ != nullptr) unmake(std::exchange(closed_, closed_->next_closed));
}

// ---- binding ----

NTSTATUS PortMidi::bind_miniport(IUnknown* miniport, IUnknown* adapter, IResourceList* resources) {
    NTSTATUS status = miniport_.bind(miniport);
    if (!NT_SUCCESS(status)) return status;
    PSERVICEGROUP group = nullptr;  // MM-011
    status = miniport_.init(adapter, resources, this, &group);
    if (!NT_SUCCESS(status) && group != nullptr) {
        PORTICO_PROBE(contract, "MM-017", miniport_.object(),
                      "A miniport's Init failed and left a service group with the port.");
    }
    if (NT_SUCCESS(status) && group != nullptr) status = take_group(group);
    if (!NT_SUCCESS(status)) {
        unbind_miniport();
        return status;
    }
    offer_pin_count(miniport);
    power_notify_.query(miniport, IID_IPowerNotify);
    return STATUS_SUCCESS;
}

// The group that Init gave, with a reference for the port (MM-016, IP-021).
NTSTATUS PortMidi::take_group(IServiceGroup* group) {
    if (passed_dead(group)) return STATUS_INVALID_PARAMETER;
    if (group_.get() == group) {
        drop_reference(group);  // RegisterServiceGroup's reference stays
        return STATUS_SUCCESS;
    }
    if (group_) {
        PORTICO_PROBE(contract, "PM-033", this,
                      "A miniport's Init gave another service group than it registered.");
    }
    const NTSTATUS status = join_group(group);
    if (!NT_SUCCESS(status)) {
        drop_reference(group);
        return status;
    }
    (group_ ? other_group_ : group_).adopt(group);
    return STATUS_SUCCESS;
}

void PortMidi::unbind_miniport() {
    leave_groups();
    power_notify_.reset();
    drop_pin_count();
    miniport_.reset();
    other_group_.reset();
    group_.reset();
}

// MM-050: DirectMusic pins are for IMiniportDMus.
void PortMidi::check_descriptor(const PCFILTER_DESCRIPTOR& filter) {
    for (ULONG i = 0; i < filter.PinCount && !miniport_.is_dmus(); ++i) {
        if (!has_direct_music_range(ks::pin_at(filter, i).KsPinDescriptor)) continue;
        PORTICO_PROBE(contract, "MM-050", miniport_.object(),
                      "An IMiniportMidi describes a DirectMusic pin: those are IMiniportDMus's.");
        return;
    }
}

// The driver may have let go of a port that was never bound, but was given a group.
void PortMidi::dispose() {
    leave_groups();
    unmake(this);
}

NTSTATUS PortMidi::join_group(IServiceGroup* group) {
    return ServiceGroup::join(group, &sink_);
}

void PortMidi::leave_groups() {
    for (IServiceGroup* group : {group_.get(), other_group_.get()}) {
        if (group == nullptr) continue;
        if (ServiceGroup* const own = ServiceGroup::own(group)) {
            own->remove(&sink_);
        } else {
            group->RemoveMember(&sink_);
        }
    }
}

// ---- notifications ----

void STDMETHODCALLTYPE PortMidi::Notify(PSERVICEGROUP group) {
    DDI_METHOD("IPortMidi::Notify", HIGH_LEVEL);
    if (binding() == Binding::unbound) {
        PORTICO_PROBE(contract, "PM-020", this,
                      "IPortMidi::Notify was called after the subdevice had been taken down.");
        return;
    }
    if (group != nullptr) {
        request_service(group);
        return;
    }
    if (group_) request_service(group_.get());  // PM-013
    if (other_group_) request_service(other_group_.get());
    ++notifying_;  // a pin that is closed meanwhile waits
    for_each_pin([this](MidiPin& pin) {
        IServiceGroup* const own = pin.group();
        if (own != nullptr && own != group_.get() && own != other_group_.get()) request_service(own);
    });
    --notifying_;
}

void STDMETHODCALLTYPE PortMidi::RegisterServiceGroup(PSERVICEGROUP group) {
    DDI_METHOD("IPortMidi::RegisterServiceGroup", PASSIVE_LEVEL);
    if (group == nullptr) {
        PORTICO_PROBE(contract, "PM-034", this,
                      "IPortMidi::RegisterServiceGroup was given no service group.");
        return;
    }
    if (binding() == Binding::fresh) {
        PORTICO_PROBE(contract, "MM-052", this,
                      "IPortMidi::RegisterServiceGroup was called before IPort::Init, which is what calls "
                      "IMiniportMidi::Init.");
    } else if (binding() != Binding::initialising) {
        PORTICO_PROBE(contract, "PM-052", this,
                      "IPortMidi::RegisterServiceGroup was called after Init had returned.");
    }
    if (binding() == Binding::failed || binding() == Binding::unbound || passed_dead(group)) return;
    if (group == group_.get() || group == other_group_.get()) return;  // PM-035
    if ((group_ && other_group_) || !NT_SUCCESS(join_group(group))) return;
    (group_ ? other_group_ : group_).hold(group);
}

void PortMidi::service() {
    miniport_.service();
    pins_.walk([](MidiPin& pin) { pin.device_progressed(); }, [](MidiPin&) {});
}

// ---- filters and pins ----

NTSTATUS NTAPI PortMidi::CreateFilter(PDEVICE_OBJECT, PIRP irp, ks::Object** out) {
    return create_filter(*this, irp, out);
}

std::span<const ks::PropertySet> PortMidi::filter_properties() const {
    if (!miniport_.is_dmus()) return {};
    return {&synth_clock_properties, 1};
}

ULONG PortMidi::count_pins(ULONG pin_id, const FILE_OBJECT* filter_file) {
    ULONG count = 0;
    for_each_pin([&](MidiPin& pin) {
        if (pin.pin_id() == pin_id && (filter_file == nullptr || pin.filter_file() == filter_file)) ++count;
    });
    return count;
}

NTSTATUS PortMidi::create_pin(PIRP irp, PFILE_OBJECT filter_file, ks::Object** out) {
    if (const NTSTATUS refused = requests_refused(); !NT_SUCCESS(refused)) return refused;
    Control control(*this);
    if (usable_descriptor() == nullptr) return STATUS_INVALID_DEVICE_STATE;
    KSPIN_CONNECT connect;
    PKSDATAFORMAT format = nullptr;
    NTSTATUS status = ks::parse_pin_connect(irp, *descriptor(), connect, &format);
    if (!NT_SUCCESS(status)) return status;
    PacketFormat packets;
    status = miniport_.packets(*format, packets) ? check_limits(connect.PinId, filter_file) : STATUS_NO_MATCH;
    if (!NT_SUCCESS(status)) {
        ks::free_pin_format(format);
        return status;
    }
    const bool capture =
        ks::pin_at(*descriptor(), connect.PinId).KsPinDescriptor.DataFlow == KSPIN_DATAFLOW_OUT;
    auto* const pin = make<MidiPin>(NonPagedPool, *this, connect.PinId, capture, filter_file);
    if (pin == nullptr) {
        ks::free_pin_format(format);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = pin->open(format, packets);
    if (!NT_SUCCESS(status)) {
        unmake(pin);
        return status;
    }
    nt::ob::reference(filter_file);
    pins_.append(*pin);
    *out = pin;
    return STATUS_SUCCESS;
}

void PortMidi::close_pin(MidiPin* pin) {
    PFILE_OBJECT const filter_file = pin->filter_file();
    {
        Control control(*this);
        pins_.remove(*pin);
        while (notifying_ != 0) nt::ke::stall(microsecond_ns);
        if (visiting_ == 0) {
            unmake(pin);
        } else {
            pin->next_closed = std::exchange(closed_, pin);
        }
    }
    // May close the filter, which takes the adapter's lock: not under the port's own.
    nt::ob::dereference(filter_file);
}

void PortMidi::stream_runs(bool runs) {
    nt::ke::set_timer_resolution(runs);
    if (adapter() != nullptr) adapter()->idle.stream_runs(runs);
}

ULONG NTAPI PortMidi::OpenPins() {
    ULONG count = 0;
    for_each_pin([&](MidiPin&) { ++count; });
    return count;
}

// ---- power and removal ----

void NTAPI PortMidi::PauseStreams() {
    Control control(*this);
    visit_pins([](MidiPin& pin) { pin.pause_for_power(); });
    powered_down_ = true;
}

void NTAPI PortMidi::PowerNotify(POWER_STATE state) {
    Control control(*this);
    if (power_notify_) {
        nt::DriverCall call("IPowerNotify::PowerChangeNotify", method_of(power_notify_.get(), 3));
        power_notify_->PowerChangeNotify(state);
    }
    visit_pins([&](MidiPin& pin) { pin.notify_power(state); });
}

void NTAPI PortMidi::ResumeStreams() {
    Control control(*this);
    powered_down_ = false;
    visit_pins([](MidiPin& pin) { pin.resume_after_power(); });
}

void NTAPI PortMidi::StopStreams(NTSTATUS later_requests) {
    Control control(*this);
    refuse_requests(later_requests);
    visit_pins([](MidiPin& pin) { pin.shut_down(STATUS_CANCELLED); });
}

}  // namespace portico::portcls
