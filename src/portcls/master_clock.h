// IMasterClock: the system's clock as a DMus port gives it to its miniport's streams (CK-001, CK-002). One a
// port; it lives as long as anyone refers to it (FLD-021).
#pragma once

#include "dmusicks.h"
#include "portcls/com_object.h"

namespace portico::portcls {

class MasterClock final : public ComObject<IMasterClock> {
  public:
    static MasterClock* create();  // null without memory

    PORTICO_IMasterClock(PORTICO_OVERRIDE)

        private : void* find_interface(const GUID& id) override;
    void destroy() override;
};

}  // namespace portico::portcls
