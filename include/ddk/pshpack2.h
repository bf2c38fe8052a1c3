/* Packing to 2 bytes until <poppack.h>. No guard: each inclusion counts. */
#pragma pack(push, 2)
