#include "portcls/new_port.h"

#include "dmusicks.h"
#include "nt/probes.h"

namespace portico::portcls {

constinit NTSTATUS (*create_system_miniport)(PMINIPORT*, const GUID&) = nullptr;

namespace {

// FN-033, FN-034: one implementation behind two class ids, and behind the interface ids that a page of the
// documentation takes for them.
bool is_midi_port(const GUID& id) {
    return IsEqualGUID(id, CLSID_PortMidi) || IsEqualGUID(id, CLSID_PortDMus) ||
           IsEqualGUID(id, IID_IPortMidi) || IsEqualGUID(id, IID_IPortDMus);
}

NTSTATUS create_port(PPORT* out, const GUID& id) {
    if (is_midi_port(id)) return create_port_midi(out);
    if (IsEqualGUID(id, CLSID_PortTopology)) return create_port_topology(out);
    if (IsEqualGUID(id, CLSID_PortWaveCyclic)) return create_port_wave_cyclic(out);
    if (IsEqualGUID(id, CLSID_PortWavePci)) return create_port_wave_pci(out);
    if (IsEqualGUID(id, CLSID_PortWaveRT)) return create_port_wave_rt(out);
    return STATUS_NOT_SUPPORTED;
}

}  // namespace
}  // namespace portico::portcls

using namespace portico;

NTSTATUS NTAPI PcNewPort(PPORT* OutPort, REFCLSID ClassID) {
    DDI(PcNewPort, PASSIVE_LEVEL);
    if (OutPort == nullptr) {
        PORTICO_PROBE(contract, "FN-031", nullptr, "PcNewPort was called without a place for the new port.");
        return STATUS_INVALID_PARAMETER;
    }
    *OutPort = nullptr;
    return portcls::create_port(OutPort, ClassID);
}

NTSTATUS NTAPI PcNewMiniport(PMINIPORT* OutMiniPort, REFCLSID ClassID) {
    DDI(PcNewMiniport, PASSIVE_LEVEL);
    if (OutMiniPort == nullptr) {
        PORTICO_PROBE(contract, "FN-071", nullptr,
                      "PcNewMiniport was called without a place for the new miniport.");
        return STATUS_INVALID_PARAMETER;
    }
    *OutMiniPort = nullptr;
    if (portcls::create_system_miniport == nullptr) return STATUS_NOT_SUPPORTED;
    return portcls::create_system_miniport(OutMiniPort, ClassID);
}
