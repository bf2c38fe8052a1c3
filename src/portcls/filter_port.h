// A port as its filters and pins see it: the control lock, whether requests are served, and how many pins
// there may be (PI-007, PI-011, PC-001..PC-006).
#pragma once

#include "ks/object.h"
#include "ks/property.h"
#include "nt/ke/ke.h"
#include "portcls/port_base.h"

namespace portico::portcls {

// How many instances of a pin there are and may be; KSINSTANCE_INDETERMINATE: any number.
struct PinInstances {
    ULONG necessary;
    ULONG filter_current;
    ULONG filter_possible;
    ULONG global_current;
    ULONG global_possible;
};

class FilterPort {
  public:
    // Everything that changes a pin's state holds it (PI-011). Recursive. PASSIVE_LEVEL.
    class Control {
      public:
        explicit Control(FilterPort& port);
        ~Control();
        Control(const Control&) = delete;
        Control& operator=(const Control&) = delete;

      private:
        FilterPort& port_;
    };

    explicit FilterPort(PortCore& core);
    FilterPort(const FilterPort&) = delete;
    FilterPort& operator=(const FilterPort&) = delete;

    PortCore& core() { return core_; }

    // IRP_MJ_CREATE below a filter. Gives the file's object or why not; does not complete the IRP.
    virtual NTSTATUS create_pin(PIRP irp, PFILE_OBJECT filter_file, ks::Object** out) = 0;

    // What this port answers on its filters beyond what every port does.
    virtual std::span<const ks::PropertySet> filter_properties() const { return {}; }

    // STATUS_SUCCESS while the device serves requests, else what they end with.
    NTSTATUS requests_refused() const { return refused_; }

    // The descriptor's limits and the present counts, as IPinCount leaves them (PC-003, PC-004). The caller
    // holds the control lock; `filter_file` null: of no filter in particular.
    PinInstances pin_instances(ULONG pin_id, const FILE_OBJECT* filter_file);
    // STATUS_INSUFFICIENT_RESOURCES when no further instance may be made.
    NTSTATUS check_limits(ULONG pin_id, const FILE_OBJECT* filter_file);

  protected:
    ~FilterPort() = default;

    // Pins that are open; `filter_file` null: of every filter.
    virtual ULONG count_pins(ULONG pin_id, const FILE_OBJECT* filter_file) = 0;

    void offer_pin_count(IUnknown* miniport) { pin_count_.query(miniport, IID_IPinCount); }
    void drop_pin_count() { pin_count_.reset(); }
    void refuse_requests(NTSTATUS status) { refused_ = status; }

  private:
    void ask_pin_count(ULONG pin_id, PinInstances& instances);

    PortCore& core_;
    Held<IPinCount> pin_count_;
    KMUTEX control_;
    NTSTATUS refused_ = STATUS_SUCCESS;
};

}  // namespace portico::portcls
