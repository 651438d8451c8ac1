/* Template, for lanes of LF_LANES bits: codes to host numbers. */

LF_INLINE void NAME(lf_decode_loop)(const lf_cast_plan *p, const void *in, void *out,
                                    uint8_t *flags, size_t n, const int bytes, const int full)
{
    const lf_unaligned8 *source8 = in;
    const lf_unaligned16 *source16 = in;
    UNALIGNED *target = out;
#pragma GCC ivdep
    for (size_t i = 0; i < n; i++) {
        LANE x = bytes == 1 ? source8[i] : source16[i];
        LANE code = x & (LANE)p->magnitude_mask;
        LANE sign = x << p->sign_shift & (LANE)p->sign_mask;
        LANE negative = (LANE)((SIGNED_LANE)sign >> (LF_LANES - 1));
        LANE result = NAME(lf_widen)(p, code);
        result |= (SIGNED_LANE)code < (SIGNED_LANE)p->sign_min ? 0 : sign;
        LANE infinite = NAME(lf_pick)((LANE)p->infinite, (LANE)p->infinite_flip, negative);
        int special = (SIGNED_LANE)code > (SIGNED_LANE)p->max_code;
        result = special ? infinite : result;
        SIGNED_LANE key = (SIGNED_LANE)((x & (LANE)p->nan_mask) ^ (LANE)p->nan_flip);
        int nan = key >= (SIGNED_LANE)p->nan_least;
        target[i] = nan ? (LANE)p->nan : result;
        if (full) {
            uint8_t raised = special ? p->infinite_flags : 0;
            uint8_t signaling = x & (LANE)p->quiet_bits ? 0 : LF_INVALID;
            flags[i] = nan ? signaling : raised;
        }
    }
}

LF_INLINE int NAME(lf_decode)(const lf_cast_plan *p, const void *in, void *out,
                              uint8_t *flags_out, uint32_t *flags, size_t n, const int bytes,
                              const int full)
{
    uint8_t chunk_flags[LF_CHUNK];
    uint32_t raised = 0;
    size_t count;
    if (!full) {
        NAME(lf_decode_loop)(p, in, out, NULL, n, bytes, 0);
        return LF_OK;
    }
    for (size_t done = 0; done < n; done += count) {
        count = n - done < LF_CHUNK ? n - done : LF_CHUNK;
        NAME(lf_decode_loop)(p, (const char *)in + done * bytes, (LANE *)out + done, chunk_flags,
                             count, bytes, 1);
        for (size_t i = 0; i < count; i++)
            raised |= chunk_flags[i];
        if (p->want_flags_out && flags_out)
            memcpy(flags_out + done, chunk_flags, count);
    }
    if (p->want_flags && flags)
        *flags |= raised;
    return LF_OK;
}
