/* How a thread rounds, and what it makes of denormal numbers, which some
 * processors are slow with: it has a register for that. Machines that are not
 * known here always do as IEEE 754 says. */
#ifndef CNN_BASE_FLOAT_MODE_H
#define CNN_BASE_FLOAT_MODE_H

#include <stdint.h>

#ifdef __SSE__
#include <xmmintrin.h>

/* The exceptions that were noted are the program's, and stay. */
#define CNN__FLOAT_FLAGS 0x3fu
#endif

typedef uint64_t cnn__float_mode;

/* Of the calling thread. */
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

/* The same mode, but denormal numbers are zero, as operands and as results. */
static inline cnn__float_mode cnn__float_mode_flushing(cnn__float_mode mode)
{
#if defined(__SSE__)
    return mode | 0x8040; /* flush to zero, denormals are zero */
#elif defined(__aarch64__)
    return mode | (cnn__float_mode)1 << 24;
#else
    return mode;
#endif
}

#endif
