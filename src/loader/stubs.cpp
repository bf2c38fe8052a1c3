#include "loader/stubs.h"

#include <array>
#include <cstring>

#include "base/check.h"
#include "loader/loader.h"

namespace portico::loader {
namespace {

// STATUS_NOT_IMPLEMENTED of ntstatus.h, which this room does not include.
constexpr std::uint64_t status_not_implemented = 0xC0000002;

std::uint64_t answer_not_implemented(const MissingImport&, std::uint64_t, std::uint64_t) {
    return status_not_implemented;
}

__attribute__((ms_abi)) std::uint64_t enter_hook(const MissingImport* import, std::uint64_t caller,
                                                 std::uint64_t frame) {
    return missing_import_called(*import, caller, frame);
}

class Assembler {
  public:
    explicit Assembler(std::byte* at) : at_(at), begin_(at) {}
    template <std::size_t N>
    Assembler& code(const std::array<std::uint8_t, N>& bytes) {
        std::memcpy(at_, bytes.data(), N);
        at_ += N;
        return *this;
    }
    Assembler& value(std::uint64_t value) {
        std::memcpy(at_, &value, sizeof value);
        at_ += sizeof value;
        return *this;
    }
    std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }

  private:
    std::byte* at_;
    std::byte* begin_;
};

}  // namespace

std::uint64_t (*missing_import_called)(const MissingImport&, std::uint64_t,
                                       std::uint64_t) = answer_not_implemented;

// A frame of its own, so that a stack walk passes through it, and Windows' 32 bytes of home space.
void write_stub(std::byte* at, const MissingImport* import) {
    Assembler stub(at);
    stub.code(std::array<std::uint8_t, 8>{0x55, 0x48, 0x89, 0xE5, 0x48, 0x83, 0xEC,
                                          0x20});  // push rbp; mov rbp, rsp; sub rsp, 32
    stub.code(std::array<std::uint8_t, 2>{0x48, 0xB9})
        .value(reinterpret_cast<std::uint64_t>(import));             // mov rcx, import
    stub.code(std::array<std::uint8_t, 4>{0x48, 0x8B, 0x55, 0x08});  // mov rdx, [rbp + 8]
    stub.code(std::array<std::uint8_t, 4>{0x4C, 0x8B, 0x45, 0x00});  // mov r8, [rbp]
    stub.code(std::array<std::uint8_t, 2>{0x48, 0xB8})
        .value(reinterpret_cast<std::uint64_t>(&enter_hook));        // mov rax, enter_hook
    stub.code(std::array<std::uint8_t, 4>{0xFF, 0xD0, 0xC9, 0xC3});  // call rax; leave; ret
    PORTICO_CHECK(stub.size() <= stub_size);
}

}  // namespace portico::loader
