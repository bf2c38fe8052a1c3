// Sizes, offsets and numbers of the kernel's structures on Windows x64, for C and C++ and for both modes: the
// drivers' builds assert them (drivers/kernel_*), the host's test expects them. FACT(value, expected)
#pragma once

#include <stddef.h>
#include <ntddk.h>

#define KERNEL_OBJECT_FACTS(FACT)                              \
    FACT(sizeof(LONG), 4)                                      \
    FACT(sizeof(WCHAR), 2)                                     \
    FACT(sizeof(UNICODE_STRING), 16)                           \
    FACT(offsetof(UNICODE_STRING, Buffer), 8)                  \
    FACT(sizeof(OBJECT_ATTRIBUTES), 48)                        \
    FACT(sizeof(DISPATCHER_HEADER), 24)                        \
    FACT(sizeof(KEVENT), 24)                                   \
    FACT(sizeof(KSEMAPHORE), 32)                               \
    FACT(sizeof(KMUTEX), 56)                                   \
    FACT(offsetof(KMUTEX, OwnerThread), 40)                    \
    FACT(sizeof(KTIMER), 64)                                   \
    FACT(offsetof(KTIMER, DueTime), 24)                        \
    FACT(offsetof(KTIMER, Dpc), 48)                            \
    FACT(offsetof(KTIMER, Period), 60)                         \
    FACT(sizeof(KDPC), 64)                                     \
    FACT(offsetof(KDPC, DeferredRoutine), 24)                  \
    FACT(offsetof(KDPC, SystemArgument1), 40)                  \
    FACT(sizeof(KAPC), 88)                                     \
    FACT(sizeof(KWAIT_BLOCK), 48)                              \
    FACT(sizeof(KDEVICE_QUEUE), 40)                            \
    FACT(sizeof(KDEVICE_QUEUE_ENTRY), 24)                      \
    FACT(sizeof(KLOCK_QUEUE_HANDLE), 24)                       \
    FACT(sizeof(FAST_MUTEX), 56)                               \
    FACT(offsetof(FAST_MUTEX, Event), 24)                      \
    FACT(sizeof(ERESOURCE), 104)                               \
    FACT(sizeof(SLIST_HEADER), 16)                             \
    FACT(sizeof(NPAGED_LOOKASIDE_LIST), 128)                   \
    FACT(sizeof(LOOKASIDE_LIST_EX), 96)                        \
    FACT(sizeof(WORK_QUEUE_ITEM), 32)                          \
    FACT(sizeof(MDL), 48)                                      \
    FACT(offsetof(MDL, MappedSystemVa), 24)                    \
    FACT(offsetof(MDL, ByteCount), 40)                         \
    FACT(sizeof(TIME_FIELDS), 16)                              \
    FACT(sizeof(RTL_QUERY_REGISTRY_TABLE), 56)                 \
    FACT(sizeof(RTL_BALANCED_LINKS), 32)                       \
    FACT(offsetof(RTL_BALANCED_LINKS, Balance), 24)            \
    FACT(sizeof(RTL_AVL_TABLE), 104)                           \
    FACT(offsetof(RTL_AVL_TABLE, RestartKey), 56)              \
    FACT(offsetof(RTL_AVL_TABLE, TableContext), 96)            \
    FACT(sizeof(RTL_SPLAY_LINKS), 24)                          \
    FACT(sizeof(RTL_GENERIC_TABLE), 72)                        \
    FACT(offsetof(RTL_GENERIC_TABLE, TableContext), 64)        \
    FACT(sizeof(RTL_OSVERSIONINFOW), 276)                      \
    FACT(sizeof(RTL_OSVERSIONINFOEXW), 284)                    \
    FACT(sizeof(EXCEPTION_RECORD), 152)                        \
    FACT(offsetof(EXCEPTION_RECORD, ExceptionInformation), 32) \
    FACT(sizeof(CONTEXT), 1232)                                \
    FACT(offsetof(CONTEXT, EFlags), 68)                        \
    FACT(offsetof(CONTEXT, Rax), 120)                          \
    FACT(offsetof(CONTEXT, Rsp), 152)                          \
    FACT(offsetof(CONTEXT, Rip), 248)                          \
    FACT(offsetof(CONTEXT, Xmm6), 0x200)                       \
    FACT(offsetof(CONTEXT, VectorRegister), 0x300)             \
    FACT(sizeof(XSAVE_FORMAT), 512)

// mingw-w64 has these in its headers for programs only.
#define KERNEL_UNWIND_FACTS(FACT)                       \
    FACT(sizeof(RUNTIME_FUNCTION), 12)                  \
    FACT(sizeof(DISPATCHER_CONTEXT), 80)                \
    FACT(offsetof(DISPATCHER_CONTEXT, HandlerData), 56) \
    FACT(sizeof(UNWIND_HISTORY_TABLE), 216)             \
    FACT(sizeof(KNONVOLATILE_CONTEXT_POINTERS), 256)

#define KERNEL_IO_FACTS(FACT)                                                                   \
    FACT(sizeof(DEVICE_OBJECT), 336)                                                            \
    FACT(offsetof(DEVICE_OBJECT, DriverObject), 8)                                              \
    FACT(offsetof(DEVICE_OBJECT, Flags), 48)                                                    \
    FACT(offsetof(DEVICE_OBJECT, DeviceExtension), 64)                                          \
    FACT(offsetof(DEVICE_OBJECT, DeviceType), 72)                                               \
    FACT(offsetof(DEVICE_OBJECT, StackSize), 76)                                                \
    FACT(offsetof(DEVICE_OBJECT, Queue), 80)                                                    \
    FACT(offsetof(DEVICE_OBJECT, AlignmentRequirement), 152)                                    \
    FACT(offsetof(DEVICE_OBJECT, DeviceQueue), 160)                                             \
    FACT(offsetof(DEVICE_OBJECT, Dpc), 200)                                                     \
    FACT(offsetof(DEVICE_OBJECT, DeviceLock), 280)                                              \
    FACT(offsetof(DEVICE_OBJECT, DeviceObjectExtension), 312)                                   \
    FACT(sizeof(DRIVER_OBJECT), 336)                                                            \
    FACT(offsetof(DRIVER_OBJECT, DriverExtension), 48)                                          \
    FACT(offsetof(DRIVER_OBJECT, DriverName), 56)                                               \
    FACT(offsetof(DRIVER_OBJECT, DriverUnload), 104)                                            \
    FACT(offsetof(DRIVER_OBJECT, MajorFunction), 112)                                           \
    FACT(offsetof(DRIVER_EXTENSION, AddDevice), 8)                                              \
    FACT(sizeof(FILE_OBJECT), 216)                                                              \
    FACT(offsetof(FILE_OBJECT, FsContext), 24)                                                  \
    FACT(offsetof(FILE_OBJECT, FinalStatus), 56)                                                \
    FACT(offsetof(FILE_OBJECT, Flags), 80)                                                      \
    FACT(offsetof(FILE_OBJECT, FileName), 88)                                                   \
    FACT(offsetof(FILE_OBJECT, Event), 152)                                                     \
    FACT(offsetof(FILE_OBJECT, IrpList), 192)                                                   \
    FACT(sizeof(IRP), 208)                                                                      \
    FACT(offsetof(IRP, MdlAddress), 8)                                                          \
    FACT(offsetof(IRP, Flags), 16)                                                              \
    FACT(offsetof(IRP, AssociatedIrp), 24)                                                      \
    FACT(offsetof(IRP, IoStatus), 48)                                                           \
    FACT(offsetof(IRP, RequestorMode), 64)                                                      \
    FACT(offsetof(IRP, PendingReturned), 65)                                                    \
    FACT(offsetof(IRP, StackCount), 66)                                                         \
    FACT(offsetof(IRP, CurrentLocation), 67)                                                    \
    FACT(offsetof(IRP, Cancel), 68)                                                             \
    FACT(offsetof(IRP, CancelIrql), 69)                                                         \
    FACT(offsetof(IRP, UserIosb), 72)                                                           \
    FACT(offsetof(IRP, UserEvent), 80)                                                          \
    FACT(offsetof(IRP, Overlay), 88)                                                            \
    FACT(offsetof(IRP, CancelRoutine), 104)                                                     \
    FACT(offsetof(IRP, UserBuffer), 112)                                                        \
    FACT(offsetof(IRP, Tail.Overlay.DriverContext), 120)                                        \
    FACT(offsetof(IRP, Tail.Overlay.Thread), 152)                                               \
    FACT(offsetof(IRP, Tail.Overlay.ListEntry), 168)                                            \
    FACT(offsetof(IRP, Tail.Overlay.CurrentStackLocation), 184)                                 \
    FACT(offsetof(IRP, Tail.Overlay.OriginalFileObject), 192)                                   \
    FACT(sizeof(IO_STATUS_BLOCK), 16)                                                           \
    FACT(sizeof(IO_STACK_LOCATION), 72)                                                         \
    FACT(offsetof(IO_STACK_LOCATION, Control), 3)                                               \
    FACT(offsetof(IO_STACK_LOCATION, Parameters), 8)                                            \
    FACT(offsetof(IO_STACK_LOCATION, Parameters.Create.ShareAccess), 26)                        \
    FACT(offsetof(IO_STACK_LOCATION, Parameters.Create.EaLength), 32)                           \
    FACT(offsetof(IO_STACK_LOCATION, Parameters.Read.Key), 16)                                  \
    FACT(offsetof(IO_STACK_LOCATION, Parameters.Read.ByteOffset), 24)                           \
    FACT(offsetof(IO_STACK_LOCATION, Parameters.DeviceIoControl.InputBufferLength), 16)         \
    FACT(offsetof(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode), 24)             \
    FACT(offsetof(IO_STACK_LOCATION, Parameters.DeviceIoControl.Type3InputBuffer), 32)          \
    FACT(offsetof(IO_STACK_LOCATION, Parameters.QueryInterface.Interface), 24)                  \
    FACT(offsetof(IO_STACK_LOCATION, Parameters.Power.Type), 16)                                \
    FACT(offsetof(IO_STACK_LOCATION, Parameters.Power.State), 24)                               \
    FACT(offsetof(IO_STACK_LOCATION, Parameters.StartDevice.AllocatedResourcesTranslated), 16)  \
    FACT(offsetof(IO_STACK_LOCATION, DeviceObject), 40)                                         \
    FACT(offsetof(IO_STACK_LOCATION, FileObject), 48)                                           \
    FACT(offsetof(IO_STACK_LOCATION, CompletionRoutine), 56)                                    \
    FACT(offsetof(IO_STACK_LOCATION, Context), 64)                                              \
    FACT(IoSizeOfIrp(3), 208 + 3 * 72)                                                          \
    FACT(sizeof(IO_CSQ), 64)                                                                    \
    FACT(sizeof(IO_CSQ_IRP_CONTEXT), 24)                                                        \
    FACT(sizeof(IO_REMOVE_LOCK_COMMON_BLOCK), 32)                                               \
    FACT(sizeof(IO_REMOVE_LOCK_DBG_BLOCK), 88)                                                  \
    FACT(sizeof(IO_REMOVE_LOCK), DBG ? 120 : 32)                                                \
    FACT(sizeof(IO_CONNECT_INTERRUPT_PARAMETERS), 80)                                           \
    FACT(sizeof(VPB), 96)                                                                       \
    FACT(sizeof(FAST_IO_DISPATCH), 224)                                                         \
    FACT(IRP_MJ_MAXIMUM_FUNCTION, 27)                                                           \
    FACT(CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_OUT_DIRECT, FILE_READ_ACCESS), 0x00226006) \
    FACT(FILE_ALL_ACCESS, 0x1F01FF)                                                             \
    FACT(FILE_GENERIC_READ, 0x120089)                                                           \
    FACT(FILE_GENERIC_WRITE, 0x120116)

#define KERNEL_DEVICE_FACTS(FACT)                                            \
    FACT(sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR), 20)                         \
    FACT(offsetof(CM_PARTIAL_RESOURCE_DESCRIPTOR, u), 4)                     \
    FACT(offsetof(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Interrupt.Vector), 8)    \
    FACT(offsetof(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Interrupt.Affinity), 12) \
    FACT(offsetof(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Port.Length), 12)        \
    FACT(sizeof(CM_PARTIAL_RESOURCE_LIST), 28)                               \
    FACT(sizeof(CM_FULL_RESOURCE_DESCRIPTOR), 36)                            \
    FACT(sizeof(CM_RESOURCE_LIST), 40)                                       \
    FACT(sizeof(IO_RESOURCE_DESCRIPTOR), 32)                                 \
    FACT(sizeof(IO_RESOURCE_LIST), 40)                                       \
    FACT(sizeof(IO_RESOURCE_REQUIREMENTS_LIST), 72)                          \
    FACT(sizeof(DEVICE_CAPABILITIES), 64)                                    \
    FACT(offsetof(DEVICE_CAPABILITIES, Address), 8)                          \
    FACT(offsetof(DEVICE_CAPABILITIES, DeviceState), 16)                     \
    FACT(offsetof(DEVICE_CAPABILITIES, SystemWake), 44)                      \
    FACT(sizeof(DEVICE_RELATIONS), 16)                                       \
    FACT(sizeof(PNP_BUS_INFORMATION), 24)                                    \
    FACT(sizeof(INTERFACE), 32)                                              \
    FACT(sizeof(BUS_INTERFACE_STANDARD), 64)                                 \
    FACT(sizeof(PCI_COMMON_CONFIG), 256)                                     \
    FACT(offsetof(PCI_COMMON_CONFIG, DeviceSpecific), 64)                    \
    FACT(offsetof(PCI_COMMON_CONFIG, u.type0.InterruptLine), 60)             \
    FACT(sizeof(DEVPROPKEY), 20)                                             \
    FACT(sizeof(DEVICE_INTERFACE_CHANGE_NOTIFICATION), 48)                   \
    FACT(sizeof(DEVICE_DESCRIPTION), 64)                                     \
    FACT(sizeof(DMA_ADAPTER), 16)                                            \
    FACT(sizeof(DMA_OPERATIONS), 128)                                        \
    FACT(sizeof(POWER_STATE), 4)                                             \
    FACT(sizeof(KEY_BASIC_INFORMATION), 24)                                  \
    FACT(offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data), 12)                  \
    FACT(offsetof(KEY_VALUE_FULL_INFORMATION, Name), 20)                     \
    FACT(DevicePropertyContainerID, 0x16)                                    \
    FACT(FileStandardInformation, 5)                                         \
    FACT(FileNetworkOpenInformation, 34)

// What both have.
#define KERNEL_SHARED_FACTS(FACT) KERNEL_OBJECT_FACTS(FACT) KERNEL_IO_FACTS(FACT) KERNEL_DEVICE_FACTS(FACT)
#define KERNEL_FACTS(FACT) KERNEL_SHARED_FACTS(FACT) KERNEL_UNWIND_FACTS(FACT)
