#include "storage.h"

/* Codes may begin at any byte. */
typedef uint8_t __attribute__((may_alias)) unaligned8;
typedef uint16_t __attribute__((aligned(1), may_alias)) unaligned16;
typedef uint32_t __attribute__((aligned(1), may_alias)) unaligned32;
typedef uint64_t __attribute__((aligned(1), may_alias)) unaligned64;

#define DEFINE(bits)                                                                               \
    static void load_##bits(const unaligned##bits *p, ptrdiff_t stride, uint64_t *out, size_t n)   \
    {                                                                                              \
        if (stride == 1)                                                                           \
            for (size_t i = 0; i < n; i++)                                                         \
                out[i] = p[i];                                                                     \
        else                                                                                       \
            for (size_t i = 0; i < n; i++)                                                         \
                out[i] = p[(ptrdiff_t)i * stride];                                                 \
    }                                                                                              \
    static void store_##bits(unaligned##bits *p, const uint64_t *in, size_t n)                     \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            p[i] = (uint##bits##_t)in[i];                                                          \
    }
DEFINE(8)
DEFINE(16)
DEFINE(32)
DEFINE(64)

void lf_load(const void *codes, int bytes, ptrdiff_t stride, size_t begin, uint64_t *out, size_t n)
{
    const char *p = (const char *)codes + (ptrdiff_t)begin * stride * bytes;
    switch (bytes) {
    case 1: load_8((const unaligned8 *)p, stride, out, n); break;
    case 2: load_16((const unaligned16 *)p, stride, out, n); break;
    case 4: load_32((const unaligned32 *)p, stride, out, n); break;
    default: load_64((const unaligned64 *)p, stride, out, n); break;
    }
}

void lf_store(void *codes, int bytes, size_t begin, const uint64_t *in, size_t n)
{
    switch (bytes) {
    case 1: store_8((unaligned8 *)codes + begin, in, n); break;
    case 2: store_16((unaligned16 *)codes + begin, in, n); break;
    case 4: store_32((unaligned32 *)codes + begin, in, n); break;
    default: store_64((unaligned64 *)codes + begin, in, n); break;
    }
}
