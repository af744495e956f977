/* Tells the compiler that the iterations of the next loop are independent.
 * Arrays may be the same (y = f(x) in place), but do not overlap otherwise. */
#ifndef CNN_MATH_VECTORIZE_H
#define CNN_MATH_VECTORIZE_H

#if defined(__clang__)
/* Without optimisation the loop is not vectorised; no warning about that. */
#pragma clang diagnostic ignored "-Wpass-failed"
#define CNN__VECTORIZE _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define CNN__VECTORIZE _Pragma("GCC ivdep")
#else
#define CNN__VECTORIZE
#endif

#endif
