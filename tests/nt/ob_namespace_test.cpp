// Directories, symbolic links and the walk along paths: statuses as NT gives them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kernel.h"
#include "misuse.h"
#include "nt/ob/ob.h"

namespace ob_namespace_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::MisuseLog;

OBJECT_ATTRIBUTES named(UNICODE_STRING& name, ULONG bits = 0, HANDLE root = nullptr) {
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, bits | OBJ_KERNEL_HANDLE, root, nullptr);
    return attributes;
}

NTSTATUS create_event(const char16_t* path, HANDLE* handle, ULONG bits = 0, HANDLE root = nullptr) {
    UNICODE_STRING name = ob::string(path);
    OBJECT_ATTRIBUTES attributes = named(name, bits, root);
    return ZwCreateEvent(handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
}

NTSTATUS open_event(const char16_t* path, HANDLE* handle, ULONG bits = 0, HANDLE root = nullptr) {
    UNICODE_STRING name = ob::string(path);
    OBJECT_ATTRIBUTES attributes = named(name, bits, root);
    return ZwOpenEvent(handle, EVENT_ALL_ACCESS, &attributes);
}

NTSTATUS create_directory(const char16_t* path, HANDLE* handle, ULONG bits = 0) {
    UNICODE_STRING name = ob::string(path);
    OBJECT_ATTRIBUTES attributes = named(name, bits);
    return ZwCreateDirectoryObject(handle, DIRECTORY_ALL_ACCESS, &attributes);
}

std::u16string path_of(HANDLE handle) {
    void* body = nullptr;
    EXPECT_EQ(ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &body, nullptr), STATUS_SUCCESS);
    std::array<WCHAR, 512> memory;
    ULONG needed = 0;
    auto* const info = reinterpret_cast<POBJECT_NAME_INFORMATION>(memory.data());
    EXPECT_EQ(ObQueryNameString(body, info, sizeof memory, &needed), STATUS_SUCCESS);
    ObDereferenceObject(body);
    return {info->Name.Buffer, info->Name.Length / sizeof(WCHAR)};
}

TEST(ObNamespace, CreateAndOpenByName) {
    Kernel kernel;
    HANDLE made = nullptr;
    HANDLE opened = nullptr;
    EXPECT_EQ(open_event(u"\\BaseNamedObjects\\Ready", &opened), STATUS_OBJECT_NAME_NOT_FOUND);
    ASSERT_EQ(create_event(u"\\BaseNamedObjects\\Ready", &made), STATUS_SUCCESS);
    ASSERT_EQ(open_event(u"\\BaseNamedObjects\\Ready", &opened), STATUS_SUCCESS);
    EXPECT_EQ(path_of(opened), u"\\BaseNamedObjects\\Ready");
    LONG before = 7;
    EXPECT_EQ(ZwSetEvent(opened, &before), STATUS_SUCCESS);
    EXPECT_EQ(before, 0);
    LARGE_INTEGER zero{};
    EXPECT_EQ(ZwWaitForSingleObject(made, FALSE, &zero), STATUS_SUCCESS);
    EXPECT_EQ(ZwClose(made), STATUS_SUCCESS);
    HANDLE again = nullptr;
    EXPECT_EQ(open_event(u"\\BaseNamedObjects\\Ready", &again), STATUS_SUCCESS);
    ZwClose(again);
    EXPECT_EQ(ZwClose(opened), STATUS_SUCCESS);
    // A temporary object loses its name with its last handle.
    EXPECT_EQ(open_event(u"\\BaseNamedObjects\\Ready", &again), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(ObNamespace, StatusesOfBadPaths) {
    Kernel kernel;
    HANDLE handle = nullptr;
    EXPECT_EQ(open_event(u"NoBackslash", &handle), STATUS_OBJECT_PATH_SYNTAX_BAD);
    EXPECT_EQ(open_event(u"", &handle), STATUS_OBJECT_PATH_SYNTAX_BAD);
    EXPECT_EQ(open_event(u"\\BaseNamedObjects\\", &handle), STATUS_OBJECT_NAME_INVALID);
    EXPECT_EQ(open_event(u"\\BaseNamedObjects\\\\Event", &handle), STATUS_OBJECT_NAME_INVALID);
    EXPECT_EQ(open_event(u"\\NoSuchDirectory\\Event", &handle), STATUS_OBJECT_PATH_NOT_FOUND);
    EXPECT_EQ(create_event(u"\\NoSuchDirectory\\Event", &handle), STATUS_OBJECT_PATH_NOT_FOUND);
    EXPECT_EQ(open_event(u"\\BaseNamedObjects", &handle), STATUS_OBJECT_TYPE_MISMATCH);
    EXPECT_EQ(open_event(u"\\", &handle), STATUS_OBJECT_TYPE_MISMATCH);
    HANDLE event = nullptr;
    ASSERT_EQ(create_event(u"\\BaseNamedObjects\\Event", &event), STATUS_SUCCESS);
    EXPECT_EQ(open_event(u"\\BaseNamedObjects\\Event\\Below", &handle), STATUS_OBJECT_TYPE_MISMATCH);
    UNICODE_STRING name = ob::string(u"\\BaseNamedObjects\\Event");
    OBJECT_ATTRIBUTES attributes = named(name);
    attributes.Length = 4;
    EXPECT_EQ(ZwOpenEvent(&handle, EVENT_ALL_ACCESS, &attributes), STATUS_INVALID_PARAMETER);
}

TEST(ObNamespace, CollisionAndOpenIf) {
    Kernel kernel;
    HANDLE first = nullptr;
    HANDLE second = nullptr;
    ASSERT_EQ(create_event(u"\\BaseNamedObjects\\Same", &first), STATUS_SUCCESS);
    EXPECT_EQ(create_event(u"\\BaseNamedObjects\\Same", &second), STATUS_OBJECT_NAME_COLLISION);
    EXPECT_EQ(create_event(u"\\BaseNamedObjects\\Same", &second, OBJ_OPENIF), STATUS_OBJECT_NAME_EXISTS);
    ZwSetEvent(second, nullptr);
    LARGE_INTEGER zero{};
    EXPECT_EQ(ZwWaitForSingleObject(first, FALSE, &zero), STATUS_SUCCESS);
    EXPECT_EQ(create_directory(u"\\BaseNamedObjects\\Same", &second), STATUS_OBJECT_NAME_COLLISION);
    EXPECT_EQ(create_directory(u"\\BaseNamedObjects\\Same", &second, OBJ_OPENIF),
              STATUS_OBJECT_TYPE_MISMATCH);
}

TEST(ObNamespace, CaseOfNames) {
    Kernel kernel;
    HANDLE made = nullptr;
    HANDLE opened = nullptr;
    ASSERT_EQ(create_event(u"\\BaseNamedObjects\\Ready", &made), STATUS_SUCCESS);
    EXPECT_EQ(open_event(u"\\basenamedobjects\\READY", &opened), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(open_event(u"\\basenamedobjects\\READY", &opened, OBJ_CASE_INSENSITIVE), STATUS_SUCCESS);
}

TEST(ObNamespace, RelativeToADirectory) {
    Kernel kernel;
    HANDLE directory = nullptr;
    HANDLE event = nullptr;
    ASSERT_EQ(create_directory(u"\\BaseNamedObjects\\Mine", &directory), STATUS_SUCCESS);
    EXPECT_EQ(create_event(u"Inner", &event, 0, directory), STATUS_SUCCESS);
    EXPECT_EQ(path_of(event), u"\\BaseNamedObjects\\Mine\\Inner");
    HANDLE again = nullptr;
    EXPECT_EQ(open_event(u"\\Inner", &again, 0, directory), STATUS_OBJECT_PATH_SYNTAX_BAD);
    EXPECT_EQ(open_event(u"Inner", &again, 0, event), STATUS_OBJECT_TYPE_MISMATCH);
    EXPECT_EQ(open_event(u"Inner", &again, 0, reinterpret_cast<HANDLE>(0xFFFF00ull)), STATUS_INVALID_HANDLE);
    EXPECT_EQ(open_event(u"Inner", &again, 0, directory), STATUS_SUCCESS);
}

TEST(ObNamespace, DosDevicesLeadToOneDirectory) {
    Kernel kernel;
    ASSERT_EQ(ob::create_symbolic_link(ob::string(u"\\DosDevices\\Port0"), ob::string(u"\\BaseNamedObjects"),
                                       nullptr),
              STATUS_SUCCESS);
    EXPECT_EQ(ob::create_symbolic_link(ob::string(u"\\??\\PORT0"), ob::string(u"\\Device"), nullptr),
              STATUS_OBJECT_NAME_COLLISION);
    HANDLE event = nullptr;
    ASSERT_EQ(create_event(u"\\??\\Port0\\Event", &event), STATUS_SUCCESS);
    EXPECT_EQ(path_of(event), u"\\BaseNamedObjects\\Event");
    HANDLE again = nullptr;
    EXPECT_EQ(open_event(u"\\GLOBAL??\\port0\\Event", &again), STATUS_SUCCESS);
    EXPECT_EQ(open_event(u"\\DosDevices\\Global\\Port0\\Event", &again), STATUS_SUCCESS);
    EXPECT_EQ(ob::delete_symbolic_link(ob::string(u"\\DosDevices\\Port0")), STATUS_SUCCESS);
    EXPECT_EQ(ob::delete_symbolic_link(ob::string(u"\\DosDevices\\Port0")), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(open_event(u"\\??\\Port0\\Event", &again), STATUS_OBJECT_PATH_NOT_FOUND);
}

TEST(ObNamespace, LinksAreOpenedAndQueried) {
    Kernel kernel;
    ASSERT_EQ(ob::create_symbolic_link(ob::string(u"\\??\\Midi"), ob::string(u"\\Device\\Midi0"), nullptr),
              STATUS_SUCCESS);
    UNICODE_STRING name = ob::string(u"\\??\\Midi");
    OBJECT_ATTRIBUTES attributes = named(name, OBJ_CASE_INSENSITIVE);
    HANDLE link = nullptr;
    ASSERT_EQ(ZwOpenSymbolicLinkObject(&link, SYMBOLIC_LINK_QUERY, &attributes), STATUS_SUCCESS);
    WCHAR buffer[32];
    UNICODE_STRING target{0, 4, buffer};
    ULONG length = 0;
    EXPECT_EQ(ZwQuerySymbolicLinkObject(link, &target, &length), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(length, 28u);
    target.MaximumLength = 26;
    EXPECT_EQ(ZwQuerySymbolicLinkObject(link, &target, &length), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(ZwQuerySymbolicLinkObject(link, &target, nullptr), STATUS_SUCCESS);
    target.MaximumLength = sizeof buffer;
    EXPECT_EQ(ZwQuerySymbolicLinkObject(link, &target, &length), STATUS_SUCCESS);
    EXPECT_EQ(std::u16string(target.Buffer, target.Length / 2), u"\\Device\\Midi0");
    EXPECT_EQ(buffer[13], 0);
    HANDLE event = nullptr;
    EXPECT_EQ(open_event(u"\\??\\Midi", &event), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(ObNamespace, ACircleOfLinksEnds) {
    Kernel kernel;
    ob::create_symbolic_link(ob::string(u"\\??\\A"), ob::string(u"\\??\\B"), nullptr);
    ob::create_symbolic_link(ob::string(u"\\??\\B"), ob::string(u"\\??\\A"), nullptr);
    HANDLE handle = nullptr;
    EXPECT_EQ(open_event(u"\\??\\A", &handle), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(ObNamespace, PermanentUntilMadeTemporary) {
    Kernel kernel;
    HANDLE handle = nullptr;
    ASSERT_EQ(create_event(u"\\BaseNamedObjects\\Stays", &handle, OBJ_PERMANENT), STATUS_SUCCESS);
    ZwClose(handle);
    ASSERT_EQ(open_event(u"\\BaseNamedObjects\\Stays", &handle), STATUS_SUCCESS);
    EXPECT_EQ(ZwMakeTemporaryObject(handle), STATUS_SUCCESS);
    ZwClose(handle);
    EXPECT_EQ(open_event(u"\\BaseNamedObjects\\Stays", &handle), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(ObNamespace, ReferencesKeepAnObjectAfterItsNameWent) {
    Kernel kernel;
    HANDLE handle = nullptr;
    void* body = nullptr;
    ASSERT_EQ(create_event(u"\\BaseNamedObjects\\Kept", &handle), STATUS_SUCCESS);
    ASSERT_EQ(
        ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, *ExEventObjectType, KernelMode, &body, nullptr),
        STATUS_SUCCESS);
    ZwClose(handle);
    EXPECT_TRUE(ob::is_object(body));
    EXPECT_EQ(ob::references_of(body), 1);
    ObDereferenceObject(body);
    EXPECT_FALSE(ob::is_object(body));
}

TEST(ObNamespace, NamesOfUnnamedObjectsAndSmallBuffers) {
    Kernel kernel;
    HANDLE handle = nullptr;
    ASSERT_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE), STATUS_SUCCESS);
    void* body = nullptr;
    ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &body, nullptr);
    OBJECT_NAME_INFORMATION info;
    ULONG needed = 0;
    EXPECT_EQ(ObQueryNameString(body, &info, sizeof info, &needed), STATUS_SUCCESS);
    EXPECT_EQ(needed, sizeof info);
    EXPECT_EQ(info.Name.Buffer, nullptr);
    EXPECT_EQ(ObQueryNameString(body, &info, 4, &needed), STATUS_INFO_LENGTH_MISMATCH);
    HANDLE directory = nullptr;
    ASSERT_EQ(create_directory(u"\\BaseNamedObjects\\Sub", &directory), STATUS_SUCCESS);
    void* other = nullptr;
    ObReferenceObjectByHandle(directory, 0, nullptr, KernelMode, &other, nullptr);
    EXPECT_EQ(ObQueryNameString(other, &info, sizeof info, &needed), STATUS_INFO_LENGTH_MISMATCH);
    EXPECT_EQ(needed, sizeof info + (21 + 1) * sizeof(WCHAR));
}

}  // namespace
}  // namespace ob_namespace_test
