#include "Facts.h"

int PagedByAllocText(int value);
#pragma alloc_text(PAGE, PagedByAllocText)

const wchar_t* __stdcall CString(void) {
    return L"c";
}

int PagedByAllocText(int value) {
    return value * 2;
}
