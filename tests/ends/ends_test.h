#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/result.h"

namespace portico::ends {

using Bytes = std::vector<std::uint8_t>;

// A folder for one test.
class Folder {
  public:
    Folder() {
        char name[] = "/tmp/portico-ends-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string file(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }
    // Names of all files, hidden ones too.
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(path_)) {
            names.push_back(entry.path().filename().string());
        }
        return names;
    }

  private:
    std::string path_;
};

inline Bytes load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
}

inline std::string load_text(const std::string& path) {
    const auto bytes = load(path);
    return std::string(bytes.begin(), bytes.end());
}

inline void save(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

template <class T>
::testing::AssertionResult is_ok(const Result<T>& result) {
    if (result.ok()) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << result.error().message;
}

template <class T>
std::string line_of(const Result<T>& result) {
    return result.ok() ? "" : result.error().message;
}

}  // namespace portico::ends
