// Registry keys and values by handle, as ZwXxxKey documents them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "kernel.h"
#include "misuse.h"
#include "nt/cm/cm.h"
#include "support/requires.h"

namespace cm_key_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using ::testing::ElementsAre;

constexpr const char16_t* services = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services";

OBJECT_ATTRIBUTES attributes_of(UNICODE_STRING& name, HANDLE root = nullptr) {
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, root, nullptr);
    return attributes;
}

NTSTATUS create(const std::u16string& path, HANDLE* key, HANDLE root = nullptr, ULONG options = 0,
                ULONG* disposition = nullptr, ACCESS_MASK access = KEY_ALL_ACCESS) {
    UNICODE_STRING name = ob::string(path.c_str());
    OBJECT_ATTRIBUTES attributes = attributes_of(name, root);
    return ZwCreateKey(key, access, &attributes, 0, nullptr, options, disposition);
}

NTSTATUS open(const std::u16string& path, HANDLE* key, HANDLE root = nullptr,
              ACCESS_MASK access = KEY_ALL_ACCESS) {
    UNICODE_STRING name = ob::string(path.c_str());
    OBJECT_ATTRIBUTES attributes = attributes_of(name, root);
    return ZwOpenKey(key, access, &attributes);
}

HANDLE service(const char16_t* name) {
    HANDLE key = nullptr;
    EXPECT_EQ(create(std::u16string(services) + u"\\" + name, &key), STATUS_SUCCESS);
    return key;
}

NTSTATUS set(HANDLE key, const char16_t* name, ULONG type, const void* data, ULONG size) {
    UNICODE_STRING value = ob::string(name);
    return ZwSetValueKey(key, &value, 0, type, const_cast<void*>(data), size);
}

NTSTATUS set_dword(HANDLE key, const char16_t* name, ULONG data) {
    return set(key, name, REG_DWORD, &data, sizeof data);
}

template <class Info>
struct Buffer {
    alignas(8) unsigned char bytes[512] = {};
    ULONG needed = 0;
    Info* operator->() { return reinterpret_cast<Info*>(bytes); }
    Info* get() { return reinterpret_cast<Info*>(bytes); }
};

template <class Info>
NTSTATUS query(HANDLE key, const char16_t* name, KEY_VALUE_INFORMATION_CLASS c, Buffer<Info>& b,
               ULONG length = 512) {
    UNICODE_STRING value = ob::string(name);
    return ZwQueryValueKey(key, &value, c, b.bytes, length, &b.needed);
}

ULONG dword(HANDLE key, const char16_t* name) {
    Buffer<KEY_VALUE_PARTIAL_INFORMATION> b;
    EXPECT_EQ(query(key, name, KeyValuePartialInformation, b), STATUS_SUCCESS);
    EXPECT_EQ(b->Type, ULONG{REG_DWORD});
    ULONG value = 0;
    std::memcpy(&value, b->Data, sizeof value);
    return value;
}

std::u16string name_at(HANDLE key, ULONG index) {
    Buffer<KEY_BASIC_INFORMATION> b;
    const NTSTATUS status =
        ZwEnumerateKey(key, index, KeyBasicInformation, b.bytes, sizeof b.bytes, &b.needed);
    return NT_SUCCESS(status) ? std::u16string(b->Name, b->NameLength / 2) : u"";
}

TEST(CmKey, CreateOpensOrCreatesTheLastName) {
    Kernel kernel;
    HANDLE key = nullptr;
    ULONG disposition = 0;
    const std::u16string path = std::u16string(services) + u"\\mpu401";
    EXPECT_EQ(open(path, &key), STATUS_OBJECT_NAME_NOT_FOUND);
    ASSERT_EQ(create(path, &key, nullptr, 0, &disposition), STATUS_SUCCESS);
    EXPECT_EQ(disposition, ULONG{REG_CREATED_NEW_KEY});
    ASSERT_EQ(create(path, &key, nullptr, 0, &disposition), STATUS_SUCCESS);
    EXPECT_EQ(disposition, ULONG{REG_OPENED_EXISTING_KEY});
    EXPECT_EQ(create(path + u"\\a\\b", &key), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(open(u"\\registry\\MACHINE\\system\\currentcontrolset\\services\\MPU401", &key),
              STATUS_SUCCESS);
    EXPECT_EQ(open(path + u"\\", &key), STATUS_SUCCESS);
    HANDLE below = nullptr;
    EXPECT_EQ(create(u"Parameters", &below, key), STATUS_SUCCESS);
    EXPECT_EQ(open(u"parameters", &below, key), STATUS_SUCCESS);
    EXPECT_EQ(open(u"\\parameters", &below, key), STATUS_OBJECT_PATH_SYNTAX_BAD);
    EXPECT_EQ(open(u"", &below, key), STATUS_SUCCESS);  // the key itself
    EXPECT_EQ(create(path, &key, nullptr, 0x80), STATUS_INVALID_PARAMETER);
    REQUIRES("RK-010");
}

TEST(CmKey, NamesAreLimited) {
    Kernel kernel;
    HANDLE key = nullptr;
    EXPECT_EQ(create(std::u16string(services) + u"\\" + std::u16string(255, u'x'), &key), STATUS_SUCCESS);
    EXPECT_EQ(create(std::u16string(services) + u"\\" + std::u16string(256, u'x'), &key),
              STATUS_INVALID_PARAMETER);
}

TEST(CmKey, VolatileKeysHaveVolatileChildren) {
    Kernel kernel;
    const HANDLE parent = service(u"card");
    HANDLE key = nullptr;
    HANDLE below = nullptr;
    ASSERT_EQ(create(u"Temp", &key, parent, REG_OPTION_VOLATILE), STATUS_SUCCESS);
    EXPECT_EQ(create(u"Kept", &below, key), STATUS_CHILD_MUST_BE_VOLATILE);
    EXPECT_EQ(create(u"Kept", &below, key, REG_OPTION_VOLATILE), STATUS_SUCCESS);
    EXPECT_EQ(create(u"\\Registry\\Machine\\MyRoot", &below), STATUS_CHILD_MUST_BE_VOLATILE);
}

TEST(CmKey, CurrentControlSetIsALink) {
    Kernel kernel;
    const HANDLE key = service(u"card");
    Buffer<KEY_NAME_INFORMATION> b;
    ASSERT_EQ(ZwQueryKey(key, KeyNameInformation, b.bytes, sizeof b.bytes, &b.needed), STATUS_SUCCESS);
    EXPECT_EQ(std::u16string(b->Name, b->NameLength / 2),
              u"\\Registry\\Machine\\System\\ControlSet001\\Services\\card");
    EXPECT_EQ(b.needed, FIELD_OFFSET(KEY_NAME_INFORMATION, Name) + b->NameLength);
    HANDLE same = nullptr;
    EXPECT_EQ(open(u"\\Registry\\Machine\\System\\ControlSet001\\Services\\card", &same), STATUS_SUCCESS);
    EXPECT_EQ(open(u"\\Registry\\Machine\\System\\CurrentControlSet", &same), STATUS_SUCCESS);
    ASSERT_EQ(ZwQueryKey(same, KeyNameInformation, b.bytes, sizeof b.bytes, &b.needed), STATUS_SUCCESS);
    EXPECT_EQ(std::u16string(b->Name, b->NameLength / 2), u"\\Registry\\Machine\\System\\ControlSet001");
    UNICODE_STRING name = ob::string(u"\\Registry\\Machine\\System\\CurrentControlSet");
    OBJECT_ATTRIBUTES attributes = attributes_of(name);
    ASSERT_EQ(ZwOpenKeyEx(&same, KEY_READ, &attributes, REG_OPTION_OPEN_LINK), STATUS_SUCCESS);
    Buffer<KEY_VALUE_PARTIAL_INFORMATION> value;
    EXPECT_EQ(query(same, u"SymbolicLinkValue", KeyValuePartialInformation, value), STATUS_SUCCESS);
    EXPECT_EQ(value->Type, ULONG{REG_LINK});
}

TEST(CmKey, LinksOfADriver) {
    Kernel kernel;
    const HANDLE parent = service(u"card");
    HANDLE link = nullptr;
    ASSERT_EQ(create(u"Real", &link, parent), STATUS_SUCCESS);
    set_dword(link, u"V", 7);
    ASSERT_EQ(create(u"Link", &link, parent, REG_OPTION_CREATE_LINK | REG_OPTION_VOLATILE), STATUS_SUCCESS);
    const std::u16string target = std::u16string(services) + u"\\card\\Real";
    ASSERT_EQ(set(link, u"SymbolicLinkValue", REG_LINK, target.data(), static_cast<ULONG>(target.size() * 2)),
              STATUS_SUCCESS);
    HANDLE through = nullptr;
    ASSERT_EQ(open(u"Link", &through, parent), STATUS_SUCCESS);
    EXPECT_EQ(dword(through, u"V"), 7u);
    EXPECT_EQ(create(u"Link", &through, parent, REG_OPTION_CREATE_LINK), STATUS_OBJECT_NAME_COLLISION);
}

TEST(CmValue, SetQueryAndDelete) {
    Kernel kernel;
    const HANDLE key = service(u"card");
    EXPECT_EQ(set_dword(key, u"Port", 0x330), STATUS_SUCCESS);
    EXPECT_EQ(dword(key, u"PORT"), 0x330u);
    EXPECT_EQ(set_dword(key, u"port", 0x300), STATUS_SUCCESS);
    EXPECT_EQ(dword(key, u"Port"), 0x300u);
    Buffer<KEY_VALUE_BASIC_INFORMATION> name;
    ASSERT_EQ(query(key, u"pORT", KeyValueBasicInformation, name), STATUS_SUCCESS);
    EXPECT_EQ(std::u16string(name->Name, name->NameLength / 2), u"Port");  // as it was first written
    EXPECT_EQ(set(key, u"Text", REG_SZ, u"abc", 8), STATUS_SUCCESS);
    EXPECT_EQ(set(key, u"Text", REG_BINARY, "\1\2", 2), STATUS_SUCCESS);
    Buffer<KEY_VALUE_PARTIAL_INFORMATION> data;
    ASSERT_EQ(query(key, u"Text", KeyValuePartialInformation, data), STATUS_SUCCESS);
    EXPECT_EQ(data->Type, ULONG{REG_BINARY});
    EXPECT_EQ(data->DataLength, 2u);
    UNICODE_STRING text = ob::string(u"text");
    EXPECT_EQ(ZwDeleteValueKey(key, &text), STATUS_SUCCESS);
    EXPECT_EQ(ZwDeleteValueKey(key, &text), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(query(key, u"Text", KeyValuePartialInformation, data), STATUS_OBJECT_NAME_NOT_FOUND);
    REQUIRES("RK-004");
    EXPECT_EQ(ZwSetValueKey(key, nullptr, 0, REG_SZ, const_cast<char16_t*>(u"x"), 4), STATUS_SUCCESS);
    EXPECT_EQ(query(key, u"", KeyValuePartialInformation, data), STATUS_SUCCESS);
    EXPECT_EQ(set(key, u"Empty", REG_NONE, nullptr, 0), STATUS_SUCCESS);
    ASSERT_EQ(query(key, u"Empty", KeyValuePartialInformation, data), STATUS_SUCCESS);
    EXPECT_EQ(data->DataLength, 0u);
    REQUIRES("RK-008");
    EXPECT_EQ(ZwFlushKey(key), STATUS_SUCCESS);
}

// RK-006: nothing for less than the fixed part, part of the rest otherwise; the whole size in both cases.
TEST(CmValue, BuffersThatAreTooSmall) {
    Kernel kernel;
    const HANDLE key = service(u"card");
    ASSERT_EQ(set(key, u"Name", REG_SZ, u"abcdef", 14), STATUS_SUCCESS);
    Buffer<KEY_VALUE_PARTIAL_INFORMATION> partial;
    partial.bytes[0] = 0xEE;
    EXPECT_EQ(query(key, u"Name", KeyValuePartialInformation, partial, 11), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(partial.needed, 12u + 14u);
    EXPECT_EQ(partial.bytes[0], 0xEE);
    EXPECT_EQ(query(key, u"Name", KeyValuePartialInformation, partial, 0), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(partial.needed, 26u);
    EXPECT_EQ(query(key, u"Name", KeyValuePartialInformation, partial, 12), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(partial->DataLength, 14u);
    EXPECT_EQ(query(key, u"Name", KeyValuePartialInformation, partial, 16), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(std::memcmp(partial->Data, u"ab", 4), 0);
    EXPECT_EQ(partial.bytes[16], 0);
    EXPECT_EQ(query(key, u"Name", KeyValuePartialInformation, partial, 26), STATUS_SUCCESS);
    REQUIRES("RK-006");
    Buffer<KEY_VALUE_FULL_INFORMATION> full;
    EXPECT_EQ(query(key, u"Name", KeyValueFullInformation, full, 19), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(full.needed, 20u + 8u + 14u);
    EXPECT_EQ(query(key, u"Name", KeyValueFullInformation, full, 20), STATUS_BUFFER_OVERFLOW);
    ASSERT_EQ(query(key, u"Name", KeyValueFullInformation, full), STATUS_SUCCESS);
    EXPECT_EQ(full->NameLength, 8u);
    EXPECT_EQ(std::memcmp(full.bytes + full->DataOffset, u"abcdef", 14), 0);
    ASSERT_EQ(query(key, u"Name", KeyValueFullInformationAlign64, full), STATUS_SUCCESS);
    EXPECT_EQ(full->DataOffset % 8, 0u);
    Buffer<KEY_VALUE_BASIC_INFORMATION> basic;
    EXPECT_EQ(query(key, u"Name", KeyValueBasicInformation, basic, 4), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(query(key, u"Name", KeyValueBasicInformation, basic, 14), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(basic.needed, 20u);
    EXPECT_EQ(query(key, u"Name", KeyValueBasicInformation, basic), STATUS_SUCCESS);
    Buffer<KEY_VALUE_PARTIAL_INFORMATION_ALIGN64> aligned;
    ASSERT_EQ(query(key, u"Name", KeyValuePartialInformationAlign64, aligned), STATUS_SUCCESS);
    EXPECT_EQ(aligned.needed, 8u + 14u);
    EXPECT_EQ(query(key, u"Name", static_cast<KEY_VALUE_INFORMATION_CLASS>(77), basic),
              STATUS_INVALID_PARAMETER);
    REQUIRES("RK-007");
}

TEST(CmKey, InformationClasses) {
    Kernel kernel;
    HANDLE key = nullptr;
    UNICODE_STRING name = ob::string(u"\\Registry\\Machine\\Software\\Vendor");
    UNICODE_STRING class_name = ob::string(u"Cls");
    OBJECT_ATTRIBUTES attributes = attributes_of(name);
    ASSERT_EQ(ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, &class_name, 0, nullptr), STATUS_SUCCESS);
    HANDLE below = nullptr;
    create(u"Short", &below, key);
    create(u"MuchLonger", &below, key);
    set(key, u"Value", REG_BINARY, "12345", 5);
    Buffer<KEY_FULL_INFORMATION> full;
    EXPECT_EQ(ZwQueryKey(key, KeyFullInformation, full.bytes, 43, &full.needed), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(full.needed, 44u + 6u);
    EXPECT_EQ(ZwQueryKey(key, KeyFullInformation, full.bytes, 44, &full.needed), STATUS_BUFFER_OVERFLOW);
    ASSERT_EQ(ZwQueryKey(key, KeyFullInformation, full.bytes, sizeof full.bytes, &full.needed),
              STATUS_SUCCESS);
    EXPECT_EQ(full->SubKeys, 2u);
    EXPECT_EQ(full->MaxNameLen, 20u);
    EXPECT_EQ(full->Values, 1u);
    EXPECT_EQ(full->MaxValueNameLen, 10u);
    EXPECT_EQ(full->MaxValueDataLen, 5u);
    EXPECT_EQ(full->ClassOffset, 44u);
    EXPECT_EQ(std::u16string(full->Class, full->ClassLength / 2), u"Cls");
    Buffer<KEY_NODE_INFORMATION> node;
    EXPECT_EQ(ZwQueryKey(key, KeyNodeInformation, node.bytes, 23, &node.needed), STATUS_BUFFER_TOO_SMALL);
    ASSERT_EQ(ZwQueryKey(key, KeyNodeInformation, node.bytes, sizeof node.bytes, &node.needed),
              STATUS_SUCCESS);
    EXPECT_EQ(std::u16string(node->Name, node->NameLength / 2), u"Vendor");
    EXPECT_EQ(std::memcmp(node.bytes + node->ClassOffset, u"Cls", 6), 0);
    ASSERT_EQ(ZwQueryKey(below, KeyNodeInformation, node.bytes, sizeof node.bytes, &node.needed),
              STATUS_SUCCESS);
    EXPECT_EQ(node->ClassOffset, 0xFFFFFFFFu);
    Buffer<KEY_CACHED_INFORMATION> cached;
    ASSERT_EQ(ZwQueryKey(key, KeyCachedInformation, cached.bytes, sizeof cached.bytes, &cached.needed),
              STATUS_SUCCESS);
    EXPECT_EQ(cached->SubKeys, 2u);
    EXPECT_EQ(ZwQueryKey(key, static_cast<KEY_INFORMATION_CLASS>(99), cached.bytes, 8, &cached.needed),
              STATUS_INVALID_PARAMETER);
    REQUIRES("RK-002");
}

TEST(CmKey, EnumerationIsSortedAndStable) {
    Kernel kernel;
    const HANDLE key = service(u"card");
    HANDLE below = nullptr;
    for (const char16_t* name : {u"beta", u"Alpha", u"gamma", u"ALPHA2"})
        ASSERT_EQ(create(name, &below, key), STATUS_SUCCESS);
    for (int pass = 0; pass < 2; ++pass) {
        EXPECT_THAT((std::vector{name_at(key, 0), name_at(key, 1), name_at(key, 2), name_at(key, 3)}),
                    ElementsAre(u"Alpha", u"ALPHA2", u"beta", u"gamma"));
    }
    REQUIRES("RK-016");
    Buffer<KEY_BASIC_INFORMATION> b;
    EXPECT_EQ(ZwEnumerateKey(key, 4, KeyBasicInformation, b.bytes, sizeof b.bytes, &b.needed),
              STATUS_NO_MORE_ENTRIES);
    EXPECT_EQ(ZwEnumerateKey(key, 0, KeyNameInformation, b.bytes, sizeof b.bytes, &b.needed),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ZwEnumerateKey(key, 0, KeyBasicInformation, b.bytes, 8, &b.needed), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(b.needed, 16u + 10u);
    REQUIRES("RK-003");
    set_dword(key, u"second", 2);
    set_dword(key, u"first", 1);
    Buffer<KEY_VALUE_BASIC_INFORMATION> v;
    ASSERT_EQ(ZwEnumerateValueKey(key, 0, KeyValueBasicInformation, v.bytes, sizeof v.bytes, &v.needed),
              STATUS_SUCCESS);
    EXPECT_EQ(std::u16string(v->Name, v->NameLength / 2), u"second");  // values in the order of their making
    EXPECT_EQ(ZwEnumerateValueKey(key, 2, KeyValueBasicInformation, v.bytes, sizeof v.bytes, &v.needed),
              STATUS_NO_MORE_ENTRIES);
    REQUIRES("RK-005");
}

TEST(CmKey, AccessOfTheHandleIsNotLookedAtInKernelMode) {
    Kernel kernel;
    service(u"card");
    HANDLE reader = nullptr;
    HANDLE writer = nullptr;
    const std::u16string path = std::u16string(services) + u"\\card";
    ASSERT_EQ(open(path, &reader, nullptr, KEY_READ), STATUS_SUCCESS);
    ASSERT_EQ(open(path, &writer, nullptr, GENERIC_WRITE), STATUS_SUCCESS);
    EXPECT_EQ(set_dword(reader, u"V", 1), STATUS_SUCCESS);
    Buffer<KEY_VALUE_PARTIAL_INFORMATION> b;
    EXPECT_EQ(query(writer, u"V", KeyValuePartialInformation, b), STATUS_SUCCESS);
    EXPECT_EQ(dword(reader, u"V"), 1u);
    EXPECT_EQ(set_dword(ZwCurrentProcess(), u"V", 1), STATUS_OBJECT_TYPE_MISMATCH);
    EXPECT_EQ(set_dword(nullptr, u"V", 1), STATUS_INVALID_HANDLE);
}

TEST(CmKey, DeletedKeysAreGoneButTheirHandlesClose) {
    Kernel kernel;
    test::MisuseLog misuse;
    const HANDLE key = service(u"card");
    HANDLE below = nullptr;
    ASSERT_EQ(create(u"Below", &below, key), STATUS_SUCCESS);
    EXPECT_EQ(ZwDeleteKey(key), STATUS_CANNOT_DELETE);
    EXPECT_EQ(ZwDeleteKey(below), STATUS_SUCCESS);
    EXPECT_EQ(ZwDeleteKey(key), STATUS_SUCCESS);
    REQUIRES("RK-012");
    EXPECT_EQ(set_dword(key, u"V", 1), STATUS_KEY_DELETED);
    Buffer<KEY_BASIC_INFORMATION> b;
    EXPECT_EQ(ZwQueryKey(key, KeyBasicInformation, b.bytes, sizeof b.bytes, &b.needed), STATUS_KEY_DELETED);
    EXPECT_EQ(ZwDeleteKey(key), STATUS_KEY_DELETED);
    HANDLE other = nullptr;
    EXPECT_EQ(create(u"Child", &other, key), STATUS_KEY_DELETED);
    EXPECT_EQ(open(std::u16string(services) + u"\\card", &other), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(ZwClose(key), STATUS_SUCCESS);
    EXPECT_EQ(ZwClose(below), STATUS_SUCCESS);
    EXPECT_EQ(misuse.size(), 0u);
    const HANDLE again = service(u"card");
    EXPECT_EQ(query(again, u"V", KeyValuePartialInformation,
                    *std::make_unique<Buffer<KEY_VALUE_PARTIAL_INFORMATION>>()),
              STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(CmKey, RenameAndSetInformation) {
    Kernel kernel;
    const HANDLE key = service(u"card");
    service(u"other");
    UNICODE_STRING name = ob::string(u"Zebra");
    EXPECT_EQ(ZwRenameKey(key, &name), STATUS_SUCCESS);
    HANDLE found = nullptr;
    EXPECT_EQ(open(std::u16string(services) + u"\\zebra", &found), STATUS_SUCCESS);
    UNICODE_STRING bad = ob::string(u"a\\b");
    EXPECT_EQ(ZwRenameKey(key, &bad), STATUS_INVALID_PARAMETER);
    UNICODE_STRING taken = ob::string(u"other");
    EXPECT_EQ(ZwRenameKey(key, &taken), STATUS_CANNOT_DELETE);
    KEY_WRITE_TIME_INFORMATION time{};
    time.LastWriteTime.QuadPart = 12345;
    EXPECT_EQ(ZwSetInformationKey(key, KeyWriteTimeInformation, &time, 4), STATUS_INFO_LENGTH_MISMATCH);
    EXPECT_EQ(ZwSetInformationKey(key, KeyWriteTimeInformation, &time, sizeof time), STATUS_SUCCESS);
    Buffer<KEY_BASIC_INFORMATION> b;
    ZwQueryKey(key, KeyBasicInformation, b.bytes, sizeof b.bytes, &b.needed);
    EXPECT_EQ(b->LastWriteTime.QuadPart, 12345);
}

TEST(CmValue, SeveralAtOnce) {
    Kernel kernel;
    const HANDLE key = service(u"card");
    set(key, u"A", REG_BINARY, "abc", 3);
    set_dword(key, u"B", 0x11223344);
    UNICODE_STRING names[] = {ob::string(u"A"), ob::string(u"B")};
    KEY_VALUE_ENTRY entries[] = {{&names[0], 0, 0, 0}, {&names[1], 0, 0, 0}};
    unsigned char buffer[16] = {};
    ULONG length = 6;
    ULONG required = 0;
    EXPECT_EQ(ZwQueryMultipleValueKey(key, entries, 2, buffer, &length, &required), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(required, 8u);
    length = sizeof buffer;
    EXPECT_EQ(ZwQueryMultipleValueKey(key, entries, 2, buffer, &length, &required), STATUS_SUCCESS);
    EXPECT_EQ(length, 8u);
    EXPECT_EQ(entries[1].DataOffset, 4u);
    EXPECT_EQ(buffer[4], 0x44);
    names[1] = ob::string(u"Missing");
    EXPECT_EQ(ZwQueryMultipleValueKey(key, entries, 2, buffer, &length, &required),
              STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(CmNotify, ChangesEndTheWatch) {
    Kernel kernel;
    const HANDLE key = service(u"card");
    HANDLE below = nullptr;
    create(u"Below", &below, key);
    HANDLE event = nullptr;
    OBJECT_ATTRIBUTES none;
    InitializeObjectAttributes(&none, nullptr, OBJ_KERNEL_HANDLE, nullptr, nullptr);
    ZwCreateEvent(&event, EVENT_ALL_ACCESS, &none, NotificationEvent, TRUE);
    IO_STATUS_BLOCK status{};
    const auto watch = [&](ULONG filter, BOOLEAN tree) {
        return ZwNotifyChangeKey(key, event, nullptr, nullptr, &status, filter, tree, nullptr, 0, TRUE);
    };
    LARGE_INTEGER zero{};
    ASSERT_EQ(watch(REG_NOTIFY_CHANGE_LAST_SET, FALSE), STATUS_PENDING);
    EXPECT_EQ(ZwWaitForSingleObject(event, FALSE, &zero), STATUS_TIMEOUT);
    set_dword(below, u"V", 1);
    create(u"Another", &below, key);
    EXPECT_EQ(ZwWaitForSingleObject(event, FALSE, &zero), STATUS_TIMEOUT);
    set_dword(key, u"V", 1);
    EXPECT_EQ(ZwWaitForSingleObject(event, FALSE, &zero), STATUS_SUCCESS);
    EXPECT_EQ(status.Status, STATUS_NOTIFY_ENUM_DIR);
    ASSERT_EQ(watch(REG_NOTIFY_CHANGE_LAST_SET, TRUE), STATUS_PENDING);
    set_dword(below, u"V", 2);
    EXPECT_EQ(ZwWaitForSingleObject(event, FALSE, &zero), STATUS_SUCCESS);
    ASSERT_EQ(watch(REG_NOTIFY_CHANGE_NAME, FALSE), STATUS_PENDING);
    ZwDeleteKey(below);
    EXPECT_EQ(ZwWaitForSingleObject(event, FALSE, &zero), STATUS_SUCCESS);
    ASSERT_EQ(watch(REG_NOTIFY_CHANGE_NAME, FALSE), STATUS_PENDING);
    ZwClose(key);
    EXPECT_EQ(status.Status, STATUS_NOTIFY_CLEANUP);
}

void NTAPI note_work(PVOID worked) {
    *static_cast<bool*>(worked) = true;
}

TEST(CmNotify, SynchronousWaitAndWorkItem) {
    Kernel kernel;
    HANDLE key = nullptr;
    EXPECT_TRUE(kernel.run([&] { key = service(u"card"); }));
    NTSTATUS ended = STATUS_PENDING;
    bool worked = false;
    kernel.start([&] {
        IO_STATUS_BLOCK status{};
        ended = ZwNotifyChangeKey(key, nullptr, nullptr, nullptr, &status, REG_NOTIFY_CHANGE_LAST_SET, FALSE,
                                  nullptr, 0, FALSE);
    });
    kernel.settle(millisecond_ns);
    EXPECT_EQ(ended, STATUS_PENDING);
    static IO_STATUS_BLOCK status;
    WORK_QUEUE_ITEM item;
    ExInitializeWorkItem(&item, note_work, &worked);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(ZwNotifyChangeKey(key, nullptr, reinterpret_cast<PIO_APC_ROUTINE>(&item),
                                    reinterpret_cast<PVOID>(DelayedWorkQueue), &status,
                                    REG_NOTIFY_CHANGE_LAST_SET, FALSE, nullptr, 0, TRUE),
                  STATUS_PENDING);
        set_dword(key, u"V", 1);
    }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(ended, STATUS_NOTIFY_ENUM_DIR);
    EXPECT_TRUE(worked);
}

TEST(CmPaths, PorticosOwnAccess) {
    Kernel kernel;
    const UNICODE_STRING path =
        ob::string(u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\ROOT\\CARD\\0000");
    EXPECT_FALSE(cm::key_exists(path));
    EXPECT_EQ(cm::create_path(path), STATUS_SUCCESS);
    EXPECT_TRUE(cm::key_exists(path));
    EXPECT_TRUE(
        cm::key_exists(ob::string(u"\\Registry\\Machine\\System\\ControlSet001\\Enum\\root\\card\\0000")));
    EXPECT_EQ(
        cm::set_dword("\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\ROOT\\CARD\\0000", "Cap", 5),
        STATUS_SUCCESS);
    ULONG type = 0;
    ULONG value = 0;
    ULONG needed = 0;
    EXPECT_EQ(cm::query_value(path, ob::string(u"cap"), &type, &value, sizeof value, &needed),
              STATUS_SUCCESS);
    EXPECT_EQ(value, 5u);
    EXPECT_EQ(cm::query_value(path, ob::string(u"cap"), &type, &value, 2, &needed), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(cm::query_value(path, ob::string(u"none"), &type, &value, 2, &needed),
              STATUS_OBJECT_NAME_NOT_FOUND);
    UNICODE_STRING name;
    EXPECT_TRUE(cm::subkey_at(ob::string(u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum"), 0, name));
    EXPECT_EQ(std::u16string(name.Buffer, name.Length / 2), u"ROOT");
    EXPECT_FALSE(cm::subkey_at(path, 0, name));
    HANDLE handle = nullptr;
    EXPECT_EQ(cm::open_key(path, KEY_READ, false, nullptr, &handle), STATUS_SUCCESS);
    EXPECT_EQ(dword(handle, u"Cap"), 5u);
    EXPECT_EQ(cm::delete_tree(ob::string(u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\ROOT")),
              STATUS_SUCCESS);
    EXPECT_FALSE(cm::key_exists(path));
    EXPECT_EQ(cm::create_path(ob::string(u"Registry\\X")), STATUS_OBJECT_PATH_SYNTAX_BAD);
    EXPECT_EQ(cm::create_path(ob::string(u"\\Device\\X")), STATUS_OBJECT_PATH_SYNTAX_BAD);
}

}  // namespace
}  // namespace cm_key_test
