#include "loader/pe_symbols.h"

#include <cstdlib>
#include <cstring>

#include "loader/debug_file.h"

namespace portico::loader {
namespace {

constexpr std::size_t name_length_max = 4095;

Bytes string_table(Bytes file, const pe::FileHeader& header) {
    const auto at = header.PointerToSymbolTable + std::uint64_t{header.NumberOfSymbols} * pe::symbol_size;
    return header.PointerToSymbolTable == 0 || at > file.size() ? Bytes{} : file.subspan(at);
}

std::string text(Bytes bytes, std::size_t length_max) {
    const auto* const begin = reinterpret_cast<const char*>(bytes.data());
    return {begin, ::strnlen(begin, std::min(bytes.size(), length_max))};
}

std::string long_name(Bytes strings, std::uint64_t offset) {
    return offset < strings.size() ? text(strings.subspan(offset), name_length_max) : std::string();
}

}  // namespace

std::string section_name(Bytes file, const pe::FileHeader& header, const pe::SectionHeader& section) {
    std::string name(section.Name, ::strnlen(section.Name, sizeof section.Name));
    if (name.starts_with('/')) {
        const auto whole = long_name(string_table(file, header), std::strtoul(name.c_str() + 1, nullptr, 10));
        if (!whole.empty()) name = whole;
    }
    for (char& c : name) {
        if (c <= 0x20 || c >= 0x7f) c = '?';
    }
    return name;
}

void read_symbols(Bytes file, const pe::FileHeader& header, const std::vector<pe::SectionHeader>& sections,
                  std::uint64_t base, std::vector<PeSymbol>& symbols) {
    const auto strings = string_table(file, header);
    if (strings.empty()) return;
    // Many may share one long name: all names together are no longer than the file.
    std::size_t names = 0;
    for (std::uint64_t i = 0; i < header.NumberOfSymbols && names <= file.size(); ++i) {
        const auto symbol = file.subspan(header.PointerToSymbolTable + i * pe::symbol_size, pe::symbol_size);
        std::uint32_t words[3];  // zeroes and the offset of a long name, the value
        std::int16_t section = 0;
        std::memcpy(words, symbol.data(), sizeof words);
        std::memcpy(&section, symbol.data() + 12, sizeof section);
        i += std::to_integer<std::uint64_t>(symbol[17]);
        if (section < 1 || static_cast<std::size_t>(section) > sections.size()) continue;
        const auto& place = sections[static_cast<std::size_t>(section) - 1];
        if ((place.Characteristics & pe::section_executable) == 0 || words[2] >= place.VirtualSize) continue;
        symbols.push_back({words[0] == 0 ? long_name(strings, words[1]) : text(symbol, 8),
                           base + place.VirtualAddress + words[2]});
        names += symbols.back().name.size();
    }
}

std::vector<std::string> constructed_variables(const std::vector<PeSymbol>& symbols) {
    std::vector<std::string> names;
    for (const auto& symbol : symbols) {
        if (symbol.name.starts_with(initialiser_prefix)) names.push_back(variable_name(symbol.name, '@'));
    }
    if (names.empty()) names.emplace_back("(unnamed)");
    return names;
}

}  // namespace portico::loader
