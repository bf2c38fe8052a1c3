#include "machine/media_categories.h"

#include <algorithm>
#include <array>
#include <string>

#include "nt/cm/cm.h"
#include "nt/cm/text.h"
#include "report/graph_words.h"

namespace portico::machine {
namespace {

// Written in capitals in names for people, too.
bool is_acronym(std::string_view word) {
    constexpr std::array<std::string_view, 19> acronyms{"MIDI", "CD",  "PC",  "AGC", "DAC",  "ADC", "SRC",
                                                        "DVD",  "TV",  "VCR", "DSS", "DAT",  "IO",  "DCC",
                                                        "AUX",  "DRM", "GFX", "3D",  "SPDIF"};
    return std::find(acronyms.begin(), acronyms.end(), word) != acronyms.end();
}

// "MASTER_VOLUME": "Master Volume".
std::string name_of(std::string_view identifier) {
    std::string name;
    while (!identifier.empty()) {
        const std::string_view word = identifier.substr(0, identifier.find('_'));
        identifier.remove_prefix(std::min(identifier.size(), word.size() + 1));
        if (!name.empty()) name += ' ';
        if (is_acronym(word) || word.empty()) {
            name += word;
            continue;
        }
        name += word.front();
        for (const char c : word.substr(1)) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    return name;
}

}  // namespace

void fill_media_categories() {
    for (const std::string_view prefix : {"KSAUDFNAME_", "KSNODETYPE_", "KSCATEGORY_"}) {
        report::for_each_named_guid([&](std::string_view guid, std::string_view identifier) {
            if (!identifier.starts_with(prefix)) return;
            const std::string path =
                "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\MediaCategories\\{" +
                std::string(guid) + "}";
            const std::u16string wide = nt::cm::to_utf16(path);
            if (nt::cm::key_exists(nt::cm::as_unicode(wide))) return;
            nt::cm::set_string(path, "Name", name_of(identifier.substr(prefix.size())));
        });
    }
}

}  // namespace portico::machine
