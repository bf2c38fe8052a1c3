// The host's side of the sample driver: what its imports are bound to, and how its functions are called.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "loader/elf_file.h"
#include "loader/loader.h"

#define PORTICO_TEST_HOST
#include "drivers/sample.h"

namespace portico::loader::test {

inline int host_data = 1234;
inline int additions = 0;
inline void (*on_callback)() = nullptr;

inline int WIN64 host_add(int a, int b) {
    ++additions;
    return a + b;
}
inline void WIN64 host_callback() {
    on_callback();
}

inline const void* find_export(const char* name) {
    const std::string wanted = name;
    if (wanted == "HostAdd") return reinterpret_cast<const void*>(&host_add);
    if (wanted == "HostData") return &host_data;
    if (wanted == "HostCallback") return reinterpret_cast<const void*>(&host_callback);
    return nullptr;
}

inline const LoadOptions options{find_export};

inline std::string path_of(const std::string& driver) {
    return PORTICO_DRIVERS "/" + driver + ".so";
}

inline std::string sys_path_of(const std::string& driver) {
    return PORTICO_DRIVERS "/" + driver + ".sys";
}

inline std::vector<std::byte> read_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
    PORTICO_CHECK(!text.empty());
    std::vector<std::byte> bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

inline Image* loaded_from(const std::string& path) {
    const auto loaded = load_file(path, options);
    if (!loaded.ok()) {
        ADD_FAILURE() << loaded.error().message;
        std::exit(1);
    }
    return *loaded;
}

// "r-xp" and so on, of the page at `address`.
inline std::string access_at(std::uint64_t address) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::uint64_t begin = 0, end = 0;
        char dash = 0;
        std::string access;
        std::istringstream(line) >> std::hex >> begin >> dash >> end >> access;
        if (address >= begin && address < end) return access;
    }
    return "none";
}

// The same image with another hash: a byte of the compiler's version text differs, which nothing reads.
inline std::vector<std::byte> twin_of(std::vector<std::byte> bytes) {
    const auto file = parse_elf(bytes, "twin");
    PORTICO_CHECK(file.ok());
    const auto* const comment = file->section(".comment");
    PORTICO_CHECK(comment != nullptr && comment->size > 1);
    bytes[comment->offset] ^= std::byte{1};
    return bytes;
}

inline Sample start(const Image& image) {
    Sample sample{};
    const auto entry = image.entry("DriverEntry");
    PORTICO_CHECK(entry.ok());
    PORTICO_CHECK(reinterpret_cast<std::int32_t WIN64 (*)(Sample*, void*)>(*entry)(&sample, nullptr) == 0);
    return sample;
}

template <class Function>
Function* as(const void* address) {
    return reinterpret_cast<Function*>(const_cast<void*>(address));
}
inline std::uint64_t number(const void* address) {
    return reinterpret_cast<std::uint64_t>(address);
}

}  // namespace portico::loader::test
