#include "build/files.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace portico::build {

namespace fs = std::filesystem;

namespace {

char lower_letter(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

Error file_error(const std::string& path, const char* what, int error) {
    return {path + ": " + what + ": " + std::strerror(error), ExitCode::bad_input};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return Error{path + ": no such file"};
    const auto size = fs::file_size(path, error);
    if (!error && size > text_file_bytes_max) return Error{path + ": larger than 64 MiB, which no source is"};
    std::ifstream in(path, std::ios::binary);
    if (!in) return file_error(path, "cannot be read", errno);
    std::string content(static_cast<std::size_t>(error ? 0 : size), '\0');
    in.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
    return content;
}

Result<void> make_folder(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (!is_folder(path)) return file_error(path, "cannot be made", error ? error.value() : ENOTDIR);
    return {};
}

Result<void> write_file(const std::string& path, std::string_view content) {
    PORTICO_TRY_VOID(make_folder(folder_of(path)));
    const std::string beside = path + ".new" + std::to_string(::getpid());
    std::ofstream out(beside, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.close();
    if (!out) {
        const int error = errno;
        ::unlink(beside.c_str());
        return file_error(path, "cannot be written", error);
    }
    if (::rename(beside.c_str(), path.c_str()) != 0) {
        const int error = errno;
        ::unlink(beside.c_str());
        return file_error(path, "cannot be written", error);
    }
    return {};
}

Result<void> write_if_different(const std::string& path, std::string_view content) {
    std::error_code error;
    if (fs::is_regular_file(path, error) && fs::file_size(path, error) == content.size()) {
        const auto old = read_file(path);
        if (old.ok() && *old == content) return {};
    }
    return write_file(path, content);
}

bool is_file(const std::string& path) {
    struct ::stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool is_folder(const std::string& path) {
    struct ::stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string absolute_path(std::string_view path, const std::string& folder) {
    std::string slashed(path);
    std::replace(slashed.begin(), slashed.end(), '\\', '/');
    fs::path result(slashed);
    std::error_code error;
    if (result.is_relative()) result = (folder.empty() ? fs::current_path(error) : fs::path(folder)) / result;
    std::string normal = result.lexically_normal().string();
    while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
    return normal;
}

std::string folder_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return ".";
    return std::string(path.substr(0, std::max<std::size_t>(slash, 1)));
}

std::string name_of(std::string_view path) {
    const std::size_t slash = path.find_last_of("/\\");
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string stem_of(std::string_view path) {
    const std::string name = name_of(path);
    const std::size_t dot = name.rfind('.');
    return dot == 0 ? name : name.substr(0, dot);
}

std::string suffix_of(std::string_view path) {
    const std::string name = name_of(path);
    const std::size_t dot = name.rfind('.');
    return dot == std::string::npos ? std::string{} : lower(std::string_view(name).substr(dot));
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower_letter);
    return result;
}

bool same_letters(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return lower_letter(x) == lower_letter(y);
           });
}

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
        if (const auto part = trim(text.substr(begin, end - begin)); !part.empty()) parts.emplace_back(part);
        begin = end + 1;
    }
    return parts;
}

std::vector<std::string> command_words(std::string_view line) {
    std::vector<std::string> words;
    bool inside = false, quoted = false;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t end = std::min(line.find_first_not_of('\\', at), line.size());
        const bool at_quote = end < line.size() && line[end] == '"';
        if (!quoted && end == at && std::string_view(" \t\r\n").find(line[at]) != std::string_view::npos) {
            inside = false;
            ++at;
            continue;
        }
        if (!inside) words.emplace_back();
        inside = true;
        // Two backslashes before a quotation mark are one.
        words.back().append((end - at) / (at_quote ? 2 : 1), '\\');
        if (at_quote && (end - at) % 2 != 0) {
            words.back() += '"';
        } else if (at_quote) {
            quoted = !quoted;
        } else if (end == at) {
            words.back() += line[at];
        }
        at = at_quote || end == at ? end + 1 : end;
    }
    return words;
}

const FileFinder::Listing& FileFinder::listing(const std::string& folder) {
    const auto known = folders_.find(folder);
    if (known != folders_.end()) return known->second;
    Listing result{{}, false};
    if (DIR* const open = ::opendir(folder.c_str()); open != nullptr) {
        result.exists = true;
        while (const dirent* entry = ::readdir(open)) {
            const std::string name = entry->d_name;
            if (name == "." || name == "..") continue;
            // Two names that differ in case only: the first in the alphabet, in every run.
            auto [at, fresh] = result.by_lower_name.emplace(lower(name), name);
            if (!fresh && name < at->second) at->second = name;
        }
        ::closedir(open);
    }
    return folders_.emplace(folder, std::move(result)).first->second;
}

std::string FileFinder::find(const std::string& path) {
    struct ::stat status {};
    if (::lstat(path.c_str(), &status) == 0) return path;
    std::string found = "/";
    for (const std::string& part : split(path, "/")) {
        const Listing& folder = listing(found);
        const auto name = folder.by_lower_name.find(lower(part));
        if (name == folder.by_lower_name.end()) return {};
        if (found.size() > 1) found += '/';
        found += name->second;
    }
    return found;
}

std::vector<std::string> FileFinder::names(const std::string& folder) {
    std::vector<std::string> result;
    for (const auto& [low, name] : listing(folder).by_lower_name) result.push_back(name);
    std::sort(result.begin(), result.end());
    return result;
}

}  // namespace portico::build
