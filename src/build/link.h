// What the two ways of linking share.
#pragma once

#include "build/toolchain.h"

namespace portico::build {

// Files beside an output that go when the link is over, however it ends.
class Scratch {
  public:
    explicit Scratch(std::string prefix) : prefix_(std::move(prefix)) {}
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch();
    std::string file(const std::string& suffix);

  private:
    std::string prefix_;
    std::vector<std::string> files_;
};

// Runs a step of the link; what it says is printed only if it fails.
Result<void> link_step(const Arguments& arguments, const std::string& output);

// Names that no kernel can export are errors: the driver declares something and defines it nowhere. Names
// that Portico's headers do not know are told.
Result<void> check_imports(const Installation& installation, const std::string& name,
                           const std::vector<std::string>& imports);

// Different drivers seldom collide: the name chooses one of the image range's 4096 slots of 16 MiB. The
// loader relocates an image whose slot is taken.
std::string image_base(const std::string& name);

Error entry_missing(const LinkOptions& options, bool has_cxx_linkage);

Result<void> link_elf(const Installation& installation, const LinkOptions& options, const std::string& output,
                      const std::vector<std::string>& objects);
Result<void> link_pe(const Installation& installation, const LinkOptions& options, const std::string& output,
                     const std::vector<std::string>& objects);

}  // namespace portico::build
