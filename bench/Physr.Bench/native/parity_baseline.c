// Copyright (c) The Physr authors. Licensed under the MIT license.
//
// P and Q of RAID-6 over four data chunks, with the compiler's own vectors: what Physr's kernels are timed against.
// The field has the polynomial 0x11d; Q is computed by Horner's rule.

#include <stdint.h>

#if defined(__AVX512BW__)
#define WIDTH 64
#elif defined(__AVX2__)
#define WIDTH 32
#else
#define WIDTH 16
#endif

typedef uint8_t vec __attribute__((vector_size(WIDTH), aligned(1), may_alias));
typedef int8_t svec __attribute__((vector_size(WIDTH), aligned(1), may_alias));

static inline vec twice(vec v)
{
    vec carry = (vec)((svec)v < 0);
    return (v + v) ^ (carry & 0x1d);
}

void parity_generate_4(const uint8_t *data, uint8_t *p, uint8_t *q, uint64_t each)
{
    uint64_t at = 0;
    for (; at + WIDTH <= each; at += WIDTH) {
        vec d = *(const vec *)(data + 3 * each + at);
        vec sum = d;
        vec weighted = d;
        for (int i = 2; i >= 0; i--) {
            d = *(const vec *)(data + i * each + at);
            sum ^= d;
            weighted = twice(weighted) ^ d;
        }
        *(vec *)(p + at) = sum;
        *(vec *)(q + at) = weighted;
    }
    for (; at < each; at++) {
        uint8_t sum = 0, weighted = 0;
        for (int i = 3; i >= 0; i--) {
            uint8_t d = data[i * each + at];
            sum ^= d;
            weighted = (uint8_t)(weighted << 1) ^ (weighted & 0x80 ? 0x1d : 0) ^ d;
        }
        p[at] = sum;
        q[at] = weighted;
    }
}
