// A .sys in memory for tests of unwinding: sections, imports and .pdata as its headers say, at its linked
// address.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "nt/ddi.h"
#include "nt/seh/images.h"

namespace portico::test {

class SysImage {
  public:
    explicit SysImage(const std::string& path) {
        std::ifstream in(path, std::ios::binary);
        file_.assign(std::istreambuf_iterator<char>(in), {});
        if (file_.size() < 0x200) return;
        headers_ = field<std::uint32_t>(0x3C) + 24;
        const auto base = field<std::uint64_t>(headers_ + 24);
        const auto size = field<std::uint32_t>(headers_ + 56);
        memory_ =
            static_cast<char*>(::mmap(reinterpret_cast<void*>(base), size, PROT_READ | PROT_WRITE | PROT_EXEC,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
        if (memory_ == MAP_FAILED) return;
        answer().range = {base, size};
        answer().tables = true;
        answer().readable = [](std::uint64_t address, std::uint64_t bytes) {
            return address >= answer().range.base && address <= answer().range.end() &&
                   bytes <= answer().range.end() - address;
        };
        copy_sections();
        bind();
        answer().functions = reinterpret_cast<const RUNTIME_FUNCTION*>(memory_ + directory(3));
        answer().function_count = field<std::uint32_t>(headers_ + 112 + 28) / sizeof(RUNTIME_FUNCTION);
        nt::seh::image_at = [](std::uint64_t address, nt::seh::UnwindImage& image) {
            image = answer();
            return image.range.contains(address);
        };
        entry = memory_ + field<std::uint32_t>(headers_ + 16);
    }
    ~SysImage() {
        nt::seh::image_at = nullptr;
        if (entry != nullptr) ::munmap(memory_, answer().range.size);
    }
    SysImage(const SysImage&) = delete;
    SysImage& operator=(const SysImage&) = delete;

    void* entry = nullptr;  // null: it could not be mapped
    std::string missing;    // imports that nobody exports

  private:
    static nt::seh::UnwindImage& answer() {
        static nt::seh::UnwindImage image;
        return image;
    }
    template <class T>
    T field(std::size_t offset) const {
        T value{};
        std::memcpy(&value, file_.data() + offset, sizeof value);
        return value;
    }
    std::uint32_t directory(unsigned index) const {
        return field<std::uint32_t>(headers_ + 112 + index * 8u);
    }

    void copy_sections() {
        const auto count = field<std::uint16_t>(headers_ - 18);
        const std::size_t table = headers_ + field<std::uint16_t>(headers_ - 4);
        for (unsigned i = 0; i < count; ++i) {
            const std::size_t row = table + i * 40u;
            const auto size = std::min(field<std::uint32_t>(row + 8), field<std::uint32_t>(row + 16));
            std::memcpy(memory_ + field<std::uint32_t>(row + 12),
                        file_.data() + field<std::uint32_t>(row + 20), size);
        }
    }

    void bind() {
        for (auto* row = reinterpret_cast<std::uint32_t*>(memory_ + directory(1)); row[3] != 0; row += 5) {
            auto* name = reinterpret_cast<std::uint64_t*>(memory_ + (row[0] != 0 ? row[0] : row[4]));
            auto* slot = reinterpret_cast<std::uint64_t*>(memory_ + row[4]);
            for (; *name != 0; ++name, ++slot) {
                const char* const text = memory_ + *name + 2;
                const void* const found = nt::find_export(text);
                if (found == nullptr) missing += std::string(text) + " ";
                *slot = reinterpret_cast<std::uint64_t>(found);
            }
        }
    }

    std::string file_;
    std::size_t headers_ = 0;  // the optional header
    char* memory_ = nullptr;
};

}  // namespace portico::test
