/* Packing to 8 bytes until <poppack.h>. No guard: each inclusion counts. */
#pragma pack(push, 8)
