// Sizes, offsets and numbers from docs/spec, for both modes: the driver's build asserts them, the host's test
// expects them. FACT(requirement, value, expected)
#pragma once

#include <portcls.h>
#include <dmusicks.h>

#define AT(type, member) offsetof(type, member)

#define LAYOUT_FACTS(FACT)                                           \
    FACT("IU-010", sizeof(HRESULT), sizeof(NTSTATUS))                \
    FACT("FD-001", sizeof(PCFILTER_DESCRIPTOR), 80)                  \
    FACT("FD-001", AT(PCFILTER_DESCRIPTOR, AutomationTable), 8)      \
    FACT("FD-001", AT(PCFILTER_DESCRIPTOR, PinSize), 16)             \
    FACT("FD-001", AT(PCFILTER_DESCRIPTOR, PinCount), 20)            \
    FACT("FD-001", AT(PCFILTER_DESCRIPTOR, Pins), 24)                \
    FACT("FD-001", AT(PCFILTER_DESCRIPTOR, NodeSize), 32)            \
    FACT("FD-001", AT(PCFILTER_DESCRIPTOR, NodeCount), 36)           \
    FACT("FD-001", AT(PCFILTER_DESCRIPTOR, Nodes), 40)               \
    FACT("FD-001", AT(PCFILTER_DESCRIPTOR, ConnectionCount), 48)     \
    FACT("FD-001", AT(PCFILTER_DESCRIPTOR, Connections), 56)         \
    FACT("FD-001", AT(PCFILTER_DESCRIPTOR, CategoryCount), 64)       \
    FACT("FD-001", AT(PCFILTER_DESCRIPTOR, Categories), 72)          \
    FACT("FD-010", sizeof(PCPIN_DESCRIPTOR), 112)                    \
    FACT("FD-010", AT(PCPIN_DESCRIPTOR, MinFilterInstanceCount), 8)  \
    FACT("FD-010", AT(PCPIN_DESCRIPTOR, AutomationTable), 16)        \
    FACT("FD-010", AT(PCPIN_DESCRIPTOR, KsPinDescriptor), 24)        \
    FACT("FD-010", sizeof(KSPIN_DESCRIPTOR), 88)                     \
    FACT("FD-014", AT(KSPIN_DESCRIPTOR, Interfaces), 8)              \
    FACT("FD-014", AT(KSPIN_DESCRIPTOR, Mediums), 24)                \
    FACT("FD-014", AT(KSPIN_DESCRIPTOR, DataRangesCount), 32)        \
    FACT("FD-014", AT(KSPIN_DESCRIPTOR, DataRanges), 40)             \
    FACT("FD-014", AT(KSPIN_DESCRIPTOR, DataFlow), 48)               \
    FACT("FD-014", AT(KSPIN_DESCRIPTOR, Communication), 52)          \
    FACT("FD-014", AT(KSPIN_DESCRIPTOR, Category), 56)               \
    FACT("FD-014", AT(KSPIN_DESCRIPTOR, Name), 64)                   \
    FACT("FD-014", AT(KSPIN_DESCRIPTOR, Reserved), 72)               \
    FACT("FD-014", AT(KSPIN_DESCRIPTOR, ConstrainedDataRanges), 80)  \
    FACT("FD-017", KSPIN_DATAFLOW_IN, 1)                             \
    FACT("FD-017", KSPIN_DATAFLOW_OUT, 2)                            \
    FACT("FD-017", KSPIN_COMMUNICATION_NONE, 0)                      \
    FACT("FD-017", KSPIN_COMMUNICATION_SINK, 1)                      \
    FACT("FD-017", KSPIN_COMMUNICATION_SOURCE, 2)                    \
    FACT("FD-017", KSPIN_COMMUNICATION_BOTH, 3)                      \
    FACT("FD-017", KSPIN_COMMUNICATION_BRIDGE, 4)                    \
    FACT("CX-017", KSPIN_COMMUNICATION_NONE, 0)                      \
    FACT("FD-015", KSMEDIUM_STANDARD_DEVIO, 0)                       \
    FACT("FD-015", KSINTERFACE_STANDARD_STREAMING, 0)                \
    FACT("FD-020", sizeof(PCNODE_DESCRIPTOR), 32)                    \
    FACT("FD-020", AT(PCNODE_DESCRIPTOR, AutomationTable), 8)        \
    FACT("FD-020", AT(PCNODE_DESCRIPTOR, Type), 16)                  \
    FACT("FD-020", AT(PCNODE_DESCRIPTOR, Name), 24)                  \
    FACT("FD-030", sizeof(PCCONNECTION_DESCRIPTOR), 16)              \
    FACT("FD-030", AT(PCCONNECTION_DESCRIPTOR, ToNodePin), 12)       \
    FACT("FD-030", PCFILTER_NODE, 0xFFFFFFFF)                        \
    FACT("FD-032", KSNODEPIN_STANDARD_IN, 1)                         \
    FACT("FD-032", KSNODEPIN_STANDARD_OUT, 0)                        \
    FACT("FD-040", sizeof(PCAUTOMATION_TABLE), 56)                   \
    FACT("FD-040", AT(PCAUTOMATION_TABLE, Properties), 8)            \
    FACT("FD-040", AT(PCAUTOMATION_TABLE, MethodItemSize), 16)       \
    FACT("FD-040", AT(PCAUTOMATION_TABLE, Methods), 24)              \
    FACT("FD-040", AT(PCAUTOMATION_TABLE, EventItemSize), 32)        \
    FACT("FD-040", AT(PCAUTOMATION_TABLE, Events), 40)               \
    FACT("FD-040", AT(PCAUTOMATION_TABLE, Reserved), 48)             \
    FACT("FD-050", sizeof(PCPROPERTY_ITEM), 24)                      \
    FACT("FD-050", AT(PCPROPERTY_ITEM, Id), 8)                       \
    FACT("FD-050", AT(PCPROPERTY_ITEM, Flags), 12)                   \
    FACT("FD-050", AT(PCPROPERTY_ITEM, Handler), 16)                 \
    FACT("FD-051", PCPROPERTY_ITEM_FLAG_GET, 1)                      \
    FACT("FD-051", PCPROPERTY_ITEM_FLAG_SET, 2)                      \
    FACT("FD-051", PCPROPERTY_ITEM_FLAG_BASICSUPPORT, 0x200)         \
    FACT("FD-051", PCPROPERTY_ITEM_FLAG_SERIALIZERAW, 0x2000)        \
    FACT("FD-051", PCPROPERTY_ITEM_FLAG_UNSERIALIZERAW, 0x4000)      \
    FACT("FD-051", PCPROPERTY_ITEM_FLAG_SERIALIZESIZE, 0x8000)       \
    FACT("FD-051", PCPROPERTY_ITEM_FLAG_SERIALIZE, 0xE000)           \
    FACT("FD-051", PCPROPERTY_ITEM_FLAG_DEFAULTVALUES, 0x10000)      \
    FACT("FD-051", KSPROPERTY_TYPE_SETSUPPORT, 0x100)                \
    FACT("FD-051", KSPROPERTY_TYPE_RELATIONS, 0x400)                 \
    FACT("FD-051", KSPROPERTY_TYPE_SERIALIZESET, 0x800)              \
    FACT("FD-051", KSPROPERTY_TYPE_UNSERIALIZESET, 0x1000)           \
    FACT("FD-051", KSPROPERTY_TYPE_TOPOLOGY, 0x10000000)             \
    FACT("FD-052", sizeof(PCPROPERTY_REQUEST), 72)                   \
    FACT("FD-052", AT(PCPROPERTY_REQUEST, MinorTarget), 8)           \
    FACT("FD-052", AT(PCPROPERTY_REQUEST, Node), 16)                 \
    FACT("FD-052", AT(PCPROPERTY_REQUEST, PropertyItem), 24)         \
    FACT("FD-052", AT(PCPROPERTY_REQUEST, Verb), 32)                 \
    FACT("FD-052", AT(PCPROPERTY_REQUEST, InstanceSize), 36)         \
    FACT("FD-052", AT(PCPROPERTY_REQUEST, Instance), 40)             \
    FACT("FD-052", AT(PCPROPERTY_REQUEST, ValueSize), 48)            \
    FACT("FD-052", AT(PCPROPERTY_REQUEST, Value), 56)                \
    FACT("FD-052", AT(PCPROPERTY_REQUEST, Irp), 64)                  \
    FACT("FD-054", sizeof(KSPROPERTY), 24)                           \
    FACT("FD-054", AT(KSPROPERTY, Id), 16)                           \
    FACT("FD-054", AT(KSPROPERTY, Flags), 20)                        \
    FACT("FD-054", sizeof(KSNODEPROPERTY), 32)                       \
    FACT("FD-054", AT(KSNODEPROPERTY, NodeId), 24)                   \
    FACT("FD-054", sizeof(KSP_NODE), 32)                             \
    FACT("FD-058", sizeof(KSPROPERTY_DESCRIPTION), 40)               \
    FACT("FD-070", sizeof(PCEVENT_ITEM), 24)                         \
    FACT("FD-070", sizeof(PCEVENT_REQUEST), 56)                      \
    FACT("FD-070", AT(PCEVENT_REQUEST, EventItem), 24)               \
    FACT("FD-070", AT(PCEVENT_REQUEST, EventEntry), 32)              \
    FACT("FD-070", AT(PCEVENT_REQUEST, Verb), 40)                    \
    FACT("FD-070", AT(PCEVENT_REQUEST, Irp), 48)                     \
    FACT("FD-070", PCEVENT_ITEM_FLAG_ENABLE, 1)                      \
    FACT("FD-070", PCEVENT_ITEM_FLAG_ONESHOT, 2)                     \
    FACT("FD-070", PCEVENT_ITEM_FLAG_BASICSUPPORT, 0x200)            \
    FACT("FD-071", PCEVENT_VERB_NONE, 0)                             \
    FACT("FD-071", PCEVENT_VERB_ADD, 1)                              \
    FACT("FD-071", PCEVENT_VERB_REMOVE, 2)                           \
    FACT("FD-071", PCEVENT_VERB_SUPPORT, 4)                          \
    FACT("FF-001", sizeof(KSDATAFORMAT), 64)                         \
    FACT("FF-001", alignof(KSDATAFORMAT), 8)                         \
    FACT("FF-001", AT(KSDATAFORMAT, SampleSize), 8)                  \
    FACT("FF-001", AT(KSDATAFORMAT, MajorFormat), 16)                \
    FACT("FF-001", AT(KSDATAFORMAT, SubFormat), 32)                  \
    FACT("FF-001", AT(KSDATAFORMAT, Specifier), 48)                  \
    FACT("FF-003", sizeof(KSDATARANGE_MUSIC), 96)                    \
    FACT("FF-003", AT(KSDATARANGE_MUSIC, Technology), 64)            \
    FACT("FF-003", AT(KSDATARANGE_MUSIC, Channels), 80)              \
    FACT("FF-003", AT(KSDATARANGE_MUSIC, Notes), 84)                 \
    FACT("FF-003", AT(KSDATARANGE_MUSIC, ChannelMask), 88)           \
    FACT("FF-020", sizeof(KSP_PIN), 32)                              \
    FACT("FF-020", AT(KSP_PIN, PinId), 24)                           \
    FACT("FF-020", sizeof(KSMULTIPLE_ITEM), 8)                       \
    FACT("FF-023", KSDATARANGE_ATTRIBUTES, 2)                        \
    FACT("PI-002", sizeof(KSPIN_CONNECT), 72)                        \
    FACT("PI-002", AT(KSPIN_CONNECT, Medium), 24)                    \
    FACT("PI-002", AT(KSPIN_CONNECT, PinId), 48)                     \
    FACT("PI-002", AT(KSPIN_CONNECT, PinToHandle), 56)               \
    FACT("PI-002", AT(KSPIN_CONNECT, Priority), 64)                  \
    FACT("ST-001", KSPROPERTY_CONNECTION_STATE, 0)                   \
    FACT("MS-020", KSSTATE_STOP, 0)                                  \
    FACT("MS-020", KSSTATE_ACQUIRE, 1)                               \
    FACT("MS-020", KSSTATE_PAUSE, 2)                                 \
    FACT("MS-020", KSSTATE_RUN, 3)                                   \
    FACT("SP-001", IOCTL_KS_PROPERTY, 0x002F0003)                    \
    FACT("SP-001", IOCTL_KS_ENABLE_EVENT, 0x002F0007)                \
    FACT("SP-001", IOCTL_KS_DISABLE_EVENT, 0x002F000B)               \
    FACT("SP-001", IOCTL_KS_METHOD, 0x002F000F)                      \
    FACT("SP-001", IOCTL_KS_WRITE_STREAM, 0x002F8013)                \
    FACT("SP-001", IOCTL_KS_READ_STREAM, 0x002F4017)                 \
    FACT("SP-001", IOCTL_KS_RESET_STATE, 0x002F001B)                 \
    FACT("SP-002", sizeof(KSSTREAM_HEADER), 56)                      \
    FACT("SP-002", AT(KSSTREAM_HEADER, TypeSpecificFlags), 4)        \
    FACT("SP-002", AT(KSSTREAM_HEADER, PresentationTime), 8)         \
    FACT("SP-002", AT(KSSTREAM_HEADER, Duration), 24)                \
    FACT("SP-002", AT(KSSTREAM_HEADER, FrameExtent), 32)             \
    FACT("SP-002", AT(KSSTREAM_HEADER, DataUsed), 36)                \
    FACT("SP-002", AT(KSSTREAM_HEADER, Data), 40)                    \
    FACT("SP-002", AT(KSSTREAM_HEADER, OptionsFlags), 48)            \
    FACT("SP-002", sizeof(KSTIME), 16)                               \
    FACT("SP-003", KSSTREAM_HEADER_OPTIONSF_TIMEVALID, 0x10)         \
    FACT("SP-003", KSSTREAM_HEADER_OPTIONSF_DURATIONVALID, 0x100)    \
    FACT("SP-003", KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM, 0x200)      \
    FACT("SP-003", KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY, 0x4)  \
    FACT("SP-003", KSSTREAM_HEADER_OPTIONSF_TIMEDISCONTINUITY, 0x40) \
    FACT("SP-003", KSSTREAM_HEADER_OPTIONSF_TYPECHANGED, 0x8)        \
    FACT("SP-003", KSSTREAM_HEADER_OPTIONSF_PREROLL, 0x2)            \
    FACT("SP-003", KSSTREAM_HEADER_OPTIONSF_FLUSHONPAUSE, 0x80)      \
    FACT("SP-003", KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT, 0x1)        \
    FACT("SP-003", KSSTREAM_HEADER_OPTIONSF_LOOPEDDATA, 0x80000000)  \
    FACT("SP-010", sizeof(KSMUSICFORMAT), 8)                         \
    FACT("SP-010", AT(KSMUSICFORMAT, ByteCount), 4)                  \
    FACT("PR-001", KSPROPERTY_PIN_CINSTANCES, 0)                     \
    FACT("PR-001", KSPROPERTY_PIN_CTYPES, 1)                         \
    FACT("PR-001", KSPROPERTY_PIN_DATAFLOW, 2)                       \
    FACT("PR-001", KSPROPERTY_PIN_DATARANGES, 3)                     \
    FACT("PR-001", KSPROPERTY_PIN_DATAINTERSECTION, 4)               \
    FACT("PR-001", KSPROPERTY_PIN_INTERFACES, 5)                     \
    FACT("PR-001", KSPROPERTY_PIN_MEDIUMS, 6)                        \
    FACT("PR-001", KSPROPERTY_PIN_COMMUNICATION, 7)                  \
    FACT("PR-001", KSPROPERTY_PIN_GLOBALCINSTANCES, 8)               \
    FACT("PR-001", KSPROPERTY_PIN_NECESSARYINSTANCES, 9)             \
    FACT("PR-001", KSPROPERTY_PIN_PHYSICALCONNECTION, 10)            \
    FACT("PR-001", KSPROPERTY_PIN_CATEGORY, 11)                      \
    FACT("PR-001", KSPROPERTY_PIN_NAME, 12)                          \
    FACT("PR-001", KSPROPERTY_PIN_CONSTRAINEDDATARANGES, 13)         \
    FACT("PR-001", KSPROPERTY_PIN_PROPOSEDATAFORMAT, 14)             \
    FACT("PR-001", KSPROPERTY_PIN_PROPOSEDATAFORMAT2, 15)            \
    FACT("PR-001", KSPROPERTY_PIN_MODEDATAFORMATS, 16)               \
    FACT("PR-004", sizeof(KSPIN_CINSTANCES), 8)                      \
    FACT("PR-010", KSPROPERTY_TOPOLOGY_CATEGORIES, 0)                \
    FACT("PR-010", KSPROPERTY_TOPOLOGY_NODES, 1)                     \
    FACT("PR-010", KSPROPERTY_TOPOLOGY_CONNECTIONS, 2)               \
    FACT("PR-010", KSPROPERTY_TOPOLOGY_NAME, 3)                      \
    FACT("PR-012", KSPROPERTY_CONNECTION_PRIORITY, 1)                \
    FACT("PR-012", KSPROPERTY_CONNECTION_DATAFORMAT, 2)              \
    FACT("PR-012", KSPROPERTY_CONNECTION_ALLOCATORFRAMING, 3)        \
    FACT("PR-012", KSPROPERTY_CONNECTION_PROPOSEDATAFORMAT, 4)       \
    FACT("PR-012", KSPROPERTY_CONNECTION_ACQUIREORDERING, 5)         \
    FACT("PR-012", KSPROPERTY_CONNECTION_ALLOCATORFRAMING_EX, 6)     \
    FACT("PR-012", KSPROPERTY_CONNECTION_STARTAT, 7)                 \
    FACT("PR-012", KSPROPERTY_STREAM_ALLOCATOR, 0)                   \
    FACT("PR-012", KSPROPERTY_STREAM_MASTERCLOCK, 3)                 \
    FACT("PR-017", sizeof(KSCOMPONENTID), 72)                        \
    FACT("PC-006", KSINSTANCE_INDETERMINATE, 0xFFFFFFFF)             \
    FACT("IS-003", InterruptSyncModeNormal, 1)                       \
    FACT("IS-003", InterruptSyncModeAll, 2)                          \
    FACT("IS-003", InterruptSyncModeRepeat, 3)                       \
    FACT("IP-042", GeneralRegistryKey, 0)                            \
    FACT("IP-042", DeviceRegistryKey, 1)                             \
    FACT("IP-042", DriverRegistryKey, 2)                             \
    FACT("IP-042", HwProfileRegistryKey, 3)                          \
    FACT("IP-042", DeviceInterfaceRegistryKey, 4)                    \
    FACT("AP-003", PcExitLatencyInstant, 0)                          \
    FACT("AP-003", PcExitLatencyFast, 1)                             \
    FACT("AP-003", PcExitLatencyResponsive, 2)                       \
    FACT("AP-018", PowerDeviceUnspecified, 0)                        \
    FACT("AP-018", PowerDeviceD0, 1)                                 \
    FACT("AP-018", PowerDeviceD1, 2)                                 \
    FACT("AP-018", PowerDeviceD2, 3)                                 \
    FACT("AP-018", PowerDeviceD3, 4)                                 \
    FACT("AP-001", sizeof(POWER_STATE), 4)                           \
    FACT("PN-005", PowerSystemWorking, 1)                            \
    FACT("PV-003", kVersionInvalid, -1)                              \
    FACT("PV-003", kVersionWin98, 0)                                 \
    FACT("PV-003", kVersionWin98SE, 1)                               \
    FACT("PV-003", kVersionWin2K, 2)                                 \
    FACT("PV-003", kVersionWin98SE_QFE2, 3)                          \
    FACT("PV-003", kVersionWin2K_SP2, 4)                             \
    FACT("PV-003", kVersionWinME, 5)                                 \
    FACT("PV-003", kVersionWin98SE_QFE3, 6)                          \
    FACT("PV-003", kVersionWinME_QFE1, 7)                            \
    FACT("PV-003", kVersionWinXP, 8)                                 \
    FACT("PV-003", kVersionWinXPSP1, 9)                              \
    FACT("PV-003", kVersionWinServer2003, 10)                        \
    FACT("PV-003", kVersionWin2K_UAAQFE, 11)                         \
    FACT("PV-003", kVersionWinXP_UAAQFE, 12)                         \
    FACT("PV-003", kVersionWinServer2003_UAAQFE, 13)                 \
    FACT("PV-003", kVersionWindowsLonghorn, 14)                      \
    FACT("MD-005", DMUS_STREAM_MIDI_INVALID, -1)                     \
    FACT("MD-005", DMUS_STREAM_MIDI_RENDER, 0)                       \
    FACT("MD-005", DMUS_STREAM_MIDI_CAPTURE, 1)                      \
    FACT("MD-005", DMUS_STREAM_WAVE_SINK, 2)                         \
    FACT("MX-035", sizeof(DMUS_KERNEL_EVENT), 40)                    \
    FACT("MX-035", AT(DMUS_KERNEL_EVENT, cbStruct), 1)               \
    FACT("MX-035", AT(DMUS_KERNEL_EVENT, cbEvent), 2)                \
    FACT("MX-035", AT(DMUS_KERNEL_EVENT, usChannelGroup), 4)         \
    FACT("MX-035", AT(DMUS_KERNEL_EVENT, usFlags), 6)                \
    FACT("MX-035", AT(DMUS_KERNEL_EVENT, ullPresTime100ns), 8)       \
    FACT("MX-035", AT(DMUS_KERNEL_EVENT, ullBytePosition), 16)       \
    FACT("MX-035", AT(DMUS_KERNEL_EVENT, pNextEvt), 24)              \
    FACT("MX-035", AT(DMUS_KERNEL_EVENT, uData), 32)                 \
    FACT("MX-036", DMUS_KEF_EVENT_COMPLETE, 0)                       \
    FACT("MX-036", DMUS_KEF_EVENT_INCOMPLETE, 1)                     \
    FACT("MX-036", DMUS_KEF_PACKAGE_EVENT, 2)                        \
    FACT("CX-015", DMUS_KEF_EVENT_INCOMPLETE, 1)                     \
    FACT("MX-040", kBytePositionNone, 0xFFFFFFFFFFFFFFFFULL)         \
    FACT("FN-013", PORT_CLASS_DEVICE_EXTENSION_SIZE, 512)            \
    FACT("FN-122", GTI_SECONDS(3), 30000000)                         \
    FACT("FN-122", GTI_MILLISECONDS(3), 30000)                       \
    FACT("FN-122", GTI_MICROSECONDS(3), 30)                          \
    FACT("FN-122", sizeof(GTI_SECONDS(1)), 8)                        \
    FACT("RL-003", sizeof(CM_RESOURCE_TYPE), 4)                      \
    FACT("GV-003", KSPROPERTY_SYNTH_VOLUME, 0)                       \
    FACT("GV-003", KSPROPERTY_SYNTH_VOLUMEBOOST, 1)                  \
    FACT("GV-003", KSPROPERTY_SYNTH_CAPS, 2)                         \
    FACT("GV-003", KSPROPERTY_SYNTH_PORTPARAMETERS, 3)               \
    FACT("GV-003", KSPROPERTY_SYNTH_CHANNELGROUPS, 4)                \
    FACT("GV-003", KSPROPERTY_SYNTH_VOICEPRIORITY, 5)                \
    FACT("GV-003", KSPROPERTY_SYNTH_LATENCYCLOCK, 6)                 \
    FACT("GV-003", KSPROPERTY_SYNTH_RUNNINGSTATS, 7)                 \
    FACT("GV-003", KSPROPERTY_SYNTH_DLS_DOWNLOAD, 0)                 \
    FACT("GV-003", KSPROPERTY_SYNTH_DLS_WAVEFORMAT, 4)               \
    FACT("GV-003", KSPROPERTY_SYNTH_MASTERCLOCK, 0)                  \
    FACT("GV-003", KSPROPERTY_SYNTH_DLS_UNLOAD, 1)                   \
    FACT("GV-003", KSPROPERTY_SYNTH_DLS_COMPACT, 2)                  \
    FACT("GV-003", KSPROPERTY_SYNTH_DLS_APPEND, 3)                   \
    FACT("GV-003", sizeof(SYNTH_BUFFER), 16)                         \
    FACT("GV-003", AT(SYNTH_BUFFER, BufferAddress), 8)               \
    FACT("GV-003", sizeof(SYNTHDOWNLOAD), 16)                        \
    FACT("GV-003", AT(SYNTHDOWNLOAD, Free), 8)                       \
    FACT("GV-003", sizeof(SYNTHCAPS), 296)                           \
    FACT("GV-003", AT(SYNTHCAPS, Flags), 16)                         \
    FACT("GV-003", AT(SYNTHCAPS, MemorySize), 20)                    \
    FACT("GV-003", AT(SYNTHCAPS, MaxChannelGroups), 24)              \
    FACT("GV-003", AT(SYNTHCAPS, MaxVoices), 28)                     \
    FACT("GV-003", AT(SYNTHCAPS, MaxAudioChannels), 32)              \
    FACT("GV-003", AT(SYNTHCAPS, EffectFlags), 36)                   \
    FACT("GV-003", AT(SYNTHCAPS, Description), 40)                   \
    FACT("GV-003", sizeof(SYNTH_PORTPARAMS), 28)                     \
    FACT("GV-003", AT(SYNTH_PORTPARAMS, Share), 24)                  \
    FACT("GV-003", sizeof(SYNTHVOICEPRIORITY_INSTANCE), 8)           \
    FACT("GV-003", sizeof(SYNTH_STATS), 28)                          \
    FACT("GV-003", AT(SYNTH_STATS, PeakVolume), 24)                  \
    FACT("GV-003", sizeof(SYNTH_REVERB_PARAMS), 16)
