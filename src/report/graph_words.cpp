#include "report/graph_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "dmusprop.h"
#include "ksmedia.h"

namespace portico::report {
namespace {

struct NamedGuid {
    std::string_view text;
    std::string_view name;
};

constexpr NamedGuid named_guids[] = {
#include "guid_names.inc"
};

constexpr const char* general_ids[] = {"KSPROPERTY_GENERAL_COMPONENTID"};
constexpr const char* pin_ids[] = {"KSPROPERTY_PIN_CINSTANCES",
                                   "KSPROPERTY_PIN_CTYPES",
                                   "KSPROPERTY_PIN_DATAFLOW",
                                   "KSPROPERTY_PIN_DATARANGES",
                                   "KSPROPERTY_PIN_DATAINTERSECTION",
                                   "KSPROPERTY_PIN_INTERFACES",
                                   "KSPROPERTY_PIN_MEDIUMS",
                                   "KSPROPERTY_PIN_COMMUNICATION",
                                   "KSPROPERTY_PIN_GLOBALCINSTANCES",
                                   "KSPROPERTY_PIN_NECESSARYINSTANCES",
                                   "KSPROPERTY_PIN_PHYSICALCONNECTION",
                                   "KSPROPERTY_PIN_CATEGORY",
                                   "KSPROPERTY_PIN_NAME",
                                   "KSPROPERTY_PIN_CONSTRAINEDDATARANGES",
                                   "KSPROPERTY_PIN_PROPOSEDATAFORMAT",
                                   "KSPROPERTY_PIN_PROPOSEDATAFORMAT2",
                                   "KSPROPERTY_PIN_MODEDATAFORMATS"};
constexpr const char* topology_ids[] = {"KSPROPERTY_TOPOLOGY_CATEGORIES", "KSPROPERTY_TOPOLOGY_NODES",
                                        "KSPROPERTY_TOPOLOGY_CONNECTIONS", "KSPROPERTY_TOPOLOGY_NAME"};
constexpr const char* topology_node_ids[] = {nullptr, "KSPROPERTY_TOPOLOGYNODE_ENABLE",
                                             "KSPROPERTY_TOPOLOGYNODE_RESET"};
constexpr const char* audio_ids[] = {nullptr,
                                     "KSPROPERTY_AUDIO_LATENCY",
                                     "KSPROPERTY_AUDIO_COPY_PROTECTION",
                                     "KSPROPERTY_AUDIO_CHANNEL_CONFIG",
                                     "KSPROPERTY_AUDIO_VOLUMELEVEL",
                                     "KSPROPERTY_AUDIO_POSITION",
                                     "KSPROPERTY_AUDIO_DYNAMIC_RANGE",
                                     "KSPROPERTY_AUDIO_QUALITY",
                                     "KSPROPERTY_AUDIO_SAMPLING_RATE",
                                     "KSPROPERTY_AUDIO_DYNAMIC_SAMPLING_RATE",
                                     "KSPROPERTY_AUDIO_MIX_LEVEL_TABLE",
                                     "KSPROPERTY_AUDIO_MIX_LEVEL_CAPS",
                                     "KSPROPERTY_AUDIO_MUX_SOURCE",
                                     "KSPROPERTY_AUDIO_MUTE",
                                     "KSPROPERTY_AUDIO_BASS",
                                     "KSPROPERTY_AUDIO_MID",
                                     "KSPROPERTY_AUDIO_TREBLE",
                                     "KSPROPERTY_AUDIO_BASS_BOOST",
                                     "KSPROPERTY_AUDIO_EQ_LEVEL",
                                     "KSPROPERTY_AUDIO_NUM_EQ_BANDS",
                                     "KSPROPERTY_AUDIO_EQ_BANDS",
                                     "KSPROPERTY_AUDIO_AGC",
                                     "KSPROPERTY_AUDIO_DELAY",
                                     "KSPROPERTY_AUDIO_LOUDNESS",
                                     "KSPROPERTY_AUDIO_WIDE_MODE",
                                     "KSPROPERTY_AUDIO_WIDENESS",
                                     "KSPROPERTY_AUDIO_REVERB_LEVEL",
                                     "KSPROPERTY_AUDIO_CHORUS_LEVEL",
                                     "KSPROPERTY_AUDIO_DEV_SPECIFIC",
                                     "KSPROPERTY_AUDIO_DEMUX_DEST",
                                     "KSPROPERTY_AUDIO_STEREO_ENHANCE",
                                     "KSPROPERTY_AUDIO_MANUFACTURE_GUID",
                                     "KSPROPERTY_AUDIO_PRODUCT_GUID",
                                     "KSPROPERTY_AUDIO_CPU_RESOURCES",
                                     "KSPROPERTY_AUDIO_STEREO_SPEAKER_GEOMETRY",
                                     "KSPROPERTY_AUDIO_SURROUND_ENCODE",
                                     "KSPROPERTY_AUDIO_3D_INTERFACE",
                                     "KSPROPERTY_AUDIO_PEAKMETER",
                                     "KSPROPERTY_AUDIO_ALGORITHM_INSTANCE",
                                     "KSPROPERTY_AUDIO_FILTER_STATE",
                                     "KSPROPERTY_AUDIO_PREFERRED_STATUS"};
constexpr const char* synth_ids[] = {"KSPROPERTY_SYNTH_VOLUME",        "KSPROPERTY_SYNTH_VOLUMEBOOST",
                                     "KSPROPERTY_SYNTH_CAPS",          "KSPROPERTY_SYNTH_PORTPARAMETERS",
                                     "KSPROPERTY_SYNTH_CHANNELGROUPS", "KSPROPERTY_SYNTH_VOICEPRIORITY",
                                     "KSPROPERTY_SYNTH_LATENCYCLOCK",  "KSPROPERTY_SYNTH_RUNNINGSTATS"};
constexpr const char* synth_clock_ids[] = {"KSPROPERTY_SYNTH_MASTERCLOCK"};

const KnownPropertySet known_sets[] = {
    {KSPROPSETID_General, "KSPROPSETID_General", general_ids},
    {KSPROPSETID_Pin, "KSPROPSETID_Pin", pin_ids},
    {KSPROPSETID_Topology, "KSPROPSETID_Topology", topology_ids},
    {KSPROPSETID_TopologyNode, "KSPROPSETID_TopologyNode", topology_node_ids},
    {KSPROPSETID_Audio, "KSPROPSETID_Audio", audio_ids},
    {KSPROPSETID_Synth, "KSPROPSETID_Synth", synth_ids},
    {KSPROPSETID_SynthClock, "KSPROPSETID_SynthClock", synth_clock_ids},
};

std::string_view strip(std::string_view name) {
    for (const std::string_view prefix : {"KSNODETYPE_", "KSCATEGORY_", "KSAUDFNAME_"}) {
        if (name.starts_with(prefix)) return name.substr(prefix.size());
    }
    return name;
}

template <class T>
bool take(const std::vector<std::uint8_t>& bytes, std::size_t offset, T& out) {
    if (bytes.size() < offset + sizeof out) return false;
    std::memcpy(&out, bytes.data() + offset, sizeof out);
    return true;
}

std::string music_text(const std::vector<std::uint8_t>& rest) {
    GUID technology;
    ULONG channels, notes, mask;
    if (!take(rest, 0, technology) || !take(rest, 16, channels) || !take(rest, 20, notes) ||
        !take(rest, 24, mask))
        return {};
    std::string text = fmt::format(": technology {}", guid_name(technology, "KSMUSIC_TECHNOLOGY_"));
    if (channels != 0) text += fmt::format(", {} channels", channels);
    if (notes != 0) text += fmt::format(", {} notes", notes);
    return text + fmt::format(", channel mask {:#x}", mask);
}

std::string audio_text(const std::vector<std::uint8_t>& rest) {
    ULONG values[5];
    if (!take(rest, 0, values)) return {};
    return fmt::format(": up to {} channels, {}..{} bits, {}..{} Hz", values[0], values[1], values[2],
                       values[3], values[4]);
}

}  // namespace

std::string guid_text(const GUID& guid) {
    return fmt::format("{{{:08X}-{:04X}-{:04X}-{:02X}{:02X}-{:02X}{:02X}{:02X}{:02X}{:02X}{:02X}}}",
                       static_cast<std::uint32_t>(guid.Data1), guid.Data2, guid.Data3, guid.Data4[0],
                       guid.Data4[1], guid.Data4[2], guid.Data4[3], guid.Data4[4], guid.Data4[5],
                       guid.Data4[6], guid.Data4[7]);
}

void for_each_named_guid(const std::function<void(std::string_view guid, std::string_view name)>& visit) {
    for (const NamedGuid& named : named_guids) visit(named.text, named.name);
}

std::string guid_name(const GUID& guid, std::string_view prefix) {
    const std::string text = guid_text(guid);
    const std::string_view bare = std::string_view(text).substr(1, text.size() - 2);
    std::string_view any;
    for (const NamedGuid& named : named_guids) {
        if (named.text != bare) continue;
        if (named.name.starts_with(prefix)) return std::string(named.name.substr(prefix.size()));
        if (any.empty()) any = named.name;
    }
    return any.empty() ? text : std::string(strip(any));
}

std::span<const KnownPropertySet> known_property_sets() {
    return known_sets;
}

std::string property_name(const GUID& set, ULONG id) {
    for (const KnownPropertySet& known : known_sets) {
        if (!IsEqualGUID(known.set, set)) continue;
        if (id < known.ids.size() && known.ids[id] != nullptr) return known.ids[id];
        return fmt::format("{} {}", known.name, id);
    }
    return fmt::format("{} {}", guid_name(set, "KSPROPSETID_"), id);
}

// "KSPROPERTY_PIN_CINSTANCES" without "KSPROPERTY_" and the word for its set.
std::string short_property_name(const GUID& set, ULONG id) {
    std::string name = property_name(set, id);
    constexpr std::string_view prefix = "KSPROPERTY_";
    if (!name.starts_with(prefix)) return name;
    name.erase(0, prefix.size());
    const std::size_t word = name.find('_');
    return word == std::string::npos ? name : name.substr(word + 1);
}

std::string_view data_flow_word(ULONG flow) {
    if (flow == KSPIN_DATAFLOW_IN) return "in";
    return flow == KSPIN_DATAFLOW_OUT ? "out" : "?";
}

std::string_view communication_word(ULONG communication) {
    constexpr std::string_view words[] = {"none", "sink", "source", "both", "bridge"};
    return communication < std::size(words) ? words[communication] : "?";
}

std::string instances_text(const KSPIN_CINSTANCES& instances) {
    if (instances.PossibleCount == 0) return "-";
    if (instances.PossibleCount == KSINSTANCE_INDETERMINATE)
        return fmt::format("{} of any", instances.CurrentCount);
    return fmt::format("{} of {}", instances.CurrentCount, instances.PossibleCount);
}

std::string access_words(ULONG access) {
    std::string text;
    const auto add = [&](std::string_view word) { text += (text.empty() ? "" : " ") + std::string(word); };
    if ((access & KSPROPERTY_TYPE_GET) != 0) add("get");
    if ((access & KSPROPERTY_TYPE_SET) != 0) add("set");
    return text.empty() ? "-" : text;
}

std::string range_text(const GraphRange& range) {
    const bool wildcard = IsEqualGUID(range.range.MajorFormat, GUID_NULL);
    const auto word = [](const GUID& guid, std::string_view prefix) {
        return IsEqualGUID(guid, GUID_NULL) ? std::string("any") : guid_name(guid, prefix);
    };
    std::string text = word(range.range.MajorFormat, "KSDATAFORMAT_TYPE_") + "/" +
                       word(range.range.SubFormat, "KSDATAFORMAT_SUBTYPE_") + "/" +
                       word(range.range.Specifier, "KSDATAFORMAT_SPECIFIER_");
    if (!wildcard && IsEqualGUID(range.range.MajorFormat, KSDATAFORMAT_TYPE_MUSIC))
        text += music_text(range.rest);
    if (!wildcard && IsEqualGUID(range.range.MajorFormat, KSDATAFORMAT_TYPE_AUDIO))
        text += audio_text(range.rest);
    if ((range.range.Flags & KSDATARANGE_ATTRIBUTES) != 0) text += ", attributes";
    return text;
}

std::string own_name(const GraphNode& node) {
    std::string type = guid_name(node.type, "KSNODETYPE_");
    std::string name = plain(node.name);
    const auto same = [](char a, char b) {
        return std::toupper(static_cast<unsigned char>(a)) == (b == '_' ? ' ' : b);
    };
    return std::equal(name.begin(), name.end(), type.begin(), type.end(), same) ? std::string() : name;
}

std::string node_title(const GraphNode& node) {
    const std::string name = own_name(node);
    return guid_name(node.type, "KSNODETYPE_") + (name.empty() ? "" : " " + name);
}

std::string pin_title(const GraphPin& pin) {
    if (!pin.name.empty()) return plain(pin.name);
    return pin.category ? guid_name(*pin.category, "KSCATEGORY_") : std::string();
}

std::string plain(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    return out;
}

}  // namespace portico::report
