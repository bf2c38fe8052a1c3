#include "ks/data_ranges.h"

#include <cstring>

#include "ksmedia.h"

namespace portico::ks {
namespace {

constexpr GUID wildcard{};

// The GUID that both allow. False: they exclude each other.
bool common(const GUID& a, const GUID& b, GUID& out) {
    out = IsEqualGUID(a, wildcard) ? b : a;
    return IsEqualGUID(a, wildcard) || IsEqualGUID(b, wildcard) || IsEqualGUID(a, b);
}

ULONG attributes_size(const KSATTRIBUTE_LIST& list) {
    ULONG size = sizeof(KSMULTIPLE_ITEM);
    for (ULONG i = 0; i < list.Count; ++i) size += align_8(list.Attributes[i]->Size);
    return size;
}

char* put_attributes(char* at, const KSATTRIBUTE_LIST& list) {
    const KSMULTIPLE_ITEM header{attributes_size(list), list.Count};
    std::memcpy(at, &header, sizeof header);
    at += sizeof header;
    for (ULONG i = 0; i < list.Count; ++i) {
        std::memcpy(at, list.Attributes[i], list.Attributes[i]->Size);
        at += align_8(list.Attributes[i]->Size);
    }
    return at;
}

}  // namespace

bool is_range(const KSDATARANGE& range) {
    return range.FormatSize >= sizeof(KSDATARANGE) && range.FormatSize <= data_range_limit;
}

bool is_attribute_list(const KSATTRIBUTE_LIST& list) {
    if (list.Count > attribute_count_limit || (list.Count != 0 && list.Attributes == nullptr)) return false;
    for (ULONG i = 0; i < list.Count; ++i) {
        const KSATTRIBUTE* const attribute = list.Attributes[i];
        if (attribute == nullptr || attribute->Size < sizeof *attribute || attribute->Size > attribute_limit)
            return false;
    }
    return true;
}

NTSTATUS answer_ranges(PropertyRequest& request, const PKSDATARANGE* ranges, ULONG count) {
    KSMULTIPLE_ITEM header{sizeof header, 0};
    const auto shown = [](const KSATTRIBUTE_LIST* list) {
        return list != nullptr && is_attribute_list(*list);
    };
    walk_ranges(ranges, count, [&](PKSDATARANGE range, const KSATTRIBUTE_LIST* attributes) {
        header.Size += align_8(range->FormatSize) + (shown(attributes) ? attributes_size(*attributes) : 0);
        header.Count += shown(attributes) ? 2 : 1;
        return false;
    });
    void* list = nullptr;
    const NTSTATUS status = begin_list(request, header.Size, &list);
    if (list == nullptr) return status;
    char* at = static_cast<char*>(list);
    std::memcpy(at, &header, sizeof header);
    at += sizeof header;
    walk_ranges(ranges, count, [&](PKSDATARANGE range, const KSATTRIBUTE_LIST* attributes) {
        std::memcpy(at, range, range->FormatSize);
        at += align_8(range->FormatSize);
        if (shown(attributes)) at = put_attributes(at, *attributes);
        return false;
    });
    return status;
}

// ---- a client's ranges ----

NTSTATUS ClientRanges::take(void* bytes, ULONG size) {
    KSMULTIPLE_ITEM header;
    if (size < sizeof header) return STATUS_INVALID_BUFFER_SIZE;
    std::memcpy(&header, bytes, sizeof header);
    if (header.Size < sizeof header || header.Size > size) return STATUS_INVALID_BUFFER_SIZE;
    bytes_ = static_cast<char*>(bytes) + sizeof header;
    end_ = header.Size - static_cast<ULONG>(sizeof header);
    left_ = header.Count;
    at_ = 0;
    ULONG at = 0;
    for (ULONG i = 0; i < left_ && at < end_; ++i) {
        if (!step(at)) return STATUS_INVALID_BUFFER_SIZE;
    }
    return STATUS_SUCCESS;
}

// Past the range at `at` and its attributes (FF-023). Padding at the end may be missing.
bool ClientRanges::step(ULONG& at) const {
    KSDATARANGE range;
    if (end_ - at < sizeof range) return false;
    std::memcpy(&range, bytes_ + at, sizeof range);
    if (!is_range(range) || range.FormatSize > end_ - at) return false;
    const auto pass = [&](ULONG size) { at = align_8(size) > end_ - at ? end_ : at + align_8(size); };
    pass(range.FormatSize);
    if ((range.Flags & KSDATARANGE_ATTRIBUTES) == 0) return true;
    KSMULTIPLE_ITEM attributes;
    if (end_ - at < sizeof attributes) return false;
    std::memcpy(&attributes, bytes_ + at, sizeof attributes);
    if (attributes.Size < sizeof attributes || attributes.Size > end_ - at) return false;
    pass(attributes.Size);
    return true;
}

// Whether a client counts attribute lists or not, no more ranges come than it counts, nor than there are
// bytes.
PKSDATARANGE ClientRanges::next() {
    if (left_ == 0 || at_ >= end_) return nullptr;
    auto* const range = reinterpret_cast<PKSDATARANGE>(bytes_ + at_);
    --left_;
    if (!step(at_)) left_ = 0;
    return range;
}

// ---- formats ----

bool intersect_music(const KSDATARANGE& a, const KSDATARANGE& b, KSDATAFORMAT& format) {
    static const GUID music = KSDATAFORMAT_TYPE_MUSIC;
    static const GUID no_specifier = KSDATAFORMAT_SPECIFIER_NONE;
    format = {};
    format.FormatSize = sizeof format;
    if (!common(a.MajorFormat, b.MajorFormat, format.MajorFormat) || !IsEqualGUID(format.MajorFormat, music))
        return false;
    if (!common(a.SubFormat, b.SubFormat, format.SubFormat) || IsEqualGUID(format.SubFormat, wildcard))
        return false;
    if (!common(a.Specifier, b.Specifier, format.Specifier)) return false;
    if (IsEqualGUID(format.Specifier, wildcard)) format.Specifier = no_specifier;
    return true;
}

bool range_holds(const KSDATARANGE& range, const KSDATAFORMAT& format) {
    if (IsEqualGUID(range.MajorFormat, wildcard)) return true;
    if (!IsEqualGUID(range.MajorFormat, format.MajorFormat)) return false;
    if (IsEqualGUID(range.SubFormat, wildcard)) return true;
    if (!IsEqualGUID(range.SubFormat, format.SubFormat)) return false;
    return IsEqualGUID(range.Specifier, wildcard) || IsEqualGUID(range.Specifier, format.Specifier);
}

}  // namespace portico::ks
