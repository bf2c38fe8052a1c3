// portico-score IN.abc OUT.mid
#include <cstdio>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "score.h"

int main(int argc, char** argv) {
    if (argc != 3) {
        fmt::print(stderr, "use: portico-score IN.abc OUT.mid\n");
        return 2;
    }
    std::ifstream in(argv[1], std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    if (!in.is_open()) {
        fmt::print(stderr, "{}: cannot open\n", argv[1]);
        return 2;
    }
    const auto file = portico::score::compile(text, argv[1]);
    if (!file.ok()) {
        fmt::print(stderr, "{}\n", file.error().message);
        return 2;
    }
    const auto bytes = portico::midi::smf::write(*file, {portico::midi::RunningStatus::omitted});
    std::ofstream out(argv[2], std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) {
        fmt::print(stderr, "{}: cannot write\n", argv[2]);
        return 2;
    }
    return 0;
}
