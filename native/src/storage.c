#include "storage.h"

#define DEFINE(bits)                                                                               \
    static void load_##bits(const uint##bits##_t *p, ptrdiff_t stride, uint64_t *out, size_t n)    \
    {                                                                                              \
        if (stride == 1)                                                                           \
            for (size_t i = 0; i < n; i++)                                                         \
                out[i] = p[i];                                                                     \
        else                                                                                       \
            for (size_t i = 0; i < n; i++)                                                         \
                out[i] = p[(ptrdiff_t)i * stride];                                                 \
    }                                                                                              \
    static void store_##bits(uint##bits##_t *p, const uint64_t *in, size_t n)                      \
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
    case 1: load_8((const uint8_t *)p, stride, out, n); break;
    case 2: load_16((const uint16_t *)p, stride, out, n); break;
    case 4: load_32((const uint32_t *)p, stride, out, n); break;
    default: load_64((const uint64_t *)p, stride, out, n); break;
    }
}

void lf_store(void *codes, int bytes, size_t begin, const uint64_t *in, size_t n)
{
    switch (bytes) {
    case 1: store_8((uint8_t *)codes + begin, in, n); break;
    case 2: store_16((uint16_t *)codes + begin, in, n); break;
    case 4: store_32((uint32_t *)codes + begin, in, n); break;
    default: store_64((uint64_t *)codes + begin, in, n); break;
    }
}
