// DirectMusic packets: what a DirectMusic pin carries instead of KSMUSICFORMAT (SP-019).
#ifndef _DMusBuff_
#define _DMusBuff_

#include <windef.h>

#ifndef _REFERENCE_TIME_
#define _REFERENCE_TIME_
typedef LONGLONG REFERENCE_TIME;
#endif

#pragma pack(push, 4)
// cbEvent bytes follow; rtDelta is in 100 ns units from the start of the buffer.
typedef struct _DMUS_EVENTHEADER {
    DWORD cbEvent;
    DWORD dwChannelGroup;
    REFERENCE_TIME rtDelta;
    DWORD dwFlags;
} DMUS_EVENTHEADER, *LPDMUS_EVENTHEADER;
#pragma pack(pop)

#define DMUS_EVENT_STRUCTURED 0x00000001

#define QWORD_ALIGN(x) (((x) + 7) & ~7)
#define DMUS_EVENT_SIZE(cb) QWORD_ALIGN(sizeof(DMUS_EVENTHEADER) + cb)

#endif
