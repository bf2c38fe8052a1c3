// One opening of a subdevice, whatever its port's class: the parent of its pins.
#pragma once

#include "ks/object.h"

namespace portico::portcls {

class FilterPort;

class Filter final : public ks::Object {
  public:
    Filter(FilterPort& port, PFILE_OBJECT file) : port_(port), file_(file) {}
    NTSTATUS Dispatch(PDEVICE_OBJECT device, PIRP irp) override;

  private:
    NTSTATUS device_control(PIRP irp);

    FilterPort& port_;
    PFILE_OBJECT file_;
};

// ISubdevice::CreateFilter of every port. Errors: what the port refuses requests with,
// STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS create_filter(FilterPort& port, PIRP irp, ks::Object** out);

// Completes the IRP with the status and no information.
NTSTATUS complete_request(PIRP irp, NTSTATUS status);
// Completes the IRP of a major function that filters, pins and clocks do not have:
// STATUS_INVALID_DEVICE_REQUEST. They have no security descriptors of their own: STATUS_NO_SECURITY_ON_OBJECT
// (VF-025).
NTSTATUS refuse_request(PIRP irp);

}  // namespace portico::portcls
