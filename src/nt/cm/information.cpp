#include "nt/cm/information.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace portico::nt::cm {
namespace {

constexpr ULONG no_offset = 0xFFFFFFFF;

// Writes what a caller's buffer has room for and remembers how much there would be.
class Writer {
  public:
    Writer(void* buffer, ULONG length) : buffer_(static_cast<char*>(buffer)), length_(length) {}

    // The part without which nothing is written.
    template <class T>
    bool fixed(const T& value, ULONG size) {
        needed_ = size;
        if (length_ < size) {
            fits_fixed_ = false;
            return false;
        }
        std::memcpy(buffer_, &value, size);
        return true;
    }
    void at(ULONG offset, const void* data, ULONG size) {
        needed_ = std::max(needed_, offset + size);
        if (!fits_fixed_ || offset >= length_ || size == 0) return;
        std::memcpy(buffer_ + offset, data, std::min(size, length_ - offset));
    }
    NTSTATUS result(ULONG* result_length) const {
        *result_length = needed_;
        if (!fits_fixed_) return STATUS_BUFFER_TOO_SMALL;
        return needed_ > length_ ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
    }

  private:
    char* buffer_;
    ULONG length_;
    ULONG needed_ = 0;
    bool fits_fixed_ = true;
};

constexpr ULONG align(ULONG value, ULONG alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

struct Longest {
    ULONG key_name = 0;
    ULONG key_class = 0;
    ULONG value_name = 0;
    ULONG value_data = 0;
};

Longest longest_of(const Key& key) {
    Longest longest;
    for (ULONG i = 0; i < key.subkey_count; ++i) {
        longest.key_name = std::max<ULONG>(longest.key_name, key.subkeys[i]->name.Length);
        longest.key_class = std::max<ULONG>(longest.key_class, key.subkeys[i]->class_name.Length);
    }
    for (ULONG i = 0; i < key.value_count; ++i) {
        longest.value_name = std::max<ULONG>(longest.value_name, key.values[i].name.Length);
        longest.value_data = std::max(longest.value_data, key.values[i].size);
    }
    return longest;
}

void basic(const Key& key, Writer& out) {
    KEY_BASIC_INFORMATION info{};
    info.LastWriteTime = key.last_write;
    info.NameLength = key.name.Length;
    constexpr ULONG head = FIELD_OFFSET(KEY_BASIC_INFORMATION, Name);
    out.fixed(info, head);
    out.at(head, key.name.Buffer, key.name.Length);
}

void node(const Key& key, Writer& out) {
    KEY_NODE_INFORMATION info{};
    constexpr ULONG head = FIELD_OFFSET(KEY_NODE_INFORMATION, Name);
    info.LastWriteTime = key.last_write;
    info.NameLength = key.name.Length;
    info.ClassLength = key.class_name.Length;
    info.ClassOffset = info.ClassLength == 0 ? no_offset : align(head + info.NameLength, sizeof(ULONG));
    out.fixed(info, head);
    out.at(head, key.name.Buffer, key.name.Length);
    if (info.ClassLength != 0) out.at(info.ClassOffset, key.class_name.Buffer, info.ClassLength);
}

void full(const Key& key, Writer& out) {
    const Longest longest = longest_of(key);
    KEY_FULL_INFORMATION info{};
    constexpr ULONG head = FIELD_OFFSET(KEY_FULL_INFORMATION, Class);
    info.LastWriteTime = key.last_write;
    info.ClassLength = key.class_name.Length;
    info.ClassOffset = info.ClassLength == 0 ? no_offset : head;
    info.SubKeys = key.subkey_count;
    info.MaxNameLen = longest.key_name;
    info.MaxClassLen = longest.key_class;
    info.Values = key.value_count;
    info.MaxValueNameLen = longest.value_name;
    info.MaxValueDataLen = longest.value_data;
    out.fixed(info, head);
    out.at(head, key.class_name.Buffer, key.class_name.Length);
}

void name(const Key& key, Writer& out) {
    std::array<WCHAR, 2048> path{};
    KEY_NAME_INFORMATION info{};
    info.NameLength = path_of(key, path.data(), sizeof path);
    constexpr ULONG head = FIELD_OFFSET(KEY_NAME_INFORMATION, Name);
    out.fixed(info, head);
    out.at(head, path.data(), std::min<ULONG>(info.NameLength, sizeof path));
}

void cached(const Key& key, Writer& out) {
    const Longest longest = longest_of(key);
    KEY_CACHED_INFORMATION info{};
    info.LastWriteTime = key.last_write;
    info.SubKeys = key.subkey_count;
    info.MaxNameLen = longest.key_name;
    info.Values = key.value_count;
    info.MaxValueNameLen = longest.value_name;
    info.MaxValueDataLen = longest.value_data;
    info.NameLength = key.name.Length;
    out.fixed(info, sizeof info);
}

// Flags of the key's owner, of virtualization, of handles: there are none.
void flags(Writer& out) {
    const ULONG none = 0;
    out.fixed(none, sizeof none);
}

void basic(const Value& value, Writer& out) {
    KEY_VALUE_BASIC_INFORMATION info{};
    info.Type = value.type;
    info.NameLength = value.name.Length;
    constexpr ULONG head = FIELD_OFFSET(KEY_VALUE_BASIC_INFORMATION, Name);
    out.fixed(info, head);
    out.at(head, value.name.Buffer, value.name.Length);
}

void full(const Value& value, ULONG alignment, Writer& out) {
    KEY_VALUE_FULL_INFORMATION info{};
    constexpr ULONG head = FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, Name);
    info.Type = value.type;
    info.NameLength = value.name.Length;
    info.DataLength = value.size;
    info.DataOffset = value.size == 0 ? no_offset : align(head + info.NameLength, alignment);
    out.fixed(info, head);
    out.at(head, value.name.Buffer, value.name.Length);
    if (value.size != 0) out.at(info.DataOffset, value.data, value.size);
}

void partial(const Value& value, Writer& out) {
    KEY_VALUE_PARTIAL_INFORMATION info{};
    constexpr ULONG head = FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data);
    info.Type = value.type;
    info.DataLength = value.size;
    out.fixed(info, head);
    out.at(head, value.data, value.size);
}

void partial_aligned(const Value& value, Writer& out) {
    KEY_VALUE_PARTIAL_INFORMATION_ALIGN64 info{};
    constexpr ULONG head = FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data);
    info.Type = value.type;
    info.DataLength = value.size;
    out.fixed(info, head);
    out.at(head, value.data, value.size);
}

}  // namespace

bool enumerates(KEY_INFORMATION_CLASS information_class) {
    return information_class == KeyBasicInformation || information_class == KeyNodeInformation ||
           information_class == KeyFullInformation;
}

NTSTATUS query_key(const Key& key, KEY_INFORMATION_CLASS information_class, void* buffer, ULONG length,
                   ULONG* result_length) {
    Writer out(buffer, length);
    switch (information_class) {
        case KeyBasicInformation:
            basic(key, out);
            break;
        case KeyNodeInformation:
            node(key, out);
            break;
        case KeyFullInformation:
            full(key, out);
            break;
        case KeyNameInformation:
            name(key, out);
            break;
        case KeyCachedInformation:
            cached(key, out);
            break;
        case KeyFlagsInformation:
        case KeyVirtualizationInformation:
        case KeyHandleTagsInformation:
            flags(out);
            break;
        default:
            return STATUS_INVALID_PARAMETER;
    }
    return out.result(result_length);
}

NTSTATUS query_value(const Value& value, KEY_VALUE_INFORMATION_CLASS information_class, void* buffer,
                     ULONG length, ULONG* result_length) {
    constexpr ULONG align64 = 8;
    Writer out(buffer, length);
    switch (information_class) {
        case KeyValueBasicInformation:
            basic(value, out);
            break;
        case KeyValueFullInformation:
            full(value, sizeof(ULONG), out);
            break;
        case KeyValueFullInformationAlign64:
            full(value, align64, out);
            break;
        case KeyValuePartialInformation:
            partial(value, out);
            break;
        case KeyValuePartialInformationAlign64:
            partial_aligned(value, out);
            break;
        default:
            return STATUS_INVALID_PARAMETER;
    }
    return out.result(result_length);
}

}  // namespace portico::nt::cm
