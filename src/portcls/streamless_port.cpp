#include "portcls/streamless_port.h"

#include "ks/pin_connect.h"
#include "nt/probes.h"

namespace portico::portcls {

NTSTATUS StreamlessFilterPort::create_pin(PIRP irp, PFILE_OBJECT, ks::Object** out) {
    *out = nullptr;
    if (const NTSTATUS refused = requests_refused(); !NT_SUCCESS(refused)) return refused;
    Control control(*this);
    if (core().usable_descriptor() == nullptr) return STATUS_INVALID_DEVICE_STATE;
    KSPIN_CONNECT connect;
    PKSDATAFORMAT format = nullptr;
    const NTSTATUS status = ks::parse_pin_connect(irp, *core().descriptor(), connect, &format);
    if (NT_SUCCESS(status)) ks::free_pin_format(format);
    return NT_SUCCESS(status) || status == STATUS_NO_MATCH ? refuse_pin() : status;
}

void StreamlessFilterPort::offer_miniport(IUnknown* miniport) {
    offer_pin_count(miniport);
    power_notify_.query(miniport, IID_IPowerNotify);
}

void StreamlessFilterPort::drop_miniport() {
    power_notify_.reset();
    drop_pin_count();
}

void StreamlessFilterPort::notify_power(POWER_STATE state) {
    Control control(*this);
    if (!power_notify_) return;
    nt::DriverCall call("IPowerNotify::PowerChangeNotify", method_of(power_notify_.get(), 3));
    power_notify_->PowerChangeNotify(state);
}

void StreamlessFilterPort::stop_requests(NTSTATUS later_requests) {
    Control control(*this);
    refuse_requests(later_requests);
}

NTSTATUS refuse_wave_pin(const PortCore& port, bool& told) {
    if (!told) {
        PORTICO_PROBE(contract, "FN-035", &port,
                      "A pin of a wave filter was to be opened: wave streams are not simulated.");
    }
    told = true;
    return STATUS_NOT_SUPPORTED;
}

}  // namespace portico::portcls
