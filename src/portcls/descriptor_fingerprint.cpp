#include "portcls/descriptor_fingerprint.h"

#include <array>
#include <cstring>

#include "ks/data_ranges.h"
#include "ks/pin_connect.h"
#include "ks/user_memory.h"
#include "nt/ex/pool.h"
#include "portcls/automation_table.h"
#include "portcls/port_base.h"

namespace portico::portcls {
namespace {

class Fingerprint {
  public:
    // False: it is not there, or something before it was not.
    bool add(const void* first, std::size_t size) {
        if (size == 0) return all_there_;
        if (all_there_ && !in_known_page(first, size)) all_there_ = ks::is_memory(first, size);
        if (!all_there_) return false;
        const auto* at = static_cast<const char*>(first);
        for (; size >= sizeof(std::uint64_t); size -= sizeof(std::uint64_t), at += sizeof(std::uint64_t)) {
            std::uint64_t word;
            std::memcpy(&word, at, sizeof word);
            mix(word);
        }
        std::uint64_t rest = 0;
        std::memcpy(&rest, at, size);
        mix(rest);
        return true;
    }
    // What may be null.
    template <class T>
    void add_optional(const T* first) {
        if (first != nullptr) add(first, sizeof *first);
    }
    // More than any descriptor passes with.
    bool fits(ULONG count, ULONG limit) {
        if (count > limit) all_there_ = false;
        return all_there_;
    }
    std::uint64_t value() const {
        return !all_there_ ? no_fingerprint : value_ == no_fingerprint ? 1 : value_;
    }

  private:
    // Tables lie close together, and asking for a page takes long. In the pool a page says nothing of its
    // blocks.
    bool in_known_page(const void* first, std::size_t size) {
        const auto address = reinterpret_cast<std::uint64_t>(first);
        const std::uint64_t page = address / sim::page_size;
        if (page != (address + size - 1) / sim::page_size) return false;
        if (page == last_page_) return true;
        if (nt::ex::in_pools(address)) return false;
        for (const std::uint64_t known : known_pages_) {
            if (known == page) return last_page_ = page, true;
        }
        if (!ks::is_memory(first, size)) return false;
        known_pages_[next_known_++ % known_pages_.size()] = page;
        last_page_ = page;
        return true;
    }

    // Each word with a key of its place: no product waits for the one before. This runs with every property
    // request.
    void mix(std::uint64_t word) {
        const std::uint64_t mixed = (word ^ key_) * 0x9e37'79b9'7f4a'7c15;
        value_ += mixed ^ mixed >> 32;
        key_ += 0xd1b5'4a32'd192'ed03;
    }

    std::uint64_t value_ = 0;
    std::uint64_t key_ = 0x6c43'6350;
    bool all_there_ = true;
    std::array<std::uint64_t, 8> known_pages_{};
    unsigned next_known_ = 0;
    std::uint64_t last_page_ = 0;
};

template <class Item>
void add_items(Fingerprint& print, const Item* first, ULONG size, ULONG count) {
    if (count == 0 || first == nullptr || !print.fits(count, automation_item_limit)) return;
    const auto* at = reinterpret_cast<const char*>(first);
    for (ULONG i = 0; i < count; ++i, at += size) {
        const auto& item = *reinterpret_cast<const Item*>(at);
        if (!print.add(&item, sizeof item)) return;
        print.add_optional(item.Set);
    }
}

void add_table(Fingerprint& print, const PCAUTOMATION_TABLE* table) {
    if (table == nullptr || !print.add(table, sizeof *table)) return;
    add_items(print, table->Properties, table->PropertyItemSize, table->PropertyCount);
    add_items(print, table->Methods, table->MethodItemSize, table->MethodCount);
    add_items(print, table->Events, table->EventItemSize, table->EventCount);
}

void add_attributes(Fingerprint& print, const KSATTRIBUTE_LIST* list) {
    if (!print.add(list, sizeof *list) || !print.fits(list->Count, ks::attribute_count_limit)) return;
    if (!print.add(list->Attributes, list->Count * sizeof(PKSATTRIBUTE))) return;
    for (ULONG i = 0; i < list->Count; ++i) print.add(list->Attributes[i], sizeof(KSATTRIBUTE));
}

void add_ranges(Fingerprint& print, const PKSDATARANGE* ranges, ULONG count) {
    if (!print.fits(count, descriptor_entry_limit) || !print.add(ranges, count * sizeof(PKSDATARANGE)))
        return;
    for (ULONG i = 0; i < count; ++i) {
        const KSDATARANGE* const range = ranges[i];
        if (range == nullptr) continue;
        if (!print.add(range, sizeof *range)) return;
        if ((range->Flags & KSDATARANGE_ATTRIBUTES) == 0 || i + 1 == count) continue;
        add_attributes(print, reinterpret_cast<const KSATTRIBUTE_LIST*>(ranges[++i]));
    }
}

void add_pin(Fingerprint& print, const PCPIN_DESCRIPTOR& pin) {
    if (!print.add(&pin, sizeof pin)) return;
    const KSPIN_DESCRIPTOR& ks = pin.KsPinDescriptor;
    add_table(print, pin.AutomationTable);
    add_ranges(print, ks.DataRanges, ks.DataRangesCount);
    if (ks.ConstrainedDataRanges != nullptr)
        add_ranges(print, ks.ConstrainedDataRanges, ks.ConstrainedDataRangesCount);
    if (print.fits(ks.MediumsCount, descriptor_entry_limit))
        print.add(ks.Mediums, ks.MediumsCount * sizeof(KSPIN_MEDIUM));
    print.add_optional(ks.Category);
    print.add_optional(ks.Name);
}

void add_node(Fingerprint& print, const PCNODE_DESCRIPTOR& node) {
    if (!print.add(&node, sizeof node)) return;
    add_table(print, node.AutomationTable);
    print.add_optional(node.Type);
    print.add_optional(node.Name);
}

}  // namespace

std::uint64_t fingerprint_of(const PCFILTER_DESCRIPTOR& filter) {
    Fingerprint print;
    if (!print.add(&filter, sizeof filter)) return no_fingerprint;
    add_table(print, filter.AutomationTable);
    if (print.fits(filter.PinCount, descriptor_entry_limit)) {
        for (ULONG i = 0; i < filter.PinCount; ++i) add_pin(print, ks::pin_at(filter, i));
    }
    if (print.fits(filter.NodeCount, descriptor_entry_limit)) {
        for (ULONG i = 0; i < filter.NodeCount; ++i) add_node(print, node_at(filter, i));
    }
    if (print.fits(filter.ConnectionCount, descriptor_entry_limit))
        print.add(filter.Connections, filter.ConnectionCount * sizeof(PCCONNECTION_DESCRIPTOR));
    if (filter.Categories != nullptr && print.fits(filter.CategoryCount, descriptor_entry_limit))
        print.add(filter.Categories, filter.CategoryCount * sizeof(GUID));
    return print.value();
}

}  // namespace portico::portcls
