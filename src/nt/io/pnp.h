// The Plug and Play manager: the devices that the machine's configuration describes, the root bus driver that
// stands for their buses, the tree that grows under them, and the IRPs of their lives in the order that
// Windows sends them.
//
// Each operation runs on the PnP manager's own system thread, one after the other. perform() may be called on
// a simulated thread at PASSIVE_LEVEL, which then waits, or by the host, which then runs the machine until
// the operation has ended.
#pragma once

#include <array>
#include <cstdint>

#include "nt/io/driver.h"
#include "nt/ke/ke.h"
#include "wdm.h"

namespace portico::nt::io {

constexpr unsigned node_limit = 64;
constexpr unsigned resource_limit = 16;
constexpr unsigned filter_limit = 4;
constexpr unsigned id_list_room = 512;   // characters of a list of IDs, final null included
constexpr unsigned name_room = 128;      // characters of a name, null included
constexpr unsigned instance_room = 200;  // MAX_DEVICE_ID_LEN

// What a device occupies on its bus.
struct Resource {
    enum class Kind : std::uint8_t { port, memory, interrupt, dma };
    Kind kind = Kind::port;
    std::uint64_t base = 0;    // first port or address; IRQ; DMA channel
    std::uint32_t length = 0;  // ports or bytes
    bool latched = false;      // interrupt: edge triggered
    bool shared = false;
};

struct DeviceNode;

// What a test may put in the place of the root bus driver's own answers (FLD-003). True: it has completed the
// IRP, or marked it pending, and *status is what the dispatch routine returns.
using PdoOverride = bool (*)(DeviceNode& node, PIRP irp, NTSTATUS* status, void* context);

// A device as the machine's configuration describes it. The strings are copied.
struct DeviceDescription {
    const WCHAR* device_id = u"ROOT\\MEDIA";
    const WCHAR* instance_id = u"0000";
    std::array<const WCHAR*, 8> hardware_ids{};  // null entries are left out; none: the device ID
    std::array<const WCHAR*, 8> compatible_ids{};
    const WCHAR* description = u"MIDI device";
    const WCHAR* manufacturer = u"Portico";
    const WCHAR* friendly_name = nullptr;
    const WCHAR* location = nullptr;  // null: made from bus and address on PCI
    const WCHAR* class_name = u"MEDIA";
    GUID class_guid{0x4d36e96c, 0xe325, 0x11ce, {0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18}};
    const WCHAR* service = nullptr;  // of the function driver; null: none
    std::array<const WCHAR*, filter_limit> lower_filters{};
    std::array<const WCHAR*, filter_limit> upper_filters{};
    INTERFACE_TYPE bus_type = PNPBus;
    ULONG bus_number = 0;
    ULONG address = 0xFFFFFFFF;  // PCI: device << 16 | function; all ones: unknown
    ULONG ui_number = 0xFFFFFFFF;
    std::array<Resource, resource_limit> resources{};
    unsigned resource_count = 0;
    bool d1 = false;  // supports D1, D2
    bool d2 = false;
    bool removable = false;
    const UCHAR* pci_config = nullptr;  // 256 bytes; null: made from the IDs and resources (PCI only)
    PdoOverride pdo_override = nullptr;
    void* pdo_context = nullptr;
    // Told when the bus has changed the device's power state.
    void (*power_changed)(void* context, DEVICE_POWER_STATE state) = nullptr;
    void* power_context = nullptr;
    // The device's own configuration space, in place of `pci_config`: `offset + length` is at most 256.
    void (*access_config)(void* context, ULONG offset, UCHAR* buffer, ULONG length, bool write) = nullptr;
    void* config_context = nullptr;
};

enum class NodeState : std::uint8_t {
    described,      // no PDO yet
    enumerated,     // PDO made and asked; no driver attached
    drivers_added,  // AddDevice was called
    started,
    stop_pending,  // IRP_MN_QUERY_STOP_DEVICE succeeded
    stopped,
    remove_pending,    // IRP_MN_QUERY_REMOVE_DEVICE succeeded
    surprise_removed,  // waits for the last file to be closed
    deleted,           // gone; the entry is free
};

// Why a device does not work, as Device Manager numbers it.
enum Problem : ULONG {
    problem_none = 0,
    problem_not_configured = 1,
    problem_failed_start = 10,
    problem_disabled = 22,
    problem_failed_install = 28,
    problem_failed_add = 31,
    problem_driver_failed_load = 39,
    problem_held_for_eject = 47,
    problem_failed_after_start = 43,
};

struct DeviceNode {
    NodeState state = NodeState::deleted;
    ULONG problem = problem_none;
    bool root_bus = false;        // its PDO is the root bus driver's
    bool present = false;         // the hardware is there
    bool enumerated_now = false;  // scratch of an enumeration
    bool removal_queued = false;
    DeviceNode* parent = nullptr;  // null: the root
    PDEVICE_OBJECT pdo = nullptr;
    unsigned index = 0;

    WCHAR device_id[instance_room];
    WCHAR instance_id[name_room];
    WCHAR instance_path[instance_room];  // device ID \ instance ID
    WCHAR hardware_ids[id_list_room];    // MULTI_SZ
    WCHAR compatible_ids[id_list_room];
    WCHAR description[name_room];
    WCHAR manufacturer[name_room];
    WCHAR friendly_name[name_room];
    WCHAR location[name_room];
    WCHAR class_name[name_room];
    WCHAR driver_key[64];  // {class GUID}\0000; empty: none
    GUID class_guid{};
    WCHAR service[service_name_limit];
    WCHAR lower_filters[filter_limit][service_name_limit];
    WCHAR upper_filters[filter_limit][service_name_limit];
    INTERFACE_TYPE bus_type = InterfaceTypeUndefined;
    GUID bus_type_guid{};
    bool bus_known = false;
    ULONG bus_number = 0;
    ULONG address = 0xFFFFFFFF;
    ULONG ui_number = 0xFFFFFFFF;
    std::array<Resource, resource_limit> resources;
    unsigned resource_count = 0;
    std::array<UCHAR, 256> config;
    bool d1 = false;
    bool d2 = false;
    bool removable = false;
    PdoOverride pdo_override = nullptr;
    void* pdo_context = nullptr;
    void (*power_changed)(void* context, DEVICE_POWER_STATE state) = nullptr;
    void* power_context = nullptr;

    DEVICE_CAPABILITIES capabilities{};
    PNP_DEVICE_STATE pnp_state = 0;
    PCM_RESOURCE_LIST raw = nullptr;  // of the running START; null: none
    PCM_RESOURCE_LIST translated = nullptr;
    DEVICE_POWER_STATE device_power = PowerDeviceUnspecified;
    SYSTEM_POWER_STATE system_power = PowerSystemWorking;
    bool power_busy = false;  // a device power IRP is on its way (po)
    KTHREAD* power_sender = nullptr;
    void (*access_config)(void* context, ULONG offset, UCHAR* buffer, ULONG length, bool write) = nullptr;
    void* config_context = nullptr;
};

// ---- for the machine ----

void reset_pnp();

// Tells the loader's drivers by their service names. STATUS_INSUFFICIENT_RESOURCES beyond 32.
NTSTATUS register_driver(const DriverSource& source);
// Which service drives a device that some bus driver reports with this hardware or compatible ID.
NTSTATUS register_device_id(const WCHAR* id, const WCHAR* service, const GUID& class_guid,
                            const WCHAR* class_name);

// A device of the configuration; null when there are too many, or a string is too long. Nothing is sent yet.
DeviceNode* add_node(const DeviceDescription& description);
DeviceNode* node_at(unsigned index);  // null past the last; entries may be NodeState::deleted
unsigned node_count();

enum class PnpAction : std::uint8_t {
    load_driver,    // request.source: DriverEntry
    unload_driver,  // request.driver; request.forced
    add_device,     // PDO, enumeration IRPs, drivers loaded, AddDevice
    start,          // IRP_MN_START_DEVICE and what follows it; adds the device before when that was not done
    query_stop,
    cancel_stop,
    stop,  // after query_stop
    query_remove,
    cancel_remove,
    remove,           // after query_remove
    surprise_remove,  // the hardware is gone
    disable,          // query_remove and remove; the image stays loaded (FLD-007)
    enable,
    replug,            // the hardware is back after a removal: add_device and start
    set_device_power,  // request.device_power, as the owner of the device's power policy would ask
    set_system_power,  // request.system_power, for every device
    enumerate,         // BusRelations of the node
    query_state,       // IRP_MN_QUERY_PNP_DEVICE_STATE and what it says
};

struct PnpRequest {
    PnpAction action = PnpAction::start;
    DeviceNode* node = nullptr;
    const DriverSource* source = nullptr;
    PDRIVER_OBJECT driver = nullptr;  // in, or out of load_driver
    bool forced = false;
    DEVICE_POWER_STATE device_power = PowerDeviceD0;
    SYSTEM_POWER_STATE system_power = PowerSystemWorking;
    NTSTATUS status = STATUS_PENDING;
    bool done = false;
    KEVENT done_event;
};

constexpr Nanoseconds pnp_limit_ns = 600 * second_ns;

// Runs the operation and returns its status. For the host: STATUS_IO_TIMEOUT when the machine froze, or
// `limit_ns` of simulated time passed; the request then stays with the machine until its reset.
NTSTATUS perform(PnpRequest& request, Nanoseconds limit_ns = pnp_limit_ns);
NTSTATUS perform(PnpAction action, DeviceNode& node, Nanoseconds limit_ns = pnp_limit_ns);
// Queues it and comes back. False: the queue is full (64). Any IRQL up to DISPATCH_LEVEL.
bool post(PnpRequest& request);
// The same with a request of the manager's own, forgotten when done.
bool post(PnpAction action, DeviceNode& node);
bool post_unload(PDRIVER_OBJECT driver);

// Gives the device other resources; effective with its next start.
void set_resources(DeviceNode& node, const Resource* resources, unsigned count);

// ---- for nt/io and nt/po ----

// The node of a PDO; null for any other device object.
DeviceNode* node_of(PDEVICE_OBJECT pdo);
// The node at the bottom of the device's stack.
DeviceNode* stack_node(PDEVICE_OBJECT device);
void forget_device(DeviceNode& node, PDEVICE_OBJECT device);
void last_file_closed(DeviceNode& node);

// ---- between the files of the manager ----

void reset_nodes();
void reset_root_bus();
void reset_manager();

bool on_pnp_thread();
// There are interface events to deliver.
void wake_pnp_thread();
NTSTATUS execute(PnpRequest& request);

// A PnP IRP to the top of the node's stack, or, `pdo_only`, to the PDO itself. Fields of `location` but the
// major function are the request's. `completed`: where a driver completed it.
NTSTATUS send_pnp(DeviceNode& node, const IO_STACK_LOCATION& location, ULONG_PTR* information = nullptr,
                  Origin* completed = nullptr);
NTSTATUS send_pnp(DeviceNode& node, UCHAR minor, ULONG_PTR* information = nullptr);

// The device's configuration space; bytes copied, 0 for a device that has none. IRQL <= DISPATCH_LEVEL.
ULONG access_config_space(DeviceNode& node, void* buffer, ULONG offset, ULONG length, bool write);

// A device with a configuration space of its own: its BARs get the node's resources and are decoded, and it
// may use the bus; or they are decoded no more.
void start_pci(DeviceNode& node);
void stop_pci(DeviceNode& node);

PDRIVER_OBJECT root_bus_driver();
NTSTATUS create_root_pdo(DeviceNode& node);
// A node for a PDO that a bus driver reported.
DeviceNode* add_child(DeviceNode& parent, PDEVICE_OBJECT pdo);
void free_node(DeviceNode& node);

// Paged pool, to be freed by who gets it. Null: no resources, or exhausted.
PCM_RESOURCE_LIST make_resource_list(const DeviceNode& node, bool translated);
PIO_RESOURCE_REQUIREMENTS_LIST make_requirements(const DeviceNode& node);
std::size_t resource_list_size(const CM_RESOURCE_LIST& list);
// Fills the node's resources from a list that a bus driver reported.
void take_resources(DeviceNode& node, const CM_RESOURCE_LIST& list);

NTSTATUS enumerate_node(DeviceNode& node);  // questions to the PDO
NTSTATUS add_drivers(DeviceNode& node);
NTSTATUS start_node(DeviceNode& node);
NTSTATUS enumerate_children(DeviceNode& node);
NTSTATUS query_stop_node(DeviceNode& node);
NTSTATUS cancel_stop_node(DeviceNode& node);
NTSTATUS stop_node(DeviceNode& node);
NTSTATUS query_remove_node(DeviceNode& node);
NTSTATUS cancel_remove_node(DeviceNode& node);
NTSTATUS remove_node(DeviceNode& node);
NTSTATUS surprise_remove_node(DeviceNode& node);
NTSTATUS query_state_of(DeviceNode& node);
void create_node_keys(DeviceNode& node);  // registry: Enum and Class
void set_parent_prefix(const DeviceNode& parent, const WCHAR* prefix);

// Loads the service's driver when it is registered and not loaded yet.
NTSTATUS find_or_load(const WCHAR* service, PDRIVER_OBJECT* driver);
// The registered service for one of the node's IDs; false: none.
bool find_service(DeviceNode& node);

// The node's children, one after the other.
DeviceNode* next_child(const DeviceNode& parent, const DeviceNode* after);

// ---- names ----
bool copy_wide(WCHAR* to, std::size_t room, const WCHAR* from);  // false: cut off
std::size_t wide_length(const WCHAR* text);
bool equal_wide(const WCHAR* a, const WCHAR* b);  // whatever the case
void append_wide(WCHAR* to, std::size_t room, const WCHAR* from);
constexpr unsigned guid_text_length = 38;
void format_guid(const GUID& guid, WCHAR (&text)[guid_text_length + 1]);

}  // namespace portico::nt::io
