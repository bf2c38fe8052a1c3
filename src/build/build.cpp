#include "build/build.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <set>

#include "base/print.h"
#include "build/libraries.h"
#include "build/ninja_file.h"
#include "build/project.h"
#include "build/shadow.h"

namespace portico::build {
namespace {

// Of the part of a source's path that its object is named by; the disk takes 255 bytes with its suffixes.
constexpr std::size_t object_name_max = 200;

// One build of an output at a time: another one waits. ninja and what it runs have the lock, too, so that it
// lasts as long as they write.
class OutputLock {
  public:
    OutputLock() = default;
    OutputLock(const OutputLock&) = delete;
    OutputLock& operator=(const OutputLock&) = delete;
    ~OutputLock() {
        if (file_ >= 0) ::close(file_);
    }
    Result<void> take(const std::string& objects, const std::string& output) {
        const std::string path = objects + "/.lock";
        file_ = ::open(path.c_str(), O_RDWR | O_CREAT, 0666);
        if (file_ < 0) return Error{path + ": cannot be written: " + std::strerror(errno)};
        if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return {};
        print(stderr, output + ": another build of it is running; this one waits for its end\n");
        while (::flock(file_, LOCK_EX) != 0) {
            if (errno != EINTR) return Error{path + ": cannot be locked: " + std::strerror(errno)};
        }
        return {};
    }

  private:
    int file_ = -1;
};

class Builder {
  public:
    explicit Builder(const BuildRequest& request) : request_(request) {}

    Result<BuildReport> run() {
        PORTICO_TRY_VOID(check_output());
        installation_ = PORTICO_TRY(find_installation());
        const std::string ninja = PORTICO_TRY(find_tool("ninja"));
        PORTICO_TRY_VOID(read_paths());
        PORTICO_TRY_VOID(check_projects());
        tell_libraries();
        tell_left_out();
        objects_ =
            absolute_path(suffix_of(output_) == ".so" ? output_.substr(0, output_.size() - 3) + ".objects"
                                                      : output_ + ".objects");
        PORTICO_TRY_VOID(make_folder(objects_));
        PORTICO_TRY_VOID(lock_.take(objects_, request_.output));
        const NinjaPlan plan = PORTICO_TRY(make_plan());
        PORTICO_TRY_VOID(write_if_different(objects_ + "/build.ninja", ninja_text(plan)));
        PORTICO_TRY_VOID(write_compile_commands(plan, installation_));
        PORTICO_TRY_VOID(run_ninja(ninja));
        report_.output = request_.output;
        report_.sources = plan.sources.size();
        return std::move(report_);
    }

  private:
    Result<void> check_output() {
        output_ = absolute_path(request_.output);
        if (suffix_of(output_) != ".so" && suffix_of(output_) != ".sys")
            return Error{request_.output +
                         ": the output's name ends in .so (ELF) or .sys (as Windows loads it)"};
        if (is_folder(output_)) return Error{request_.output + ": a folder; name the image to write"};
        name_ = request_.name.empty() ? image_name(output_) : request_.name;
        PORTICO_TRY_VOID(check_image_name(name_));
        if (request_.compile.asan && suffix_of(output_) == ".sys")
            return Error{"--asan needs an image that ends in .so; a .sys cannot have it"};
        PORTICO_TRY_VOID(make_folder(folder_of(output_)));
        if (::access(folder_of(output_).c_str(), W_OK) != 0)
            return Error{folder_of(request_.output) + ": cannot be written"};
        return {};
    }

    // Sources that are named one by one are one project.
    Result<void> read_paths() {
        Project alone;
        for (const std::string& path : request_.paths) {
            auto found = PORTICO_TRY(read_projects(path, request_.compile.config, finder_));
            if (found.size() == 1 && found[0].sources.size() == 1 &&
                found[0].file == found[0].sources[0].path) {
                alone.file = alone.sources.empty() ? path : alone.file;
                alone.sources.push_back(std::move(found[0].sources[0]));
                continue;
            }
            for (Project& project : found) {
                const bool known = std::any_of(projects_.begin(), projects_.end(), [&](const Project& other) {
                    return other.file == project.file;
                });
                if (!known) projects_.push_back(std::move(project));
            }
        }
        if (!alone.sources.empty()) projects_.push_back(std::move(alone));
        return {};
    }

    Result<void> check_projects() {
        const Project* driver = nullptr;
        std::set<std::string> sources;
        for (Project& project : projects_) {
            std::erase_if(project.sources,
                          [&](const ProjectSource& source) { return !sources.insert(source.path).second; });
            if (project.kind != ProjectKind::driver || project.name.empty()) continue;
            if (driver != nullptr)
                return Error{
                    fmt::format("two drivers: {} and {}; name one of them", driver->file, project.file)};
            driver = &project;
        }
        if (sources.empty())
            return Error{fmt::format("{}: no C or C++ source to compile", projects_[0].file)};
        const bool libraries_only =
            std::all_of(projects_.begin(), projects_.end(),
                        [](const Project& project) { return project.kind == ProjectKind::library; });
        if (libraries_only && request_.needs_entry)
            return Error{
                fmt::format("{}: a static library; name the driver's folder as well", projects_[0].file)};
        entry_ = !request_.entry.empty()                       ? request_.entry
                 : driver != nullptr && !driver->entry.empty() ? driver->entry
                                                               : "DriverEntry";
        return {};
    }

    void tell_libraries() {
        std::set<std::string> told;
        for (const Project& project : projects_) {
            for (const std::string& library : project.libraries) {
                const std::string stem =
                    lower(suffix_of(library) == ".lib" ? stem_of(library) : name_of(library));
                const bool built_in =
                    std::any_of(projects_.begin(), projects_.end(),
                                [&](const Project& other) { return lower(other.name) == stem; });
                if (built_in || is_known_library(library) || !told.insert(stem).second) continue;
                report_.notes.push_back(
                    fmt::format("{}: names the library {}, which Portico does not know: if it is yours, name "
                                "its folder as well",
                                project.file, name_of(library)));
            }
        }
    }

    void tell_left_out() {
        std::string names;
        std::set<std::string> told;
        for (const Project& project : projects_) {
            for (const std::string& name : project.left_out) {
                if (told.insert(name).second) names += (names.empty() ? "" : ", ") + name;
            }
            report_.notes.insert(report_.notes.end(), project.notes.begin(), project.notes.end());
        }
        if (!names.empty()) report_.notes.push_back("left out: " + names);
    }

    // A source's own folders come first, then those of the command line, as compilers' options add to a
    // project's.
    CompileOptions options_of(const SourceSettings& settings, const std::string& path) const {
        CompileOptions options = request_.compile;
        for (std::string& folder : options.includes) folder = absolute_path(folder);
        options.includes.insert(options.includes.begin(), settings.includes.begin(), settings.includes.end());
        options.macros.insert(options.macros.begin(), settings.macros.begin(), settings.macros.end());
        options.forced_includes.insert(options.forced_includes.begin(), settings.forced_includes.begin(),
                                       settings.forced_includes.end());
        options.short_wchar |= settings.short_wchar;
        if (settings.language) options.language = settings.language;
        const bool c = options.language ? *options.language == Language::c : suffix_of(path) == ".c";
        if (!settings.standard.empty() && !c)
            options.options.insert(options.options.begin(), "-std=" + settings.standard);
        options.format = suffix_of(output_) == ".sys" ? ImageFormat::pe : ImageFormat::elf;
        return options;
    }

    Result<NinjaPlan> make_plan() {
        NinjaPlan plan{installation_,        output_,          objects_, name_, entry_,
                       request_.needs_entry, request_.imports, {},       {}};
        plan.common = options_of({}, {});
        for (const Project& project : projects_) {
            for (const ProjectSource& source : project.sources)
                plan.sources.push_back({source.path, {}, {}, options_of(source.settings, source.path)});
        }
        PORTICO_TRY_VOID(check_words(plan));
        name_objects(plan);
        PORTICO_TRY_VOID(make_shadows(plan));
        return plan;
    }

    // ninja's files have no way to write a control character: a line's end would begin a rule.
    static Result<void> check_words(const NinjaPlan& plan) {
        const auto check = [](const std::string& what, const std::string& word) -> Result<void> {
            const auto control = std::find_if(word.begin(), word.end(),
                                              [](char c) { return c >= 0 && (c < 0x20 || c == 0x7F); });
            if (control == word.end()) return {};
            return Error{
                fmt::format("{} '{}' has a line's end or another control character in it; take it out", what,
                            printable(word))};
        };
        for (const std::string* name : {&plan.output, &plan.entry, &plan.imports})
            PORTICO_TRY_VOID(check("the name", *name));
        for (const PlannedSource& source : plan.sources) {
            PORTICO_TRY_VOID(check("the name", source.path));
            const CompileOptions& options = source.options;
            for (const auto* words :
                 {&options.includes, &options.macros, &options.forced_includes, &options.options}) {
                for (const std::string& word : *words)
                    PORTICO_TRY_VOID(check(fmt::format("{}: the option", source.path), word));
            }
        }
        return {};
    }

    static std::string printable(std::string text) {
        for (char& c : text) {
            if (c >= 0 && (c < 0x20 || c == 0x7F)) c = '?';
        }
        return text;
    }

    // By the source's path behind what all paths have in common: two folders may hold files of the same name.
    // What ninja and the disk cannot bear in a name may make two of them one: those are numbered.
    void name_objects(NinjaPlan& plan) const {
        std::string common = folder_of(plan.sources[0].path) + "/";
        for (const PlannedSource& source : plan.sources) {
            while (!source.path.starts_with(common)) common.erase(common.rfind('/', common.size() - 2) + 1);
        }
        std::set<std::string> taken;
        for (PlannedSource& source : plan.sources) {
            std::string name = source.path.substr(common.size());
            if (name.size() > object_name_max) name.erase(0, name.size() - object_name_max);
            std::replace_if(
                name.begin(), name.end(),
                [](char c) {
                    return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '_' &&
                           c != '-';
                },
                '_');
            std::string unique = name;
            for (int i = 2; !taken.insert(unique).second; ++i) unique = fmt::format("{}.{}", name, i);
            source.object = objects_ + "/" + unique + ".o";
        }
    }

    // One for all sources that are searched for in the same folders.
    Result<void> make_shadows(NinjaPlan& plan) {
        std::map<std::vector<std::string>, std::vector<PlannedSource*>> groups;
        for (PlannedSource& source : plan.sources) {
            std::vector<std::string> key = source.options.includes;
            key.insert(key.end(), source.options.forced_includes.begin(),
                       source.options.forced_includes.end());
            groups[key].push_back(&source);
        }
        int number = 0;
        for (const auto& [key, sources] : groups) {
            ShadowRequest request;
            for (const PlannedSource* source : sources) request.sources.push_back(source->path);
            request.includes = sources[0]->options.includes;
            request.forced_includes = sources[0]->options.forced_includes;
            request.ddk = installation_.ddk_folders();
            for (const Project& project : projects_)
                request.messages.insert(request.messages.end(), project.messages.begin(),
                                        project.messages.end());
            request.folder = fmt::format("{}/shadow{}", objects_, number++);
            request.facts.skip_asm = request_.compile.skip_asm;
            const Shadow shadow = PORTICO_TRY(make_shadow(request, finder_));
            for (PlannedSource* source : sources) {
                source->overlay = request.folder;
                source->facts = shadow.facts;
            }
        }
        return {};
    }

    // ninja's own lines go: a person wants the compiler's.
    Result<void> run_ninja(const std::string& ninja) {
        Arguments arguments{ninja, "--quiet", "-k", "0", "-f", objects_ + "/build.ninja"};
        if (request_.jobs != 0) arguments.insert(arguments.end(), {"-j", std::to_string(request_.jobs)});
        arguments.push_back(output_);
        const Outcome outcome = PORTICO_TRY(build::run(arguments));
        int failed = 0;
        bool command = false;
        for (std::size_t begin = 0; begin < outcome.output.size();) {
            const std::size_t end = std::min(outcome.output.find('\n', begin), outcome.output.size());
            const std::string line = outcome.output.substr(begin, end - begin);
            begin = end + 1;
            if (command) {
                command = false;
            } else if (line.starts_with("FAILED: ")) {
                ++failed;
                command = true;
            } else if (!line.starts_with("ninja: ") || (line.starts_with("ninja: error") && failed == 0)) {
                print(stderr, line + "\n");
            }
        }
        if (outcome.exit == 0) return {};
        if (outcome.output.find("interrupted by user") != std::string::npos)
            return Error{request_.output + ": not built, interrupted", ExitCode::findings};
        return Error{fmt::format("{}: not built, {} {} failed (above)", request_.output, failed,
                                 failed == 1 ? "step" : "steps"),
                     ExitCode::findings};
    }

    const BuildRequest& request_;
    Installation installation_;
    FileFinder finder_;
    std::string output_;
    std::string objects_;
    OutputLock lock_;
    std::string name_;
    std::string entry_;
    std::vector<Project> projects_;
    BuildReport report_;
};

}  // namespace

std::string image_name(const std::string& output) {
    const std::string suffix = suffix_of(output);
    return suffix == ".so" || suffix == ".sys" ? stem_of(output) : name_of(output);
}

Result<BuildReport> build(const BuildRequest& request) {
    return Builder(request).run();
}

}  // namespace portico::build
