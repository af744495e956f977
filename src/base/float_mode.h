/* How a thread rounds, and whether it treats denormal numbers as zero, because
 * some processors are slow with them. Processors have a register for it. Where
 * it is not known here, the mode is that of IEEE 754. */
#ifndef CNN_BASE_FLOAT_MODE_H
#define CNN_BASE_FLOAT_MODE_H

#include <stdint.h>

#ifdef __SSE__
#include <xmmintrin.h>

/* Exception flags are not part of the mode. */
#define CNN__FLOAT_FLAGS 0x3fu
#endif

typedef uint64_t cnn__float_mode;

/* The mode of the calling thread. */
static inline cnn__float_mode cnn__float_mode_get(void)
{
#if defined(__SSE__)
    return _mm_getcsr() & ~CNN__FLOAT_FLAGS;
#elif defined(__aarch64__)
    cnn__float_mode mode;

    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
#else
    return 0;
#endif
}

static inline void cnn__float_mode_set(cnn__float_mode mode)
{
#if defined(__SSE__)
    _mm_setcsr((unsigned)mode | (_mm_getcsr() & CNN__FLOAT_FLAGS));
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
    (void)mode;
#endif
}

/* The same mode, with denormal operands and results taken as zero. */
static inline cnn__float_mode cnn__float_mode_flushing(cnn__float_mode mode)
{
#if defined(__SSE__)
    return mode | 0x8040; /* FTZ and DAZ */
#elif defined(__aarch64__)
    return mode | (cnn__float_mode)1 << 24;
#else
    return mode;
#endif
}

#endif
