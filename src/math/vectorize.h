/* Telling a compiler that the iterations of the next loop do not depend on each
 * other, where arrays may be the same (y = f(x) in place) but never overlap
 * otherwise. */
#ifndef CNN_MATH_VECTORIZE_H
#define CNN_MATH_VECTORIZE_H

#if defined(__clang__)
/* Where nothing is optimised a loop stays as it is, and need not say so. */
#pragma clang diagnostic ignored "-Wpass-failed"
#define CNN__VECTORIZE _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define CNN__VECTORIZE _Pragma("GCC ivdep")
#else
#define CNN__VECTORIZE
#endif

#endif
