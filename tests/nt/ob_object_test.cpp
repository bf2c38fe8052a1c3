// References, handles, types, and what is told of a driver that loses count.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel.h"
#include "misuse.h"
#include "nt/ex/pool.h"
#include "nt/ob/ob.h"
#include "nt/ps/ps.h"
#include "support/requires.h"

namespace ob_object_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::LeftLog;
using test::MisuseLog;
using ::testing::ElementsAre;

struct Life {
    int deleted = 0;
    std::vector<std::pair<ULONG, ULONG>> closed;  // handles left: of the process, of all
    sim::Irql deleted_at = HIGH_LEVEL;
};
Life life;

_OBJECT_TYPE test_type{
    {.name = "Test",
     .tag = 'tseT',
     .remove =
         [](void*) {
             ++life.deleted;
             life.deleted_at = ke::current_irql();
         },
     .close = [](void*, ACCESS_MASK, ULONG process, ULONG all) { life.closed.emplace_back(process, all); }}};

void* make_object() {
    life = Life{};
    void* const body = ob::allocate(&test_type, 40);
    EXPECT_NE(body, nullptr);
    return body;
}

HANDLE make_event() {
    HANDLE handle = nullptr;
    EXPECT_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, SynchronizationEvent, FALSE), STATUS_SUCCESS);
    return handle;
}

TEST(ObObject, BodyIsZeroedAndAligned) {
    Kernel kernel;
    auto* const body = static_cast<unsigned char*>(make_object());
    EXPECT_EQ(reinterpret_cast<std::uint64_t>(body) % 16, 0u);
    for (int i = 0; i < 40; ++i) EXPECT_EQ(body[i], 0);
    EXPECT_EQ(ob::type_of(body), &test_type);
    EXPECT_EQ(ob::type_name(body), "Test");
    EXPECT_TRUE(ob::is_object(body));
    EXPECT_FALSE(ob::is_object(body + 8));
}

TEST(ObObject, DeletedWithTheLastReference) {
    Kernel kernel;
    void* const body = make_object();
    EXPECT_EQ(ObReferenceObject(body), 2);
    EXPECT_EQ(ObfReferenceObjectWithTag(body, 'gaTa'), 3);
    EXPECT_EQ(ObDereferenceObject(body), 2);
    EXPECT_EQ(ObDereferenceObjectWithTag(body, 'gaTa'), 1);
    EXPECT_EQ(life.deleted, 0);
    EXPECT_EQ(ObDereferenceObject(body), 0);
    EXPECT_EQ(life.deleted, 1);
    EXPECT_FALSE(ob::is_object(body));
}

// At DISPATCH_LEVEL deletion waits for a worker at PASSIVE_LEVEL.
TEST(ObObject, DeletionIsDeferredAboveApcLevel) {
    Kernel kernel;
    void* const body = make_object();
    EXPECT_TRUE(kernel.run([&] {
        const auto old = ke::raise(DISPATCH_LEVEL);
        ObDereferenceObject(body);
        EXPECT_EQ(life.deleted, 0);
        ke::lower(old);
    }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(life.deleted, 1);
    EXPECT_EQ(life.deleted_at, PASSIVE_LEVEL);
}

TEST(ObObject, DeletionIsDeferredInAGuardedRegion) {
    Kernel kernel;
    void* const body = make_object();
    EXPECT_TRUE(kernel.run([&] {
        KeEnterGuardedRegion();
        ObDereferenceObject(body);
        EXPECT_EQ(life.deleted, 0);
        KeLeaveGuardedRegion();
    }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(life.deleted, 1);
}

TEST(ObObject, LosingCountIsTold) {
    Kernel kernel;
    MisuseLog misuse;
    void* const body = make_object();
    HANDLE handle = nullptr;
    ASSERT_EQ(ob::insert_handle(body, 0, true, &handle), STATUS_SUCCESS);
    ObDereferenceObject(body);
    EXPECT_EQ(misuse.size(), 0u);
    ObDereferenceObject(body);  // the handle's own
    EXPECT_THAT(misuse.codes(), ElementsAre(REFERENCE_BY_POINTER));
    EXPECT_TRUE(ob::is_object(body));
    ZwClose(handle);
    EXPECT_EQ(life.deleted, 1);
    ObDereferenceObject(body);
    ObReferenceObject(reinterpret_cast<void*>(sim::nonpaged_range.base + 0x800000));
    EXPECT_THAT(misuse.codes(),
                ElementsAre(REFERENCE_BY_POINTER, REFERENCE_BY_POINTER, REFERENCE_BY_POINTER));
}

TEST(ObObject, ReferencesLeftAreToldWithTheirMaker) {
    Kernel kernel;
    void* const body = make_object();
    ObReferenceObject(body);
    ObReferenceObject(body);
    ObDereferenceObject(body);
    LeftLog left;
    ob::for_each_left({}, LeftLog::visit, &left);
    ASSERT_EQ(left.all.size(), 1u);
    EXPECT_EQ(left.all[0].kind, LeftKind::reference);
    EXPECT_STREQ(left.all[0].what, "Test");
    EXPECT_EQ(left.all[0].references, 1u);
    EXPECT_NE(left.all[0].made.frames[0], 0u);
    ObDereferenceObject(body);
    LeftLog none;
    ob::for_each_left({}, LeftLog::visit, &none);
    EXPECT_TRUE(none.all.empty());
    REQUIRES("LC-058");
}

TEST(ObObject, HandlesAndObjectsLeftAreTold) {
    Kernel kernel;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, nullptr, OBJ_KERNEL_HANDLE, nullptr, nullptr);
    HANDLE handle = nullptr;
    ASSERT_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
              STATUS_SUCCESS);
    LeftLog left;
    ob::for_each_left({}, LeftLog::visit, &left);
    ASSERT_EQ(left.all.size(), 1u);
    EXPECT_EQ(left.all[0].kind, LeftKind::handle);
    EXPECT_EQ(left.all[0].address, reinterpret_cast<std::uint64_t>(handle));
    EXPECT_STREQ(left.all[0].what, "Event");
    ZwClose(handle);
    PCALLBACK_OBJECT callback = nullptr;
    ASSERT_EQ(ExCreateCallback(&callback, &attributes, TRUE, TRUE), STATUS_SUCCESS);
    LeftLog objects;
    ob::for_each_left({}, LeftLog::visit, &objects);
    ASSERT_EQ(objects.all.size(), 1u);
    EXPECT_EQ(objects.all[0].kind, LeftKind::object);
    EXPECT_STREQ(objects.all[0].what, "Callback");
    ObDereferenceObject(callback);
}

TEST(ObHandle, ReferenceByHandleChecksHandleAndType) {
    Kernel kernel;
    const HANDLE handle = make_event();
    void* body = nullptr;
    OBJECT_HANDLE_INFORMATION information{};
    EXPECT_EQ(ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, *ExEventObjectType, KernelMode, &body,
                                        &information),
              STATUS_SUCCESS);
    EXPECT_EQ(information.GrantedAccess, ACCESS_MASK{EVENT_ALL_ACCESS});
    ObDereferenceObject(body);
    EXPECT_EQ(ObReferenceObjectByHandle(handle, 0, *PsThreadType, KernelMode, &body, nullptr),
              STATUS_OBJECT_TYPE_MISMATCH);
    EXPECT_EQ(body, nullptr);
    EXPECT_EQ(ObReferenceObjectByHandle(nullptr, 0, nullptr, KernelMode, &body, nullptr),
              STATUS_INVALID_HANDLE);
    EXPECT_EQ(ObReferenceObjectByHandle(reinterpret_cast<HANDLE>(0x7FFCull), 0, nullptr, KernelMode, &body,
                                        nullptr),
              STATUS_INVALID_HANDLE);
    // The two low bits are the caller's own.
    EXPECT_EQ(ObReferenceObjectByHandle(reinterpret_cast<HANDLE>(reinterpret_cast<std::uint64_t>(handle) | 3),
                                        0, nullptr, KernelMode, &body, nullptr),
              STATUS_SUCCESS);
}

TEST(ObHandle, AccessIsCheckedForUserModeAlone) {
    Kernel kernel;
    HANDLE handle = nullptr;
    ASSERT_EQ(ZwCreateEvent(&handle, SYNCHRONIZE, nullptr, SynchronizationEvent, FALSE), STATUS_SUCCESS);
    void* body = nullptr;
    EXPECT_EQ(ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, nullptr, UserMode, &body, nullptr),
              STATUS_ACCESS_DENIED);
    EXPECT_EQ(ObReferenceObjectByHandle(handle, SYNCHRONIZE, nullptr, UserMode, &body, nullptr),
              STATUS_SUCCESS);
    EXPECT_EQ(ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, nullptr, KernelMode, &body, nullptr),
              STATUS_SUCCESS);
    EXPECT_EQ(ZwCreateEvent(&handle, 0x00008000, nullptr, SynchronizationEvent, FALSE), STATUS_ACCESS_DENIED);
}

TEST(ObHandle, GenericRightsAreMapped) {
    Kernel kernel;
    HANDLE handle = nullptr;
    void* body = nullptr;
    OBJECT_HANDLE_INFORMATION information{};
    ASSERT_EQ(ZwCreateEvent(&handle, GENERIC_WRITE, nullptr, SynchronizationEvent, FALSE), STATUS_SUCCESS);
    ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &body, &information);
    EXPECT_EQ(information.GrantedAccess, ACCESS_MASK{STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE});
    ASSERT_EQ(ZwCreateEvent(&handle, MAXIMUM_ALLOWED, nullptr, SynchronizationEvent, FALSE), STATUS_SUCCESS);
    ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &body, &information);
    EXPECT_EQ(information.GrantedAccess, ACCESS_MASK{EVENT_ALL_ACCESS});
}

TEST(ObHandle, KernelHandlesAreTheSystemsAlone) {
    Kernel kernel;
    ps::Process* const client = ps::create_client_process("client");
    ASSERT_NE(client, nullptr);
    EXPECT_TRUE(kernel.run([&] {
        const ps::Attach attach(*client, UserMode);
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, nullptr, OBJ_KERNEL_HANDLE, nullptr, nullptr);
        HANDLE kernel_handle = nullptr;
        ASSERT_EQ(ZwCreateEvent(&kernel_handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
                  STATUS_SUCCESS);
        EXPECT_EQ(reinterpret_cast<std::uint64_t>(kernel_handle) >> 31, 0x1FFFFFFFFull);
        void* body = nullptr;
        EXPECT_EQ(ObReferenceObjectByHandle(kernel_handle, 0, nullptr, UserMode, &body, nullptr),
                  STATUS_INVALID_HANDLE);
        EXPECT_EQ(ObReferenceObjectByHandle(kernel_handle, 0, nullptr, KernelMode, &body, nullptr),
                  STATUS_SUCCESS);
        HANDLE own = nullptr;
        ASSERT_EQ(ZwCreateEvent(&own, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(ObReferenceObjectByHandle(own, 0, nullptr, UserMode, &body, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(client->handles.open, 1u);
    }));
    EXPECT_EQ(client->handles.open, 1u);
}

TEST(ObHandle, CloseProcedureCountsWhatIsLeft) {
    Kernel kernel;
    void* const body = make_object();
    ps::Process* const client = ps::create_client_process("client");
    HANDLE system = nullptr;
    HANDLE first = nullptr;
    HANDLE second = nullptr;
    ASSERT_EQ(ob::insert_handle(body, 0, true, &system), STATUS_SUCCESS);
    {
        const ps::Attach attach(*client, KernelMode);
        ASSERT_EQ(ob::insert_handle(body, 0, false, &first), STATUS_SUCCESS);
        ASSERT_EQ(ob::insert_handle(body, 0, false, &second), STATUS_SUCCESS);
        EXPECT_EQ(ob::handles_of(body), 3u);
        ob::close(first, KernelMode);
        ob::close(system, KernelMode);
        ob::close(second, KernelMode);
    }
    EXPECT_THAT(life.closed, ElementsAre(std::pair(1u, 2u), std::pair(0u, 1u), std::pair(0u, 0u)));
    EXPECT_EQ(life.deleted, 0);
    ob::dereference(body);
    EXPECT_EQ(life.deleted, 1);
}

TEST(ObHandle, ClosingTwiceIsTold) {
    Kernel kernel;
    MisuseLog misuse;
    const HANDLE handle = make_event();
    EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);
    EXPECT_EQ(ZwClose(handle), STATUS_INVALID_HANDLE);
    EXPECT_THAT(misuse.codes(), ElementsAre(INVALID_KERNEL_HANDLE));
    EXPECT_EQ(ObCloseHandle(handle, UserMode), STATUS_INVALID_HANDLE);
    EXPECT_EQ(misuse.size(), 1u);
}

// A closed handle's value stays unused for long, so that a stale one is noticed.
TEST(ObHandle, ValuesAreReusedLate) {
    Kernel kernel;
    const HANDLE first = make_event();
    ZwClose(first);
    for (int i = 0; i < 40; ++i) {
        const HANDLE next = make_event();
        EXPECT_NE(next, first);
        ZwClose(next);
    }
}

TEST(ObHandle, ManyHandlesUntilTheTableIsFull) {
    Kernel kernel;
    void* const body = ob::allocate(&ob::event_type, sizeof(KEVENT));
    HANDLE handle = nullptr;
    NTSTATUS status = STATUS_SUCCESS;
    unsigned count = 0;
    while (NT_SUCCESS(status = ob::insert_handle(body, 0, true, &handle))) ++count;
    EXPECT_EQ(status, STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_EQ(count, 256u * 56u);
    ob::close_all(ps::system_process()->handles);
    EXPECT_EQ(ob::handles_of(body), 0u);
    EXPECT_EQ(ob::references_of(body), 1);
}

TEST(ObHandle, PseudoHandles) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        void* body = nullptr;
        EXPECT_EQ(
            ObReferenceObjectByHandle(ZwCurrentProcess(), 0, *PsProcessType, KernelMode, &body, nullptr),
            STATUS_SUCCESS);
        EXPECT_EQ(body, PsInitialSystemProcess);
        ObDereferenceObject(body);
        EXPECT_EQ(ObReferenceObjectByHandle(ZwCurrentProcess(), 0, *PsThreadType, KernelMode, &body, nullptr),
                  STATUS_OBJECT_TYPE_MISMATCH);
        // Closing one does nothing, and succeeds.
        EXPECT_EQ(ZwClose(ZwCurrentProcess()), STATUS_SUCCESS);
        EXPECT_EQ(ObCloseHandle(ZwCurrentThread(), UserMode), STATUS_SUCCESS);
        EXPECT_EQ(ZwClose(nullptr), STATUS_INVALID_HANDLE);
    }));
}

TEST(ObHandle, ReferenceByPointerAndOpenByPointer) {
    Kernel kernel;
    const HANDLE handle = make_event();
    void* body = nullptr;
    ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &body, nullptr);
    EXPECT_EQ(ObReferenceObjectByPointer(body, EVENT_ALL_ACCESS, *ExEventObjectType, UserMode),
              STATUS_SUCCESS);
    EXPECT_EQ(ObReferenceObjectByPointer(body, 0, *PsThreadType, UserMode), STATUS_OBJECT_TYPE_MISMATCH);
    EXPECT_EQ(ObReferenceObjectByPointer(body, 0, nullptr, KernelMode), STATUS_SUCCESS);
    ObDereferenceObject(body);
    ObDereferenceObject(body);
    HANDLE other = nullptr;
    EXPECT_EQ(ObOpenObjectByPointer(body, OBJ_KERNEL_HANDLE, nullptr, EVENT_MODIFY_STATE, *ExEventObjectType,
                                    KernelMode, &other),
              STATUS_SUCCESS);
    EXPECT_EQ(ob::handles_of(body), 2u);
    ZwClose(other);
    // Opening looks at the type in either mode, referencing only in UserMode.
    for (const auto mode : {KernelMode, UserMode}) {
        EXPECT_EQ(ObOpenObjectByPointer(body, OBJ_KERNEL_HANDLE, nullptr, 0, *PsThreadType, mode, &other),
                  STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(other, nullptr);
    }
    EXPECT_EQ(ob::handles_of(body), 1u);
    ZwClose(handle);
    ObDereferenceObject(body);
    EXPECT_FALSE(ob::is_object(body));
}

TEST(ObHandle, Duplicate) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        const HANDLE handle = make_event();
        HANDLE copy = nullptr;
        EXPECT_EQ(ZwDuplicateObject(ZwCurrentProcess(), handle, ZwCurrentProcess(), &copy, SYNCHRONIZE, 0, 0),
                  STATUS_SUCCESS);
        OBJECT_HANDLE_INFORMATION information{};
        void* body = nullptr;
        ObReferenceObjectByHandle(copy, 0, nullptr, KernelMode, &body, &information);
        EXPECT_EQ(information.GrantedAccess, ACCESS_MASK{SYNCHRONIZE});
        EXPECT_EQ(ZwDuplicateObject(ZwCurrentProcess(), handle, ZwCurrentProcess(), &copy, 0,
                                    OBJ_KERNEL_HANDLE, DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE),
                  STATUS_SUCCESS);
        EXPECT_EQ(ob::close(handle, UserMode), STATUS_INVALID_HANDLE);
        EXPECT_EQ(ob::handles_of(body), 2u);
        EXPECT_EQ(ZwDuplicateObject(ZwCurrentProcess(), handle, ZwCurrentProcess(), &copy, 0, 0, 0),
                  STATUS_INVALID_HANDLE);
        EXPECT_EQ(ZwDuplicateObject(ZwCurrentProcess(), copy, nullptr, nullptr, 0, 0, 0),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(ZwDuplicateObject(ZwCurrentProcess(), copy, nullptr, nullptr, 0, 0, DUPLICATE_CLOSE_SOURCE),
                  STATUS_SUCCESS);
    }));
}

TEST(ObHandle, EventsByHandle) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        const HANDLE handle = make_event();
        LONG before = 5;
        EXPECT_EQ(ZwSetEvent(handle, &before), STATUS_SUCCESS);
        EXPECT_EQ(before, 0);
        EXPECT_EQ(ZwSetEvent(handle, &before), STATUS_SUCCESS);
        EXPECT_EQ(before, 1);
        EXPECT_EQ(ZwResetEvent(handle, &before), STATUS_SUCCESS);
        EXPECT_EQ(before, 1);
        LARGE_INTEGER soon = test::relative_ms(1);
        EXPECT_EQ(ZwWaitForSingleObject(handle, FALSE, &soon), STATUS_TIMEOUT);
        ZwSetEvent(handle, nullptr);
        EXPECT_EQ(ZwClearEvent(handle), STATUS_SUCCESS);
        EXPECT_EQ(ZwWaitForSingleObject(handle, FALSE, &soon), STATUS_TIMEOUT);
        EXPECT_EQ(ZwSetEvent(ZwCurrentProcess(), nullptr), STATUS_OBJECT_TYPE_MISMATCH);
        HANDLE bad = nullptr;
        EXPECT_EQ(ZwCreateEvent(&bad, EVENT_ALL_ACCESS, nullptr, static_cast<EVENT_TYPE>(2), FALSE),
                  STATUS_INVALID_PARAMETER);
    }));
}

TEST(ObSecurity, AccessChecks) {
    Kernel kernel;
    ps::Process* const user = ps::create_client_process("user");
    ps::Process* const admin = ps::create_client_process("admin", true);
    // Self-relative: Everyone may read (0x1), Administrators all (0x3), Users are denied 0x4.
    struct {
        UCHAR revision = 1, sbz = 0;
        USHORT control = 0x8004;
        ULONG owner = 0, group = 0, sacl = 0, dacl = 20;
        UCHAR acl_revision = 2, acl_sbz = 0;
        USHORT acl_size = 8 + 24 + 20 + 24, ace_count = 3, acl_sbz2 = 0;
        UCHAR deny[24] = {1, 0, 24, 0, 4, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x21, 2, 0, 0};
        UCHAR everyone[20] = {0, 0, 20, 0, 5, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
        UCHAR admins[24] = {0, 0, 24, 0, 3, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};
    } descriptor;
    GENERIC_MAPPING mapping{1, 2, 4, 7};
    const auto check = [&](ps::Process& subject, ACCESS_MASK desired, KPROCESSOR_MODE mode) {
        const ps::Attach attach(subject, mode);
        SECURITY_SUBJECT_CONTEXT context;
        SeCaptureSubjectContext(&context);
        ACCESS_MASK granted = 0xFF;
        NTSTATUS status = STATUS_SUCCESS;
        const bool ok = SeAccessCheck(&descriptor, &context, FALSE, desired, 0, nullptr, &mapping, mode,
                                      &granted, &status);
        EXPECT_EQ(ok, NT_SUCCESS(status));
        SeReleaseSubjectContext(&context);
        return ok ? granted : ~ACCESS_MASK{0};
    };
    EXPECT_EQ(check(*user, 1, UserMode), 1u);
    EXPECT_EQ(check(*user, GENERIC_READ, UserMode), 1u);
    EXPECT_EQ(check(*user, 2, UserMode), ~0u);
    EXPECT_EQ(check(*user, 4, UserMode), ~0u);  // denied before it is allowed
    EXPECT_EQ(check(*admin, 2, UserMode), 2u);
    EXPECT_EQ(check(*admin, MAXIMUM_ALLOWED, UserMode), 3u);
    EXPECT_EQ(check(*user, 2, KernelMode), 2u);
    const ps::Attach attach(*user, UserMode);
    EXPECT_FALSE(SeSinglePrivilegeCheck({}, UserMode));
    EXPECT_TRUE(SeSinglePrivilegeCheck({}, KernelMode));
}

// An ACE that is too short for a SID grants nothing, whatever lies behind it.
TEST(ObSecurity, AShortAceNamesNobody) {
    Kernel kernel;
    ps::Process* const user = ps::create_client_process("user");
    struct {
        UCHAR revision = 1, sbz = 0;
        USHORT control = 0x8004;
        ULONG owner = 0, group = 0, sacl = 0, dacl = 20;
        UCHAR acl_revision = 2, acl_sbz = 0;
        USHORT acl_size = 8 + 12, ace_count = 1, acl_sbz2 = 0;
        UCHAR everyone[20] = {0, 0, 12, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
    } descriptor;
    GENERIC_MAPPING mapping{1, 2, 4, 7};
    const ps::Attach attach(*user, UserMode);
    SECURITY_SUBJECT_CONTEXT context;
    SeCaptureSubjectContext(&context);
    ACCESS_MASK granted = 0xFF;
    NTSTATUS status = STATUS_SUCCESS;
    EXPECT_FALSE(
        SeAccessCheck(&descriptor, &context, FALSE, 1, 0, nullptr, &mapping, UserMode, &granted, &status));
    EXPECT_EQ(status, STATUS_ACCESS_DENIED);
    SeReleaseSubjectContext(&context);
}

}  // namespace
}  // namespace ob_object_test
