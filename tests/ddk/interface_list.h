// Every interface with all its methods in slot order, for tests that go through them one by one. Both modes.
#pragma once

#include <portcls.h>
#include <dmusicks.h>

#define METHODS_IUnknown(M) PORTICO_IUnknown(M)
#define METHODS_IResourceList(M) PORTICO_IUnknown(M) PORTICO_IResourceList(M)
#define METHODS_IDmaChannel(M) PORTICO_IUnknown(M) PORTICO_IDmaChannel(M)
#define METHODS_IDmaChannelSlave(M) METHODS_IDmaChannel(M) PORTICO_IDmaChannelSlave(M)
#define METHODS_IInterruptSync(M) PORTICO_IUnknown(M) PORTICO_IInterruptSync(M)
#define METHODS_IServiceSink(M) PORTICO_IUnknown(M) PORTICO_IServiceSink(M)
#define METHODS_IServiceGroup(M) METHODS_IServiceSink(M) PORTICO_IServiceGroup(M)
#define METHODS_IRegistryKey(M) PORTICO_IUnknown(M) PORTICO_IRegistryKey(M)
#define METHODS_IMusicTechnology(M) PORTICO_IUnknown(M) PORTICO_IMusicTechnology(M)
#define METHODS_IMiniport(M) PORTICO_IUnknown(M) PORTICO_IMiniport(M)
#define METHODS_IPort(M) PORTICO_IUnknown(M) PORTICO_IPort(M)
#define METHODS_IPortMidi(M) METHODS_IPort(M) PORTICO_IPortMidi(M)
#define METHODS_IMiniportMidiStream(M) PORTICO_IUnknown(M) PORTICO_IMiniportMidiStream(M)
#define METHODS_IMiniportMidi(M) METHODS_IMiniport(M) PORTICO_IMiniportMidi(M)
#define METHODS_IPortTopology(M) METHODS_IPort(M)
#define METHODS_IMiniportTopology(M) METHODS_IMiniport(M) PORTICO_IMiniportTopology(M)
#define METHODS_IPortWaveCyclic(M) METHODS_IPort(M) PORTICO_IPortWaveCyclic(M)
#define METHODS_IMiniportWaveCyclicStream(M) PORTICO_IUnknown(M) PORTICO_IMiniportWaveCyclicStream(M)
#define METHODS_IMiniportWaveCyclic(M) METHODS_IMiniport(M) PORTICO_IMiniportWaveCyclic(M)
#define METHODS_IPortWavePci(M) METHODS_IPort(M) PORTICO_IPortWavePci(M)
#define METHODS_IPortWavePciStream(M) PORTICO_IUnknown(M) PORTICO_IPortWavePciStream(M)
#define METHODS_IMiniportWavePciStream(M) PORTICO_IUnknown(M) PORTICO_IMiniportWavePciStream(M)
#define METHODS_IMiniportWavePci(M) METHODS_IMiniport(M) PORTICO_IMiniportWavePci(M)
#define METHODS_IPortWaveRT(M) METHODS_IPort(M)
#define METHODS_IPortWaveRTStream(M) PORTICO_IUnknown(M) PORTICO_IPortWaveRTStream(M)
#define METHODS_IMiniportWaveRTStream(M) PORTICO_IUnknown(M) PORTICO_IMiniportWaveRTStream(M)
#define METHODS_IMiniportWaveRTStreamNotification(M) \
    METHODS_IMiniportWaveRTStream(M) PORTICO_IMiniportWaveRTStreamNotification(M)
#define METHODS_IMiniportWaveRT(M) METHODS_IMiniport(M) PORTICO_IMiniportWaveRT(M)
#define METHODS_IAdapterPowerManagement(M) PORTICO_IUnknown(M) PORTICO_IAdapterPowerManagement(M)
#define METHODS_IAdapterPowerManagement2(M) \
    METHODS_IAdapterPowerManagement(M) PORTICO_IAdapterPowerManagement2(M)
#define METHODS_IAdapterPowerManagement3(M) \
    METHODS_IAdapterPowerManagement2(M) PORTICO_IAdapterPowerManagement3(M)
#define METHODS_IPowerNotify(M) PORTICO_IUnknown(M) PORTICO_IPowerNotify(M)
#define METHODS_IPinCount(M) PORTICO_IUnknown(M) PORTICO_IPinCount(M)
#define METHODS_IPinName(M) PORTICO_IUnknown(M) PORTICO_IPinName(M)
#define METHODS_IPortEvents(M) PORTICO_IUnknown(M) PORTICO_IPortEvents(M)
#define METHODS_IDrmPort(M) PORTICO_IUnknown(M) PORTICO_IDrmPort(M)
#define METHODS_IDrmPort2(M) METHODS_IDrmPort(M) PORTICO_IDrmPort2(M)
#define METHODS_IPortClsVersion(M) PORTICO_IUnknown(M) PORTICO_IPortClsVersion(M)
#define METHODS_IPortClsPower(M) PORTICO_IUnknown(M) PORTICO_IPortClsPower(M)
#define METHODS_IUnregisterSubdevice(M) PORTICO_IUnknown(M) PORTICO_IUnregisterSubdevice(M)
#define METHODS_IUnregisterPhysicalConnection(M) PORTICO_IUnknown(M) PORTICO_IUnregisterPhysicalConnection(M)
#define METHODS_IPortDMus(M) METHODS_IPort(M) PORTICO_IPortDMus(M)
#define METHODS_IMiniportDMus(M) METHODS_IMiniport(M) PORTICO_IMiniportDMus(M)
#define METHODS_IMXF(M) PORTICO_IUnknown(M) PORTICO_IMXF(M)
#define METHODS_IAllocatorMXF(M) METHODS_IMXF(M) PORTICO_IAllocatorMXF(M)
#define METHODS_ISynthSinkDMus(M) METHODS_IMXF(M) PORTICO_ISynthSinkDMus(M)
#define METHODS_IMasterClock(M) PORTICO_IUnknown(M) PORTICO_IMasterClock(M)

// A list, several names a line.
// clang-format off
#define ALL_INTERFACES(X)                                                                                    \
    X(IUnknown) X(IResourceList) X(IDmaChannel) X(IDmaChannelSlave) X(IInterruptSync) X(IServiceSink)        \
    X(IServiceGroup) X(IRegistryKey) X(IMusicTechnology) X(IMiniport) X(IPort) X(IPortMidi)                  \
    X(IMiniportMidiStream) X(IMiniportMidi) X(IPortTopology) X(IMiniportTopology) X(IPortWaveCyclic)         \
    X(IMiniportWaveCyclicStream) X(IMiniportWaveCyclic) X(IPortWavePci) X(IPortWavePciStream)                \
    X(IMiniportWavePciStream) X(IMiniportWavePci) X(IPortWaveRT) X(IPortWaveRTStream)                        \
    X(IMiniportWaveRTStream) X(IMiniportWaveRTStreamNotification) X(IMiniportWaveRT)                         \
    X(IAdapterPowerManagement) X(IAdapterPowerManagement2) X(IAdapterPowerManagement3) X(IPowerNotify)       \
    X(IPinCount) X(IPinName) X(IPortEvents) X(IDrmPort) X(IDrmPort2) X(IPortClsVersion) X(IPortClsPower)     \
    X(IUnregisterSubdevice) X(IUnregisterPhysicalConnection) X(IPortDMus) X(IMiniportDMus) X(IMXF)           \
    X(IAllocatorMXF) X(ISynthSinkDMus) X(IMasterClock)
// clang-format on

#define ENUMERATOR(Interface) interface_##Interface,
enum { ALL_INTERFACES(ENUMERATOR) interface_count };
#undef ENUMERATOR

// Recorder<Interface> implements every method by noting its name.
extern const char* last_method;

template <class Result>
struct Note {
    static Result of(const char* method) {
        last_method = method;
        return Result();
    }
};
template <>
struct Note<void> {
    static void of(const char* method) { last_method = method; }
};

template <class Interface>
class Recorder;

#define RECORD(type, method, parameters)    \
    STDMETHODIMP_(type) method parameters { \
        return Note<type>::of(#method);     \
    }
#define RECORDER(Interface)                        \
    template <>                                    \
    class Recorder<Interface> : public Interface { \
      public:                                      \
        METHODS_##Interface(RECORD)                \
    };
ALL_INTERFACES(RECORDER)
#undef RECORDER
#undef RECORD
