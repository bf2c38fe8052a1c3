// Whatever a program can ask of a filter, a pin or a clock through its handle: every control code of KS'
// device type with every kind of buffer, every major function, right after the file was opened.
#include "clients.h"

#include <gmock/gmock.h>

#include <map>

#include "nt/ex/pool.h"
#include "nt/io/irp.h"
#include "nt/mm/mm.h"
#include "support/requires.h"

// Of ntifs.h, which drivers of this kind do not include.
extern "C" NTSTATUS NTAPI ZwQueryVolumeInformationFile(HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG,
                                                       FS_INFORMATION_CLASS);

namespace requests_test {
namespace {

using namespace portico;
using client::KsClient;
using test::OtherClient;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Machine cable() {
    MachineConfig config;
    config.driver = CABLE_IMAGE;
    config.print_findings = false;
    Machine m = Machine::create(std::move(config)).value();
    EXPECT_OK(m.start());
    return m;
}

// A client with a filter, a running render pin, a running capture pin and a clock.
struct Client : OtherClient {
    explicit Client(Machine& m) : OtherClient("client") {
        const std::u16string path = m.state().filter_path("Cable");
        EXPECT_EQ(call([&] {
                      EXPECT_EQ(ks.open_filter(path, &filter), STATUS_SUCCESS);
                      EXPECT_EQ(ks.create_pin(filter, 0, &render), STATUS_SUCCESS);
                      EXPECT_EQ(ks.create_pin(filter, 2, &capture), STATUS_SUCCESS);
                      EXPECT_EQ(ks.set_state(render, KSSTATE_RUN), STATUS_SUCCESS);
                      EXPECT_EQ(ks.set_state(capture, KSSTATE_RUN), STATUS_SUCCESS);
                      return ks.create_clock(render, &clock);
                  }),
                  STATUS_SUCCESS);
    }
    HANDLE filter = nullptr, render = nullptr, capture = nullptr, clock = nullptr;
};

// ---- control codes ----

struct Buffers {
    void* input;
    void* output;
    ULONG length;
};

// What each code came to, but for those that are refused as unknown.
std::map<ULONG, NTSTATUS> answers_of(Client& client, HANDLE file, const Buffers& buffers,
                                     NTSTATUS unknown[4]) {
    std::map<ULONG, NTSTATUS> answers;
    client.call([&] {
        auto* const status =
            static_cast<PIO_STATUS_BLOCK>(client.ks.heap().allocate(sizeof(IO_STATUS_BLOCK)));
        for (ULONG code = 0x002F0000; code <= 0x002FFFFF; ++code) {
            const NTSTATUS answer =
                nt::io::device_io_control(file, {}, code, buffers.input, buffers.length, buffers.output,
                                          buffers.length, status, UserMode);
            if (answer != unknown[code & 3]) answers[code] = answer;
        }
        return STATUS_SUCCESS;
    });
    return answers;
}

TEST(Requests, EveryControlCodeWithoutBuffersIsAnsweredAsKsDoes) {
    Machine m = cable();
    Client client(m);
    NTSTATUS unknown[4];
    std::fill(std::begin(unknown), std::end(unknown), STATUS_INVALID_DEVICE_REQUEST);
    const Buffers none{};
    REQUIRES("VF-023");
    EXPECT_THAT(answers_of(client, client.filter, none, unknown),
                UnorderedElementsAre(Pair(IOCTL_KS_PROPERTY, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_ENABLE_EVENT, STATUS_SUCCESS),
                                     Pair(IOCTL_KS_DISABLE_EVENT, STATUS_SUCCESS),
                                     Pair(IOCTL_KS_METHOD, STATUS_INVALID_BUFFER_SIZE)));
    EXPECT_THAT(answers_of(client, client.render, none, unknown),
                UnorderedElementsAre(Pair(IOCTL_KS_PROPERTY, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_ENABLE_EVENT, STATUS_BUFFER_OVERFLOW),
                                     Pair(IOCTL_KS_DISABLE_EVENT, STATUS_SUCCESS),
                                     Pair(IOCTL_KS_METHOD, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_RESET_STATE, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_WRITE_STREAM, STATUS_BUFFER_TOO_SMALL)));
    EXPECT_THAT(answers_of(client, client.capture, none, unknown),
                UnorderedElementsAre(Pair(IOCTL_KS_PROPERTY, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_ENABLE_EVENT, STATUS_SUCCESS),
                                     Pair(IOCTL_KS_DISABLE_EVENT, STATUS_SUCCESS),
                                     Pair(IOCTL_KS_METHOD, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_RESET_STATE, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_READ_STREAM, STATUS_BUFFER_TOO_SMALL)));
    EXPECT_THAT(answers_of(client, client.clock, none, unknown),
                ElementsAre(Pair(IOCTL_KS_PROPERTY, STATUS_INVALID_BUFFER_SIZE)));
    client.die();
    EXPECT_TRUE(test::nothing_open(m));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Requests, EveryControlCodeWithBuffersThatAreTooSmallIsRefused) {
    Machine m = cable();
    Client client(m);
    constexpr ULONG size = 8;
    std::uint8_t* memory = nullptr;
    client.call([&] {
        memory = static_cast<std::uint8_t*>(client.ks.heap().allocate(256));
        std::fill(memory, memory + 256, 0xFF);
        return STATUS_SUCCESS;
    });
    NTSTATUS unknown[4];
    std::fill(std::begin(unknown), std::end(unknown), STATUS_INVALID_DEVICE_REQUEST);
    const Buffers small{memory, memory + 128, size};
    EXPECT_THAT(answers_of(client, client.filter, small, unknown),
                UnorderedElementsAre(Pair(IOCTL_KS_PROPERTY, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_ENABLE_EVENT, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_DISABLE_EVENT, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_METHOD, STATUS_INVALID_BUFFER_SIZE)));
    EXPECT_THAT(answers_of(client, client.render, small, unknown),
                UnorderedElementsAre(Pair(IOCTL_KS_PROPERTY, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_ENABLE_EVENT, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_DISABLE_EVENT, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_METHOD, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_RESET_STATE, STATUS_INVALID_PARAMETER),
                                     Pair(IOCTL_KS_WRITE_STREAM, STATUS_BUFFER_TOO_SMALL)));
    EXPECT_THAT(answers_of(client, client.clock, small, unknown),
                ElementsAre(Pair(IOCTL_KS_PROPERTY, STATUS_INVALID_BUFFER_SIZE)));
    for (unsigned i = 0; i < 256; ++i) EXPECT_EQ(memory[i], 0xFF) << i;
    client.die();
    EXPECT_TRUE(test::nothing_open(m));
    EXPECT_THAT(m.findings(), IsEmpty());
}

// A code's method says who looks at its buffers: the I/O manager, or for METHOD_NEITHER the driver, which
// does so only for codes that it knows.
TEST(Requests, EveryControlCodeWithKernelAddressesFromAUserIsAnAccessViolation) {
    Machine m = cable();
    Client client(m);
    void* const kernel = nt::ex::allocate_internal(NonPagedPool, 4096, 'tseT');
    ASSERT_NE(kernel, nullptr);
    std::memset(kernel, 0, 4096);
    NTSTATUS unknown[4];
    std::fill(std::begin(unknown), std::end(unknown), STATUS_ACCESS_VIOLATION);
    unknown[METHOD_NEITHER] = STATUS_INVALID_DEVICE_REQUEST;
    for (const ULONG length : {256u, 65'536u}) {
        const bool long_ones = length > 4096;
        const Buffers buffers{kernel, kernel, length};
        EXPECT_THAT(answers_of(client, client.filter, buffers, unknown),
                    UnorderedElementsAre(Pair(IOCTL_KS_PROPERTY, STATUS_ACCESS_VIOLATION),
                                         Pair(IOCTL_KS_ENABLE_EVENT, STATUS_ACCESS_VIOLATION),
                                         Pair(IOCTL_KS_DISABLE_EVENT, STATUS_UNSUCCESSFUL),
                                         Pair(IOCTL_KS_METHOD, STATUS_ACCESS_VIOLATION)))
            << long_ones;
        for (HANDLE const pin : {client.render, client.capture}) {
            const auto stream = pin == client.render ? Pair(IOCTL_KS_WRITE_STREAM, STATUS_ACCESS_VIOLATION)
                                                     : Pair(IOCTL_KS_READ_STREAM, STATUS_ACCESS_VIOLATION);
            EXPECT_THAT(answers_of(client, pin, buffers, unknown),
                        UnorderedElementsAre(Pair(IOCTL_KS_PROPERTY, STATUS_ACCESS_VIOLATION),
                                             Pair(IOCTL_KS_ENABLE_EVENT, STATUS_ACCESS_VIOLATION),
                                             Pair(IOCTL_KS_DISABLE_EVENT, STATUS_UNSUCCESSFUL),
                                             Pair(IOCTL_KS_METHOD, STATUS_ACCESS_VIOLATION),
                                             Pair(IOCTL_KS_RESET_STATE, STATUS_ACCESS_VIOLATION), stream))
                << long_ones;
        }
    }
    nt::ex::free(kernel, 'tseT');
    client.die();
    EXPECT_TRUE(test::nothing_open(m));
    EXPECT_THAT(m.findings(), IsEmpty());
}

// Zero-length buffers at kernel addresses are no buffers.
TEST(Requests, AnAddressWithoutLengthIsNoBuffer) {
    Machine m = cable();
    Client client(m);
    NTSTATUS unknown[4];
    std::fill(std::begin(unknown), std::end(unknown), STATUS_INVALID_DEVICE_REQUEST);
    void* const kernel = m.state().drivers.front()->object;
    REQUIRES("VF-023");
    EXPECT_THAT(answers_of(client, client.filter, {kernel, kernel, 0}, unknown),
                UnorderedElementsAre(Pair(IOCTL_KS_PROPERTY, STATUS_INVALID_BUFFER_SIZE),
                                     Pair(IOCTL_KS_ENABLE_EVENT, STATUS_SUCCESS),
                                     Pair(IOCTL_KS_DISABLE_EVENT, STATUS_SUCCESS),
                                     Pair(IOCTL_KS_METHOD, STATUS_INVALID_BUFFER_SIZE)));
    EXPECT_THAT(m.findings(), IsEmpty());
}

// ---- major functions ----

// A request of any major function, as the I/O manager sends it for a user.
NTSTATUS send_major(HANDLE handle, UCHAR major) {
    void* body = nullptr;
    NTSTATUS status = nt::ob::reference_handle(handle, 0, &nt::io::file_type, UserMode, &body);
    if (!NT_SUCCESS(status)) return status;
    auto* const file = static_cast<PFILE_OBJECT>(body);
    PDEVICE_OBJECT const device = nt::io::related_device(file);
    PIRP const irp = nt::io::allocate_irp(device->StackSize);
    irp->RequestorMode = UserMode;
    irp->Tail.Overlay.OriginalFileObject = file;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = major;
    stack->FileObject = file;
    status = nt::io::call_and_wait(device, irp, nullptr);
    nt::ob::dereference(body);
    return status;
}

TEST(Requests, EveryMajorFunctionRightAfterOpening) {
    Machine m = cable();
    const std::u16string path = m.state().filter_path("Cable");
    for (unsigned major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; ++major) {
        switch (major) {
            case IRP_MJ_CREATE:  // these are the system's to send
            case IRP_MJ_CLOSE:
            case IRP_MJ_CLEANUP:
            case IRP_MJ_PNP:
            case IRP_MJ_POWER:
            case IRP_MJ_SYSTEM_CONTROL:
            case IRP_MJ_INTERNAL_DEVICE_CONTROL:
                continue;
            default:
                break;
        }
        const bool security = major == IRP_MJ_QUERY_SECURITY || major == IRP_MJ_SET_SECURITY;
        const NTSTATUS refused = security ? STATUS_NO_SECURITY_ON_OBJECT : STATUS_INVALID_DEVICE_REQUEST;
        const NTSTATUS flushed = major == IRP_MJ_FLUSH_BUFFERS ? STATUS_SUCCESS : refused;
        OtherClient client("client");
        HANDLE filter = nullptr, pin = nullptr, clock = nullptr;
        client.call([&] {
            KsClient& ks = client.ks;
            REQUIRES("VF-025");
            EXPECT_EQ(ks.open_filter(path, &filter), STATUS_SUCCESS);
            EXPECT_EQ(send_major(filter, static_cast<UCHAR>(major)), flushed) << major;
            for (const ULONG id : {0u, 2u}) {
                EXPECT_EQ(ks.create_pin(filter, id, &pin), STATUS_SUCCESS);
                EXPECT_EQ(send_major(pin, static_cast<UCHAR>(major)), flushed) << major;
            }
            EXPECT_EQ(ks.create_clock(pin, &clock), STATUS_SUCCESS);
            EXPECT_EQ(send_major(clock, static_cast<UCHAR>(major)), refused) << major;
            return STATUS_SUCCESS;
        });
    }
    EXPECT_TRUE(test::nothing_open(m));
    EXPECT_THAT(m.findings(), IsEmpty());
}

// The same through the functions that programs call, with memory of theirs.
TEST(Requests, EveryFunctionOnAHandleRightAfterOpening) {
    Machine m = cable();
    Client client(m);
    client.call([&] {
        auto* const memory = static_cast<std::uint8_t*>(client.ks.heap().allocate(1024));
        auto* const status = reinterpret_cast<PIO_STATUS_BLOCK>(memory);
        void* const buffer = memory + 64;
        const LARGE_INTEGER start{};
        for (HANDLE const file : {client.filter, client.render, client.capture, client.clock}) {
            EXPECT_EQ(nt::io::read_file(file, {}, status, buffer, 64, &start, UserMode),
                      STATUS_INVALID_DEVICE_REQUEST);
            EXPECT_EQ(nt::io::write_file(file, {}, status, buffer, 64, &start, UserMode),
                      STATUS_INVALID_DEVICE_REQUEST);
            EXPECT_EQ(nt::io::flush_file(file, status, UserMode),
                      file == client.clock ? STATUS_INVALID_DEVICE_REQUEST : STATUS_SUCCESS);
            EXPECT_EQ(nt::io::fs_control(file, {}, 0x00090000, buffer, 8, buffer, 8, status, UserMode),
                      STATUS_INVALID_DEVICE_REQUEST);
            for (int what = 0; what < 64; ++what) {
                const auto information = static_cast<FILE_INFORMATION_CLASS>(what);
                const NTSTATUS asked = nt::io::query_file(file, status, buffer, 512, information, UserMode);
                EXPECT_TRUE(asked == STATUS_SUCCESS || asked == STATUS_INVALID_INFO_CLASS ||
                            asked == STATUS_INVALID_DEVICE_REQUEST)
                    << what << " " << std::hex << asked;
                const NTSTATUS put = nt::io::set_file(file, status, buffer, 512, information, UserMode);
                EXPECT_FALSE(NT_SUCCESS(put) && what != FileModeInformation)
                    << what << " " << std::hex << put;
                EXPECT_NE(nt::io::query_file(file, status, m.state().drivers.front()->object, 512,
                                             information, UserMode),
                          STATUS_SUCCESS);
            }
            void* body = nullptr;
            EXPECT_EQ(nt::ob::reference_handle(file, 0, nullptr, UserMode, &body), STATUS_SUCCESS);
            ULONG needed = 0;
            REQUIRES("VF-025");
            EXPECT_EQ(nt::io::query_file_security(static_cast<PFILE_OBJECT>(body), DACL_SECURITY_INFORMATION,
                                                  buffer, 512, &needed, UserMode),
                      STATUS_NO_SECURITY_ON_OBJECT);
            EXPECT_EQ(nt::io::set_file_security(static_cast<PFILE_OBJECT>(body), DACL_SECURITY_INFORMATION,
                                                buffer, UserMode),
                      STATUS_NO_SECURITY_ON_OBJECT);
            nt::ob::dereference(body);
            FILE_FS_DEVICE_INFORMATION volume{};
            EXPECT_EQ(
                ZwQueryVolumeInformationFile(file, status, &volume, sizeof volume, FileFsDeviceInformation),
                STATUS_SUCCESS);
            EXPECT_EQ(volume.DeviceType, ULONG{FILE_DEVICE_CONTROLLER}) << "the bus' device";
        }
        return STATUS_SUCCESS;
    });
    client.die();
    EXPECT_TRUE(test::nothing_open(m));
    EXPECT_THAT(m.findings(), IsEmpty());
}

}  // namespace
}  // namespace requests_test
