// The contract breaches that the code under test told of, by requirement.
#pragma once

#include <string>
#include <vector>

#include "nt/probes.h"

namespace portico::test {

class Contracts {
  public:
    Contracts() {
        list().clear();
        nt::probes.contract = [](const char* requirement, const void*, const char*) {
            list().push_back(requirement);
        };
    }
    ~Contracts() { nt::probes.contract = nullptr; }
    Contracts(const Contracts&) = delete;
    Contracts& operator=(const Contracts&) = delete;

    static std::vector<std::string>& list() {
        static std::vector<std::string> told;
        return told;
    }
    // What was told since the last call.
    static std::vector<std::string> take() { return std::exchange(list(), {}); }
};

}  // namespace portico::test
