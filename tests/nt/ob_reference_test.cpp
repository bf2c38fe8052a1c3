// Counts that references and handles give, closing handles that are none, events by name, and waits on
// objects by pointer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel.h"
#include "misuse.h"
#include "nt/ob/ob.h"
#include "nt/ps/ps.h"

namespace ob_reference_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::MisuseLog;
using test::relative_ms;

struct NamedDirectory {
    const char16_t* name;  // null: none
    ULONG attributes;
};

// The count after a reference is the count before and one; a handle holds one, a name another.
void check_counts(const NamedDirectory& c) {
    UNICODE_STRING name = ob::string(c.name == nullptr ? u"" : c.name);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, c.name == nullptr ? nullptr : &name, c.attributes, nullptr,
                               nullptr);
    HANDLE handle = nullptr;
    ASSERT_EQ(ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    const LONG_PTR base = c.name == nullptr ? 1 : 2;
    void* object = nullptr;
    void* again = nullptr;
    EXPECT_EQ(ObReferenceObjectByHandle(handle, DIRECTORY_ALL_ACCESS, nullptr, KernelMode, &object, nullptr),
              STATUS_SUCCESS);
    EXPECT_EQ(ObReferenceObjectByHandle(handle, DIRECTORY_ALL_ACCESS, nullptr, KernelMode, &again, nullptr),
              STATUS_SUCCESS);
    EXPECT_EQ(object, again);
    EXPECT_EQ(ObReferenceObject(object), base + 3);
    EXPECT_EQ(ObReferenceObjectByPointer(object, DIRECTORY_ALL_ACCESS, nullptr, KernelMode), STATUS_SUCCESS);
    for (LONG_PTR left = base + 3; left >= base; --left) EXPECT_EQ(ObDereferenceObject(object), left);
    if ((c.attributes & OBJ_PERMANENT) != 0) {
        EXPECT_EQ(ZwMakeTemporaryObject(handle), STATUS_SUCCESS);
        EXPECT_EQ(ZwMakeTemporaryObject(handle), STATUS_SUCCESS);
    }
    EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);
    EXPECT_FALSE(ob::is_object(object));
}

TEST(ObReference, CountsOfNamedAndNamelessObjects) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        for (const NamedDirectory& c :
             {NamedDirectory{nullptr, 0}, NamedDirectory{nullptr, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE},
              NamedDirectory{u"\\BaseNamedObjects\\Zero", 0},
              NamedDirectory{u"\\BaseNamedObjects\\One", OBJ_KERNEL_HANDLE},
              NamedDirectory{u"\\BaseNamedObjects\\Two", OBJ_PERMANENT},
              NamedDirectory{u"\\BaseNamedObjects\\Three", OBJ_PERMANENT | OBJ_KERNEL_HANDLE}}) {
            check_counts(c);
        }
    }));
}

// Drivers close what they never opened; Windows stops for handles that look open and are not.
TEST(ObClose, HandlesThatCannotBeOpen) {
    Kernel kernel;
    MisuseLog misuse;
    EXPECT_TRUE(kernel.run([&] {
        for (const ULONG_PTR value : {ULONG_PTR{0}, ULONG_PTR{0xFFFFFFFF80000000}}) {
            const auto handle = reinterpret_cast<HANDLE>(value);
            EXPECT_EQ(ZwClose(handle), STATUS_INVALID_HANDLE);
            EXPECT_EQ(ObCloseHandle(handle, KernelMode), STATUS_INVALID_HANDLE);
            EXPECT_EQ(ObCloseHandle(handle, UserMode), STATUS_INVALID_HANDLE);
        }
        EXPECT_EQ(ObCloseHandle(reinterpret_cast<HANDLE>(0x7B8ull), UserMode), STATUS_INVALID_HANDLE);
    }));
    EXPECT_EQ(misuse.size(), 0u);
    EXPECT_TRUE(
        kernel.run([&] { EXPECT_EQ(ZwClose(reinterpret_cast<HANDLE>(0x7B8ull)), STATUS_INVALID_HANDLE); }));
    EXPECT_THAT(misuse.codes(), ::testing::ElementsAre(INVALID_KERNEL_HANDLE));
}

TEST(ObClose, AKernelHandleIsClosedInKernelModeAlone) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, nullptr, OBJ_KERNEL_HANDLE, nullptr, nullptr);
        HANDLE handle = nullptr;
        ASSERT_EQ(ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes), STATUS_SUCCESS);
        EXPECT_EQ(ObCloseHandle(handle, UserMode), STATUS_INVALID_HANDLE);
        EXPECT_EQ(ObCloseHandle(handle, KernelMode), STATUS_SUCCESS);
    }));
}

TEST(ObDuplicate, AccessAndTable) {
    Kernel kernel;
    ps::Process* const client = ps::create_client_process("client");
    EXPECT_TRUE(kernel.run([&] {
        const ps::Attach attach(*client, KernelMode);
        HANDLE handle = nullptr;
        ASSERT_EQ(ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, nullptr), STATUS_SUCCESS);
        struct Case {
            ULONG options;
            ACCESS_MASK granted;
        };
        for (const Case& c : {Case{0, DIRECTORY_QUERY}, Case{DUPLICATE_SAME_ATTRIBUTES, DIRECTORY_QUERY},
                              Case{DUPLICATE_SAME_ACCESS, DIRECTORY_ALL_ACCESS}}) {
            HANDLE copy = nullptr;
            ASSERT_EQ(ZwDuplicateObject(ZwCurrentProcess(), handle, ZwCurrentProcess(), &copy,
                                        DIRECTORY_QUERY, 0, c.options),
                      STATUS_SUCCESS);
            EXPECT_EQ(reinterpret_cast<std::uint64_t>(copy) >> 31, 0u);
            void* object = nullptr;
            OBJECT_HANDLE_INFORMATION information{};
            EXPECT_EQ(ObReferenceObjectByHandle(copy, 0, nullptr, KernelMode, &object, &information),
                      STATUS_SUCCESS);
            EXPECT_EQ(information.GrantedAccess, c.granted);
            ObDereferenceObject(object);
            EXPECT_EQ(ObCloseHandle(copy, UserMode), STATUS_SUCCESS);
        }
        HANDLE system = nullptr;
        HANDLE copy = nullptr;
        ASSERT_EQ(ObOpenObjectByPointer(PsInitialSystemProcess, OBJ_KERNEL_HANDLE, nullptr,
                                        PROCESS_ALL_ACCESS, *PsProcessType, KernelMode, &system),
                  STATUS_SUCCESS);
        EXPECT_EQ(ZwDuplicateObject(ZwCurrentProcess(), handle, system, &copy, DIRECTORY_ALL_ACCESS,
                                    OBJ_KERNEL_HANDLE, 0),
                  STATUS_SUCCESS);
        EXPECT_EQ(reinterpret_cast<std::uint64_t>(copy) >> 31, 0x1FFFFFFFFull);
        EXPECT_EQ(ObCloseHandle(copy, UserMode), STATUS_INVALID_HANDLE);
        EXPECT_EQ(ObCloseHandle(copy, KernelMode), STATUS_SUCCESS);
        ZwClose(system);
    }));
}

// ---- events by name ----

using CreateEvent = PKEVENT(NTAPI*)(PUNICODE_STRING, PHANDLE);

void check_event(CreateEvent create, EVENT_TYPE type, const char16_t* text) {
    HANDLE handle = nullptr;
    PKEVENT event = create(nullptr, &handle);
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->Header.Type, type);
    EXPECT_EQ(KeReadStateEvent(event), 1);
    EXPECT_EQ(reinterpret_cast<std::uint64_t>(handle) >> 31, 0x1FFFFFFFFull);
    EXPECT_EQ(ob::references_of(event), 1);
    EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);

    UNICODE_STRING name = ob::string(text);
    event = create(&name, &handle);
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->Header.Type, type);
    EXPECT_EQ(ob::references_of(event), 2);
    HANDLE second = nullptr;
    EXPECT_EQ(create(&name, &second), event);
    EXPECT_EQ(ob::handles_of(event), 2u);
    EXPECT_EQ(ob::references_of(event), 3);
    ZwClose(second);
    EXPECT_EQ(ob::handles_of(event), 1u);
    ZwClose(handle);
    EXPECT_FALSE(ob::is_object(event));
}

TEST(IoEvent, CreatedSignalledAndOpenedByName) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        check_event(IoCreateNotificationEvent, NotificationEvent, u"\\BaseNamedObjects\\Notifies");
        check_event(IoCreateSynchronizationEvent, SynchronizationEvent, u"\\BaseNamedObjects\\Synchronizes");
    }));
}

TEST(IoEvent, ThereIsOneTypeToAName) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        UNICODE_STRING name = ob::string(u"\\BaseNamedObjects\\Shared");
        HANDLE first = nullptr;
        HANDLE second = nullptr;
        PKEVENT const event = IoCreateNotificationEvent(&name, &first);
        PKEVENT const same = IoCreateSynchronizationEvent(&name, &second);
        EXPECT_EQ(same, event);
        EXPECT_EQ(same->Header.Type, NotificationEvent);
        ZwClose(first);
        ZwClose(second);
    }));
}

TEST(IoEvent, ByHandleAndByPointerItIsOneEvent) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        LARGE_INTEGER zero{};
        HANDLE handle = nullptr;
        PKEVENT const event = IoCreateSynchronizationEvent(nullptr, &handle);
        EXPECT_EQ(KeWaitForSingleObject(event, Executive, KernelMode, FALSE, &zero), STATUS_SUCCESS);
        KeResetEvent(event);
        EXPECT_EQ(ZwWaitForSingleObject(handle, FALSE, &zero), STATUS_TIMEOUT);
        EXPECT_EQ(ZwSetEvent(handle, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(KeWaitForSingleObject(event, Executive, KernelMode, FALSE, &zero), STATUS_SUCCESS);
        EXPECT_EQ(ZwWaitForSingleObject(handle, FALSE, &zero), STATUS_TIMEOUT);
        KeSetEvent(event, 0, FALSE);
        EXPECT_EQ(ZwWaitForSingleObject(handle, FALSE, &zero), STATUS_SUCCESS);
        EXPECT_EQ(KeWaitForSingleObject(event, Executive, KernelMode, FALSE, &zero), STATUS_TIMEOUT);
        ZwClose(handle);
    }));
}

TEST(PsObjects, ProcessAndThreadAreDispatcherObjects) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        LARGE_INTEGER zero{};
        PEPROCESS const process = IoGetCurrentProcess();
        EXPECT_EQ(process, PsInitialSystemProcess);
        EXPECT_EQ(reinterpret_cast<DISPATCHER_HEADER*>(process)->Type, 3);
        EXPECT_EQ(KeWaitForSingleObject(process, Executive, KernelMode, FALSE, &zero), STATUS_TIMEOUT);
        EXPECT_EQ(reinterpret_cast<DISPATCHER_HEADER*>(PsGetCurrentThread())->Type, 6);
        EXPECT_EQ(KeWaitForSingleObject(PsGetCurrentThread(), Executive, KernelMode, FALSE, &zero),
                  STATUS_TIMEOUT);
        EXPECT_EQ(PsGetProcessId(process), PsGetCurrentProcessId());
        EXPECT_EQ(ExGetPreviousMode(), KernelMode);
        ULONG_PTR low = 0;
        ULONG_PTR high = 0;
        IoGetStackLimits(&low, &high);
        const auto here = reinterpret_cast<ULONG_PTR>(&zero);
        EXPECT_LT(low, here);
        EXPECT_GT(high, here);
    }));
}

}  // namespace
}  // namespace ob_reference_test
