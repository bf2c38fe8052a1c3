#include "fake_kernel.h"

#include <cstdlib>
#include <cstring>
#include <map>

#include "loader/loader.h"
#include "miniports/image.h"

namespace portico::miniports_test {

FakeKernel* kernel = nullptr;

namespace {

constexpr ULONG_PTR base_port = 0x330;

NTSTATUS NTAPI new_interrupt_sync(PINTERRUPTSYNC* out, PUNKNOWN, PRESOURCELIST, ULONG index,
                                  INTERRUPTSYNCMODE mode) {
    kernel->sync.resource_index = index;
    kernel->sync.mode = mode;
    kernel->sync.references = 1;
    *out = &kernel->sync;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI new_service_group(PSERVICEGROUP* out, PUNKNOWN) {
    if (kernel->fail_group) return STATUS_INSUFFICIENT_RESOURCES;
    kernel->group.references = 1;
    *out = &kernel->group;
    return STATUS_SUCCESS;
}

ULONGLONG NTAPI time_interval(ULONGLONG since) {
    return (now_us + 1) * 10 - since;
}

UCHAR NTAPI read_port(PUCHAR port) {
    now_us += 1;
    return kernel->mpu.read(static_cast<unsigned>(reinterpret_cast<ULONG_PTR>(port) - base_port));
}
void NTAPI write_port(PUCHAR port, UCHAR value) {
    now_us += 1;
    kernel->mpu.write(static_cast<unsigned>(reinterpret_cast<ULONG_PTR>(port) - base_port), value);
}

PVOID NTAPI allocate(POOL_TYPE, SIZE_T bytes, ULONG) {
    void* const memory = std::malloc(bytes);
    std::memset(memory, 0xDB, bytes);
    ++kernel->blocks;
    return memory;
}
void NTAPI release(PVOID memory) {
    --kernel->blocks;
    std::free(memory);
}
void NTAPI release_with_tag(PVOID memory, ULONG) {
    release(memory);
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
void NTAPI ignore() {}
void NTAPI broken_contract(const char* requirement, void*, const char*) {
    kernel->broken_contracts.emplace_back(requirement);
}
// What only the DirectMusic miniport calls: tests/machine has that one on a whole kernel.
void NTAPI not_here() {
    ADD_FAILURE() << "the UART miniport called a function that it does not need";
}

template <class Function>
const void* as(Function* function) {
    return reinterpret_cast<const void*>(function);
}

const void* find_export(const char* name) {
    static const std::map<std::string, const void*> exports = {
        {"PcNewInterruptSync", as(&new_interrupt_sync)},
        {"PcNewServiceGroup", as(&new_service_group)},
        {"PcGetTimeInterval", as(&time_interval)},
        {"READ_PORT_UCHAR", as(&read_port)},
        {"WRITE_PORT_UCHAR", as(&write_port)},
        {"ExAllocatePoolWithTag", as(&allocate)},
        {"ExFreePool", as(&release)},
        {"ExFreePoolWithTag", as(&release_with_tag)},
        {"InterlockedIncrement", as(&increment)},
        {"InterlockedDecrement", as(&decrement)},
        {"memset", as(&set_memory)},
        {"memcpy", as(&copy_memory)},
        {"memmove", as(&copy_memory)},
        {"memcmp", as(&compare_memory)},
        {"PorticoPagedCode", as(&ignore)},
        {"DbgPrint", as(&ignore)},
        {"PorticoBrokenContract", as(&broken_contract)},
        {"KeInitializeSpinLock", as(&not_here)},
        {"KeAcquireSpinLockRaiseToDpc", as(&not_here)},
        {"KeReleaseSpinLock", as(&not_here)},
        {"KeAcquireSpinLockAtDpcLevel", as(&not_here)},
        {"KeReleaseSpinLockFromDpcLevel", as(&not_here)},
        {"KeInitializeTimer", as(&not_here)},
        {"KeInitializeDpc", as(&not_here)},
        {"KeSetTimer", as(&not_here)},
        {"KeCancelTimer", as(&not_here)},
        {"KeFlushQueuedDpcs", as(&not_here)},
    };
    const auto found = exports.find(name);
    return found != exports.end() ? found->second : nullptr;
}

}  // namespace

std::size_t FakeMpu::output_held() {
    std::size_t held = 0;
    for (const std::uint64_t until : output_until) held += until > now_us;
    return held;
}

UCHAR FakeMpu::read(unsigned offset) {
    if (!present) return 0xFF;
    if (offset == 0) {
        if (!input_ready()) return 0xFF;
        const UCHAR byte = input.front().second;
        input.pop_front();
        return byte;
    }
    const bool full = refuses_output || output_held() >= fifo_depth || (refuses_until_read && input_ready());
    return static_cast<UCHAR>(0x3F | (input_ready() ? 0 : 0x80) | (full ? 0x40 : 0));
}

void FakeMpu::write(unsigned offset, UCHAR value) {
    if (!present) return;
    if (offset == 1) {
        commands.push_back(value);
        const bool was_uart = uart_mode;
        input.clear();
        uart_mode = value == 0x3F || (uart_mode && value != 0xFF);
        // A reset in UART mode is executed and not acknowledged (MP-013).
        if (answers && !(was_uart && value == 0xFF)) input.emplace_back(now_us + answer_delay_us, answer);
        return;
    }
    EXPECT_TRUE(uart_mode) << "data written outside UART mode";
    EXPECT_LT(output_held(), fifo_depth) << "data written while DRR is 1";
    const std::uint64_t start = output_until.empty() ? now_us : std::max(now_us, output_until.back());
    output_until.push_back(start + byte_us);
    wire.push_back(value);
}

STDMETHODIMP_(void) FakeGroup::RequestService() {}
STDMETHODIMP_(NTSTATUS) FakeGroup::AddMember(PSERVICESINK) {
    return STATUS_SUCCESS;
}
STDMETHODIMP_(void) FakeGroup::RemoveMember(PSERVICESINK) {}
STDMETHODIMP_(void) FakeGroup::SupportDelayedService() {}
STDMETHODIMP_(void) FakeGroup::RequestDelayedService(ULONGLONG) {}
STDMETHODIMP_(void) FakeGroup::CancelDelayedService() {}

STDMETHODIMP_(NTSTATUS) FakePort::Init(PDEVICE_OBJECT, PIRP, PUNKNOWN, PUNKNOWN, PRESOURCELIST) {
    return STATUS_NOT_IMPLEMENTED;
}
STDMETHODIMP_(NTSTATUS) FakePort::GetDeviceProperty(DEVICE_REGISTRY_PROPERTY, ULONG, PVOID, PULONG) {
    return STATUS_NOT_IMPLEMENTED;
}
STDMETHODIMP_(NTSTATUS)
FakePort::NewRegistryKey(PREGISTRYKEY*, PUNKNOWN, ULONG, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG, PULONG) {
    return STATUS_NOT_IMPLEMENTED;
}
STDMETHODIMP_(void) FakePort::Notify(PSERVICEGROUP group) {
    notified.push_back(group);
}
STDMETHODIMP_(void) FakePort::RegisterServiceGroup(PSERVICEGROUP group) {
    registered.push_back(group);
}

STDMETHODIMP_(NTSTATUS) FakeSync::CallSynchronizedRoutine(PINTERRUPTSYNCROUTINE called, PVOID argument) {
    EXPECT_FALSE(inside) << "IS-015";
    inside = true;
    const NTSTATUS status = called(this, argument);
    inside = false;
    return status;
}
STDMETHODIMP_(PKINTERRUPT) FakeSync::GetKInterrupt() {
    return nullptr;
}
STDMETHODIMP_(NTSTATUS) FakeSync::Connect() {
    connected = true;
    return STATUS_SUCCESS;
}
STDMETHODIMP_(void) FakeSync::Disconnect() {
    connected = false;
}
STDMETHODIMP_(NTSTATUS)
FakeSync::RegisterServiceRoutine(PINTERRUPTSYNCROUTINE service, PVOID service_context, BOOLEAN at_head) {
    EXPECT_FALSE(connected) << "the routine is there before the first interrupt";
    routine = service;
    context = service_context;
    first = at_head != FALSE;
    return STATUS_SUCCESS;
}

FakeResources::FakeResources() {
    port.Type = CmResourceTypePort;
    port.u.Port.Start.QuadPart = base_port;
    port.u.Port.Length = 2;
}
STDMETHODIMP_(ULONG) FakeResources::NumberOfEntries() {
    return ports + interrupts + dmas;
}
STDMETHODIMP_(ULONG) FakeResources::NumberOfEntriesOfType(CM_RESOURCE_TYPE type) {
    return type == CmResourceTypePort ? ports : type == CmResourceTypeInterrupt ? interrupts : dmas;
}
STDMETHODIMP_(PCM_PARTIAL_RESOURCE_DESCRIPTOR)
FakeResources::FindTranslatedEntry(CM_RESOURCE_TYPE type, ULONG index) {
    return type == CmResourceTypePort && index == 0 ? &port : nullptr;
}
STDMETHODIMP_(PCM_PARTIAL_RESOURCE_DESCRIPTOR) FakeResources::FindUntranslatedEntry(CM_RESOURCE_TYPE, ULONG) {
    return nullptr;
}
STDMETHODIMP_(NTSTATUS)
FakeResources::AddEntry(PCM_PARTIAL_RESOURCE_DESCRIPTOR, PCM_PARTIAL_RESOURCE_DESCRIPTOR) {
    return STATUS_INSUFFICIENT_RESOURCES;
}
STDMETHODIMP_(NTSTATUS) FakeResources::AddEntryFromParent(IResourceList*, CM_RESOURCE_TYPE, ULONG) {
    return STATUS_INSUFFICIENT_RESOURCES;
}
STDMETHODIMP_(PCM_RESOURCE_LIST) FakeResources::TranslatedList() {
    return nullptr;
}
STDMETHODIMP_(PCM_RESOURCE_LIST) FakeResources::UntranslatedList() {
    return nullptr;
}

NTSTATUS create_miniport(PUNKNOWN* unknown, REFCLSID class_id) {
    loader::LoadOptions options;
    options.find_export = find_export;
    const auto bytes = miniports::image();
    const auto image = loader::load_memory(bytes, "portico_miniports", options);
    EXPECT_TRUE(image.ok()) << image.error().message;
    if (!image.ok()) return STATUS_UNSUCCESSFUL;
    EXPECT_TRUE((*image)->missing_imports().empty()) << (*image)->missing_imports()[0]->name;
    EXPECT_TRUE((*image)->static_constructors().empty());

    using DriverEntry = NTSTATUS(NTAPI*)(PDRIVER_OBJECT, PUNICODE_STRING);
    using Create = NTSTATUS(NTAPI*)(PUNKNOWN*, REFCLSID, PUNKNOWN, POOL_TYPE);
    EXPECT_EQ(reinterpret_cast<DriverEntry>((*image)->exported("DriverEntry"))(nullptr, nullptr),
              STATUS_SUCCESS);
    const auto create = reinterpret_cast<Create>((*image)->exported("PorticoCreateMiniport"));
    return create(unknown, class_id, nullptr, NonPagedPool);
}

UartTest::UartTest() {
    kernel = &state;
    now_us = 0;
    PUNKNOWN unknown = nullptr;
    EXPECT_EQ(create_miniport(&unknown, CLSID_MiniportDriverUart), STATUS_SUCCESS);
    miniport = static_cast<PMINIPORTMIDI>(unknown);
}

UartTest::~UartTest() {
    if (init_group) init_group->Release();
    EXPECT_EQ(miniport->Release(), 0u);
    EXPECT_FALSE(state.sync.connected);
    EXPECT_EQ(state.port.references, 1u);
    EXPECT_EQ(state.resources.references, 1u);
    EXPECT_EQ(state.blocks, 0u);
    kernel = nullptr;
}

NTSTATUS UartTest::init(PUNKNOWN adapter) {
    return miniport->Init(adapter, &state.resources, &state.port, &init_group);
}

PMINIPORTMIDISTREAM UartTest::open(bool capture) {
    PMINIPORTMIDISTREAM stream = nullptr;
    PSERVICEGROUP group = nullptr;
    EXPECT_EQ(miniport->NewStream(&stream, nullptr, NonPagedPool, capture ? 2 : 0, capture, nullptr, &group),
              STATUS_SUCCESS);
    if (group) group->Release();
    settle();
    return stream;
}

void UartTest::settle() {
    now_us += state.mpu.answer_delay_us;
    if (state.mpu.input_ready()) state.sync.interrupt();
}

void UartTest::run(PMINIPORTMIDISTREAM stream) {
    for (const KSSTATE next : {KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN}) {
        EXPECT_EQ(stream->SetState(next), STATUS_SUCCESS);
    }
}

void UartTest::stop(PMINIPORTMIDISTREAM stream) {
    for (const KSSTATE next : {KSSTATE_PAUSE, KSSTATE_ACQUIRE, KSSTATE_STOP}) {
        EXPECT_EQ(stream->SetState(next), STATUS_SUCCESS);
    }
}

}  // namespace portico::miniports_test
