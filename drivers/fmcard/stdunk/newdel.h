// new (PoolType[, tag]) and delete, as stdunk.lib has them: the memory is zero.
#ifndef _NEWDEL_H_
#define _NEWDEL_H_

void* __cdecl operator new(size_t iSize, POOL_TYPE PoolType);
void* __cdecl operator new(size_t iSize, POOL_TYPE PoolType, ULONG ulTag);
void __cdecl operator delete(void* pVoid);
void __cdecl operator delete(void* pVoid, size_t iSize);

#endif
