// The vtable slot of every COM method on the host, against numbers written down from docs/spec/interfaces.md.
// That the driver's side has the same slots is shown by driver_objects_test.cpp.
#include <type_traits>

#include <gtest/gtest.h>

#include <portcls.h>
#include <dmusicks.h>
#include <stdunk.h>

#include "slot_of.h"
#include "support/requires.h"

namespace com_slots_test {
namespace {

#define EXPECT_SLOT(Interface, Method, number) \
    EXPECT_EQ(slot_of(&Interface::Method), number) << #Interface "::" #Method

TEST(ComSlots, UnknownComesFirst) {
    EXPECT_SLOT(IUnknown, QueryInterface, 0);
    EXPECT_SLOT(IUnknown, AddRef, 1);
    EXPECT_SLOT(IUnknown, Release, 2);
    REQUIRES("IU-001");
    static_assert(std::is_same_v<decltype(static_cast<IUnknown*>(nullptr)->AddRef()), ULONG>);
    static_assert(
        std::is_same_v<decltype(static_cast<IUnknown*>(nullptr)->QueryInterface(IID_IUnknown, nullptr)),
                       NTSTATUS>);
    REQUIRES("IU-002");
}

TEST(ComSlots, NonDelegatingUnknown) {
    EXPECT_SLOT(INonDelegatingUnknown, NonDelegatingQueryInterface, 0);
    EXPECT_SLOT(INonDelegatingUnknown, NonDelegatingAddRef, 1);
    EXPECT_SLOT(INonDelegatingUnknown, NonDelegatingRelease, 2);
}

TEST(ComSlots, DerivedInterfacesRepeatTheBase) {
    EXPECT_SLOT(IPortMidi, QueryInterface, 0);
    EXPECT_SLOT(IPortMidi, Release, 2);
    EXPECT_SLOT(IPortMidi, Init, 3);
    EXPECT_SLOT(IServiceGroup, RequestService, 3);
    EXPECT_SLOT(IDmaChannelSlave, CopyFrom, 14);
    EXPECT_SLOT(IAllocatorMXF, PutMessage, 4);
    REQUIRES("IU-003");
}

TEST(ComSlots, Ports) {
    EXPECT_SLOT(IPort, Init, 3);
    EXPECT_SLOT(IPort, GetDeviceProperty, 4);
    EXPECT_SLOT(IPort, NewRegistryKey, 5);
    REQUIRES("IP-001");
    EXPECT_SLOT(IPortMidi, Notify, 6);
    EXPECT_SLOT(IPortMidi, RegisterServiceGroup, 7);
    REQUIRES("PM-001");
    static_assert(std::is_void_v<decltype(static_cast<IPortMidi*>(nullptr)->RegisterServiceGroup(nullptr))>);
    REQUIRES("CX-002");
    EXPECT_SLOT(IPortDMus, Notify, 6);
    EXPECT_SLOT(IPortDMus, RegisterServiceGroup, 7);
    REQUIRES("DM-001");
    static_assert(std::is_base_of_v<IPort, IPortDMus> && !std::is_base_of_v<IPortMidi, IPortDMus>);
    REQUIRES("CX-009");
    static_assert(sizeof(IPortTopology) == sizeof(IPort) && std::is_base_of_v<IPort, IPortTopology>);
    REQUIRES("TP-001");
    EXPECT_SLOT(IPortWaveCyclic, Notify, 6);
    EXPECT_SLOT(IPortWaveCyclic, NewSlaveDmaChannel, 7);
    EXPECT_SLOT(IPortWaveCyclic, NewMasterDmaChannel, 8);
    EXPECT_SLOT(IPortWavePci, Notify, 6);
    EXPECT_SLOT(IPortWavePci, NewMasterDmaChannel, 7);
    static_assert(std::is_base_of_v<IPort, IPortWaveCyclic> && std::is_base_of_v<IPort, IPortWavePci> &&
                  std::is_base_of_v<IPort, IPortWaveRT> && std::is_base_of_v<IPort, IPortMidi>);
    REQUIRES("IP-002");
}

TEST(ComSlots, Miniports) {
    EXPECT_SLOT(IMiniport, GetDescription, 3);
    EXPECT_SLOT(IMiniport, DataRangeIntersection, 4);
    REQUIRES("IM-001");
    EXPECT_SLOT(IMiniportMidi, Init, 5);
    EXPECT_SLOT(IMiniportMidi, Service, 6);
    EXPECT_SLOT(IMiniportMidi, NewStream, 7);
    REQUIRES("MM-001");
    EXPECT_SLOT(IMiniportDMus, Init, 5);
    EXPECT_SLOT(IMiniportDMus, Service, 6);
    EXPECT_SLOT(IMiniportDMus, NewStream, 7);
    REQUIRES("MD-001");
    EXPECT_SLOT(IMiniportTopology, Init, 5);
    REQUIRES("TP-002");
    EXPECT_SLOT(IMiniportWaveCyclic, Init, 5);
    EXPECT_SLOT(IMiniportWaveCyclic, NewStream, 6);
    EXPECT_SLOT(IMiniportWavePci, Init, 5);
    EXPECT_SLOT(IMiniportWavePci, NewStream, 6);
    EXPECT_SLOT(IMiniportWavePci, Service, 7);
    EXPECT_SLOT(IMiniportWaveRT, Init, 5);
    EXPECT_SLOT(IMiniportWaveRT, NewStream, 6);
    EXPECT_SLOT(IMiniportWaveRT, GetDeviceDescription, 7);
}

TEST(ComSlots, MidiStream) {
    EXPECT_SLOT(IMiniportMidiStream, SetFormat, 3);
    EXPECT_SLOT(IMiniportMidiStream, SetState, 4);
    EXPECT_SLOT(IMiniportMidiStream, Read, 5);
    EXPECT_SLOT(IMiniportMidiStream, Write, 6);
    REQUIRES("MS-001");
}

TEST(ComSlots, WaveStreams) {
    EXPECT_SLOT(IMiniportWaveCyclicStream, SetFormat, 3);
    EXPECT_SLOT(IMiniportWaveCyclicStream, SetNotificationFreq, 4);
    EXPECT_SLOT(IMiniportWaveCyclicStream, SetState, 5);
    EXPECT_SLOT(IMiniportWaveCyclicStream, GetPosition, 6);
    EXPECT_SLOT(IMiniportWaveCyclicStream, NormalizePhysicalPosition, 7);
    EXPECT_SLOT(IMiniportWaveCyclicStream, Silence, 8);
    EXPECT_SLOT(IPortWavePciStream, GetMapping, 3);
    EXPECT_SLOT(IPortWavePciStream, ReleaseMapping, 4);
    EXPECT_SLOT(IPortWavePciStream, TerminatePacket, 5);
    EXPECT_SLOT(IMiniportWavePciStream, SetFormat, 3);
    EXPECT_SLOT(IMiniportWavePciStream, SetState, 4);
    EXPECT_SLOT(IMiniportWavePciStream, GetPosition, 5);
    EXPECT_SLOT(IMiniportWavePciStream, NormalizePhysicalPosition, 6);
    EXPECT_SLOT(IMiniportWavePciStream, GetAllocatorFraming, 7);
    EXPECT_SLOT(IMiniportWavePciStream, RevokeMappings, 8);
    EXPECT_SLOT(IMiniportWavePciStream, MappingAvailable, 9);
    EXPECT_SLOT(IMiniportWavePciStream, Service, 10);
    EXPECT_SLOT(IPortWaveRTStream, AllocatePagesForMdl, 3);
    EXPECT_SLOT(IPortWaveRTStream, AllocateContiguousPagesForMdl, 4);
    EXPECT_SLOT(IPortWaveRTStream, MapAllocatedPages, 5);
    EXPECT_SLOT(IPortWaveRTStream, UnmapAllocatedPages, 6);
    EXPECT_SLOT(IPortWaveRTStream, FreePagesFromMdl, 7);
    EXPECT_SLOT(IPortWaveRTStream, GetPhysicalPagesCount, 8);
    EXPECT_SLOT(IPortWaveRTStream, GetPhysicalPageAddress, 9);
    EXPECT_SLOT(IMiniportWaveRTStream, SetFormat, 3);
    EXPECT_SLOT(IMiniportWaveRTStream, GetClockRegister, 10);
    EXPECT_SLOT(IMiniportWaveRTStreamNotification, AllocateBufferWithNotification, 11);
    EXPECT_SLOT(IMiniportWaveRTStreamNotification, UnregisterNotificationEvent, 14);
}

TEST(ComSlots, ServiceObjects) {
    EXPECT_SLOT(IServiceSink, RequestService, 3);
    REQUIRES("SS-001");
    EXPECT_SLOT(IServiceGroup, RequestService, 3);
    EXPECT_SLOT(IServiceGroup, AddMember, 4);
    EXPECT_SLOT(IServiceGroup, RemoveMember, 5);
    EXPECT_SLOT(IServiceGroup, SupportDelayedService, 6);
    EXPECT_SLOT(IServiceGroup, RequestDelayedService, 7);
    EXPECT_SLOT(IServiceGroup, CancelDelayedService, 8);
    REQUIRES("SG-001");
    static_assert(std::is_base_of_v<IServiceSink, IServiceGroup>);
    REQUIRES("CX-025");
    EXPECT_SLOT(IInterruptSync, CallSynchronizedRoutine, 3);
    EXPECT_SLOT(IInterruptSync, GetKInterrupt, 4);
    EXPECT_SLOT(IInterruptSync, Connect, 5);
    EXPECT_SLOT(IInterruptSync, Disconnect, 6);
    EXPECT_SLOT(IInterruptSync, RegisterServiceRoutine, 7);
    REQUIRES("IS-001");
}

TEST(ComSlots, ResourcesAndRegistry) {
    EXPECT_SLOT(IResourceList, NumberOfEntries, 3);
    EXPECT_SLOT(IResourceList, NumberOfEntriesOfType, 4);
    EXPECT_SLOT(IResourceList, FindTranslatedEntry, 5);
    EXPECT_SLOT(IResourceList, FindUntranslatedEntry, 6);
    EXPECT_SLOT(IResourceList, AddEntry, 7);
    EXPECT_SLOT(IResourceList, AddEntryFromParent, 8);
    EXPECT_SLOT(IResourceList, TranslatedList, 9);
    EXPECT_SLOT(IResourceList, UntranslatedList, 10);
    REQUIRES("RL-001");
    EXPECT_SLOT(IRegistryKey, QueryKey, 3);
    EXPECT_SLOT(IRegistryKey, EnumerateKey, 4);
    EXPECT_SLOT(IRegistryKey, QueryValueKey, 5);
    EXPECT_SLOT(IRegistryKey, EnumerateValueKey, 6);
    EXPECT_SLOT(IRegistryKey, SetValueKey, 7);
    EXPECT_SLOT(IRegistryKey, QueryRegistryValues, 8);
    EXPECT_SLOT(IRegistryKey, NewSubKey, 9);
    EXPECT_SLOT(IRegistryKey, DeleteKey, 10);
    REQUIRES("RK-001");
}

TEST(ComSlots, DmaChannels) {
    EXPECT_SLOT(IDmaChannel, AllocateBuffer, 3);
    EXPECT_SLOT(IDmaChannel, FreeBuffer, 4);
    EXPECT_SLOT(IDmaChannel, TransferCount, 5);
    EXPECT_SLOT(IDmaChannel, MaximumBufferSize, 6);
    EXPECT_SLOT(IDmaChannel, AllocatedBufferSize, 7);
    EXPECT_SLOT(IDmaChannel, BufferSize, 8);
    EXPECT_SLOT(IDmaChannel, SetBufferSize, 9);
    EXPECT_SLOT(IDmaChannel, SystemAddress, 10);
    EXPECT_SLOT(IDmaChannel, PhysicalAddress, 11);
    EXPECT_SLOT(IDmaChannel, GetAdapterObject, 12);
    EXPECT_SLOT(IDmaChannel, CopyTo, 13);
    EXPECT_SLOT(IDmaChannel, CopyFrom, 14);
    REQUIRES("DC-001");
    EXPECT_SLOT(IDmaChannelSlave, Start, 15);
    EXPECT_SLOT(IDmaChannelSlave, Stop, 16);
    EXPECT_SLOT(IDmaChannelSlave, ReadCounter, 17);
    EXPECT_SLOT(IDmaChannelSlave, WaitForTC, 18);
    REQUIRES("DC-002");
}

TEST(ComSlots, Power) {
    EXPECT_SLOT(IAdapterPowerManagement, PowerChangeState, 3);
    EXPECT_SLOT(IAdapterPowerManagement, QueryPowerChangeState, 4);
    EXPECT_SLOT(IAdapterPowerManagement, QueryDeviceCapabilities, 5);
    REQUIRES("AP-001");
    EXPECT_SLOT(IAdapterPowerManagement2, PowerChangeState, 3);
    EXPECT_SLOT(IAdapterPowerManagement2, PowerChangeState2, 6);
    EXPECT_SLOT(IAdapterPowerManagement3, PowerChangeState2, 6);
    EXPECT_SLOT(IAdapterPowerManagement3, PowerChangeState3, 7);
    EXPECT_SLOT(IAdapterPowerManagement3, D3ExitLatencyChanged, 8);
    static_assert(!std::is_base_of_v<IAdapterPowerManagement, IAdapterPowerManagement2>);
    REQUIRES("AP-002");
    EXPECT_SLOT(IPowerNotify, PowerChangeNotify, 3);
    REQUIRES("PN-001");
}

TEST(ComSlots, OptionalMiniportInterfaces) {
    EXPECT_SLOT(IPinCount, PinCount, 3);
    REQUIRES("PC-001");
    EXPECT_SLOT(IPinName, GetPinName, 3);
    REQUIRES("NA-001");
    EXPECT_SLOT(IMusicTechnology, SetTechnology, 3);
    REQUIRES("MT-001");
}

TEST(ComSlots, OptionalPortInterfaces) {
    EXPECT_SLOT(IPortEvents, AddEventToEventList, 3);
    EXPECT_SLOT(IPortEvents, GenerateEventList, 4);
    REQUIRES("PE-001");
    EXPECT_SLOT(IPortClsVersion, GetVersion, 3);
    REQUIRES("PV-001");
    EXPECT_SLOT(IPortClsPower, RegisterAdapterPowerManagement, 3);
    EXPECT_SLOT(IPortClsPower, UnregisterAdapterPowerManagement, 4);
    EXPECT_SLOT(IPortClsPower, SetIdlePowerManagement, 5);
    REQUIRES("PP-001");
    EXPECT_SLOT(IUnregisterSubdevice, UnregisterSubdevice, 3);
    REQUIRES("US-001");
    EXPECT_SLOT(IUnregisterPhysicalConnection, UnregisterPhysicalConnection, 3);
    EXPECT_SLOT(IUnregisterPhysicalConnection, UnregisterPhysicalConnectionToExternal, 4);
    EXPECT_SLOT(IUnregisterPhysicalConnection, UnregisterPhysicalConnectionFromExternal, 5);
    REQUIRES("UP-001");
    EXPECT_SLOT(IDrmPort, CreateContentMixed, 3);
    EXPECT_SLOT(IDrmPort, DestroyContent, 4);
    EXPECT_SLOT(IDrmPort, ForwardContentToFileObject, 5);
    EXPECT_SLOT(IDrmPort, ForwardContentToInterface, 6);
    EXPECT_SLOT(IDrmPort, GetContentRights, 7);
    EXPECT_SLOT(IDrmPort2, AddContentHandlers, 8);
    EXPECT_SLOT(IDrmPort2, ForwardContentToDeviceObject, 9);
    REQUIRES("DR-001");
}

TEST(ComSlots, DirectMusic) {
    EXPECT_SLOT(IMXF, SetState, 3);
    EXPECT_SLOT(IMXF, PutMessage, 4);
    EXPECT_SLOT(IMXF, ConnectOutput, 5);
    EXPECT_SLOT(IMXF, DisconnectOutput, 6);
    REQUIRES("MX-001");
    EXPECT_SLOT(IAllocatorMXF, GetMessage, 7);
    EXPECT_SLOT(IAllocatorMXF, GetBufferSize, 8);
    EXPECT_SLOT(IAllocatorMXF, GetBuffer, 9);
    EXPECT_SLOT(IAllocatorMXF, PutBuffer, 10);
    REQUIRES("AL-001");
    EXPECT_SLOT(ISynthSinkDMus, Render, 7);
    EXPECT_SLOT(ISynthSinkDMus, SyncToMaster, 8);
    EXPECT_SLOT(ISynthSinkDMus, SampleToRefTime, 9);
    EXPECT_SLOT(ISynthSinkDMus, RefTimeToSample, 10);
    REQUIRES("SY-001");
    EXPECT_SLOT(IMasterClock, GetTime, 3);
    REQUIRES("CK-001");
}

}  // namespace
}  // namespace com_slots_test
