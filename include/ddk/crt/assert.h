/* assert is the kernel's ASSERT: checked builds only. Every inclusion looks at NDEBUG anew, as C has it. */
#include <crtdefs.h>

#undef assert
#if defined(NDEBUG) || !DBG
#define assert(_Expression) ((void)0)
#else
PORTICO_CRT_START
void __stdcall RtlAssert(void* VoidFailedAssertion, void* VoidFileName, unsigned long LineNumber,
                         char* MutableMessage);
PORTICO_CRT_END
#define assert(_Expression) \
    ((void)((_Expression) || (RtlAssert((void*)#_Expression, (void*)__FILE__, __LINE__, (char*)0), 0)))
#endif
