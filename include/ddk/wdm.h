/* The interface of the Windows kernel to drivers: types, structures, functions. Layouts are those of Windows
 * x64. */
#ifndef _WDMDDK_
#define _WDMDDK_
#define _NTDDK_
#define _WDM_

#include <excpt.h>
#include <ntdef.h>
#include <ntstatus.h>
#include <bugcodes.h>

#include <ddi/interlocked.h>
#ifndef PORTICO_HOST
#include <ddi/intrinsics.h>
#endif
#include <ddi/ke.h>
#include <ddi/ex.h>
#include <ddi/mm.h>
#include <ddi/ob.h>
#include <ddi/rtl.h>
#include <ddi/po.h>
#include <ddi/resources.h>
#include <ddi/io.h>
#include <ddi/pnp.h>
#include <ddi/dma.h>
#include <ddi/hal.h>
#include <ddi/zw.h>

#endif
