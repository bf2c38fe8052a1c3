#include "fake_portcls.h"

#include <cstdlib>
#include <cstring>
#include <map>

#include "loader/loader.h"

namespace portico::drivers_test {
namespace {

FakePortCls* portcls = nullptr;

NTSTATUS NTAPI initialize_adapter_driver(PDRIVER_OBJECT driver, PUNICODE_STRING,
                                         PDRIVER_ADD_DEVICE add_device) {
    EXPECT_EQ(driver, &portcls->driver_object);
    portcls->add_device = add_device;
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI add_adapter_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT, PCPFNSTARTDEVICE start,
                                  ULONG max_objects, ULONG extension_size) {
    EXPECT_EQ(driver, &portcls->driver_object);
    portcls->start = start;
    portcls->max_objects = max_objects;
    portcls->extension_size = extension_size;
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI new_port(PPORT* out, REFCLSID class_id) {
    portcls->port_class = class_id;
    portcls->port.references = 1;
    *out = &portcls->port;
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI new_miniport(PMINIPORT* out, REFCLSID class_id) {
    if (!NT_SUCCESS(portcls->new_miniport_status)) return portcls->new_miniport_status;
    portcls->miniport_class = class_id;
    portcls->miniport.references = 1;
    *out = &portcls->miniport;
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI register_subdevice(PDEVICE_OBJECT device, PWSTR name, PUNKNOWN unknown) {
    EXPECT_EQ(device, &portcls->device_object);
    portcls->subdevices.emplace_back(name);
    portcls->subdevice_ports.push_back(unknown);
    unknown->AddRef();
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI new_service_group(PSERVICEGROUP* out, PUNKNOWN) {
    portcls->group.references = 1;
    *out = &portcls->group;
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI new_resource_sublist(PRESOURCELIST* out, PUNKNOWN, POOL_TYPE, PRESOURCELIST parent,
                                    ULONG maximum) {
    EXPECT_EQ(parent, &portcls->resources);
    portcls->sublist.references = 1;
    portcls->sublist.maximum = maximum;
    *out = &portcls->sublist;
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI register_power(PUNKNOWN unknown, PVOID device) {
    EXPECT_EQ(device, &portcls->device_object);
    PVOID object = nullptr;
    EXPECT_EQ(unknown->QueryInterface(IID_IAdapterPowerManagement, &object), STATUS_SUCCESS);
    portcls->power = static_cast<PUNKNOWN>(object);
    return STATUS_SUCCESS;
}

PVOID NTAPI allocate(POOL_TYPE, SIZE_T bytes, ULONG) {
    ++portcls->blocks;
    void* const memory = std::malloc(bytes);
    std::memset(memory, 0xDB, bytes);
    return memory;
}
void NTAPI release(PVOID memory) {
    --portcls->blocks;
    std::free(memory);
}
void NTAPI release_with_tag(PVOID memory, ULONG) {
    release(memory);
}

void NTAPI init_lock(PKSPIN_LOCK lock) {
    *lock = 0;
}
void NTAPI acquire(PKSPIN_LOCK) {
    EXPECT_EQ(++portcls->lock_depth, 1);
}
void NTAPI leave(PKSPIN_LOCK) {
    EXPECT_EQ(--portcls->lock_depth, 0);
}
KIRQL NTAPI acquire_raise(PKSPIN_LOCK lock) {
    acquire(lock);
    return PASSIVE_LEVEL;
}
void NTAPI leave_lower(PKSPIN_LOCK lock, KIRQL) {
    leave(lock);
}

LONG NTAPI increment(volatile LONG* value) {
    return __atomic_add_fetch(value, 1, __ATOMIC_SEQ_CST);
}
LONG NTAPI decrement(volatile LONG* value) {
    return __atomic_sub_fetch(value, 1, __ATOMIC_SEQ_CST);
}
void* NTAPI set_memory(void* to, int byte, SIZE_T bytes) {
    return std::memset(to, byte, bytes);
}
void* NTAPI copy_memory(void* to, const void* from, SIZE_T bytes) {
    return std::memmove(to, from, bytes);
}
int NTAPI compare_memory(const void* a, const void* b, SIZE_T bytes) {
    return std::memcmp(a, b, bytes);
}
void NTAPI assertion_failed(PVOID expression, PVOID, ULONG, PCHAR) {
    ADD_FAILURE() << "the driver asserts " << static_cast<const char*>(expression);
}
void NTAPI ignore() {}

template <class Function>
const void* as(Function* function) {
    return reinterpret_cast<const void*>(function);
}

const void* find_export(const char* name) {
    static const std::map<std::string, const void*> exports = {
        {"PcInitializeAdapterDriver", as(&initialize_adapter_driver)},
        {"PcAddAdapterDevice", as(&add_adapter_device)},
        {"PcNewPort", as(&new_port)},
        {"PcNewMiniport", as(&new_miniport)},
        {"PcRegisterSubdevice", as(&register_subdevice)},
        {"PcNewServiceGroup", as(&new_service_group)},
        {"PcNewResourceSublist", as(&new_resource_sublist)},
        {"PcRegisterAdapterPowerManagement", as(&register_power)},
        {"ExAllocatePoolWithTag", as(&allocate)},
        {"ExFreePool", as(&release)},
        {"ExFreePoolWithTag", as(&release_with_tag)},
        {"KeInitializeSpinLock", as(&init_lock)},
        {"KeAcquireSpinLockRaiseToDpc", as(&acquire_raise)},
        {"KeReleaseSpinLock", as(&leave_lower)},
        {"KeAcquireSpinLockAtDpcLevel", as(&acquire)},
        {"KeReleaseSpinLockFromDpcLevel", as(&leave)},
        {"InterlockedIncrement", as(&increment)},
        {"InterlockedDecrement", as(&decrement)},
        {"memset", as(&set_memory)},
        {"memcpy", as(&copy_memory)},
        {"memmove", as(&copy_memory)},
        {"memcmp", as(&compare_memory)},
        {"RtlAssert", as(&assertion_failed)},
        {"PorticoPagedCode", as(&ignore)},
        {"DbgPrint", as(&ignore)},
    };
    const auto found = exports.find(name);
    return found != exports.end() ? found->second : nullptr;
}

}  // namespace

STDMETHODIMP_(void) FakeGroup::RequestService() {}
STDMETHODIMP_(NTSTATUS) FakeGroup::AddMember(PSERVICESINK) {
    return STATUS_SUCCESS;
}
STDMETHODIMP_(void) FakeGroup::RemoveMember(PSERVICESINK) {}
STDMETHODIMP_(void) FakeGroup::SupportDelayedService() {}
STDMETHODIMP_(void) FakeGroup::RequestDelayedService(ULONGLONG) {}
STDMETHODIMP_(void) FakeGroup::CancelDelayedService() {}

// The order of a real port: it keeps what it is given, and initialises a miniport that it knows how to.
STDMETHODIMP_(NTSTATUS)
FakePort::Init(PDEVICE_OBJECT device, PIRP irp, PUNKNOWN unknown_miniport, PUNKNOWN adapter,
               PRESOURCELIST list) {
    EXPECT_EQ(device, &portcls->device_object);
    EXPECT_EQ(irp, &portcls->irp);
    if (!NT_SUCCESS(init_status)) return init_status;
    miniport = unknown_miniport;
    miniport->AddRef();
    resources = list;
    if (unknown_miniport == static_cast<PUNKNOWN>(&portcls->miniport)) return STATUS_SUCCESS;
    return static_cast<IMiniportMidi*>(unknown_miniport)->Init(adapter, list, this, &group);
}
STDMETHODIMP_(NTSTATUS) FakePort::GetDeviceProperty(DEVICE_REGISTRY_PROPERTY, ULONG, PVOID, PULONG) {
    return STATUS_NOT_IMPLEMENTED;
}
STDMETHODIMP_(NTSTATUS)
FakePort::NewRegistryKey(PREGISTRYKEY*, PUNKNOWN, ULONG, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG, PULONG) {
    return STATUS_NOT_IMPLEMENTED;
}
STDMETHODIMP_(void) FakePort::Notify(PSERVICEGROUP of) {
    EXPECT_EQ(portcls->lock_depth, 0) << "Notify under the driver's lock";
    notified.push_back(of);
}
STDMETHODIMP_(void) FakePort::RegisterServiceGroup(PSERVICEGROUP of) {
    registered.push_back(of);
}

STDMETHODIMP_(ULONG) FakeResources::NumberOfEntries() {
    return static_cast<ULONG>(entries.size());
}
STDMETHODIMP_(ULONG) FakeResources::NumberOfEntriesOfType(CM_RESOURCE_TYPE type) {
    ULONG count = 0;
    for (const Entry& entry : entries) count += entry.type == type;
    return count;
}
STDMETHODIMP_(PCM_PARTIAL_RESOURCE_DESCRIPTOR) FakeResources::FindTranslatedEntry(CM_RESOURCE_TYPE, ULONG) {
    return nullptr;
}
STDMETHODIMP_(PCM_PARTIAL_RESOURCE_DESCRIPTOR) FakeResources::FindUntranslatedEntry(CM_RESOURCE_TYPE, ULONG) {
    return nullptr;
}
STDMETHODIMP_(NTSTATUS)
FakeResources::AddEntry(PCM_PARTIAL_RESOURCE_DESCRIPTOR, PCM_PARTIAL_RESOURCE_DESCRIPTOR) {
    return STATUS_INSUFFICIENT_RESOURCES;
}
STDMETHODIMP_(NTSTATUS)
FakeResources::AddEntryFromParent(IResourceList* parent, CM_RESOURCE_TYPE type, ULONG index) {
    EXPECT_EQ(parent, &portcls->resources);
    if (entries.size() >= maximum) return STATUS_INSUFFICIENT_RESOURCES;
    if (index >= parent->NumberOfEntriesOfType(type)) return STATUS_INVALID_PARAMETER;
    entries.push_back({type, index});
    return STATUS_SUCCESS;
}
STDMETHODIMP_(PCM_RESOURCE_LIST) FakeResources::TranslatedList() {
    return nullptr;
}
STDMETHODIMP_(PCM_RESOURCE_LIST) FakeResources::UntranslatedList() {
    return nullptr;
}

STDMETHODIMP_(NTSTATUS) FakeMiniport::GetDescription(PPCFILTER_DESCRIPTOR*) {
    return STATUS_NOT_IMPLEMENTED;
}
STDMETHODIMP_(NTSTATUS)
FakeMiniport::DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) {
    return STATUS_NOT_IMPLEMENTED;
}
STDMETHODIMP_(NTSTATUS) FakeMiniport::Init(PUNKNOWN, PRESOURCELIST, PPORTMIDI, PSERVICEGROUP*) {
    ADD_FAILURE() << "MM-052: the port initialises the miniport";
    return STATUS_NOT_IMPLEMENTED;
}
STDMETHODIMP_(void) FakeMiniport::Service() {}
STDMETHODIMP_(NTSTATUS)
FakeMiniport::NewStream(PMINIPORTMIDISTREAM*, PUNKNOWN, POOL_TYPE, ULONG, BOOLEAN, PKSDATAFORMAT,
                        PSERVICEGROUP*) {
    return STATUS_NOT_IMPLEMENTED;
}

FakePortCls::FakePortCls() {
    portcls = this;
}

FakePortCls::~FakePortCls() {
    EXPECT_EQ(blocks, 0u);
    EXPECT_EQ(lock_depth, 0);
    portcls = nullptr;
}

void FakePortCls::load(const std::string& driver) {
    loader::LoadOptions options;
    options.find_export = find_export;
    const auto image = loader::load_file(PORTICO_BINARY_DIR "/drivers/" + driver + ".so", options);
    ASSERT_TRUE(image.ok()) << image.error().message;
    EXPECT_TRUE((*image)->static_constructors().empty());
    ASSERT_TRUE((*image)->missing_imports().empty()) << (*image)->missing_imports()[0]->name;
    const auto entry = reinterpret_cast<DRIVER_INITIALIZE*>((*image)->exported("DriverEntry"));
    ASSERT_EQ(entry(&driver_object, nullptr), STATUS_SUCCESS);
    ASSERT_NE(add_device, nullptr);
    ASSERT_EQ(add_device(&driver_object, &device_object), STATUS_SUCCESS);
    ASSERT_NE(start, nullptr);
}

NTSTATUS FakePortCls::start_device() {
    return start(&device_object, &irp, &resources);
}

void FakePortCls::remove() {
    if (port.miniport) port.miniport->Release();
    if (port.group) port.group->Release();
    if (power) power->Release();
    port.miniport = nullptr;
    power = nullptr;
}

}  // namespace portico::drivers_test
