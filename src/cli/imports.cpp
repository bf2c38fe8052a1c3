// portico_imports FOLDER: writes MODULE.def for each module of Windows that a driver imports from, with what
// Portico exports in its place. Import libraries of .sys files are made of them.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "nt/ddi.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: portico_imports FOLDER\n");
        return 2;
    }
    std::ofstream file;
    std::string path;
    std::string_view module;
    for (const auto& exported : portico::nt::exported_names()) {
        if (exported.module != module) {
            file.close();
            module = exported.module;
            path = std::string(argv[1]) + "/" + std::string(module) + ".def";
            file.open(path);
            file << "LIBRARY " << module << "\nEXPORTS\n";
        }
        file << exported.name << '\n';
        if (!file) {
            std::fprintf(stderr, "portico_imports: %s: cannot write it: %s\n", path.c_str(),
                         std::strerror(errno));
            return 2;
        }
    }
    return 0;
}
