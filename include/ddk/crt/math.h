/* Mathematics from the kernel's library (FLD-054). */
#ifndef _INC_MATH
#define _INC_MATH

#include <crtdefs.h>

#define HUGE_VAL __builtin_huge_val()
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define isnan(x) __builtin_isnan(x)
#define isinf(x) __builtin_isinf(x)
#define isfinite(x) __builtin_isfinite(x)
#ifdef _USE_MATH_DEFINES
#define M_E 2.71828182845904523536
#define M_LOG2E 1.44269504088896340736
#define M_LOG10E 0.434294481903251827651
#define M_LN2 0.693147180559945309417
#define M_LN10 2.30258509299404568402
#define M_PI 3.14159265358979323846
#define M_PI_2 1.57079632679489661923
#define M_PI_4 0.785398163397448309616
#define M_1_PI 0.318309886183790671538
#define M_2_PI 0.636619772367581343076
#define M_2_SQRTPI 1.12837916709551257390
#define M_SQRT2 1.41421356237309504880
#define M_SQRT1_2 0.707106781186547524401
#endif

PORTICO_CRT_START

int __cdecl abs(int _X);
long __cdecl labs(long _X);

#define PORTICO_OF_ONE(_Name)        \
    double __cdecl _Name(double _X); \
    float __cdecl _Name##f(float _X);
#define PORTICO_OF_TWO(_Name)                   \
    double __cdecl _Name(double _X, double _Y); \
    float __cdecl _Name##f(float _X, float _Y);

PORTICO_OF_ONE(sqrt)
PORTICO_OF_ONE(exp)
PORTICO_OF_ONE(exp2)
PORTICO_OF_ONE(log)
PORTICO_OF_ONE(log2)
PORTICO_OF_ONE(log10)
PORTICO_OF_ONE(sin)
PORTICO_OF_ONE(cos)
PORTICO_OF_ONE(tan)
PORTICO_OF_ONE(asin)
PORTICO_OF_ONE(acos)
PORTICO_OF_ONE(atan)
PORTICO_OF_ONE(sinh)
PORTICO_OF_ONE(cosh)
PORTICO_OF_ONE(tanh)
PORTICO_OF_ONE(floor)
PORTICO_OF_ONE(ceil)
PORTICO_OF_ONE(fabs)
PORTICO_OF_ONE(round)
PORTICO_OF_ONE(trunc)
PORTICO_OF_TWO(pow)
PORTICO_OF_TWO(fmod)
PORTICO_OF_TWO(atan2)
double __cdecl modf(double _X, double* _Y);
double __cdecl frexp(double _X, int* _Y);
double __cdecl ldexp(double _X, int _Y);

PORTICO_CRT_END

#ifdef __cplusplus
PORTICO_CRT_CXX_START

#define PORTICO_FLOAT_OF_ONE(_Name) \
    inline float _Name(float _X) {  \
        return _Name##f(_X);        \
    }
#define PORTICO_FLOAT_OF_TWO(_Name)          \
    inline float _Name(float _X, float _Y) { \
        return _Name##f(_X, _Y);             \
    }
PORTICO_FLOAT_OF_ONE(sqrt)
PORTICO_FLOAT_OF_ONE(exp)
PORTICO_FLOAT_OF_ONE(exp2)
PORTICO_FLOAT_OF_ONE(log)
PORTICO_FLOAT_OF_ONE(log2)
PORTICO_FLOAT_OF_ONE(log10)
PORTICO_FLOAT_OF_ONE(sin)
PORTICO_FLOAT_OF_ONE(cos)
PORTICO_FLOAT_OF_ONE(tan)
PORTICO_FLOAT_OF_ONE(asin)
PORTICO_FLOAT_OF_ONE(acos)
PORTICO_FLOAT_OF_ONE(atan)
PORTICO_FLOAT_OF_ONE(floor)
PORTICO_FLOAT_OF_ONE(ceil)
PORTICO_FLOAT_OF_ONE(fabs)
PORTICO_FLOAT_OF_TWO(pow)
PORTICO_FLOAT_OF_TWO(fmod)
PORTICO_FLOAT_OF_TWO(atan2)
inline double pow(double _X, int _Y) {
    return pow(_X, static_cast<double>(_Y));
}
inline double pow(int _X, int _Y) {
    return pow(static_cast<double>(_X), static_cast<double>(_Y));
}
inline double abs(double _X) {
    return fabs(_X);
}
inline float abs(float _X) {
    return fabsf(_X);
}
inline long abs(long _X) {
    return labs(_X);
}
/* Integers, which would fit float and double equally well. */
inline double sqrt(int _X) {
    return sqrt(static_cast<double>(_X));
}
inline double log(int _X) {
    return log(static_cast<double>(_X));
}
inline double log10(int _X) {
    return log10(static_cast<double>(_X));
}
inline double floor(int _X) {
    return _X;
}
inline double ceil(int _X) {
    return _X;
}

PORTICO_CRT_CXX_END
#endif

#endif
