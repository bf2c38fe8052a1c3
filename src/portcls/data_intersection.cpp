#include "portcls/data_intersection.h"

#include <cstring>

#include "ks/data_ranges.h"
#include "nt/probes.h"
#include "portcls/com.h"

namespace portico::portcls {
namespace {

class Intersection {
  public:
    Intersection(ks::PropertyRequest& request, const PinRanges& pin) : request_(request), pin_(pin) {
        query_interface(pin.miniport, IID_IMiniport, &miniport_);
    }
    ~Intersection() {
        if (miniport_ != nullptr) drop_reference(miniport());
    }
    Intersection(const Intersection&) = delete;
    Intersection& operator=(const Intersection&) = delete;

    // STATUS_NO_MATCH: go on with the next range.
    NTSTATUS try_range(PKSDATARANGE range) {
        NTSTATUS status = STATUS_NO_MATCH;
        ks::walk_ranges(pin_.pin.DataRanges, pin_.pin.DataRangesCount,
                        [&](PKSDATARANGE own, const KSATTRIBUTE_LIST*) {
                            status = try_pair(range, own);
                            return status != STATUS_NO_MATCH;
                        });
        return status;
    }

  private:
    IMiniport* miniport() const { return static_cast<IMiniport*>(miniport_); }

    NTSTATUS try_pair(PKSDATARANGE range, PKSDATARANGE own) {
        const NTSTATUS status = miniport_ == nullptr ? STATUS_NOT_IMPLEMENTED : ask_miniport(range, own);
        if (status != STATUS_NOT_IMPLEMENTED) return status;
        KSDATAFORMAT format;
        return ks::intersect_music(*range, *own, format) ? ks::answer(request_, format) : STATUS_NO_MATCH;
    }

    NTSTATUS ask_miniport(PKSDATARANGE range, PKSDATARANGE own) {
        const ULONG room = request_.value_size;
        ULONG length = 0;
        NTSTATUS status;
        {
            nt::DriverCall call("IMiniport::DataRangeIntersection", method_of(miniport(), 4));
            status = call.returned(miniport()->DataRangeIntersection(
                pin_.pin_id, range, own, room, room == 0 ? nullptr : request_.value, &length));  // IM-023
        }
        if (status == STATUS_PENDING) status = STATUS_UNSUCCESSFUL;
        if (NT_ERROR(status)) return status;
        if (room == 0) return size_told(status, length);
        return status == STATUS_SUCCESS ? check_format(*range, *own, length) : status;
    }

    NTSTATUS size_told(NTSTATUS status, ULONG length) {
        if (status == STATUS_SUCCESS) {
            PORTICO_PROBE(
                contract, "IM-022", miniport(),
                "IMiniport::DataRangeIntersection succeeded although it was only asked for the size.");
        }
        request_.returned = length;
        return STATUS_BUFFER_OVERFLOW;
    }

    // IM-024.
    NTSTATUS check_format(const KSDATARANGE& range, const KSDATARANGE& own, ULONG length) {
        KSDATAFORMAT format;
        const bool fits = length <= request_.value_size && length >= sizeof format;
        if (fits) std::memcpy(&format, request_.value, sizeof format);
        if (!fits || !ks::range_holds(range, format) || !ks::range_holds(own, format)) {
            PORTICO_PROBE(
                contract, "IM-024", miniport(),
                "IMiniport::DataRangeIntersection gave a format that is longer than its buffer or lies "
                "outside the ranges.");
        }
        request_.returned = length <= request_.value_size ? length : request_.value_size;
        return STATUS_SUCCESS;
    }

    ks::PropertyRequest& request_;
    const PinRanges& pin_;
    void* miniport_ = nullptr;
};

}  // namespace

NTSTATUS answer_intersection(ks::PropertyRequest& request, const PinRanges& pin) {
    constexpr ULONG ranges_at = sizeof(KSP_PIN) - sizeof(KSPROPERTY);
    ks::ClientRanges ranges;
    NTSTATUS status =
        ranges.take(static_cast<char*>(request.instance) + ranges_at, request.instance_size - ranges_at);
    if (!NT_SUCCESS(status)) return status;
    Intersection intersection(request, pin);
    status = STATUS_NO_MATCH;
    while (PKSDATARANGE const range = ranges.next()) {
        status = intersection.try_range(range);
        if (status != STATUS_NO_MATCH) break;
    }
    return status;
}

NTSTATUS answer_default_format(ks::PropertyRequest& request, const PinRanges& pin) {
    Intersection intersection(request, pin);
    NTSTATUS status = STATUS_NO_MATCH;
    ks::walk_ranges(pin.pin.DataRanges, pin.pin.DataRangesCount,
                    [&](PKSDATARANGE range, const KSATTRIBUTE_LIST*) {
                        status = intersection.try_range(range);
                        return status != STATUS_NO_MATCH;
                    });
    return status;
}

}  // namespace portico::portcls
