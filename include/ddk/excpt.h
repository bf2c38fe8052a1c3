/* Structured exceptions: what a filter returns. The driver build makes code of __try, __except, __finally and
 * __leave. */
#ifndef _INC_EXCPT
#define _INC_EXCPT

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#ifndef PORTICO_HOST
#define GetExceptionCode _exception_code
#define exception_code _exception_code
#define GetExceptionInformation() ((struct _EXCEPTION_POINTERS*)_exception_info())
#define exception_info() ((struct _EXCEPTION_POINTERS*)_exception_info())
#define AbnormalTermination _abnormal_termination
#define abnormal_termination _abnormal_termination
#endif

#endif
