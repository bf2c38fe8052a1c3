/* What an image that counts what runs (--coverage) has for its reader: the version of the sections that this
   compiler writes. Every counting object refers to it, so that no other image has it. */
typedef unsigned long long uint64_t;
#include <profile/InstrProfData.inc>

__attribute__((section(".lprfver"), used)) const uint64_t __llvm_profile_runtime = INSTR_PROF_RAW_VERSION;

/* The names of a linked PE file begin behind a byte of LLVM's run-time library. */
#ifdef PORTICO_SYS
__attribute__((section(".lprfn$A"), used)) static const char names_begin = 0;
#endif
