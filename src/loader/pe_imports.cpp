#include "loader/pe_imports.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string_view>

#include "loader/image_format.h"
#include "loader/pe_reader.h"

namespace portico::loader {
namespace {

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

// The modules that Portico stands for, under all names that drivers link them by.
constexpr std::array<std::string_view, 8> kernel_modules{"ntoskrnl.exe", "ntkrnlmp.exe", "ntkrnlpa.exe",
                                                         "ntkrpamp.exe", "hal.dll",      "portcls.sys",
                                                         "ks.sys",       "drmk.sys"};

// The libraries with this suffix that Windows' kernel has itself.
constexpr std::array<std::string_view, 5> kernel_libraries{"hal.dll", "bootvid.dll", "kdcom.dll", "pshed.dll",
                                                           "ci.dll"};

bool is_user_library(std::string_view module) {
    if (!module.ends_with(".dll") || module.starts_with("ext-ms-win-nt")) return false;
    return std::find(kernel_libraries.begin(), kernel_libraries.end(), module) == kernel_libraries.end();
}

class ImportReader {
  public:
    ImportReader(const PeReader& file, Layout& layout) : file_(file), layout_(layout) {}

    Result<void> run() {
        const auto& where = file_.directory(pe::directory_import);
        if (where.VirtualAddress == 0) return {};
        for (unsigned i = 0;; ++i) {
            const auto bytes =
                file_.at(where.VirtualAddress + i * static_cast<std::uint32_t>(sizeof(pe::ImportDescriptor)),
                         sizeof(pe::ImportDescriptor));
            if (bytes.empty()) return file_.refuse("its import table has no end inside the image");
            pe::ImportDescriptor descriptor;
            std::memcpy(&descriptor, bytes.data(), sizeof descriptor);
            if (descriptor.Name == 0) return {};
            if (i == image_import_modules_max)
                return file_.refuse("imports from more than {} modules", image_import_modules_max);
            PORTICO_TRY_VOID(module(descriptor));
        }
    }

  private:
    Result<void> module(const pe::ImportDescriptor& descriptor) {
        const auto name = file_.text_at(descriptor.Name, 255);
        if (name.empty()) return file_.refuse("its import table is damaged: a module has no name");
        const auto plain = lower(name);
        if (plain == "wdfldr.sys")
            return file_.refuse("a KMDF driver (it imports {}); Portico runs WDM drivers on PortCls", name);
        if (is_user_library(plain))
            return file_.refuse("imports {}, a library of user mode; no driver can", name);
        const bool foreign =
            std::find(kernel_modules.begin(), kernel_modules.end(), plain) == kernel_modules.end();
        // The address table of a bound image holds addresses of somebody's Windows.
        if (descriptor.OriginalFirstThunk == 0 && descriptor.TimeDateStamp != 0)
            return file_.refuse("bound to one Windows' {}, without names to bind it by", name);
        const auto names =
            descriptor.OriginalFirstThunk != 0 ? descriptor.OriginalFirstThunk : descriptor.FirstThunk;
        return functions(plain, foreign, names, descriptor.FirstThunk);
    }

    Result<void> functions(const std::string& module, bool foreign, std::uint32_t names,
                           std::uint32_t addresses) {
        for (std::uint32_t offset = 0;; offset += sizeof(std::uint64_t)) {
            const auto bytes = file_.at(names + offset, sizeof(std::uint64_t));
            if (bytes.empty())
                return file_.refuse("what it imports from {} has no end inside the image", module);
            std::uint64_t entry = 0;
            std::memcpy(&entry, bytes.data(), sizeof entry);
            if (entry == 0) return {};
            if (layout_.imports.size() == image_imports_max)
                return file_.refuse("more than {} imports", image_imports_max);
            const auto slot = file_.image_base() + addresses + offset;
            if (file_.segment_at(slot, sizeof entry) == nullptr)
                return file_.refuse("its import address table lies outside the image");
            Import import{PORTICO_TRY(name_of(module, entry)), module};
            // A number means what one build of the module says.
            import.foreign = foreign || (entry & pe::import_by_ordinal) != 0;
            layout_.fixups.push_back({slot, 0, static_cast<std::uint32_t>(layout_.imports.size())});
            layout_.imports.push_back(std::move(import));
        }
    }

    Result<std::string> name_of(const std::string& module, std::uint64_t entry) const {
        if ((entry & pe::import_by_ordinal) != 0) return "#" + std::to_string(entry & 0xffff);
        const auto name =
            entry >> 31 != 0 ? std::string() : file_.text_at(static_cast<std::uint32_t>(entry) + 2, 4095);
        if (name.empty())
            return file_.refuse("what it imports from {} is damaged: a name lies outside the image", module);
        return name;
    }

    const PeReader& file_;
    Layout& layout_;
};

// Every indirect call goes through here: neither touches a register.
__attribute__((naked)) void check_nothing() {
    asm("ret");
}
__attribute__((naked)) void go_to_target() {
    asm("jmp *%rax");
}

}  // namespace

Result<void> read_imports(const PeReader& file, Layout& layout) {
    return ImportReader(file, layout).run();
}

GuardFunctions guard_functions() {
    return {reinterpret_cast<std::uint64_t>(&check_nothing), reinterpret_cast<std::uint64_t>(&go_to_target)};
}

}  // namespace portico::loader
