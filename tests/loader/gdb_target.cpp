// What gdb_test.sh debugs: loads the sample driver, at its linked address or moved, and calls into it.
#include <cstdio>
#include <string>

#include "host.h"

using namespace portico::loader;

int main(int argc, char** argv) {
    const auto path = test::path_of("loader_sample");
    auto loaded = load_file(path, test::options);
    if (loaded.ok() && argc > 1 && std::string(argv[1]) == "moved") {
        const auto twin = test::twin_of(test::read_bytes(path));
        loaded = load_memory(twin, "twin", test::options);
    }
    if (!loaded.ok()) {
        std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
        return 1;
    }
    const auto sample = test::start(**loaded);
    test::on_callback = [] {};
    test::as<void WIN64()>(sample.call_back)();
    std::printf("done at %#lx\n", (*loaded)->range().base);
}
