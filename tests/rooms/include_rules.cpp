#include "include_rules.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <regex>

namespace portico::test {
namespace {

namespace fs = std::filesystem;

std::map<std::string, Rooms> design_edges() {
    return {
        {"base", {}},
        {"midi", {"base"}},
        {"sim", {"base"}},
        {"nt", {"sim", "ddk"}},
        {"ks", {"nt", "ddk"}},
        {"portcls", {"ks", "midi", "ddk"}},
        {"hardware", {"sim", "midi"}},
        {"loader", {"nt", "ks", "portcls"}},
        {"client", {"nt", "ddk"}},
        {"ends", {"midi", "base"}},
        {"verifier", {"nt", "ks", "portcls"}},
        {"inf", {"base"}},
        {"build", {"base"}},
        {"report", {"base", "sim"}},
        {"machine",
         {"client", "portcls", "ks", "nt", "loader", "hardware", "ends", "inf", "report", "verifier",
          "miniports", "midi", "sim", "base", "portico", "ddk"}},
        {"campaign", {"machine"}},
    };
}

// Repeats until nothing is added: the rooms are few.
void close(std::map<std::string, Rooms>& allowed) {
    for (bool more = true; more;) {
        more = false;
        for (auto& [room, reached] : allowed) {
            for (const std::string& below : Rooms(reached)) {
                if (!allowed.contains(below)) continue;
                for (const std::string& further : allowed[below]) more |= reached.insert(further).second;
            }
        }
    }
}

std::string trimmed(std::string text) {
    text.erase(0, text.find_first_not_of(" \t\n`"));
    text.erase(text.find_last_not_of(" \t\n`") + 1);
    return text;
}

// Where a file belongs: "src/nt/ke/wait.cpp" is in nt, "include/ddk/..." in ddk, "drivers/..." in drivers.
std::string room_of(const fs::path& relative) {
    auto part = relative.begin();
    const std::string top = part->string();
    if (top == "src" || top == "include") return (++part)->string();
    return top;
}

bool is_source(const fs::path& file) {
    static const Rooms extensions{".c", ".cpp", ".h", ".S", ".inc"};
    return extensions.contains(file.extension().string());
}

class Checker {
  public:
    Checker(const fs::path& root, const IncludeRules& rules) : root_(root), rules_(rules) {}

    std::vector<std::string> run() {
        for (const char* top : {"src", "include", "drivers"}) {
            if (!fs::exists(root_ / top)) continue;
            for (const auto& entry : fs::recursive_directory_iterator(root_ / top)) {
                if (entry.is_regular_file() && is_source(entry.path())) read(entry.path());
            }
        }
        std::sort(found_.begin(), found_.end());
        return std::move(found_);
    }

  private:
    void read(const fs::path& file) {
        static const std::regex include(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
        const fs::path relative = fs::relative(file, root_);
        std::ifstream in(file);
        std::string line;
        for (int number = 1; std::getline(in, line); ++number) {
            std::smatch match;
            if (!std::regex_match(line, match, include)) continue;
            const std::string header = match[2];
            const std::string from = room_of(relative);
            if (may_include(from, file, header, match[1] == "\"")) continue;
            found_.push_back(relative.string() + ":" + std::to_string(number) + ": " + from +
                             " may not include " + header);
        }
    }

    bool may_include(const std::string& from, const fs::path& file, const std::string& header, bool quoted) {
        for (const auto& [library, rooms] : rules_.libraries) {
            const bool folder = library.ends_with('/');
            if (folder ? header.starts_with(library) : header == library) return rooms.contains(from);
        }
        // Includes of drivers in the field: other folders of the driver's in any case, and what WPP
        // generates.
        if (from == "drivers" && (header.ends_with(".tmh") || is_drivers_own(header))) return true;
        const auto to = target_of(from, file, header, quoted);
        // A driver's headers are its own, the driver library's and the DDK's: nothing of Linux.
        if (in_image(from, file)) return to.has_value() && (*to == from || *to == "ddk");
        if (!to.has_value()) return from != "ddk" || is_compilers_own(header);
        if (*to == from) return true;
        const auto allowed = rules_.allowed.find(from);
        return allowed != rules_.allowed.end() && allowed->second.contains(*to);
    }

    bool is_drivers_own(const std::string& header) const {
        const auto lower = [](std::string text) {
            for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            return text;
        };
        for (const auto& entry : fs::recursive_directory_iterator(root_ / "drivers")) {
            if (lower(entry.path().filename().string()) == lower(header)) return true;
        }
        return false;
    }

    // What clang itself brings along for drivers.
    static bool is_compilers_own(const std::string& header) {
        static const Rooms known{"stddef.h", "stdarg.h", "stdint.h", "emmintrin.h", "xmmintrin.h"};
        return known.contains(header);
    }

    static bool in_image(const std::string& from, const fs::path& file) {
        return from == "drivers" || from == "driverlib" || (from == "miniports" && file.stem() != "image");
    }

    std::optional<std::string> target_of(const std::string& from, const fs::path& file,
                                         const std::string& header, bool quoted) {
        if (quoted && fs::exists(file.parent_path() / header)) {
            return room_of(fs::relative(file.parent_path() / header, root_).lexically_normal());
        }
        const fs::path path(header);
        const std::string first = path.begin()->string();
        if (path.has_parent_path() && fs::is_directory(root_ / "src" / first)) return first;
        if (first == "portico") return "portico";
        if (fs::exists(root_ / "include/ddk" / path)) return "ddk";
        // The drivers' C run time: hosts have their own under the same names.
        if ((from == "ddk" || in_image(from, file)) && fs::exists(root_ / "include/ddk/crt" / path))
            return "ddk";
        return std::nullopt;
    }

    fs::path root_;
    const IncludeRules& rules_;
    std::vector<std::string> found_;
};

}  // namespace

IncludeRules rules_of_the_design() {
    IncludeRules rules{design_edges(),
                       {{"fluidsynth.h", {"ends"}},
                        {"sndfile.h", {"ends"}},
                        {"jack/", {"ends"}},
                        {"alsa/", {"ends"}},
                        {"thread", {"ends"}},
                        {"pthread.h", {"ends", "loader", "sim"}},
                        {"elfutils/", {"loader"}},
                        {"Zydis/", {"nt"}},
                        {"profile/", {"driverlib"}},
                        {"boost/context/", {"sim"}},
                        {"toml++/", {"machine"}},
                        {"pugixml.hpp", {"build"}},
                        {"CLI/", {"cli"}},
                        {"gtest/", {"portico"}},
                        {"gmock/", {"portico"}}}};
    close(rules.allowed);
    // Not closed: what a machine is made of is no affair of the command line's.
    rules.allowed["cli"] = {"machine", "campaign", "build", "report", "portico", "base"};
    return rules;
}

void add_recorded_edges(const std::string& text, IncludeRules& rules) {
    static const std::regex edge(R"(`([a-z]+) -> ([a-z, \n]+)`)");
    for (std::sregex_iterator i(text.begin(), text.end(), edge), end; i != end; ++i) {
        std::string rooms = (*i)[2];
        for (std::size_t at = 0; at != std::string::npos;) {
            const std::size_t comma = rooms.find(',', at);
            rules.allowed[(*i)[1]].insert(trimmed(rooms.substr(at, comma - at)));
            at = comma == std::string::npos ? comma : comma + 1;
        }
    }
}

std::vector<std::string> breaches(const fs::path& root, const IncludeRules& rules) {
    return Checker(root, rules).run();
}

}  // namespace portico::test
