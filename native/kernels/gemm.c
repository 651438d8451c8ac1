/* Tiles of every step, for both widths of lanes, of one instruction set. */
#include <math.h>

#include "gemm_kernels.h"
#include "philox_rounds.h"

#undef LF_LANES
#define LF_LANES 32
#include "gemm_tile.h"

typedef uint32_t lf_unsigned32 __attribute__((vector_size(LF_VECTOR_BYTES)));
#include "gemm_fused.h"

#undef LF_LANES
#define LF_LANES 64
#include "gemm_tile.h"

static void lf_widened(const float *numbers, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = numbers[i];
}

/* clang-format off */
#define DETERMINISTIC(X, lanes)                                                                    \
    X(lanes, HOST) X(lanes, NEAREST) X(lanes, TRUNCATE) X(lanes, PRODUCT_NEAREST)                  \
    X(lanes, PRODUCT_TRUNCATE) X(lanes, BOUNDED) X(lanes, PRODUCT_BOUNDED)                         \
    X(lanes, ODD_BOUNDED) X(lanes, CHECKED) X(lanes, PRODUCT_CHECKED) X(lanes, ODD_CHECKED)
#define STOCHASTIC(X, lanes) X(lanes, STOCHASTIC) X(lanes, STOCHASTIC_CHECKED)
/* clang-format on */

#define ROWS_OF(kind) ((kind) == LF_STEP_HOST ? LF_HOST_ROWS : LF_TILE_ROWS)
#define HOST_OF_32 float
#define HOST_OF_64 double
#define TILE_OF(body, name, lanes, rows, kind)                                                     \
    static void name(const lf_step *p, const void *a, const void *b, size_t steps, void *sums)     \
    {                                                                                              \
        body##lanes(p, a, b, steps, sums, rows, kind);                                             \
    }
#define TILES(lanes, kind)                                                                         \
    TILE_OF(lf_tile, tile##kind##lanes, lanes, ROWS_OF(LF_STEP_##kind), LF_STEP_##kind)            \
    TILE_OF(lf_tile, few##kind##lanes, lanes, LF_TILE_FEW, LF_STEP_##kind)                         \
    static void join##kind##lanes(const lf_step *p, const void *inner, void *outer, size_t n)      \
    {                                                                                              \
        lf_join##lanes(p, inner, outer, n, LF_STEP_##kind);                                        \
    }
#define RANDOM_TILES(lanes, kind)                                                                  \
    TILE_OF(lf_random_tile, tile##kind##lanes, lanes, LF_TILE_ROWS, LF_STEP_##kind)                \
    TILE_OF(lf_random_tile, few##kind##lanes, lanes, LF_TILE_FEW, LF_STEP_##kind)

DETERMINISTIC(TILES, 32)
DETERMINISTIC(TILES, 64)
STOCHASTIC(RANDOM_TILES, 32)
STOCHASTIC(RANDOM_TILES, 64)

#define TILE_ENTRY(lanes, kind) [LF_STEP_##kind] = tile##kind##lanes,
#define FEW_ENTRY(lanes, kind) [LF_STEP_##kind] = few##kind##lanes,
#define JOIN_ENTRY(lanes, kind) [LF_STEP_##kind] = join##kind##lanes,
#define BOTH(X, lanes) {DETERMINISTIC(X, lanes) STOCHASTIC(X, lanes)}

extern const lf_gemm_table LF_JOIN(lf_gemm_, LF_ISA_NAME);
const lf_gemm_table LF_JOIN(lf_gemm_, LF_ISA_NAME) = {
    .rows = {LF_HOST_ROWS, LF_TILE_ROWS},
    .columns = {2 * LF_VECTOR_BYTES / 4, 2 * LF_VECTOR_BYTES / 8},
#ifdef __FMA__
    .fused = 1,
#endif
    .tile = {BOTH(TILE_ENTRY, 32), BOTH(TILE_ENTRY, 64)},
    .few = {BOTH(FEW_ENTRY, 32), BOTH(FEW_ENTRY, 64)},
    .join = {{DETERMINISTIC(JOIN_ENTRY, 32)}, {DETERMINISTIC(JOIN_ENTRY, 64)}},
    .extent = {lf_extent32, lf_extent64},
    .fused_tile = lf_fused_tile32,
    .powers = lf_powers32,
    .widen = lf_widened,
};
