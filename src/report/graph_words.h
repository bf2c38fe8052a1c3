// KS values in words.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "report/graph.h"

namespace portico::report {

// The name of a GUID in KS' headers; "{...}" for one without. Several names may have one value: the first
// that begins with `prefix`, which is left out.
std::string guid_name(const GUID& guid, std::string_view prefix);
// Every GUID of KS' headers that has a name: visit("3A5ACC00-C557-11D0-8A2B-00A0C9255AC1",
// "KSNODETYPE_VOLUME").
void for_each_named_guid(const std::function<void(std::string_view guid, std::string_view name)>& visit);
std::string guid_text(const GUID& guid);  // "{146F1A80-4791-11D0-A5D6-28DB04C10000}"

// A property set of KS, with the names of its properties by id; null: no such id.
struct KnownPropertySet {
    GUID set;
    const char* name;  // "KSPROPSETID_Pin"
    std::span<const char* const> ids;
};
std::span<const KnownPropertySet> known_property_sets();
// "KSPROPERTY_PIN_CINSTANCES"; set and number for one that is not known.
std::string property_name(const GUID& set, ULONG id);
std::string short_property_name(const GUID& set, ULONG id);  // "CINSTANCES"

std::string_view data_flow_word(ULONG flow);                    // "in"
std::string_view communication_word(ULONG communication);       // "sink"
std::string instances_text(const KSPIN_CINSTANCES& instances);  // "0 of 4"
std::string access_words(ULONG access);                         // "get set"
std::string range_text(const GraphRange& range);  // "MUSIC/MIDI: technology PORT, channel mask 0xffff"
// The node's name; empty when it only says the type once more, as for a node without a name of its own.
std::string own_name(const GraphNode& node);
// "VOLUME", and with its name, "VOLUME Master Volume".
std::string node_title(const GraphNode& node);
std::string pin_title(const GraphPin& pin);  // the name, else the category

// What comes from a driver moves no cursor and sets no colour.
std::string plain(std::string_view text);

}  // namespace portico::report
