#include "loader/symbols.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>

#include "loader/loader.h"

#ifdef PORTICO_ASAN
// LLVM 14 misjudges where libdw, which is opened late, has its thread-local variables, and LeakSanitizer
// stops there. Without a look into those it takes what GLib and OpenMP keep for FluidSynth for lost.
extern "C" const char* __lsan_default_options() {
    return "use_tls=0:print_suppressions=0";
}
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libglib-2.0.so\nleak:libgomp.so\n";
}
#endif

namespace portico::loader {
namespace {

// The functions of libdw and libelf that are used here: a list, several names a line.
// clang-format off
#define PORTICO_LIBDW_FUNCTIONS(X)                                                                           \
    X(dwfl_begin) X(dwfl_end) X(dwfl_report_begin) X(dwfl_report_end) X(dwfl_report_module)                  \
    X(dwfl_linux_proc_report) X(dwfl_linux_proc_find_elf) X(dwfl_addrmodule) X(dwfl_module_info)             \
    X(dwfl_module_nextcu) X(dwfl_module_addrdie) X(dwfl_module_addrname) X(dwarf_haspc)                      \
    X(dwarf_getsrc_die) X(dwarf_linesrc) X(dwarf_lineno) X(dwarf_child) X(dwarf_siblingof)                   \
    X(dwarf_getscopes_die) X(dwarf_tag) X(dwarf_diename) X(dwarf_attr) X(dwarf_formref_die)                  \
    X(dwarf_formudata) X(dwarf_getsrcfiles) X(dwarf_filesrc) X(dwarf_formstring) X(elf_version) X(elf_memory)
// clang-format on

struct Library {
#define X(NAME) decltype(&::NAME) NAME = nullptr;
    PORTICO_LIBDW_FUNCTIONS(X)
#undef X
    bool usable = false;
};

void open_library(Library& library) {
    void* const handle = ::dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
    void* const elf = ::dlopen("libelf.so.1", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr || elf == nullptr) return;
    library.usable = true;
#define X(NAME)                                                                                           \
    library.NAME = reinterpret_cast<decltype(&::NAME)>(::dlsym(handle, #NAME));                           \
    if (library.NAME == nullptr) library.NAME = reinterpret_cast<decltype(&::NAME)>(::dlsym(elf, #NAME)); \
    library.usable = library.usable && library.NAME != nullptr;
    PORTICO_LIBDW_FUNCTIONS(X)
#undef X
    if (library.usable) library.elf_version(EV_CURRENT);
}

const Library& dw() {
    static const auto* const library = [] {
        auto* const opened = new Library;
        open_library(*opened);
        return opened;
    }();
    return *library;
}

int find_elf(Dwfl_Module* module, void** userdata, const char* name, Dwarf_Addr base, char** file,
             Elf** elf) {
    const auto* const image = static_cast<const Image*>(*userdata);
    if (image == nullptr) return dw().dwfl_linux_proc_find_elf(module, userdata, name, base, file, elf);
    const auto bytes = image->debug_file();
    if (bytes.empty()) return -1;
    *elf = dw().elf_memory(reinterpret_cast<char*>(const_cast<std::byte*>(bytes.data())), bytes.size());
    return -1;
}

// Debug information comes from the files themselves: looking for separate files could mean asking a server.
int find_no_debuginfo(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word,
                      char**) {
    return -1;
}

// The modules of this process. Made anew when images have come or gone.
class Session {
  public:
    Dwfl* modules() {
        if (dwfl_ != nullptr && generation_ == generation()) return dwfl_;
        if (dwfl_ != nullptr) dw().dwfl_end(dwfl_);
        generation_ = generation();
        dwfl_ = dw().dwfl_begin(&callbacks_);
        if (dwfl_ == nullptr) return nullptr;
        dw().dwfl_report_begin(dwfl_);
        dw().dwfl_linux_proc_report(dwfl_, ::getpid());
        for (auto* const image : images()) report(image);
        dw().dwfl_report_end(dwfl_, nullptr, nullptr);
        return dwfl_;
    }

  private:
    void report(Image* image) {
        auto* const module =
            dw().dwfl_report_module(dwfl_, image->name().c_str(), image->range().base, image->range().end());
        void** userdata = nullptr;
        if (module == nullptr) return;
        dw().dwfl_module_info(module, &userdata, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
        *userdata = image;
    }

    Dwfl_Callbacks callbacks_{find_elf, find_no_debuginfo, nullptr, nullptr};
    Dwfl* dwfl_ = nullptr;
    std::uint64_t generation_ = 0;
};

// A debugging entry and the scopes around it, innermost first; libdw allocates them.
class Scopes {
  public:
    explicit Scopes(Dwarf_Die* die) { count_ = dw().dwarf_getscopes_die(die, &dies_); }
    Scopes(const Scopes&) = delete;
    ~Scopes() { std::free(dies_); }
    int count() const { return count_ > 0 ? count_ : 0; }
    Dwarf_Die* operator[](int index) const { return &dies_[index]; }

  private:
    Dwarf_Die* dies_ = nullptr;
    int count_ = 0;
};

bool follow(Dwarf_Die& die, unsigned attribute) {
    Dwarf_Attribute reference;
    Dwarf_Die target;
    if (dw().dwarf_attr(&die, attribute, &reference) == nullptr ||
        dw().dwarf_formref_die(&reference, &target) == nullptr)
        return false;
    die = target;
    return true;
}

// "a::B::f" of "void a::B::f<int>(int) const": from the last blank outside of brackets to the argument list.
// As it is when it is no name of C++'s.
std::string function_name(const char* symbol) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> whole(
        abi::__cxa_demangle(symbol, nullptr, nullptr, &status), &std::free);
    if (status != 0) return symbol;
    const std::string_view text(whole.get());
    std::size_t end = text.rfind(')');
    if (end == std::string_view::npos) return std::string(text);
    const auto depth_of = [](char c) { return (c == '(' || c == '<') - (c == ')' || c == '>'); };
    for (int depth = -1; depth != 0 && end > 0;) depth += depth_of(text[--end]);
    std::size_t begin = end;
    for (int depth = 0; begin > 0 && (text[begin - 1] != ' ' || depth != 0);)
        depth += depth_of(text[--begin]);
    std::string name(text.substr(begin, end - begin));
    constexpr std::string_view unnamed = " namespace)";
    for (std::size_t i = 0; (i = name.find(unnamed, i)) != std::string::npos;)
        name.replace(i, unnamed.size(), ")");
    return name;
}

// Debug information of functions and lines alone has no classes and namespaces around a function: its linkage
// name has.
std::string name_by_linkage(Dwarf_Die& die, const std::string& name) {
    Dwarf_Attribute value;
    const char* const linkage = dw().dwarf_attr(&die, DW_AT_linkage_name, &value) == nullptr
                                    ? nullptr
                                    : dw().dwarf_formstring(&value);
    const std::string whole = linkage == nullptr ? "" : function_name(linkage);
    return whole.ends_with("::" + name) ? whole : name;
}

// The name in its classes and namespaces. An out-of-line or inlined function refers to its declaration, which
// stands there.
std::string qualified_name(Dwarf_Die die) {
    constexpr int references_max = 8;
    for (int i = 0; i < references_max; ++i) {
        if (!follow(die, DW_AT_abstract_origin) && !follow(die, DW_AT_specification)) break;
    }
    const char* const own = dw().dwarf_diename(&die);
    if (own == nullptr) return {};
    std::string name = own;
    const Scopes scopes(&die);
    for (int i = 1; i < scopes.count(); ++i) {
        const int tag = dw().dwarf_tag(scopes[i]);
        const bool names = tag == DW_TAG_class_type || tag == DW_TAG_structure_type ||
                           tag == DW_TAG_union_type || tag == DW_TAG_namespace;
        if (!names) continue;
        const char* const outer = dw().dwarf_diename(scopes[i]);
        name = std::string(outer == nullptr ? "(anonymous)" : outer) + "::" + name;
    }
    return name == own ? name_by_linkage(die, name) : name;
}

bool is_function(Dwarf_Die* die) {
    const int tag = dw().dwarf_tag(die);
    return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
}

unsigned number(Dwarf_Die* die, unsigned attribute) {
    Dwarf_Attribute value;
    Dwarf_Word number = 0;
    if (dw().dwarf_attr(die, attribute, &value) == nullptr || dw().dwarf_formudata(&value, &number) != 0)
        return 0;
    return static_cast<unsigned>(number);
}

// A file below the folder in which the compiler ran is told relative to it: whole again, so that it can be
// opened.
std::string whole_path(Dwarf_Die* unit, const char* name) {
    if (name == nullptr) return {};
    Dwarf_Attribute value;
    const char* folder = nullptr;
    if (*name != '/' && dw().dwarf_attr(unit, DW_AT_comp_dir, &value) != nullptr)
        folder = dw().dwarf_formstring(&value);
    return folder == nullptr ? name : (std::filesystem::path(folder) / name).lexically_normal().string();
}

std::string file_name(Dwarf_Die* unit, unsigned index) {
    Dwarf_Files* files = nullptr;
    std::size_t count = 0;
    if (dw().dwarf_getsrcfiles(unit, &files, &count) != 0 || index >= count) return {};
    return whole_path(unit, dw().dwarf_filesrc(files, index, nullptr, nullptr));
}

class Finder {
  public:
    Finder(Dwfl_Module* module, Dwarf_Addr address) : module_(module), address_(address) {}

    std::vector<SourceLine> lines() {
        find_unit();
        SourceLine here;
        if (unit_ != nullptr) {
            here = innermost();
            add_functions(here);
        }
        if (lines_.empty()) {
            const char* const symbol = dw().dwfl_module_addrname(module_, address_);
            if (symbol != nullptr) here.function = function_name(symbol);
            if (symbol != nullptr || here.line != 0) lines_.push_back(here);
        }
        return std::move(lines_);
    }

  private:
    // clang writes no index from addresses to units (.debug_aranges) unless asked: then each unit is.
    void find_unit() {
        unit_ = dw().dwfl_module_addrdie(module_, address_, &bias_);
        Dwarf_Die* unit = nullptr;
        while (unit_ == nullptr && (unit = dw().dwfl_module_nextcu(module_, unit, &bias_)) != nullptr) {
            if (dw().dwarf_haspc(unit, address_ - bias_) == 1) unit_ = unit;
        }
    }

    SourceLine innermost() const {
        SourceLine here;
        auto* const line = dw().dwarf_getsrc_die(unit_, address_ - bias_);
        int number = 0;
        if (line == nullptr || dw().dwarf_lineno(line, &number) != 0) return here;
        here.file = whole_path(unit_, dw().dwarf_linesrc(line, nullptr, nullptr));
        here.line = number > 0 ? static_cast<unsigned>(number) : 0;
        return here;
    }

    // The functions and inlined calls at the address, outermost first. dwarf_getscopes() would not look into
    // namespaces, where clang puts definitions.
    void find_functions(Dwarf_Die parent, std::vector<Dwarf_Die>& found, int depth = 0) const {
        constexpr int depth_max = 64;
        Dwarf_Die die;
        if (depth == depth_max || dw().dwarf_child(&parent, &die) != 0) return;
        do {
            const int tag = dw().dwarf_tag(&die);
            if (tag == DW_TAG_namespace || tag == DW_TAG_class_type || tag == DW_TAG_structure_type) {
                find_functions(die, found, depth + 1);
                if (!found.empty()) return;
            } else if ((is_function(&die) || tag == DW_TAG_lexical_block) &&
                       dw().dwarf_haspc(&die, address_ - bias_) == 1) {
                if (is_function(&die)) found.push_back(die);
                return find_functions(die, found, depth + 1);
            }
        } while (dw().dwarf_siblingof(&die, &die) == 0);
    }

    void add_functions(SourceLine at) {
        std::vector<Dwarf_Die> functions;
        find_functions(*unit_, functions);
        for (auto function = functions.rbegin(); function != functions.rend(); ++function) {
            at.function = qualified_name(*function);
            lines_.push_back(at);
            at.file = file_name(unit_, number(&*function, DW_AT_call_file));
            at.line = number(&*function, DW_AT_call_line);
        }
    }

    Dwfl_Module* module_;
    Dwarf_Addr address_;
    Dwarf_Addr bias_ = 0;
    Dwarf_Die* unit_ = nullptr;
    std::vector<SourceLine> lines_;
};

std::string_view base_name(std::string_view path) {
    return path.substr(path.find_last_of("/\\") + 1);
}

Place place_in_image(const Image& image, std::uint64_t address) {
    Place place;
    place.module = image.name();
    place.offset = address - image.range().base;
    place.driver = true;
    if (const auto* const import = image.missing_import_at(address))
        place.lines.push_back({import->name, {}, 0});
    return place;
}

}  // namespace

Place find_place(std::uint64_t address, CodeAddress kind) {
    static auto* const session = new Session;
    Place place;
    const auto* const image = image_at(address);
    if (image != nullptr) place = place_in_image(*image, address);
    if (!place.lines.empty() || !dw().usable) return place;
    auto* const dwfl = session->modules();
    const Dwarf_Addr looked_up = kind == CodeAddress::return_address && address > 0 ? address - 1 : address;
    auto* const module = dwfl == nullptr ? nullptr : dw().dwfl_addrmodule(dwfl, looked_up);
    if (module == nullptr) return place;
    if (image == nullptr) {
        Dwarf_Addr start = 0;
        const char* const name =
            dw().dwfl_module_info(module, nullptr, &start, nullptr, nullptr, nullptr, nullptr, nullptr);
        place.module = base_name(name == nullptr ? "" : name);
        place.offset = address - start;
    }
    place.lines = Finder(module, looked_up).lines();
    return place;
}

std::string describe(const Place& place) {
    if (place.module.empty()) return "(no code)";
    std::string text;
    if (!place.lines.empty()) {
        const auto& line = place.lines.front();
        text = line.function.empty() ? "(unknown function)" : line.function;
        if (line.line != 0) text += fmt::format(" {}:{}", base_name(line.file), line.line);
        text += ' ';
    }
    return text + fmt::format("({}+{:#x})", place.module, place.offset);
}

}  // namespace portico::loader
