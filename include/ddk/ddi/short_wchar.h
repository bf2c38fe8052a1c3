/* What builds with the DDK's "sources" files see instead of the keyword: wchar_t is a name for unsigned short
   (FLD-051). portico-build-driver includes it before anything else, with the keyword switched off. */
#ifndef _WCHAR_T_DEFINED
#define _WCHAR_T_DEFINED
typedef unsigned short wchar_t;
#endif
