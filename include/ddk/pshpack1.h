/* Packing to 1 byte until <poppack.h>. No guard: each inclusion counts. */
#pragma pack(push, 1)
