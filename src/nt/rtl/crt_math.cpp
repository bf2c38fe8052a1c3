// Mathematics, as drivers import it from the kernel's library (FLD-054).
#include <cmath>

#include "nt/ddi.h"
#include "wdm.h"

namespace portico::nt::rtl::crt {

#define OF_ONE(NAME)                       \
    double NTAPI NAME##_double(double x) { \
        return std::NAME(x);               \
    }                                      \
    float NTAPI NAME##_float(float x) {    \
        return std::NAME(x);               \
    }                                      \
    EXPORT(NAME, NAME##_double);           \
    EXPORT(NAME##f, NAME##_float)
#define OF_TWO(NAME)                                 \
    double NTAPI NAME##_double(double x, double y) { \
        return std::NAME(x, y);                      \
    }                                                \
    float NTAPI NAME##_float(float x, float y) {     \
        return std::NAME(x, y);                      \
    }                                                \
    EXPORT(NAME, NAME##_double);                     \
    EXPORT(NAME##f, NAME##_float)

OF_ONE(sqrt);
OF_ONE(exp);
OF_ONE(exp2);
OF_ONE(log);
OF_ONE(log2);
OF_ONE(log10);
OF_ONE(sin);
OF_ONE(cos);
OF_ONE(tan);
OF_ONE(asin);
OF_ONE(acos);
OF_ONE(atan);
OF_ONE(sinh);
OF_ONE(cosh);
OF_ONE(tanh);
OF_ONE(floor);
OF_ONE(ceil);
OF_ONE(fabs);
OF_ONE(round);
OF_ONE(trunc);
OF_TWO(pow);
OF_TWO(fmod);
OF_TWO(atan2);

double NTAPI modf_double(double x, double* whole) {
    return std::modf(x, whole);
}
double NTAPI frexp_double(double x, int* exponent) {
    return std::frexp(x, exponent);
}
double NTAPI ldexp_double(double x, int exponent) {
    return std::ldexp(x, exponent);
}
EXPORT(modf, modf_double);
EXPORT(frexp, frexp_double);
EXPORT(ldexp, ldexp_double);

}  // namespace portico::nt::rtl::crt
