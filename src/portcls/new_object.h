// What all PcNewXxx functions ask of their first two arguments (FN-071).
#pragma once

#include "nt/probes.h"
#include "portcls.h"

namespace portico::portcls {

// Presets *out to null. False when the call must fail: no output, or an outer object. Portico's objects are
// not aggregated (README): no published driver asks for it.
template <class Interface>
[[nodiscard]] bool new_object_arguments(Interface** out, IUnknown* outer) {
    if (out == nullptr) {
        PORTICO_PROBE(contract, "FN-071", nullptr,
                      "A PcNew function was called without a place for the new object.");
        return false;
    }
    *out = nullptr;
    if (outer == nullptr) return true;
    PORTICO_PROBE(contract, "FN-071", outer,
                  "A PcNew function was given an outer object: aggregation is not supported.");
    return false;
}

}  // namespace portico::portcls
