// System threads and processes as objects.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernel.h"
#include "misuse.h"
#include "nt/ob/ob.h"
#include "nt/ps/ps.h"

// What ntifs.h declares on Windows.
extern "C" {
NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD* Thread);
NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS* Process);
}

namespace ps_thread_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::LeftLog;
using test::MisuseLog;

OBJECT_ATTRIBUTES kernel_handle() {
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, nullptr, OBJ_KERNEL_HANDLE, nullptr, nullptr);
    return attributes;
}

struct Shared {
    KEVENT go;
    PETHREAD self = nullptr;
    HANDLE id = nullptr;
    PEPROCESS process = nullptr;
    NTSTATUS exit = STATUS_SUCCESS;
    NTSTATUS terminated = STATUS_PENDING;
};

VOID NTAPI body(PVOID context) {
    auto& shared = *static_cast<Shared*>(context);
    shared.self = PsGetCurrentThread();
    shared.id = PsGetCurrentThreadId();
    shared.process = PsGetCurrentProcess();
    KeWaitForSingleObject(&shared.go, Executive, KernelMode, FALSE, nullptr);
    shared.terminated = PsTerminateSystemThread(shared.exit);
}

TEST(PsThread, CreateWaitAndTerminate) {
    Kernel kernel;
    Shared shared;
    ke::initialize_event(&shared.go, NotificationEvent, false);
    shared.exit = STATUS_DEVICE_BUSY;
    EXPECT_TRUE(kernel.run([&] {
        HANDLE handle = nullptr;
        CLIENT_ID client{};
        OBJECT_ATTRIBUTES attributes = kernel_handle();
        ASSERT_EQ(
            PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, nullptr, &client, body, &shared),
            STATUS_SUCCESS);
        PETHREAD thread = nullptr;
        ASSERT_EQ(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode,
                                            reinterpret_cast<PVOID*>(&thread), nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);
        LARGE_INTEGER soon = test::relative_ms(20);
        EXPECT_EQ(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, &soon), STATUS_TIMEOUT);
        EXPECT_EQ(shared.self, thread);
        EXPECT_EQ(shared.id, client.UniqueThread);
        EXPECT_EQ(PsGetThreadId(thread), client.UniqueThread);
        EXPECT_EQ(client.UniqueProcess, PsGetProcessId(PsInitialSystemProcess));
        EXPECT_EQ(shared.process, PsInitialSystemProcess);
        EXPECT_TRUE(PsIsSystemThread(thread));
        EXPECT_FALSE(PsIsThreadTerminating(thread));
        KeSetEvent(&shared.go, 0, FALSE);
        EXPECT_EQ(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_TRUE(PsIsThreadTerminating(thread));
        EXPECT_EQ(thread->tcb.exit_status, STATUS_DEVICE_BUSY);
        ObDereferenceObject(thread);
    }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(shared.terminated, STATUS_PENDING);  // it never came back
    EXPECT_FALSE(ob::is_object(shared.self));
    EXPECT_EQ(ps::system_process()->threads, 0u);
}

VOID NTAPI nothing(PVOID) {}

TEST(PsThread, FoundByItsId) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        Shared shared;
        ke::initialize_event(&shared.go, NotificationEvent, false);
        PETHREAD thread = nullptr;
        ASSERT_EQ(ps::create_thread(*ps::system_process(), "found", body, &shared, &thread), STATUS_SUCCESS);
        PETHREAD found = nullptr;
        EXPECT_EQ(PsLookupThreadByThreadId(PsGetThreadId(thread), &found), STATUS_SUCCESS);
        EXPECT_EQ(found, thread);
        ObDereferenceObject(found);
        EXPECT_EQ(PsLookupThreadByThreadId(reinterpret_cast<HANDLE>(0x99990ull), &found), STATUS_INVALID_CID);
        EXPECT_EQ(PsLookupThreadByThreadId(nullptr, &found), STATUS_INVALID_CID);
        PEPROCESS process = nullptr;
        EXPECT_EQ(PsLookupProcessByProcessId(PsGetProcessId(PsInitialSystemProcess), &process),
                  STATUS_SUCCESS);
        EXPECT_EQ(process, PsInitialSystemProcess);
        ObDereferenceObject(process);
        EXPECT_EQ(PsLookupProcessByProcessId(nullptr, &process), STATUS_INVALID_PARAMETER);
        ke::set_event(&shared.go);
        ke::wait(thread, KernelMode, false, nullptr);
        ob::dereference(thread);
    }));
}

TEST(PsThread, ReturningEndsItToo) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        HANDLE handle = nullptr;
        OBJECT_ATTRIBUTES attributes = kernel_handle();
        ASSERT_EQ(PsCreateSystemThread(&handle, SYNCHRONIZE, &attributes, nullptr, nullptr, nothing, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(ZwWaitForSingleObject(handle, FALSE, nullptr), STATUS_SUCCESS);
        ZwClose(handle);
    }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(ps::thread_type.objects, ps::system_process()->threads);
}

TEST(PsThread, OnlySystemThreadsTerminateThemselves) {
    Kernel kernel;
    EXPECT_TRUE(
        kernel.run([] { EXPECT_EQ(PsTerminateSystemThread(STATUS_SUCCESS), STATUS_INVALID_PARAMETER); }));
}

TEST(PsThread, InAnotherProcess) {
    Kernel kernel;
    ps::Process* const client = ps::create_client_process("client");
    Shared shared;
    ke::initialize_event(&shared.go, NotificationEvent, true);
    EXPECT_TRUE(kernel.run([&] {
        HANDLE process = nullptr;
        ASSERT_EQ(ObOpenObjectByPointer(client, OBJ_KERNEL_HANDLE, nullptr, PROCESS_ALL_ACCESS,
                                        *PsProcessType, KernelMode, &process),
                  STATUS_SUCCESS);
        HANDLE handle = nullptr;
        OBJECT_ATTRIBUTES attributes = kernel_handle();
        ASSERT_EQ(
            PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, process, nullptr, body, &shared),
            STATUS_SUCCESS);
        ZwWaitForSingleObject(handle, FALSE, nullptr);
        EXPECT_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, handle, nullptr, body, &shared),
                  STATUS_OBJECT_TYPE_MISMATCH);
    }));
    EXPECT_EQ(shared.process, client);
}

TEST(PsThread, ThreadsThatStillRunAreToldAtUnload) {
    Kernel kernel;
    Shared shared;
    ke::initialize_event(&shared.go, NotificationEvent, false);
    EXPECT_TRUE(kernel.run([&] {
        HANDLE handle = nullptr;
        OBJECT_ATTRIBUTES attributes = kernel_handle();
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, nullptr, nullptr, body, &shared);
        ZwClose(handle);
    }));
    LeftLog left;
    ob::for_each_left({}, LeftLog::visit, &left);
    ASSERT_EQ(left.all.size(), 1u);
    EXPECT_EQ(left.all[0].kind, LeftKind::object);
    EXPECT_STREQ(left.all[0].what, "Thread");
}

TEST(PsThread, SoManyAndNoMore) {
    Kernel kernel;
    Shared shared;
    ke::initialize_event(&shared.go, NotificationEvent, false);
    NTSTATUS status = STATUS_SUCCESS;
    unsigned count = 0;
    EXPECT_TRUE(kernel.run([&] {
        while (NT_SUCCESS(status)) {
            status = ps::create_thread(*ps::system_process(), "many", body, &shared, nullptr);
            if (NT_SUCCESS(status)) ++count;
        }
    }));
    EXPECT_EQ(status, STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_GE(count, 16u);
    EXPECT_TRUE(kernel.run([&] { ke::set_event(&shared.go); }));
    kernel.settle(second_ns);
    EXPECT_EQ(ps::system_process()->threads, 1u);  // the worker that deleted them
}

TEST(PsThread, PriorityByHandleAndYield) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        HANDLE handle = nullptr;
        OBJECT_ATTRIBUTES attributes = kernel_handle();
        Shared shared;
        ke::initialize_event(&shared.go, NotificationEvent, false);
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, nullptr, nullptr, body, &shared);
        LONG priority = 20;
        EXPECT_EQ(ZwSetInformationThread(handle, 2, &priority, 2), STATUS_INFO_LENGTH_MISMATCH);
        EXPECT_EQ(ZwSetInformationThread(handle, 99, &priority, 4), STATUS_INVALID_INFO_CLASS);
        EXPECT_EQ(ZwSetInformationThread(handle, 2, &priority, 4), STATUS_SUCCESS);
        PETHREAD thread = nullptr;
        ObReferenceObjectByHandle(handle, 0, *PsThreadType, KernelMode, reinterpret_cast<PVOID*>(&thread),
                                  nullptr);
        EXPECT_EQ(KeQueryPriorityThread(&thread->tcb), 20);
        priority = 40;
        EXPECT_EQ(ZwSetInformationThread(handle, 2, &priority, 4), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(ZwYieldExecution(), STATUS_NO_YIELD_PERFORMED);
        KeSetEvent(&shared.go, 0, FALSE);
        ZwWaitForSingleObject(handle, FALSE, nullptr);
    }));
}

TEST(PsProcess, ClientsHaveIdsHandlesAndAnEnd) {
    Kernel kernel;
    ps::Process* const a = ps::create_client_process("a", true);
    ps::Process* const b = ps::create_client_process("a rather long name of a simulated client");
    EXPECT_NE(a->id, b->id);
    EXPECT_TRUE(a->administrator);
    EXPECT_EQ(std::string(b->name).size(), 31u);
    ob::reference(a);
    EXPECT_TRUE(kernel.run([&] {
        HANDLE handle = nullptr;
        {
            const ps::Attach attach(*a, UserMode);
            EXPECT_EQ(PsGetCurrentProcess(), a);
            EXPECT_EQ(IoGetCurrentProcess(), a);
            EXPECT_EQ(PsGetCurrentProcessId(), a->id);
            EXPECT_EQ(ExGetPreviousMode(), UserMode);
            ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE);
        }
        EXPECT_EQ(PsGetCurrentProcess(), PsInitialSystemProcess);
        EXPECT_EQ(ExGetPreviousMode(), KernelMode);
        EXPECT_EQ(a->handles.open, 1u);
        LARGE_INTEGER zero{};
        EXPECT_EQ(KeWaitForSingleObject(a, Executive, KernelMode, FALSE, &zero), STATUS_TIMEOUT);
        const ULONG events = ob::event_type.objects;
        ps::end_process(*a, STATUS_SUCCESS);
        EXPECT_EQ(ob::event_type.objects, events - 1);
        EXPECT_EQ(KeWaitForSingleObject(a, Executive, KernelMode, FALSE, &zero), STATUS_SUCCESS);
        ob::dereference(a);
    }));
    EXPECT_FALSE(ob::is_object(a));
    EXPECT_GT(PsGetProcessCreateTimeQuadPart(b), 0);
    ULONG major = 0;
    ULONG build = 0;
    EXPECT_FALSE(PsGetVersion(&major, nullptr, &build, nullptr));
    EXPECT_EQ(major, 10u);
}

}  // namespace
}  // namespace ps_thread_test
