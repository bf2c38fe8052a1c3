// The adapter object of the MPU-401 card: what belongs to the card as a whole, which is its power state.
#ifndef _COMMON_H_
#define _COMMON_H_

#define STR_MODULENAME "mpu401: "

#include <portcls.h>
#include <stdunk.h>
#include <ksdebug.h>

#define MPU401_POOL_TAG '104M'

class CAdapterCommon : public IAdapterPowerManagement, public CUnknown {
  private:
    DEVICE_POWER_STATE m_PowerState;

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CAdapterCommon);
    ~CAdapterCommon();

    void Init(void);
    IMP_IAdapterPowerManagement;
};

NTSTATUS NewAdapterCommon(PUNKNOWN* Unknown, REFCLSID, PUNKNOWN UnknownOuter, POOL_TYPE PoolType);

#endif
