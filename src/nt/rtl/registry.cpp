// The registry by path and table. Keys are held by cm's own count, values are copied before a driver's
// routine sees them: it may change the registry under our feet.
#include <array>
#include <cstring>

#include "nt/cm/key_object.h"
#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/rtl/strings.h"

namespace portico::nt::rtl {
namespace {

constexpr ULONG buffer_tag = 'vgeR';
constexpr SIZE_T path_limit = 1024;  // characters

// A key that is in use here, whatever happens to it meanwhile.
class HeldKey {
  public:
    HeldKey() = default;
    explicit HeldKey(cm::Key* key) { hold(key); }
    ~HeldKey() { hold(nullptr); }
    HeldKey(const HeldKey&) = delete;
    HeldKey& operator=(const HeldKey&) = delete;

    void hold(cm::Key* key) {
        if (key != nullptr) ++key->bodies;
        cm::Key* const before = key_;
        key_ = key;
        if (before == nullptr) return;
        --before->bodies;
        cm::release_if_unused(*before);
    }
    cm::Key* get() const { return key_; }
    cm::Key* operator->() const { return key_; }
    cm::Key& operator*() const { return *key_; }
    explicit operator bool() const { return key_ != nullptr; }

  private:
    cm::Key* key_ = nullptr;
};

constexpr const WCHAR* places[RTL_REGISTRY_MAXIMUM] = {
    nullptr,
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Services",
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Control",
    u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
    u"\\Registry\\Machine\\Hardware\\DeviceMap",
    u"\\Registry\\User\\.Default",
};

UNICODE_STRING counted(const WCHAR* text) {
    const auto bytes =
        static_cast<USHORT>(std::min<SIZE_T>(length_of(text) * sizeof(WCHAR), unicode_bytes_max));
    return {bytes, bytes, const_cast<PWCH>(text)};
}

// A whole path on the stack.
class Path {
  public:
    // False: too long.
    bool append(const WCHAR* text) {
        for (; *text != 0; ++text) {
            if (length_ == path_limit) return false;
            buffer_[length_++] = *text;
        }
        return true;
    }
    bool separate() { return length_ == 0 || buffer_[length_ - 1] == '\\' || append(u"\\"); }
    UNICODE_STRING string() {
        const auto bytes = static_cast<USHORT>(length_ * sizeof(WCHAR));
        return {bytes, bytes, buffer_.data()};
    }
    // Cuts the last name off and returns it.
    UNICODE_STRING take_last() {
        SIZE_T end = length_;
        while (end > 0 && buffer_[end - 1] == '\\') --end;
        SIZE_T begin = end;
        while (begin > 0 && buffer_[begin - 1] != '\\') --begin;
        length_ = begin;
        const auto bytes = static_cast<USHORT>((end - begin) * sizeof(WCHAR));
        return {bytes, bytes, buffer_.data() + begin};
    }

  private:
    std::array<WCHAR, path_limit> buffer_;
    SIZE_T length_ = 0;
};

NTSTATUS build_path(ULONG relative_to, const WCHAR* name, Path& path) {
    if (relative_to >= RTL_REGISTRY_MAXIMUM) return STATUS_INVALID_PARAMETER;
    const WCHAR* const place = places[relative_to];
    bool fits = true;
    if (place != nullptr) fits = path.append(place);
    if (name != nullptr && *name != 0) {
        if (place != nullptr && *name != '\\') fits = fits && path.separate();
        fits = fits && path.append(name);
    }
    return fits ? STATUS_SUCCESS : STATUS_NAME_TOO_LONG;
}

NTSTATUS open_handle(HANDLE handle, ACCESS_MASK access, HeldKey& key) {
    cm::KeyBody* body = nullptr;
    const NTSTATUS status = cm::reference(handle, access, &body);
    if (!NT_SUCCESS(status)) return status;
    key.hold(body->key);
    ob::dereference(body);
    return STATUS_SUCCESS;
}

// The last name of a path is made when missing, none before it.
NTSTATUS create_last(Path& path, HeldKey& key) {
    const UNICODE_STRING name = path.take_last();
    cm::Key* parent = nullptr;
    const NTSTATUS status = cm::walk(path.string(), cm::Missing::fail, &parent);
    if (!NT_SUCCESS(status)) return status;
    if (name.Length > cm::key_name_limit * sizeof(WCHAR)) return STATUS_INVALID_PARAMETER;
    cm::Key* const made = cm::add_subkey(*parent, name, nullptr, parent->is_volatile);
    if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    key.hold(made);
    return STATUS_SUCCESS;
}

// `path` is a handle with RTL_REGISTRY_HANDLE.
NTSTATUS open(ULONG relative_to, const WCHAR* path, ACCESS_MASK access, bool create, HeldKey& key) {
    if ((relative_to & RTL_REGISTRY_HANDLE) != 0) return open_handle(const_cast<PWSTR>(path), access, key);
    Path whole;
    NTSTATUS status = build_path(relative_to & ~RTL_REGISTRY_OPTIONAL, path, whole);
    if (!NT_SUCCESS(status)) return status;
    cm::Key* found = nullptr;
    status = cm::walk(whole.string(), cm::Missing::fail, &found);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND && create) return create_last(whole, key);
    if (NT_SUCCESS(status)) key.hold(found);
    return status;
}

// ---- RtlQueryRegistryValues ----

// What is known of one value while its entry is served; name and data are ended with zeroes.
struct Item {
    WCHAR* name;
    ULONG type;
    ULONG size;
    char* data;
    void* memory;
};

NTSTATUS copy_item(const cm::Value& value, Item& item) {
    const SIZE_T name_size = (value.name.Length + sizeof(WCHAR) + 15) & ~SIZE_T{15};
    auto* const memory = static_cast<char*>(
        ex::allocate_internal(PagedPool, name_size + value.size + 2 * sizeof(WCHAR), buffer_tag));
    if (memory == nullptr) return STATUS_NO_MEMORY;
    item = {reinterpret_cast<WCHAR*>(memory), value.type, value.size, memory + name_size, memory};
    if (value.name.Length != 0) std::memcpy(item.name, value.name.Buffer, value.name.Length);
    item.name[characters(value.name)] = 0;
    if (value.size != 0) std::memcpy(item.data, value.data, value.size);
    std::memset(item.data + value.size, 0, 2 * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

bool is_text(ULONG type) {
    return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
}

// In bytes with the terminator; of several strings, with the empty one that ends them.
ULONG text_size(const WCHAR* text, bool multiple) {
    SIZE_T n = 0;
    if (multiple) {
        while (text[n] != 0) n += length_of(text + n) + 1;
    } else {
        n = length_of(text);
    }
    return static_cast<ULONG>((n + 1) * sizeof(WCHAR));
}

class TableQuery {
  public:
    TableQuery(HeldKey& top, PVOID context, const void* frame) : top_(top), context_(context), frame_(frame) {
        current_.hold(top.get());
    }

    NTSTATUS run(PRTL_QUERY_REGISTRY_TABLE entry) {
        for (; entry->QueryRoutine != nullptr ||
               (entry->Flags & (RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT)) != 0;
             ++entry) {
            const NTSTATUS status = serve(*entry);
            if (!NT_SUCCESS(status)) return status;
        }
        return STATUS_SUCCESS;
    }

  private:
    using Entry = RTL_QUERY_REGISTRY_TABLE;

    NTSTATUS serve(Entry& entry) {
        const bool direct = has(entry, RTL_QUERY_REGISTRY_DIRECT);
        const bool subkey = has(entry, RTL_QUERY_REGISTRY_SUBKEY);
        if (direct && (entry.Name == nullptr || subkey || entry.QueryRoutine != nullptr))
            return STATUS_INVALID_PARAMETER;
        if (subkey || has(entry, RTL_QUERY_REGISTRY_TOPKEY)) current_.hold(top_.get());
        if (subkey) {
            const NTSTATUS status = enter(entry);
            if (!NT_SUCCESS(status) || entry.QueryRoutine == nullptr) return status;
            return every_value(entry);
        }
        if (has(entry, RTL_QUERY_REGISTRY_NOVALUE)) return call(entry, entry.Name, REG_NONE, nullptr, 0);
        return entry.Name != nullptr ? named_value(entry) : every_value(entry);
    }

    NTSTATUS enter(const Entry& entry) {
        if (entry.Name == nullptr) return STATUS_INVALID_PARAMETER;
        UNICODE_STRING rest = counted(entry.Name);
        cm::Key* key = current_.get();
        for (UNICODE_STRING name = cm::next_name(rest); key != nullptr && name.Length != 0;
             name = cm::next_name(rest)) {
            key = cm::find_subkey(*key, name);
        }
        if (key == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
        current_.hold(key);
        return STATUS_SUCCESS;
    }

    NTSTATUS named_value(Entry& entry) {
        const UNICODE_STRING name = counted(entry.Name);
        const cm::Value* const value = current_ ? cm::find_value(*current_, name) : nullptr;
        if (value == nullptr) {
            return has(entry, RTL_QUERY_REGISTRY_REQUIRED) ? STATUS_OBJECT_NAME_NOT_FOUND
                                                           : give_default(entry);
        }
        Item item;
        NTSTATUS status = copy_item(*value, item);
        if (!NT_SUCCESS(status)) return status;
        status = give(entry, item);
        if (NT_SUCCESS(status) && has(entry, RTL_QUERY_REGISTRY_DELETE)) cm::delete_value(*current_, name);
        ex::free(item.memory, buffer_tag);
        return status;
    }

    NTSTATUS every_value(Entry& entry) {
        ULONG served = 0;
        for (ULONG index = 0; current_ && index < current_->value_count; ++served) {
            Item item;
            NTSTATUS status = copy_item(current_->values[index], item);
            if (!NT_SUCCESS(status)) return status;
            status = give(entry, item);
            const bool gone = NT_SUCCESS(status) && has(entry, RTL_QUERY_REGISTRY_DELETE) &&
                              NT_SUCCESS(cm::delete_value(*current_, counted(item.name)));
            if (!gone) ++index;
            ex::free(item.memory, buffer_tag);
            if (!NT_SUCCESS(status)) return status;
        }
        return served == 0 && has(entry, RTL_QUERY_REGISTRY_REQUIRED) ? STATUS_OBJECT_NAME_NOT_FOUND
                                                                      : STATUS_SUCCESS;
    }

    NTSTATUS give_default(Entry& entry) {
        const ULONG type = entry.DefaultType & 0xFF;
        if (type == REG_NONE) return STATUS_SUCCESS;
        ULONG size = entry.DefaultLength;
        if (size == 0 && is_text(type))
            size = text_size(static_cast<PCWSTR>(entry.DefaultData), type == REG_MULTI_SZ);
        return give(entry, {entry.Name, type, size, static_cast<char*>(entry.DefaultData), nullptr});
    }

    NTSTATUS give(Entry& entry, const Item& item) {
        if (has(entry, RTL_QUERY_REGISTRY_DIRECT)) check_trust(entry);
        const ULONG expected = entry.DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
        const bool checked = has(entry, RTL_QUERY_REGISTRY_TYPECHECK) && item.memory != nullptr;
        if (checked && expected != item.type) return STATUS_OBJECT_TYPE_MISMATCH;
        if (!has(entry, RTL_QUERY_REGISTRY_NOEXPAND)) {
            if (item.type == REG_MULTI_SZ) return give_each(entry, item);
            // No variable is known in the kernel: the text stays as it is.
            if (item.type == REG_EXPAND_SZ) return call(entry, item.name, REG_SZ, item.data, item.size);
        }
        return call(entry, item.name, item.type, item.data, item.size);
    }

    // Every string that begins before the list's last character, which ends it, is served, empty ones too; of
    // a default the last but one does not begin a string, either.
    NTSTATUS give_each(Entry& entry, const Item& item) {
        auto* text = reinterpret_cast<WCHAR*>(item.data);
        WCHAR* const end = text + item.size / sizeof(WCHAR);
        const LONGLONG closing = item.memory == nullptr ? 2 : 1;
        while (end - text > closing) {
            WCHAR* next = text;
            while (next < end && *next != 0) ++next;
            const auto size = static_cast<ULONG>((next - text + (next < end ? 1 : 0)) *
                                                 static_cast<LONGLONG>(sizeof(WCHAR)));
            const NTSTATUS status = call(entry, item.name, REG_SZ, text, size);
            if (!NT_SUCCESS(status)) return status;
            text = next + 1;
        }
        return STATUS_SUCCESS;
    }

    NTSTATUS call(Entry& entry, PWSTR name, ULONG type, void* data, ULONG size) {
        if (has(entry, RTL_QUERY_REGISTRY_DIRECT)) return store(entry.EntryContext, type, data, size);
        DriverCall call("RTL_QUERY_REGISTRY_ROUTINE", reinterpret_cast<const void*>(entry.QueryRoutine));
        const NTSTATUS status =
            call.returned(entry.QueryRoutine(name, type, data, size, context_, entry.EntryContext));
        return status == STATUS_BUFFER_TOO_SMALL ? STATUS_SUCCESS : status;
    }

    NTSTATUS store(void* to, ULONG type, const void* data, ULONG size) const {
        if (is_text(type)) return store_text(*static_cast<PUNICODE_STRING>(to), data, size);
        if (size <= sizeof(ULONG)) {
            std::memcpy(to, data, size);
            return STATUS_SUCCESS;
        }
        LONG room;
        std::memcpy(&room, to, sizeof room);
        if (room < 0) {
            if (0 - static_cast<ULONG>(room) < size) return STATUS_BUFFER_TOO_SMALL;
            std::memcpy(to, data, size);
            return STATUS_SUCCESS;
        }
        if (static_cast<ULONG>(room) < size + 2 * sizeof(ULONG)) return STATUS_BUFFER_TOO_SMALL;
        const ULONG head[2] = {size, type};
        std::memcpy(to, head, sizeof head);
        std::memcpy(static_cast<char*>(to) + sizeof head, data, size);
        return STATUS_SUCCESS;
    }

    // The length does not count the terminator that strings in the registry have.
    NTSTATUS store_text(UNICODE_STRING& to, const void* data, ULONG size) const {
        size = std::min<ULONG>(size & ~ULONG{1}, ansi_bytes_max);
        if (to.Buffer == nullptr) {
            auto* const buffer =
                static_cast<PWCH>(allocate_string(std::max<ULONG>(size, sizeof(WCHAR)), frame_));
            if (buffer == nullptr) return STATUS_NO_MEMORY;
            to = {0, static_cast<USHORT>(size), buffer};
        } else if (size > to.MaximumLength) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        if (size != 0) std::memcpy(to.Buffer, data, size);
        const bool ended = size != 0 && to.Buffer[size / sizeof(WCHAR) - 1] == 0;
        to.Length = static_cast<USHORT>(size - (ended ? sizeof(WCHAR) : 0));
        return STATUS_SUCCESS;
    }

    // Windows 8 and later stop the system when a value of a hive that users write is stored without
    // RTL_QUERY_REGISTRY_TYPECHECK.
    void check_trust(const Entry& entry) const {
        constexpr ULONG fast_fail_unsafe_registry_access = 9;
        if (has(entry, RTL_QUERY_REGISTRY_TYPECHECK) || !current_) return;
        const cm::Key* hive = current_.get();
        while (hive->parent != nullptr && hive->parent->parent != nullptr) hive = hive->parent;
        const UNICODE_STRING user = counted(u"User");
        if (!equal(hive->name, user, true)) return;
        Finding finding;
        finding.severity = Severity::bug_check;
        finding.rule = "RtlQueryRegistryValues";
        finding.code = 0x139;  // KERNEL_SECURITY_CHECK_FAILURE
        finding.parameters = {fast_fail_unsafe_registry_access, 0, 0, 0};
        finding.parameter_names = {"kind of failure", nullptr, nullptr, nullptr};
        std::strncpy(
            finding.text,
            "The driver stores a value of an untrusted hive with RTL_QUERY_REGISTRY_DIRECT and without "
            "RTL_QUERY_REGISTRY_TYPECHECK.",
            sizeof finding.text - 1);
        report(finding);
    }

    static bool has(const Entry& entry, ULONG flag) { return (entry.Flags & flag) != 0; }

    HeldKey& top_;
    HeldKey current_;
    PVOID context_;
    const void* frame_;
};

NTSTATUS query(ULONG relative_to, PCWSTR path, PRTL_QUERY_REGISTRY_TABLE table, PVOID context,
               const void* frame) {
    HeldKey key;
    const NTSTATUS status = open(relative_to, path, KEY_QUERY_VALUE, false, key);
    // An optional key that is not there has no values: defaults are given, required ones are missed.
    const bool optional =
        (relative_to & RTL_REGISTRY_OPTIONAL) != 0 && status == STATUS_OBJECT_NAME_NOT_FOUND;
    if (!NT_SUCCESS(status) && !optional) return status;
    return TableQuery(key, context, frame).run(table);
}

}  // namespace
}  // namespace portico::nt::rtl

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path, PRTL_QUERY_REGISTRY_TABLE QueryTable,
                                      PVOID Context, PVOID) {
    DDI(RtlQueryRegistryValues, PASSIVE_LEVEL);
    return rtl::query(RelativeTo, Path, QueryTable, Context, PORTICO_FRAME);
}

// The path's last key is made when it is missing.
NTSTATUS NTAPI RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName, ULONG ValueType,
                                     PVOID ValueData, ULONG ValueLength) {
    DDI(RtlWriteRegistryValue, PASSIVE_LEVEL);
    rtl::HeldKey key;
    const NTSTATUS status = rtl::open(RelativeTo, Path, KEY_SET_VALUE, true, key);
    if (!NT_SUCCESS(status)) return status;
    const UNICODE_STRING name = ValueName == nullptr ? UNICODE_STRING{} : rtl::counted(ValueName);
    return cm::set_value(*key, name, ValueType, ValueData, ValueLength);
}

NTSTATUS NTAPI RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName) {
    DDI(RtlDeleteRegistryValue, PASSIVE_LEVEL);
    rtl::HeldKey key;
    const NTSTATUS status = rtl::open(RelativeTo, Path, KEY_SET_VALUE, false, key);
    return NT_SUCCESS(status) ? cm::delete_value(*key, rtl::counted(ValueName)) : status;
}

NTSTATUS NTAPI RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path) {
    DDI(RtlCreateRegistryKey, PASSIVE_LEVEL);
    rtl::HeldKey key;
    return rtl::open(RelativeTo, Path, KEY_CREATE_SUB_KEY, true, key);
}

NTSTATUS NTAPI RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path) {
    DDI(RtlCheckRegistryKey, PASSIVE_LEVEL);
    rtl::HeldKey key;
    return rtl::open(RelativeTo, Path, 0, false, key);
}

}  // extern "C"
