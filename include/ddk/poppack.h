/* The packing before the last <pshpackN.h>. No guard: each inclusion counts. */
#pragma pack(pop)
