// Loads drivers/objects.cpp and is its kernel: pool, interlocked operations and the C run time.
#pragma once

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "driver_objects.h"
#include "loader/loader.h"

namespace portico::ddk_test {

struct Block {
    POOL_TYPE type;
    SIZE_T bytes;
    ULONG tag;
};

inline std::map<void*, Block> pool;
inline int freed_with_tag = 0;
inline bool out_of_memory = false;

inline PVOID NTAPI allocate(POOL_TYPE type, SIZE_T bytes, ULONG tag) {
    if (out_of_memory) return nullptr;
    void* const memory = std::malloc(bytes);
    std::memset(memory, 0xDB, bytes);
    pool[memory] = {type, bytes, tag};
    return memory;
}
inline void NTAPI release(PVOID memory) {
    EXPECT_EQ(pool.erase(memory), 1u) << "freed memory that was not allocated";
    std::free(memory);
}
inline void NTAPI release_with_tag(PVOID memory, ULONG) {
    ++freed_with_tag;
    release(memory);
}

inline LONG NTAPI increment(volatile LONG* value) {
    return __atomic_add_fetch(value, 1, __ATOMIC_SEQ_CST);
}
inline LONG NTAPI decrement(volatile LONG* value) {
    return __atomic_sub_fetch(value, 1, __ATOMIC_SEQ_CST);
}
inline void* NTAPI set_memory(void* to, int byte, SIZE_T bytes) {
    return std::memset(to, byte, bytes);
}
inline void* NTAPI copy_memory(void* to, const void* from, SIZE_T bytes) {
    return std::memmove(to, from, bytes);
}
inline int NTAPI compare_memory(const void* a, const void* b, SIZE_T bytes) {
    return std::memcmp(a, b, bytes);
}

// No Machine runs here, so nothing of the executive may be called.
inline const void* find_export(const char* name) {
    static const std::map<std::string, const void*> exports = {
        {"ExAllocatePoolWithTag", reinterpret_cast<const void*>(&allocate)},
        {"ExFreePool", reinterpret_cast<const void*>(&release)},
        {"ExFreePoolWithTag", reinterpret_cast<const void*>(&release_with_tag)},
        {"InterlockedIncrement", reinterpret_cast<const void*>(&increment)},
        {"InterlockedDecrement", reinterpret_cast<const void*>(&decrement)},
        {"memset", reinterpret_cast<const void*>(&set_memory)},
        {"memcpy", reinterpret_cast<const void*>(&copy_memory)},
        {"memmove", reinterpret_cast<const void*>(&copy_memory)},
        {"memcmp", reinterpret_cast<const void*>(&compare_memory)},
    };
    const auto found = exports.find(name);
    return found != exports.end() ? found->second : nullptr;
}

// Loads a test driver and calls its DriverEntry with `argument` for the driver object.
inline NTSTATUS start(const std::string& name, void* argument) {
    loader::LoadOptions options;
    options.find_export = find_export;
    const auto loaded = loader::load_file(PORTICO_BINARY_DIR "/drivers/" + name + ".so", options);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    if (!loaded.ok()) return STATUS_UNSUCCESSFUL;
    const auto entry = (*loaded)->entry("DriverEntry");
    EXPECT_TRUE(entry.ok()) << entry.error().message;
    if (!entry.ok()) return STATUS_UNSUCCESSFUL;
    return reinterpret_cast<NTSTATUS(NTAPI*)(void*, void*)>(*entry)(argument, nullptr);
}

// The objects of drivers/objects.cpp, which leave their memory to the test.
struct Image {
    explicit Image(const std::string& name = "ddk_objects") {
        EXPECT_EQ(start(name, &objects), STATUS_SUCCESS);
    }
    ~Image() {
        for (const auto& [memory, block] : pool) std::free(memory);
        pool.clear();
    }
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;

    DriverObjects objects{};
};

}  // namespace portico::ddk_test
