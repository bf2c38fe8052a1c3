// A folder of a driver author's, with a blank in its name, and portico-build-driver in it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/check.h"

namespace portico::build {

struct Said {
    int exit;
    std::string output;
};

inline Said run_shell(const std::string& command) {
    Said said{-1, {}};
    FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    PORTICO_CHECK(pipe != nullptr);
    std::array<char, 4096> part;
    for (std::size_t got; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
        said.output.append(part.data(), got);
    const int status = ::pclose(pipe);
    said.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return said;
}

class AuthorsFolder : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "portico-build.XXXXXX").string();
        PORTICO_CHECK(::mkdtemp(pattern.data()) != nullptr);
        top = pattern;
        folder = top / "my driver";
        std::filesystem::create_directories(folder);
    }
    void TearDown() override { std::filesystem::remove_all(top); }

    void write(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories((folder / name).parent_path());
        std::ofstream(folder / name, std::ios::binary) << text;
    }
    std::string read(const std::string& name) const {
        std::ifstream file(folder / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    bool exists(const std::string& name) const { return std::filesystem::exists(folder / name); }
    std::string path(const std::string& name) const { return (folder / name).string(); }

    Said tool(const std::string& arguments) const {
        return run_shell("cd '" + folder.string() + "' && '" PORTICO_BUILD_DRIVER "' " + arguments);
    }

    std::filesystem::path top, folder;
};

}  // namespace portico::build
