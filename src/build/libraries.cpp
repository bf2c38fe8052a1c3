#include "build/libraries.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "build/files.h"

namespace portico::build {

bool is_known_library(const std::string& name) {
    // By the driver library, by headers, or by the exports of the kernel's modules.
    static constexpr std::string_view known[] = {"bufferoverflowfastfailk",
                                                 "bufferoverflowk",
                                                 "dmusguid",
                                                 "drmk",
                                                 "dxguid",
                                                 "hal",
                                                 "int64",
                                                 "ks",
                                                 "ksguid",
                                                 "ksuser",
                                                 "libcntpr",
                                                 "libcmt",
                                                 "ndis",
                                                 "ntdll",
                                                 "ntoskrnl",
                                                 "ntstrsafe",
                                                 "portcls",
                                                 "rtlver",
                                                 "runtmchk",
                                                 "sehupd",
                                                 "stdunk",
                                                 "strsafe",
                                                 "uuid",
                                                 "wdm",
                                                 "wdmguid",
                                                 "wdmsec",
                                                 "wmilib",
                                                 "wpprecorder",
                                                 "ksproxy",
                                                 "csq",
                                                 "aux_klib",
                                                 "ntosp",
                                                 "libcntpr_dll",
                                                 "msvcrt",
                                                 "ext-ms-win-ntos"};
    std::string plain = lower(name_of(name));
    if (suffix_of(plain) == ".lib") plain = stem_of(plain);
    if (plain.starts_with("%") || plain.starts_with("$")) return true;  // inherited
    return std::find(std::begin(known), std::end(known), plain) != std::end(known);
}

}  // namespace portico::build
