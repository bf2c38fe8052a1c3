// File objects: opening by path and relative to a file, cleanup and close, reading and writing, information,
// security.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "io_driver.h"
#include "kernel.h"
#include "nt/io/volume.h"
#include "nt/mm/mm.h"
#include "nt/ps/ps.h"
#include "support/requires.h"
#include "wdmsec.h"

namespace portico::test::io_file_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Opened {
    std::string name;
    PFILE_OBJECT related;
    ULONG options;
    USHORT share;
    KPROCESSOR_MODE mode;
};

struct Device {
    TestDriver driver;
    PDEVICE_OBJECT device = nullptr;
    std::vector<Opened> opened;
    std::vector<std::string> calls;
    NTSTATUS create_status = STATUS_SUCCESS;

    explicit Device(ULONG flags = 0) {
        device = driver.device(u"\\Device\\Tested", flags);
        driver.on(IRP_MJ_CREATE, [this](PDEVICE_OBJECT, PIRP irp) {
            const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
            opened.push_back({narrow(stack.FileObject->FileName), stack.FileObject->RelatedFileObject,
                              stack.Parameters.Create.Options, stack.Parameters.Create.ShareAccess,
                              irp->RequestorMode});
            calls.push_back("create");
            return TestDriver::complete(irp, create_status, FILE_OPENED);
        });
        driver.on(IRP_MJ_CLEANUP, [this](PDEVICE_OBJECT, PIRP irp) {
            calls.push_back("cleanup");
            return TestDriver::complete(irp, STATUS_SUCCESS);
        });
        driver.on(IRP_MJ_CLOSE, [this](PDEVICE_OBJECT, PIRP irp) {
            calls.push_back("close");
            return TestDriver::complete(irp, STATUS_SUCCESS);
        });
    }
};

NTSTATUS open_status(const char16_t* path, KPROCESSOR_MODE mode = KernelMode,
                     ACCESS_MASK access = FILE_READ_DATA) {
    HANDLE handle = nullptr;
    const NTSTATUS status = nt::io::open_file(nt::ob::string(path), access, true, mode, &handle);
    if (NT_SUCCESS(status)) nt::ob::close(handle, mode);
    return status;
}

TEST(IoFile, RestOfThePathIsTheFilesName) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Device device;
        UNICODE_STRING link = nt::ob::string(u"\\??\\TestLink");
        UNICODE_STRING target = nt::ob::string(u"\\Device\\Tested");
        ASSERT_EQ(IoCreateSymbolicLink(&link, &target), STATUS_SUCCESS);
        EXPECT_EQ(IoCreateSymbolicLink(&link, &target), STATUS_OBJECT_NAME_COLLISION);
        EXPECT_EQ(open_status(u"\\Device\\Tested"), STATUS_SUCCESS);
        EXPECT_EQ(open_status(u"\\??\\TestLink\\Uart"), STATUS_SUCCESS);
        EXPECT_EQ(open_status(u"\\DosDevices\\TestLink\\a\\b"), STATUS_SUCCESS);
        ASSERT_EQ(device.opened.size(), 3u);
        EXPECT_EQ(device.opened[0].name, "");
        EXPECT_EQ(device.opened[1].name, "\\Uart");
        EXPECT_EQ(device.opened[2].name, "\\a\\b");
        EXPECT_EQ(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
        EXPECT_EQ(open_status(u"\\??\\TestLink"), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(open_status(u"\\Device\\Nobody"), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(open_status(u"\\Nowhere\\Nobody"), STATUS_OBJECT_PATH_NOT_FOUND);
    }));
}

TEST(IoFile, CleanupWithTheLastHandleCloseWithTheLastReference) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Device device;
        const HANDLE file = open(u"\\Device\\Tested");
        ASSERT_NE(file, nullptr);
        EXPECT_EQ(device.device->ReferenceCount, 1);
        void* body = nullptr;
        ASSERT_EQ(ObReferenceObjectByHandle(file, 0, *IoFileObjectType, KernelMode, &body, nullptr),
                  STATUS_SUCCESS);
        HANDLE second = nullptr;
        ASSERT_EQ(ObOpenObjectByPointer(body, OBJ_KERNEL_HANDLE, nullptr, FILE_READ_DATA, *IoFileObjectType,
                                        KernelMode, &second),
                  STATUS_SUCCESS);
        ZwClose(file);
        EXPECT_THAT(device.calls, ElementsAre("create"));
        ZwClose(second);
        EXPECT_THAT(device.calls, ElementsAre("create", "cleanup"));
        ObDereferenceObject(body);
        EXPECT_THAT(device.calls, ElementsAre("create", "cleanup", "close"));
        EXPECT_EQ(device.device->ReferenceCount, 0);
    }));
}

TEST(IoFile, FailedCreateHasNoCleanupAndNoClose) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Device device;
        device.create_status = STATUS_DEVICE_BUSY;
        EXPECT_EQ(open_status(u"\\Device\\Tested"), STATUS_DEVICE_BUSY);
        EXPECT_THAT(device.calls, ElementsAre("create"));
        EXPECT_EQ(device.device->ReferenceCount, 0);
    }));
}

TEST(IoFile, RelativeOpenCarriesTheRelatedFileAndAnyName) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Device device;
        const HANDLE filter = open(u"\\Device\\Tested\\Uart");
        void* body = nullptr;
        ASSERT_EQ(nt::ob::reference_handle(filter, 0, nullptr, KernelMode, &body), STATUS_SUCCESS);
        // As KsCreatePin names a pin: a GUID, a backslash, then bytes that are no text.
        WCHAR name[12] = {u'{', u'p', u'i', u'n', u'}', u'\\', 0, u'\\', 0xFFFF, 0, 0, 1};
        UNICODE_STRING string{sizeof name, sizeof name, name};
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE, filter, nullptr);
        IO_STATUS_BLOCK iosb{};
        HANDLE pin = nullptr;
        ASSERT_EQ(
            ZwCreateFile(&pin, FILE_READ_DATA, &attributes, &iosb, nullptr, 0, 0, FILE_OPEN, 0, nullptr, 0),
            STATUS_SUCCESS);
        EXPECT_EQ(iosb.Information, static_cast<ULONG_PTR>(FILE_OPENED));
        ASSERT_EQ(device.opened.size(), 2u);
        EXPECT_EQ(device.opened[1].related, body);
        EXPECT_EQ(device.opened[1].name.size(), 12u);
        EXPECT_EQ(device.opened[1].options >> 24, static_cast<ULONG>(FILE_OPEN));
        ZwClose(pin);
        ZwClose(filter);
        nt::ob::dereference(body);
    }));
}

TEST(IoFile, WhoMayOpen) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Device device;
        device.device->Flags |= DO_DEVICE_INITIALIZING;
        EXPECT_EQ(open_status(u"\\Device\\Tested"), STATUS_NO_SUCH_DEVICE);
        device.device->Flags &= ~DO_DEVICE_INITIALIZING;
        device.device->Flags |= DO_EXCLUSIVE;
        const HANDLE file = open(u"\\Device\\Tested");
        EXPECT_EQ(open_status(u"\\Device\\Tested"), STATUS_ACCESS_DENIED);
        ZwClose(file);
        EXPECT_EQ(open_status(u"\\Device\\Tested"), STATUS_SUCCESS);
        const HANDLE last = open(u"\\Device\\Tested");
        // The name goes at once, the device with its last file.
        PDEVICE_OBJECT const gone = device.device;
        IoDeleteDevice(gone);
        EXPECT_EQ(open_status(u"\\Device\\Tested"), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_TRUE(nt::ob::is_object(gone));
        ZwClose(last);
        EXPECT_FALSE(nt::ob::is_object(gone));
    }));
}

TEST(IoFile, DescriptorsDecideForClients) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        UNICODE_STRING name = nt::ob::string(u"\\Device\\Secured");
        UNICODE_STRING sddl = nt::ob::string(u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)");
        PDEVICE_OBJECT made = nullptr;
        ASSERT_EQ(IoCreateDeviceSecure(driver.object, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                                       FALSE, &sddl, nullptr, &made),
                  STATUS_SUCCESS);
        made->Flags &= ~DO_DEVICE_INITIALIZING;
        const auto as = [&](bool administrator, ACCESS_MASK access) {
            nt::ps::Process* const process = nt::ps::create_client_process("client", administrator);
            NTSTATUS status;
            {
                nt::ps::Attach attach(*process, UserMode);
                status = open_status(u"\\Device\\Secured\\x", UserMode, access);
            }
            nt::ps::end_process(*process, STATUS_SUCCESS);
            return status;
        };
        REQUIRES("FLD-041");
        EXPECT_EQ(as(false, GENERIC_READ), STATUS_SUCCESS);
        EXPECT_EQ(as(false, GENERIC_READ | GENERIC_WRITE), STATUS_ACCESS_DENIED);
        EXPECT_EQ(as(true, GENERIC_READ | GENERIC_WRITE), STATUS_SUCCESS);
        EXPECT_EQ(as(true, WRITE_DAC), STATUS_ACCESS_DENIED);
        EXPECT_EQ(open_status(u"\\Device\\Secured", KernelMode, WRITE_DAC), STATUS_SUCCESS);
        // A descriptor that cannot be read is refused when the device is made.
        UNICODE_STRING bad = nt::ob::string(u"D:P(A;;GR;;WD)");
        UNICODE_STRING other = nt::ob::string(u"\\Device\\Other");
        EXPECT_EQ(IoCreateDeviceSecure(driver.object, 0, &other, FILE_DEVICE_UNKNOWN, 0, FALSE, &bad, nullptr,
                                       &made),
                  STATUS_INVALID_PARAMETER);
    }));
}

TEST(IoFile, RequestsAreCheckedBeforeTheyAreSent) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Device device;
        UNICODE_STRING name = nt::ob::string(u"\\Device\\Tested");
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &name, 0, nullptr, nullptr);
        const auto create = [&](ACCESS_MASK access, ULONG share, ULONG disposition, ULONG options) {
            HANDLE handle = nullptr;
            IO_STATUS_BLOCK iosb{};
            const NTSTATUS status = ZwCreateFile(&handle, access, &attributes, &iosb, nullptr, 0, share,
                                                 disposition, options, nullptr, 0);
            if (NT_SUCCESS(status)) ZwClose(handle);
            return status;
        };
        EXPECT_EQ(create(FILE_READ_DATA, 0, 6, 0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(FILE_READ_DATA, 8, FILE_OPEN, 0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(FILE_READ_DATA, 0, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(FILE_READ_DATA | SYNCHRONIZE, 0, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT),
                  STATUS_SUCCESS);
        EXPECT_EQ(create(FILE_READ_DATA | SYNCHRONIZE, 0, FILE_OPEN,
                         FILE_SYNCHRONOUS_IO_NONALERT | FILE_SYNCHRONOUS_IO_ALERT),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(FILE_READ_DATA, 0, FILE_OPEN, FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(FILE_READ_DATA, 0, FILE_OPEN, FILE_DELETE_ON_CLOSE), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(FILE_READ_DATA, FILE_SHARE_READ, FILE_OPEN, 0), STATUS_SUCCESS);
        EXPECT_EQ(device.opened.size(), 2u);
    }));
}

TEST(IoFile, ReadAndWriteByEachMethod) {
    for (const ULONG flags : {DO_BUFFERED_IO, DO_DIRECT_IO, 0}) {
        Kernel kernel;
        ASSERT_TRUE(kernel.run([&] {
            Device device(flags);
            const auto memory = [&](PIRP irp) {
                return static_cast<char*>(flags == DO_BUFFERED_IO ? irp->AssociatedIrp.SystemBuffer
                                          : flags == DO_DIRECT_IO ? MmGetSystemAddressForMdlSafe(
                                                                        irp->MdlAddress, NormalPagePriority)
                                                                  : irp->UserBuffer);
            };
            device.driver.on(IRP_MJ_READ, [&](PDEVICE_OBJECT, PIRP irp) {
                EXPECT_EQ(IoGetCurrentIrpStackLocation(irp)->Parameters.Read.ByteOffset.QuadPart, 7);
                EXPECT_EQ(IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Key, 5u);
                std::memcpy(memory(irp), "abc", 3);
                return TestDriver::complete(irp, STATUS_SUCCESS, 3);
            });
            std::string written;
            device.driver.on(IRP_MJ_WRITE, [&](PDEVICE_OBJECT, PIRP irp) {
                written.assign(memory(irp), IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length);
                return TestDriver::complete(irp, STATUS_SUCCESS, written.size());
            });
            const HANDLE file = open(u"\\Device\\Tested");
            char buffer[4] = "...";
            IO_STATUS_BLOCK iosb{};
            LARGE_INTEGER offset;
            offset.QuadPart = 7;
            ULONG key = 5;
            EXPECT_EQ(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, buffer, 3, &offset, &key),
                      STATUS_SUCCESS);
            EXPECT_STREQ(buffer, "abc");
            EXPECT_EQ(ZwWriteFile(file, nullptr, nullptr, nullptr, &iosb, buffer, 3, &offset, nullptr),
                      STATUS_SUCCESS);
            EXPECT_EQ(written, "abc");
            EXPECT_EQ(iosb.Information, 3u);
        }));
    }
}

TEST(IoFile, OffsetsOfFilesWithoutAPosition) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Device device;
        const HANDLE file = open(u"\\Device\\Tested", FILE_READ_DATA | FILE_WRITE_DATA, false);
        IO_STATUS_BLOCK iosb{};
        char buffer[4];
        EXPECT_EQ(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, buffer, 3, nullptr, nullptr),
                  STATUS_INVALID_PARAMETER);
        LARGE_INTEGER offset;
        offset.QuadPart = -1;
        EXPECT_EQ(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, buffer, 3, &offset, nullptr),
                  STATUS_INVALID_PARAMETER);
    }));
}

TEST(IoFile, ClientsBuffersAreProbed) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Device device(DO_BUFFERED_IO);
        device.driver.on(IRP_MJ_DEVICE_CONTROL,
                         [](PDEVICE_OBJECT, PIRP irp) { return TestDriver::complete(irp, STATUS_SUCCESS); });
        nt::ps::Process* const process = nt::ps::create_client_process("client", false);
        {
            nt::ps::Attach attach(*process, UserMode);
            auto* const user = static_cast<char*>(nt::mm::allocate_user(*process, 4096));
            ASSERT_NE(user, nullptr);
            HANDLE file = nullptr;
            ASSERT_EQ(
                nt::io::open_file(nt::ob::string(u"\\Device\\Tested"), FILE_READ_DATA, true, UserMode, &file),
                STATUS_SUCCESS);
            EXPECT_EQ(device.opened.back().mode, UserMode);
            auto* const iosb = reinterpret_cast<PIO_STATUS_BLOCK>(user);
            char kernel_memory[8];
            const auto control = [&](ULONG code, void* in, void* out) {
                return nt::io::device_io_control(file, {}, code, in, 4, out, 4, iosb, UserMode);
            };
            EXPECT_EQ(control(control_code(0x801, METHOD_BUFFERED), user + 64, user + 64), STATUS_SUCCESS);
            EXPECT_EQ(control(control_code(0x801, METHOD_BUFFERED), kernel_memory, user + 64),
                      STATUS_ACCESS_VIOLATION);
            EXPECT_EQ(control(control_code(0x801, METHOD_BUFFERED), user + 64, kernel_memory),
                      STATUS_ACCESS_VIOLATION);
            EXPECT_EQ(control(control_code(0x801, METHOD_OUT_DIRECT), user + 64, kernel_memory),
                      STATUS_ACCESS_VIOLATION);
            // METHOD_NEITHER: the driver's to probe.
            EXPECT_EQ(control(control_code(0x801, METHOD_NEITHER), kernel_memory, kernel_memory),
                      STATUS_SUCCESS);
            // The right that the code asks for was not granted with the handle.
            EXPECT_EQ(control(control_code(0x801, METHOD_BUFFERED, FILE_WRITE_ACCESS), user + 64, user + 64),
                      STATUS_ACCESS_DENIED);
            nt::ob::close(file, UserMode);
        }
        nt::ps::end_process(*process, STATUS_SUCCESS);
    }));
}

TEST(IoFile, SynchronousFilesTakeOneRequestAtATime) {
    Kernel kernel(2);
    Device* device = nullptr;
    HANDLE file = nullptr;
    std::vector<PIRP> held;
    int ended = 0;
    EXPECT_TRUE(kernel.run([&] {
        device = new Device;
        device->driver.on(IRP_MJ_DEVICE_CONTROL, [&](PDEVICE_OBJECT, PIRP irp) {
            IoMarkIrpPending(irp);
            held.push_back(irp);
            return STATUS_PENDING;
        });
        file = open(u"\\Device\\Tested");
    }));
    for (int i = 0; i < 2; ++i) {
        kernel.start([&] {
            IO_STATUS_BLOCK iosb{};
            EXPECT_EQ(nt::io::device_io_control(file, {}, control_code(0x801, METHOD_NEITHER), nullptr, 0,
                                                nullptr, 0, &iosb, KernelMode),
                      STATUS_SUCCESS);
            ++ended;
        });
    }
    kernel.settle(millisecond_ns);
    ASSERT_EQ(held.size(), 1u);
    EXPECT_TRUE(kernel.run([&] { TestDriver::complete(held[0], STATUS_SUCCESS); }));
    kernel.settle(millisecond_ns);
    ASSERT_EQ(held.size(), 2u);
    EXPECT_EQ(ended, 1);
    EXPECT_TRUE(kernel.run([&] { TestDriver::complete(held[1], STATUS_SUCCESS); }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(ended, 2);
    delete device;
}

TEST(IoFile, DevicePointer) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Device device;
        PDEVICE_OBJECT const filter = device.driver.device(nullptr);
        IoAttachDeviceToDeviceStack(filter, device.device);
        device.driver.on(IRP_MJ_CREATE, nullptr);
        UNICODE_STRING name = nt::ob::string(u"\\Device\\Tested");
        PFILE_OBJECT file = nullptr;
        PDEVICE_OBJECT top = nullptr;
        ASSERT_EQ(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &top), STATUS_SUCCESS);
        EXPECT_EQ(top, filter);
        EXPECT_EQ(file->DeviceObject, device.device);
        // The handle is closed already: only the close is still to come.
        EXPECT_THAT(device.calls, ElementsAre("cleanup"));
        ObDereferenceObject(file);
        EXPECT_THAT(device.calls, ElementsAre("cleanup", "close"));
    }));
}

TEST(IoFile, InformationOfTheIoManagerAndOfTheDriver) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Device device;
        device.device->AlignmentRequirement = FILE_QUAD_ALIGNMENT;
        const HANDLE file = open(u"\\Device\\Tested");
        IO_STATUS_BLOCK iosb{};
        FILE_ALIGNMENT_INFORMATION alignment{};
        EXPECT_EQ(ZwQueryInformationFile(file, &iosb, &alignment, sizeof alignment, FileAlignmentInformation),
                  STATUS_SUCCESS);
        EXPECT_EQ(alignment.AlignmentRequirement, static_cast<ULONG>(FILE_QUAD_ALIGNMENT));
        FILE_POSITION_INFORMATION position{};
        position.CurrentByteOffset.QuadPart = 40;
        EXPECT_EQ(ZwSetInformationFile(file, &iosb, &position, sizeof position, FilePositionInformation),
                  STATUS_SUCCESS);
        position.CurrentByteOffset.QuadPart = 0;
        EXPECT_EQ(ZwQueryInformationFile(file, &iosb, &position, sizeof position, FilePositionInformation),
                  STATUS_SUCCESS);
        EXPECT_EQ(position.CurrentByteOffset.QuadPart, 40);
        EXPECT_EQ(ZwQueryInformationFile(file, &iosb, &position, 1, FilePositionInformation),
                  STATUS_INFO_LENGTH_MISMATCH);
        EXPECT_EQ(ZwQueryInformationFile(file, &iosb, &position, 8, FileMaximumInformation),
                  STATUS_INVALID_INFO_CLASS);
        FILE_STANDARD_INFORMATION standard{};
        EXPECT_EQ(ZwQueryInformationFile(file, &iosb, &standard, sizeof standard, FileStandardInformation),
                  STATUS_INVALID_DEVICE_REQUEST);
        device.driver.on(IRP_MJ_QUERY_INFORMATION, [](PDEVICE_OBJECT, PIRP irp) {
            static_cast<PFILE_STANDARD_INFORMATION>(irp->AssociatedIrp.SystemBuffer)->NumberOfLinks = 3;
            return TestDriver::complete(irp, STATUS_SUCCESS, sizeof(FILE_STANDARD_INFORMATION));
        });
        EXPECT_EQ(ZwQueryInformationFile(file, &iosb, &standard, sizeof standard, FileStandardInformation),
                  STATUS_SUCCESS);
        EXPECT_EQ(standard.NumberOfLinks, 3u);
    }));
}

TEST(IoFile, SecurityRightAfterOpening) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Device device;
        const HANDLE file = open(u"\\Device\\Tested");
        void* body = nullptr;
        ASSERT_EQ(nt::ob::reference_handle(file, 0, nullptr, KernelMode, &body), STATUS_SUCCESS);
        ULONG needed = 0;
        EXPECT_EQ(nt::io::query_file_security(static_cast<PFILE_OBJECT>(body), DACL_SECURITY_INFORMATION,
                                              nullptr, 0, &needed, KernelMode),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_GT(needed, 0u);
        std::vector<char> descriptor(needed);
        EXPECT_EQ(nt::io::query_file_security(static_cast<PFILE_OBJECT>(body), DACL_SECURITY_INFORMATION,
                                              descriptor.data(), needed, &needed, KernelMode),
                  STATUS_SUCCESS);
        nt::ob::dereference(body);
    }));
}

TEST(IoFile, ApcTellsTheEndOfARequest) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Device device;
        PIRP held = nullptr;
        device.driver.on(IRP_MJ_READ, [&](PDEVICE_OBJECT, PIRP irp) {
            IoMarkIrpPending(irp);
            held = irp;
            return STATUS_PENDING;
        });
        const HANDLE file = open(u"\\Device\\Tested", FILE_READ_DATA, false);
        struct Apc {
            static void NTAPI run(PVOID context, PIO_STATUS_BLOCK iosb, ULONG) {
                *static_cast<ULONG_PTR*>(context) = iosb->Information;
            }
        };
        ULONG_PTR seen = 0;
        IO_STATUS_BLOCK iosb{};
        LARGE_INTEGER offset{};
        char buffer[4];
        EXPECT_EQ(ZwReadFile(file, nullptr, Apc::run, &seen, &iosb, buffer, 4, &offset, nullptr),
                  STATUS_PENDING);
        TestDriver::complete(held, STATUS_SUCCESS, 4);
        EXPECT_EQ(seen, 4u);
    }));
}

// ---- files for drivers ----

TEST(IoVolume, DriversReadFilesFromTheKernel) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        ASSERT_EQ(nt::io::add_volume_file(u"\\Windows\\System32\\drivers\\notes.bin", "0123456789", 10),
                  STATUS_SUCCESS);
        REQUIRES("FLD-054");
        for (const char16_t* path : {u"\\SystemRoot\\System32\\drivers\\notes.bin",
                                     u"\\??\\C:\\Windows\\system32\\DRIVERS\\notes.bin"}) {
            const HANDLE file = open(path, FILE_READ_DATA);
            ASSERT_NE(file, nullptr);
            IO_STATUS_BLOCK iosb{};
            FILE_STANDARD_INFORMATION standard{};
            EXPECT_EQ(
                ZwQueryInformationFile(file, &iosb, &standard, sizeof standard, FileStandardInformation),
                STATUS_SUCCESS);
            EXPECT_EQ(standard.EndOfFile.QuadPart, 10);
            char buffer[8] = {};
            EXPECT_EQ(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, buffer, 4, nullptr, nullptr),
                      STATUS_SUCCESS);
            EXPECT_EQ(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, buffer + 4, 4, nullptr, nullptr),
                      STATUS_SUCCESS);
            EXPECT_EQ(std::string(buffer, 8), "01234567");
            EXPECT_EQ(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, buffer, 4, nullptr, nullptr),
                      STATUS_SUCCESS);
            EXPECT_EQ(iosb.Information, 2u);
            EXPECT_EQ(ZwReadFile(file, nullptr, nullptr, nullptr, &iosb, buffer, 4, nullptr, nullptr),
                      STATUS_END_OF_FILE);
            ZwClose(file);
        }
        EXPECT_EQ(open_status(u"\\SystemRoot\\nothing.bin"), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(open_status(u"\\SystemRoot\\System32"), STATUS_FILE_IS_A_DIRECTORY);
    }));
}

TEST(IoVolume, DriversWriteFiles) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        UNICODE_STRING name = nt::ob::string(u"\\SystemRoot\\log.txt");
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, nullptr,
                                   nullptr);
        IO_STATUS_BLOCK iosb{};
        HANDLE file = nullptr;
        ASSERT_EQ(ZwCreateFile(&file, GENERIC_WRITE | SYNCHRONIZE, &attributes, &iosb, nullptr, 0, 0,
                               FILE_OVERWRITE_IF, FILE_SYNCHRONOUS_IO_NONALERT, nullptr, 0),
                  STATUS_SUCCESS);
        EXPECT_EQ(iosb.Information, static_cast<ULONG_PTR>(FILE_CREATED));
        char text[] = "hello";
        EXPECT_EQ(ZwWriteFile(file, nullptr, nullptr, nullptr, &iosb, text, 5, nullptr, nullptr),
                  STATUS_SUCCESS);
        LARGE_INTEGER end;
        end.QuadPart = -1;
        EXPECT_EQ(ZwWriteFile(file, nullptr, nullptr, nullptr, &iosb, text, 5, &end, nullptr),
                  STATUS_SUCCESS);
        ZwClose(file);
        const HANDLE again = open(u"\\SystemRoot\\LOG.TXT", FILE_READ_DATA | DELETE);
        char buffer[16] = {};
        EXPECT_EQ(ZwReadFile(again, nullptr, nullptr, nullptr, &iosb, buffer, 16, nullptr, nullptr),
                  STATUS_SUCCESS);
        EXPECT_STREQ(buffer, "hellohello");
        FILE_DISPOSITION_INFORMATION disposition{TRUE};
        EXPECT_EQ(
            ZwSetInformationFile(again, &iosb, &disposition, sizeof disposition, FileDispositionInformation),
            STATUS_SUCCESS);
        ZwClose(again);
        EXPECT_EQ(open_status(u"\\SystemRoot\\log.txt"), STATUS_OBJECT_NAME_NOT_FOUND);
    }));
}

}  // namespace
}  // namespace portico::test::io_file_test
