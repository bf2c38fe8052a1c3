#include "portcls/filter_port.h"

#include "ks/pin_connect.h"
#include "nt/probes.h"

namespace portico::portcls {
namespace {

bool is_full(ULONG current, ULONG possible) {
    return possible != KSINSTANCE_INDETERMINATE && current >= possible;
}

}  // namespace

FilterPort::FilterPort(PortCore& core) : core_(core) {
    nt::ke::initialize_mutex(&control_);
}

FilterPort::Control::Control(FilterPort& port) : port_(port) {
    nt::ke::wait(&port_.control_, KernelMode, false, nullptr);
}

FilterPort::Control::~Control() {
    LONG previous;
    nt::ke::release_mutex(&port_.control_, &previous);
}

PinInstances FilterPort::pin_instances(ULONG pin_id, const FILE_OBJECT* filter_file) {
    const PCPIN_DESCRIPTOR& pin = ks::pin_at(*core_.descriptor(), pin_id);
    PinInstances instances{pin.MinFilterInstanceCount, count_pins(pin_id, filter_file),
                           pin.MaxFilterInstanceCount, count_pins(pin_id, nullptr),
                           pin.MaxGlobalInstanceCount};
    if (pin_count_) ask_pin_count(pin_id, instances);
    return instances;
}

void FilterPort::ask_pin_count(ULONG pin_id, PinInstances& instances) {
    const ULONG open_before = core_.subdevice().OpenPins();
    {
        nt::DriverCall call("IPinCount::PinCount", method_of(pin_count_.get(), 3));
        pin_count_->PinCount(pin_id, &instances.necessary, &instances.filter_current,
                             &instances.filter_possible, &instances.global_current,
                             &instances.global_possible);
    }
    if (core_.subdevice().OpenPins() == open_before) return;
    PORTICO_PROBE(contract, "PC-005", pin_count_.get(),
                  "A stream was made or ended inside IPinCount::PinCount.");
}

NTSTATUS FilterPort::check_limits(ULONG pin_id, const FILE_OBJECT* filter_file) {
    const PinInstances instances = pin_instances(pin_id, filter_file);
    const bool full = is_full(instances.filter_current, instances.filter_possible) ||
                      is_full(instances.global_current, instances.global_possible);
    return full ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

}  // namespace portico::portcls
