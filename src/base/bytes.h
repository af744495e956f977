/* Numbers as bytes of a file: little-endian on every machine. */
#ifndef CNN_BASE_BYTES_H
#define CNN_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void cnn__put_u32(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

static inline uint32_t cnn__get_u32(const unsigned char *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 |
           (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static inline void cnn__put_u64(unsigned char *to, uint64_t value)
{
    cnn__put_u32(to, (uint32_t)value);
    cnn__put_u32(to + 4, (uint32_t)(value >> 32));
}

static inline uint64_t cnn__get_u64(const unsigned char *from)
{
    return (uint64_t)cnn__get_u32(from) | (uint64_t)cnn__get_u32(from + 4)
                                              << 32;
}

static inline void cnn__put_floats(unsigned char *to, const float *from,
                                   size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &from[i], sizeof(bits));
        cnn__put_u32(to + 4 * i, bits);
    }
}

static inline void cnn__get_floats(float *to, const unsigned char *from,
                                   size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = cnn__get_u32(from + 4 * i);
        memcpy(&to[i], &bits, sizeof(bits));
    }
}

#endif
