// A project file of a fuzzer's input, with a few files that it can name.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "build/project.h"

namespace portico::build {

class ProjectInput {
  public:
    ProjectInput() {
        folder_ = std::filesystem::temp_directory_path() / ("portico_fuzz_" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_ / "inc");
        for (const char* name : {"a.cpp", "b.c", "inc/x.h"}) std::ofstream(folder_ / name) << "\n";
    }
    ~ProjectInput() {
        std::error_code error;
        std::filesystem::remove_all(folder_, error);
    }
    // Reads the project; an error without a line is a fault.
    void read(const char* name, const void* data, std::size_t size) const {
        const std::string path = (folder_ / name).string();
        std::ofstream(path, std::ios::binary)
            .write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
        FileFinder finder;
        const auto projects = read_projects(path, size % 2 == 0 ? Config::checked : Config::free, finder);
        if (!projects.ok() && projects.error().message.empty()) std::abort();
    }

  private:
    std::filesystem::path folder_;
};

}  // namespace portico::build
