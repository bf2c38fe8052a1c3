#include "build/elf_object.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

namespace portico::build {
namespace {

class File {
  public:
    explicit File(std::string& bytes) : bytes_(bytes) {}

    bool open() {
        const auto header = at<Elf64_Ehdr>(0);
        if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
            header->e_ident[EI_CLASS] != ELFCLASS64)
            return false;
        for (std::size_t i = 0; i < header->e_shnum; ++i) {
            const auto section = at<Elf64_Shdr>(header->e_shoff + i * sizeof(Elf64_Shdr));
            if (!section) return false;
            sections_.push_back(*section);
        }
        names_ = header->e_shstrndx;
        return true;
    }

    const std::vector<Elf64_Shdr>& sections() const { return sections_; }
    std::string section_name(const Elf64_Shdr& section) const { return text(names_, section.sh_name); }

    std::string text(std::size_t table, std::size_t offset) const {
        if (table >= sections_.size() || offset >= sections_[table].sh_size) return {};
        const std::size_t begin = sections_[table].sh_offset + offset;
        const std::size_t end = sections_[table].sh_offset + sections_[table].sh_size;
        if (end > bytes_.size() || begin >= end) return {};
        return bytes_.substr(begin, bytes_.find('\0', begin) - begin);
    }

    template <class T>
    std::optional<T> at(std::uint64_t offset) const {
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
        T value;
        std::memcpy(&value, bytes_.data() + offset, sizeof value);
        return value;
    }

    void replace(const Elf64_Shdr& section, char from, char to) {
        if (section.sh_offset > bytes_.size() || bytes_.size() - section.sh_offset < section.sh_size) return;
        const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(section.sh_offset);
        std::replace(begin, begin + static_cast<std::ptrdiff_t>(section.sh_size), from, to);
    }

  private:
    std::string& bytes_;
    std::vector<Elf64_Shdr> sections_;
    std::size_t names_ = 0;
};

Result<std::string> bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (!in && bytes.empty()) return Error{path + ": cannot be read"};
    return bytes;
}

}  // namespace

Result<ElfObject> read_elf(const std::string& path) {
    std::string bytes = PORTICO_TRY(bytes_of(path));
    File file(bytes);
    if (!file.open()) return Error{path + ": not an object of this tool chain"};
    ElfObject result;
    for (const Elf64_Shdr& section : file.sections()) {
        result.sections.push_back({file.section_name(section), (section.sh_flags & SHF_WRITE) != 0});
        const auto header = file.at<Elf64_Ehdr>(0);
        if (section.sh_type != (header->e_type == ET_DYN ? SHT_DYNSYM : SHT_SYMTAB)) continue;
        for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= section.sh_size; at += sizeof(Elf64_Sym)) {
            const auto symbol = file.at<Elf64_Sym>(section.sh_offset + at);
            if (!symbol) break;
            result.symbols.push_back({file.text(section.sh_link, symbol->st_name),
                                      symbol->st_shndx != SHN_UNDEF,
                                      ELF64_ST_BIND(symbol->st_info) != STB_LOCAL});
        }
    }
    return result;
}

Result<void> replace_at_signs(const std::string& path) {
    std::string bytes = PORTICO_TRY(bytes_of(path));
    File file(bytes);
    if (!file.open()) return Error{path + ": not an object of this tool chain"};
    for (const Elf64_Shdr& section : file.sections()) {
        if (section.sh_type == SHT_STRTAB) file.replace(section, '@', '$');
    }
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) return Error{path + ": cannot be written"};
    return {};
}

}  // namespace portico::build
