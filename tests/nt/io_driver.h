// A driver made of lambdas, for tests of the I/O manager: it is called as any driver, through its driver
// object.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "nt/io/io.h"
#include "nt/probes.h"
#include "wdm.h"

namespace portico::test {

using Dispatch = std::function<NTSTATUS(PDEVICE_OBJECT, PIRP)>;

class TestDriver {
  public:
    explicit TestDriver(const char16_t* service = u"tested") {
        current() = this;
        nt::io::DriverSource source;
        source.service = service;
        source.entry = entry;
        status = nt::io::load_driver(source, &object);
    }
    ~TestDriver() { current() = nullptr; }
    TestDriver(const TestDriver&) = delete;

    void on(unsigned major, Dispatch dispatch) { handlers()[major] = std::move(dispatch); }

    PDEVICE_OBJECT device(const char16_t* name, ULONG flags = 0) {
        PDEVICE_OBJECT made = nullptr;
        UNICODE_STRING string = nt::ob::string(name == nullptr ? u"" : name);
        if (!NT_SUCCESS(IoCreateDevice(object, 64, name == nullptr ? nullptr : &string, FILE_DEVICE_UNKNOWN,
                                       0, FALSE, &made))) {
            return nullptr;
        }
        made->Flags |= flags;
        made->Flags &= ~DO_DEVICE_INITIALIZING;
        return made;
    }

    static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information = 0) {
        irp->IoStatus.Status = status;
        irp->IoStatus.Information = information;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return status;
    }

    PDRIVER_OBJECT object = nullptr;
    NTSTATUS status = STATUS_UNSUCCESSFUL;

  private:
    static TestDriver*& current() {
        static TestDriver* driver = nullptr;
        return driver;
    }
    static std::array<Dispatch, IRP_MJ_MAXIMUM_FUNCTION + 1>& handlers() {
        static std::array<Dispatch, IRP_MJ_MAXIMUM_FUNCTION + 1> all;
        return all;
    }
    static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp) {
        const unsigned major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
        if (handlers()[major]) return handlers()[major](device, irp);
        const bool expected = major == IRP_MJ_CREATE || major == IRP_MJ_CLEANUP || major == IRP_MJ_CLOSE;
        return complete(irp, expected ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_REQUEST);
    }
    static NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING) {
        for (auto& handler : handlers()) handler = nullptr;
        for (auto& routine : driver->MajorFunction) routine = dispatch;
        return STATUS_SUCCESS;
    }
};

// Keeps what the IRP probe tells.
class IrpFaults {
  public:
    IrpFaults() {
        entries().clear();
        nt::probes.irp = [](nt::IrpFault fault, PIRP) { entries().push_back(fault); };
    }
    ~IrpFaults() { nt::probes.irp = nullptr; }
    static std::vector<nt::IrpFault>& entries() {
        static std::vector<nt::IrpFault> all;
        return all;
    }
};

inline HANDLE open(const char16_t* path, ACCESS_MASK access = FILE_READ_DATA | FILE_WRITE_DATA,
                   bool synchronous = true) {
    HANDLE handle = nullptr;
    const NTSTATUS status = nt::io::open_file(nt::ob::string(path), access, synchronous, KernelMode, &handle);
    return NT_SUCCESS(status) ? handle : nullptr;
}

constexpr ULONG control_code(ULONG function, ULONG method, ULONG access = FILE_ANY_ACCESS) {
    return CTL_CODE(FILE_DEVICE_UNKNOWN, function, method, access);
}

inline std::string narrow(const UNICODE_STRING& text) {
    return {text.Buffer, text.Buffer + text.Length / sizeof(WCHAR)};
}
inline std::string narrow(const WCHAR* text) {
    return narrow(nt::ob::string(text));
}

}  // namespace portico::test
