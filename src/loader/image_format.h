// The contract between portico-build-driver, which makes images, and the loader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace portico::loader {

// Raised when images of an older tool chain can no longer run; portico-build-driver writes it into each
// image.
constexpr std::uint32_t image_abi = 1;

// The note in section .note.portico: owner "Portico", type 1, then abi, flags and the driver's name
// (zero-terminated).
constexpr std::string_view note_owner = "Portico";
constexpr std::uint32_t note_type = 1;
constexpr std::uint32_t image_flag_checked = 1;
constexpr std::uint32_t image_flag_asan = 2;

// An undefined X of the driver's objects is imported as nt_X.
constexpr std::string_view import_prefix = "nt_";

// Where the tool chain keeps the static constructors that nothing runs.
constexpr std::string_view constructor_section = ".portico.ctors";

// Bounds on what the loader accepts; docs/limits.md lists them.
constexpr std::size_t image_file_bytes_max = 256u << 20;
constexpr std::uint64_t image_span_bytes_max = 256u << 20;
constexpr std::size_t image_segments_max = 32;
constexpr std::size_t image_sections_max = 4096;
constexpr std::size_t image_name_length_max = 64;
constexpr std::size_t symbol_name_length_max = 16383;
constexpr unsigned unwind_chain_max = 32;
constexpr std::size_t image_import_modules_max = 256;
constexpr std::size_t image_imports_max = 65536;

}  // namespace portico::loader
