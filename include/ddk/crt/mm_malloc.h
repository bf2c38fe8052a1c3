/* The compiler's vector headers include this file; the kernel has no malloc. */
#ifndef __MM_MALLOC_H
#define __MM_MALLOC_H
#endif
