/* What seh_gs_test.cpp and its driver tell each other. Both modes. */
#pragma once

#include "rtl_checks.h"

typedef struct GsTest {
    RtlChecks checks;
    int part;
    int overrun; /* the cookie is overwritten */
} GsTest;
