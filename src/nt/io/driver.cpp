// Driver objects: loading and unloading.
#include "nt/io/driver.h"

#include <cstdio>
#include <cstring>

#include "nt/cm/cm.h"
#include "nt/ddi.h"
#include "nt/ex/freed_objects.h"
#include "nt/ex/pool.h"
#include "nt/io/device.h"
#include "nt/io/irp.h"
#include "nt/io/pnp.h"
#include "nt/probes.h"

namespace portico::nt::io {
namespace {

struct Drivers {
    unsigned next_generated = 1;
};
Drivers drivers;

// What Windows fills the table with: no driver has to answer what it does not know.
NTSTATUS NTAPI invalid_device_request(PDEVICE_OBJECT, PIRP irp) {
    return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

struct ClientExtension {
    LIST_ENTRY link;
    void* id;
};

struct Reinitialization {
    LIST_ENTRY link;
    PDRIVER_REINITIALIZE routine;
    void* context;
};

// What the driver has in there the kernel must not find later.
void forget_objects_in(const ClientExtension& extension) {
    ex::PoolBlock block;
    if (ex::find_block(&extension, block)) ex::forget_objects_in(block.address, block.size);
}

void free_list(LIST_ENTRY& head) {
    while (!IsListEmpty(&head)) ex::free(RemoveHeadList(&head), 0);
}

void remove_driver(void* body) {
    auto& driver = *static_cast<DriverBody*>(body);
    for (PLIST_ENTRY e = driver.client_extensions.Flink; e != &driver.client_extensions; e = e->Flink)
        forget_objects_in(*CONTAINING_RECORD(e, ClientExtension, link));
    free_list(driver.client_extensions);
    free_list(driver.reinitializations);
}

}  // namespace

_OBJECT_TYPE driver_type{
    {.name = "Driver", .tag = 'virD', .remove = remove_driver, .case_insensitive = true}};

namespace {

void fill_in(DriverBody& body, const DriverSource& source) {
    DRIVER_OBJECT& driver = body.object;
    driver.Type = IO_TYPE_DRIVER;
    driver.Size = sizeof(DRIVER_OBJECT);
    driver.Flags = DRVO_LEGACY_DRIVER;
    driver.DriverStart = reinterpret_cast<void*>(source.image.base);
    driver.DriverSize = static_cast<ULONG>(source.image.size);
    driver.DriverInit = source.entry;
    driver.DriverExtension = &body.extension;
    driver.DriverName = ob::string(body.name);
    driver.DriverName.MaximumLength = driver.DriverName.Length;
    copy_wide(body.hardware_text, 64, u"\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\SYSTEM");
    body.hardware_database = ob::string(body.hardware_text);
    driver.HardwareDatabase = &body.hardware_database;
    body.extension.DriverObject = &driver;
    body.extension.ServiceKeyName = ob::string(body.service);
    for (auto& routine : driver.MajorFunction) routine = invalid_device_request;
    InitializeListHead(&body.client_extensions);
    InitializeListHead(&body.reinitializations);
    body.image = source.image;
}

DriverBody* make_driver(const DriverSource& source, NTSTATUS* status) {
    auto* const body = static_cast<DriverBody*>(ob::allocate(&driver_type, sizeof(DriverBody)));
    *status = STATUS_INSUFFICIENT_RESOURCES;
    if (body == nullptr) return nullptr;
    copy_wide(body->service, service_name_limit, source.service);
    copy_wide(body->name, service_name_limit + 8, u"\\Driver\\");
    copy_wide(body->name + 8, service_name_limit, source.service);
    fill_in(*body, source);
    ob::Naming naming;
    naming.name = &body->object.DriverName;
    naming.attributes = OBJ_PERMANENT;
    *status = ob::insert_name(body, naming, nullptr);
    if (NT_SUCCESS(*status)) return body;
    ob::dereference(body);
    return nullptr;
}

// The I/O manager's buffer, a page: gone when DriverEntry has returned, as on Windows. The key's own name,
// not that of the link to its control set.
struct RegistryPath {
    static constexpr const WCHAR* prefix = u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services\\";
    UNICODE_STRING* string = nullptr;

    explicit RegistryPath(const WCHAR* service) {
        constexpr std::size_t room = 64 + service_name_limit;
        string = static_cast<UNICODE_STRING*>(ex::allocate_internal(PagedPool, PAGE_SIZE, 'eReG'));
        if (string == nullptr) return;
        auto* const buffer = reinterpret_cast<WCHAR*>(string + 1);
        copy_wide(buffer, room, prefix);
        const UNICODE_STRING so_far = ob::string(buffer);
        copy_wide(buffer + so_far.Length / sizeof(WCHAR), service_name_limit, service);
        *string = ob::string(buffer);
        string->MaximumLength = string->Length;
    }
    void free() { ex::free(string, 0); }
};

NTSTATUS call_entry(DriverBody& body) {
    RegistryPath path(body.service);
    if (path.string == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    cm::create_path(*path.string);
    NTSTATUS status;
    {
        DriverCall call("DriverEntry", reinterpret_cast<const void*>(body.object.DriverInit));
        status = call.returned(body.object.DriverInit(&body.object, path.string));
    }
    path.free();
    return status;
}

// After a successful DriverEntry its devices are open to the world; later ones the driver opens itself.
void finish_initialization(DriverBody& body) {
    body.object.Flags |= DRVO_INITIALIZED;
    if (body.extension.AddDevice != nullptr) body.object.Flags &= ~static_cast<ULONG>(DRVO_LEGACY_DRIVER);
    for (PDEVICE_OBJECT d = body.object.DeviceObject; d != nullptr; d = d->NextDevice)
        d->Flags &= ~DO_DEVICE_INITIALIZING;
    for (auto& routine : body.object.MajorFunction) {
        if (routine == nullptr) routine = invalid_device_request;
    }
    while (!IsListEmpty(&body.reinitializations)) {
        auto* const entry =
            CONTAINING_RECORD(RemoveHeadList(&body.reinitializations), Reinitialization, link);
        const Reinitialization copy = *entry;
        ex::free(entry, 0);
        const ULONG count = ++body.extension.Count;
        DriverCall call("Reinitialize", reinterpret_cast<const void*>(copy.routine));
        copy.routine(&body.object, copy.context, count);
    }
}

void destroy(DriverBody& body) {
    while (body.object.DeviceObject != nullptr) {
        PDEVICE_OBJECT const device = body.object.DeviceObject;
        device->ReferenceCount = 0;
        if ((extras(device).state & delete_pending) != 0) {
            body.object.DeviceObject = device->NextDevice;  // its files will never be closed
        } else {
            if (extras(device).lower != nullptr) detach(extras(device).lower);
            delete_device(device);
        }
    }
    ob::make_temporary(&body);
    ob::dereference(&body);
}

bool in_use(const DriverBody& body) {
    for (PDEVICE_OBJECT d = body.object.DeviceObject; d != nullptr; d = d->NextDevice) {
        if (d->ReferenceCount != 0 || d->AttachedDevice != nullptr || extras(d).lower != nullptr) return true;
    }
    return false;
}

// A driver of the Plug and Play kind must have deleted them before its last device went (FLD-007); a legacy
// driver deletes them in its unload routine.
void report_devices(const DriverBody& body) {
    for (PDEVICE_OBJECT d = body.object.DeviceObject; d != nullptr; d = d->NextDevice) {
        LeftBehind left{
            LeftKind::device, reinterpret_cast<std::uint64_t>(d), d->Size, 'iveD', 1, "DEVICE_OBJECT", {}};
        PORTICO_PROBE(left_behind, left);
    }
}

void call_unload(DriverBody& body) {
    PDRIVER_UNLOAD const routine = body.object.DriverUnload;
    body.object.Flags |= DRVO_UNLOAD_INVOKED;
    DriverCall call("DriverUnload", reinterpret_cast<const void*>(routine));
    routine(&body.object);
}

}  // namespace

NTSTATUS load_driver(const DriverSource& source, PDRIVER_OBJECT* driver) {
    *driver = nullptr;
    NTSTATUS status = STATUS_SUCCESS;
    DriverBody* const body = make_driver(source, &status);
    if (body == nullptr) return status;
    status = call_entry(*body);
    if (!NT_SUCCESS(status)) {
        // DriverUnload is not called after a failed DriverEntry: what it made is left behind now (LC-002).
        report_left_behind(*body);
        destroy(*body);
        return status;
    }
    finish_initialization(*body);
    *driver = &body->object;
    return status;
}

PDRIVER_OBJECT make_host_driver(const WCHAR* name) {
    NTSTATUS status = STATUS_SUCCESS;
    DriverSource source;
    source.service = name;
    DriverBody* const body = make_driver(source, &status);
    if (body == nullptr) return nullptr;
    body->host = true;
    return &body->object;
}

PDRIVER_OBJECT find_driver(const WCHAR* service) {
    WCHAR path[service_name_limit + 8];
    copy_wide(path, service_name_limit + 8, u"\\Driver\\");
    copy_wide(path + 8, service_name_limit, service);
    ob::Lookup lookup;
    lookup.type = &driver_type;
    lookup.attributes = OBJ_CASE_INSENSITIVE;
    void* body = nullptr;
    if (!NT_SUCCESS(ob::find(nullptr, ob::string(path), lookup, &body))) return nullptr;
    ob::dereference(body);
    return static_cast<PDRIVER_OBJECT>(body);
}

NTSTATUS unload_driver(PDRIVER_OBJECT driver, bool forced) {
    DriverBody& body = body_of(driver);
    if (driver->DriverUnload == nullptr && !forced) return STATUS_INVALID_DEVICE_REQUEST;
    if (in_use(body) && !forced) {
        // Goes when the last file is closed (NtUnloadDriver); until then nobody opens its devices any more.
        for (PDEVICE_OBJECT d = driver->DeviceObject; d != nullptr; d = d->NextDevice)
            extras(d).state |= unload_pending;
        return STATUS_DEVICE_BUSY;
    }
    body.unloading = true;
    const bool plug_and_play = driver->DriverExtension->AddDevice != nullptr;
    if (plug_and_play) report_devices(body);
    if (driver->DriverUnload != nullptr) call_unload(body);
    if (!plug_and_play) report_devices(body);
    report_left_behind(body);
    destroy(body);
    return STATUS_SUCCESS;
}

void device_released(PDEVICE_OBJECT device) {
    DriverBody& body = body_of(device->DriverObject);
    if ((extras(device).state & unload_pending) == 0 || body.unloading || in_use(body)) return;
    body.unloading = post_unload(&body.object);
}

unsigned next_generated_device_number() {
    return drivers.next_generated++;
}
void reset_drivers() {
    drivers = Drivers{};
}

namespace {

ClientExtension* find_extension(DriverBody& body, void* id) {
    for (PLIST_ENTRY e = body.client_extensions.Flink; e != &body.client_extensions; e = e->Flink) {
        auto* const extension = CONTAINING_RECORD(e, ClientExtension, link);
        if (extension->id == id) return extension;
    }
    return nullptr;
}

NTSTATUS allocate_extension(DriverBody& body, void* id, ULONG size, void** extension) {
    *extension = nullptr;
    if (find_extension(body, id) != nullptr) return STATUS_OBJECT_NAME_COLLISION;
    const auto pool = static_cast<POOL_TYPE>(NonPagedPool | POOL_ZERO_ALLOCATION);
    auto* const made =
        static_cast<ClientExtension*>(ex::allocate_internal(pool, sizeof(ClientExtension) + size, 'virD'));
    if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    made->id = id;
    InsertHeadList(&body.client_extensions, &made->link);
    *extension = made + 1;
    return STATUS_SUCCESS;
}

void add_reinitialization(DriverBody& body, PDRIVER_REINITIALIZE routine, void* context) {
    auto* const entry =
        static_cast<Reinitialization*>(ex::allocate_internal(NonPagedPool, sizeof(Reinitialization), 'virD'));
    if (entry == nullptr) return;
    entry->routine = routine;
    entry->context = context;
    InsertTailList(&body.reinitializations, &entry->link);
}

// A name as \Driver\NAME, or none: then one is made up, as Windows does.
bool service_from(const UNICODE_STRING* name, WCHAR (&service)[service_name_limit]) {
    constexpr std::size_t prefix = sizeof(u"\\Driver\\") / sizeof(WCHAR) - 1;
    if (name == nullptr || name->Length == 0) {
        char text[12];
        std::snprintf(text, sizeof text, "%08u", next_generated_device_number());
        for (unsigned i = 0; i < sizeof text; ++i) service[i] = static_cast<WCHAR>(text[i]);
        return true;
    }
    const std::size_t length = name->Length / sizeof(WCHAR);
    if (length <= prefix || length - prefix >= service_name_limit) return false;
    std::memcpy(service, name->Buffer + prefix, (length - prefix) * sizeof(WCHAR));
    service[length - prefix] = 0;
    return true;
}

NTSTATUS create_driver(const UNICODE_STRING* name, PDRIVER_INITIALIZE entry) {
    WCHAR service[service_name_limit];
    if (!service_from(name, service)) return STATUS_INVALID_PARAMETER;
    PDRIVER_OBJECT driver = nullptr;
    DriverSource source;
    source.service = service;
    source.entry = entry;
    return load_driver(source, &driver);
}

}  // namespace
}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress,
                                               ULONG DriverObjectExtensionSize,
                                               PVOID* DriverObjectExtension) {
    DDI(IoAllocateDriverObjectExtension, DISPATCH_LEVEL);
    return io::allocate_extension(io::body_of(DriverObject), ClientIdentificationAddress,
                                  DriverObjectExtensionSize, DriverObjectExtension);
}

PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress) {
    DDI(IoGetDriverObjectExtension, DISPATCH_LEVEL);
    auto* const extension = io::find_extension(io::body_of(DriverObject), ClientIdentificationAddress);
    return extension == nullptr ? nullptr : extension + 1;
}

VOID NTAPI IoRegisterDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                            PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                            PVOID Context) {
    DDI(IoRegisterDriverReinitialization, PASSIVE_LEVEL);
    io::add_reinitialization(io::body_of(DriverObject), DriverReinitializationRoutine, Context);
}

VOID NTAPI IoRegisterBootDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                                PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                                PVOID Context) {
    DDI(IoRegisterBootDriverReinitialization, PASSIVE_LEVEL);
    io::add_reinitialization(io::body_of(DriverObject), DriverReinitializationRoutine, Context);
}

NTSTATUS NTAPI IoCreateDriver(PUNICODE_STRING DriverName, PDRIVER_INITIALIZE InitializationFunction) {
    DDI(IoCreateDriver, PASSIVE_LEVEL);
    return io::create_driver(DriverName, InitializationFunction);
}

VOID NTAPI IoDeleteDriver(PDRIVER_OBJECT DriverObject) {
    DDI(IoDeleteDriver, PASSIVE_LEVEL);
    io::destroy(io::body_of(DriverObject));
}

}  // extern "C"
