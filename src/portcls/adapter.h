// An adapter device: the FDO that PcAddAdapterDevice made, and everything that hangs on it. PASSIVE_LEVEL
// unless said otherwise.
#pragma once

#include "nt/ke/ke.h"
#include "portcls/adapter_power.h"
#include "portcls/control_lock.h"
#include "portcls/held_creates.h"
#include "portcls/idle_power.h"
#include "portcls/io_timeouts.h"
#include "portcls/subdevices.h"

namespace portico::portcls {

class PortCore;
struct PhysicalConnection;

enum class AdapterState : std::uint8_t {
    added,     // attached, not started (LC-004)
    starting,  // inside StartDevice
    started,
    stop_pending,  // QUERY_STOP was answered with success: creates are held (LC-051)
    stopped,
    remove_pending,  // QUERY_REMOVE was answered with success
    surprise_removed,
    removed,
};

constexpr unsigned adapter_limit = 128;

// LC-054: what requests to a device that is gone end with.
constexpr NTSTATUS status_gone = STATUS_DEVICE_NOT_CONNECTED;
// LC-052: what requests to a stopped device end with.
constexpr NTSTATUS status_stopped = STATUS_DEVICE_NOT_READY;

struct AdapterDevice {
    PDEVICE_OBJECT fdo = nullptr;
    PDEVICE_OBJECT pdo = nullptr;
    PDEVICE_OBJECT lower = nullptr;  // what the FDO is attached to
    PVOID extension = nullptr;       // the FDO's, as it was made
    PCPFNSTARTDEVICE start_device = nullptr;
    ULONG max_objects = 0;
    unsigned index = 0;  // in the table; also in the device extension
    AdapterState state = AdapterState::added;
    AdapterState state_before_query = AdapterState::added;
    PIRP start_irp = nullptr;  // while StartDevice runs

    // Held while the device starts, stops, changes power, opens a file or changes its subdevices: a stream is
    // made either before a power-down or after the wake (MM-038).
    KMUTEX control;
    unsigned lock_users = 0;  // that hold the lock or wait for it: the last of them frees a deleted adapter
    bool deleted = false;     // the FDO is gone
    AdapterPower power;
    IdlePower idle;
    Subdevices subdevices;
    PortCore* ports = nullptr;  // initialised and not unbound yet, linked by the ports
    PhysicalConnection* connections = nullptr;
    IoTimeouts timeouts;
    HeldCreates held_creates;
    Held<IAdapterPnpManagement> pnp_management;

    ULONG open_files = 0;
    KEVENT files_closed;  // signalled while open_files is 0

    // StartDevice has succeeded and nothing was taken away since.
    bool has_driver() const {
        return state == AdapterState::started || state == AdapterState::stop_pending ||
               state == AdapterState::remove_pending;
    }
    bool accepts_subdevices() const {
        return state == AdapterState::starting || state == AdapterState::started;
    }
};

// The first at this place of the table or behind it; null past the last. Devices that are gone are left out.
AdapterDevice* adapter_from(unsigned index);
// Null for a device that PcAddAdapterDevice did not make. Any IRQL; cheap.
AdapterDevice* adapter_of(PDEVICE_OBJECT fdo);

// The adapter of an argument of the driver's; when there is none, the contract is told as broken.
AdapterDevice* adapter_argument(void* fdo, const char* requirement, const char* text);

// Tells of a driver's writes to PortCls' part of the device extension, and undoes them (FN-016).
void check_extension(AdapterDevice& adapter);

NTSTATUS add_adapter(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo, PCPFNSTARTDEVICE start_device,
                     ULONG max_objects, ULONG extension_size, const void* frame);
// Detaches and deletes the FDO. `adapter` is gone afterwards, or with the last of those who wait for its
// lock.
void delete_adapter(AdapterDevice& adapter);

// Takes the subdevices, connections, timeouts and bound ports away: what STOP, REMOVE and a failed start have
// in common. Streams end with `later_requests`. Under the control lock.
void tear_down(AdapterDevice& adapter, NTSTATUS later_requests);

// Bookkeeping of IRP_MJ_CREATE and IRP_MJ_CLOSE.
void file_opened(AdapterDevice& adapter, Subdevice& subdevice, PFILE_OBJECT file);
void file_closed(Subdevice& subdevice);

// The dispatch routine that PcInitializeAdapterDriver installs.
NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp);

// The IRP goes to the lower device and comes back before this returns; it is then the caller's to complete.
NTSTATUS forward_synchronously(AdapterDevice& adapter, PIRP irp);
NTSTATUS pass_down(AdapterDevice& adapter, PIRP irp);

NTSTATUS dispatch_create(AdapterDevice& adapter, PIRP irp);
NTSTATUS dispatch_pnp(AdapterDevice& adapter, PIRP irp);
NTSTATUS dispatch_power(AdapterDevice& adapter, PIRP irp);

void reset_adapters();

}  // namespace portico::portcls
