// Debug output of KS style drivers: STR_MODULENAME names the module, DEBUG_LEVEL or a DEBUG_VARIABLE the
// least urgent level shown. A free build prints nothing and does not evaluate the arguments.
#if !defined(_KSDEBUG_)
#define _KSDEBUG_

#ifdef __cplusplus
extern "C" {
#endif
#include <wdm.h>

#ifndef TRACE_LEVEL_ERROR
#define TRACE_LEVEL_NONE 0
#define TRACE_LEVEL_CRITICAL 1
#define TRACE_LEVEL_FATAL 1
#define TRACE_LEVEL_ERROR 2
#define TRACE_LEVEL_WARNING 3
#define TRACE_LEVEL_INFORMATION 4
#define TRACE_LEVEL_VERBOSE 5
#endif

#if !defined(REMIND)
#define QUOTE(x) #x
#define QQUOTE(y) QUOTE(y)
#define REMIND(str) __FILE__ "(" QQUOTE(__LINE__) ") : " str
#endif

#define DEBUGLVL_BLAB TRACE_LEVEL_VERBOSE
#define DEBUGLVL_VERBOSE TRACE_LEVEL_VERBOSE
#define DEBUGLVL_TERSE TRACE_LEVEL_INFORMATION
#define DEBUGLVL_INFO TRACE_LEVEL_INFORMATION
#define DEBUGLVL_WARNING TRACE_LEVEL_WARNING
#define DEBUGLVL_ERROR TRACE_LEVEL_ERROR

#if DBG

#ifdef DEBUG_LEVEL
#define PORTICO_KSDEBUG_LEVEL DEBUG_LEVEL
#else
#define PORTICO_KSDEBUG_LEVEL DEBUGLVL_TERSE
#endif
#if !defined(DEBUG_VARIABLE)
#define DEBUG_VARIABLE PORTICO_KSDEBUG_LEVEL
#elif defined(KSDEBUG_INIT)
ULONG DEBUG_VARIABLE = PORTICO_KSDEBUG_LEVEL;
#else
extern ULONG DEBUG_VARIABLE;
#endif

// strings is a parenthesised argument list for DbgPrint. An error breaks into the debugger.
#define _DbgPrintF(lvl, strings)                       \
    {                                                  \
        if ((ULONG)(lvl) <= (ULONG)(DEBUG_VARIABLE)) { \
            DbgPrint(STR_MODULENAME);                  \
            DbgPrint strings;                          \
            DbgPrint("\n");                            \
            if ((lvl) == DEBUGLVL_ERROR) {             \
                DbgBreakPoint();                       \
            }                                          \
        }                                              \
    }
#define _DbgPrintFEx(component, lvl, strings)           \
    {                                                   \
        if ((ULONG)(lvl) <= (ULONG)(DEBUG_VARIABLE)) {  \
            DbgPrintEx(component, lvl, STR_MODULENAME); \
            DbgPrintEx(component, lvl, strings);        \
            DbgPrintEx(component, lvl, "\n");           \
            if ((lvl) == DEBUGLVL_ERROR) {              \
                DbgBreakPoint();                        \
            }                                           \
        }                                               \
    }

#else

#define _DbgPrintF(lvl, strings)
#define _DbgPrintFEx(component, lvl, strings)

#endif

#ifdef __cplusplus
}
#endif

#endif
