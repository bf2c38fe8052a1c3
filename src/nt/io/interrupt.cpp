// Connecting interrupts, as the I/O manager offers it.
#include "nt/ddi.h"
#include "nt/io/pnp.h"
#include "nt/ke/ke.h"

namespace portico::nt::io {
namespace {

struct Connection {
    PKSERVICE_ROUTINE routine;
    void* context;
    PKSPIN_LOCK lock;
    ULONG vector;
    KIRQL irql;
    KIRQL synchronize_irql;
    KINTERRUPT_MODE mode;
    bool share;
    KAFFINITY affinity;
};

NTSTATUS connect(const Connection& wanted, PKINTERRUPT* interrupt) {
    *interrupt = nullptr;
    const int irq = ke::irq_of_vector(wanted.vector);
    if (irq < 0 || wanted.routine == nullptr || wanted.affinity == 0) return STATUS_INVALID_PARAMETER;
    if (wanted.irql != ke::line_irql(static_cast<unsigned>(irq))) return STATUS_INVALID_PARAMETER;
    if (wanted.synchronize_irql < wanted.irql) return STATUS_INVALID_PARAMETER;
    ke::InterruptRequest request{};
    request.routine = wanted.routine;
    request.context = wanted.context;
    request.lock = wanted.lock;
    request.irq = static_cast<unsigned>(irq);
    request.synchronize_irql = wanted.synchronize_irql;
    request.latched = wanted.mode == Latched;
    request.share = wanted.share;
    request.affinity = wanted.affinity;
    return ke::connect_interrupt(request, interrupt);
}

const Resource* interrupt_of(PDEVICE_OBJECT pdo) {
    const DeviceNode* const node = node_of(pdo);
    if (node == nullptr) return nullptr;
    for (unsigned i = 0; i < node->resource_count; ++i) {
        if (node->resources[i].kind == Resource::Kind::interrupt) return &node->resources[i];
    }
    return nullptr;
}

struct LineBased {
    PDEVICE_OBJECT pdo;
    PKSERVICE_ROUTINE routine;
    void* context;
    PKSPIN_LOCK lock;
    KIRQL synchronize_irql;
};

// The vector, level and mode are those of the device's own interrupt resource.
NTSTATUS connect_line(const LineBased& wanted, PKINTERRUPT* interrupt) {
    const Resource* const resource = interrupt_of(wanted.pdo);
    if (resource == nullptr) return STATUS_NOT_FOUND;
    const auto irq = static_cast<unsigned>(resource->base);
    const KIRQL irql = ke::line_irql(irq);
    const KIRQL synchronize = wanted.synchronize_irql < irql ? irql : wanted.synchronize_irql;
    return connect({wanted.routine, wanted.context, wanted.lock, ke::vector_of(irq), irql, synchronize,
                    resource->latched ? Latched : LevelSensitive, resource->shared, ~KAFFINITY{0}},
                   interrupt);
}

NTSTATUS connect_ex(IO_CONNECT_INTERRUPT_PARAMETERS& parameters) {
    switch (parameters.Version) {
        case CONNECT_FULLY_SPECIFIED:
        case CONNECT_FULLY_SPECIFIED_GROUP: {
            const auto& p = parameters.FullySpecified;
            return connect(
                {p.ServiceRoutine, p.ServiceContext, p.SpinLock, p.Vector, p.Irql, p.SynchronizeIrql,
                 p.InterruptMode, p.ShareVector != FALSE, p.ProcessorEnableMask},
                p.InterruptObject);
        }
        case CONNECT_LINE_BASED: {
            const auto& p = parameters.LineBased;
            return connect_line(
                {p.PhysicalDeviceObject, p.ServiceRoutine, p.ServiceContext, p.SpinLock, p.SynchronizeIrql},
                p.InterruptObject);
        }
        case CONNECT_MESSAGE_BASED: {
            // The buses have no message-signaled interrupts: the driver's fallback gets the line.
            const auto p = parameters.MessageBased;
            if (p.FallBackServiceRoutine == nullptr) return STATUS_NOT_FOUND;
            parameters.Version = CONNECT_LINE_BASED;
            return connect_line({p.PhysicalDeviceObject, p.FallBackServiceRoutine, p.ServiceContext,
                                 p.SpinLock, p.SynchronizeIrql},
                                p.ConnectionContext.InterruptObject);
        }
        default:
            parameters.Version = CONNECT_FULLY_SPECIFIED_GROUP;
            return STATUS_NOT_SUPPORTED;
    }
}

}  // namespace
}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT* InterruptObject, PKSERVICE_ROUTINE ServiceRoutine,
                                  PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector, KIRQL Irql,
                                  KIRQL SynchronizeIrql, KINTERRUPT_MODE InterruptMode, BOOLEAN ShareVector,
                                  KAFFINITY ProcessorEnableMask, BOOLEAN) {
    DDI(IoConnectInterrupt, PASSIVE_LEVEL);
    return io::connect({ServiceRoutine, ServiceContext, SpinLock, Vector, Irql, SynchronizeIrql,
                        InterruptMode, ShareVector != FALSE, ProcessorEnableMask},
                       InterruptObject);
}

VOID NTAPI IoDisconnectInterrupt(PKINTERRUPT InterruptObject) {
    DDI(IoDisconnectInterrupt, PASSIVE_LEVEL);
    ke::disconnect_interrupt(InterruptObject);
}

NTSTATUS NTAPI IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters) {
    DDI(IoConnectInterruptEx, PASSIVE_LEVEL);
    return io::connect_ex(*Parameters);
}

VOID NTAPI IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters) {
    DDI(IoDisconnectInterruptEx, PASSIVE_LEVEL);
    ke::disconnect_interrupt(Parameters->ConnectionContext.InterruptObject);
}

// Hints to the power management of a platform that the simulated one does not have.
VOID NTAPI IoReportInterruptActive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS) {
    DDI(IoReportInterruptActive, DISPATCH_LEVEL);
}
VOID NTAPI IoReportInterruptInactive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS) {
    DDI(IoReportInterruptInactive, DISPATCH_LEVEL);
}

}  // extern "C"
