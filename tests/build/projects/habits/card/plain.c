#include <wdm.h>
#include "..\inc\plain.h"

ULONG PlainSum(const UCHAR* Bytes, ULONG Count) {
    ULONG sum = 0, i;
    for (i = 0; i < Count; i++) sum += Bytes[i];
    return sum;
}

BOOLEAN PlainWide(void) {
    static const wchar_t text[] = L"MIDI";
    return sizeof(wchar_t) == 2 && sizeof(text) == 10;
}
