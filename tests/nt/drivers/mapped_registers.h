/* What mapped_register_test.cpp and its driver tell each other. Both modes. */
#pragma once

#include "rtl_checks.h"

typedef struct MappedTest {
    RtlChecks checks;
    ULONG part;                 /* of the driver's parts */
    PKSERVICE_ROUTINE service;  /* from the driver: its service routine */
    void(NTAPI* connect)(void); /* connects it */
    volatile LONG interrupts;
} MappedTest;
