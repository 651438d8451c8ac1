/* Runs a plan: blocks of the result, panels of operands, tiles.
 *
 * A thread holds one panel of each side and the running sums of one block, whatever the size of the
 * matrices. A block's sums depend on its own lines only, and each sum on its own terms in order, so
 * the bits are the same for any division into blocks and threads. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fpenv.h"
#include "gemm.h"
#include "threads.h"

enum { LF_MOST_TILES = LF_BLOCK_ROWS / LF_TILE_FEW + 2 };
enum { LF_GEMM_FAILED = 1, LF_GEMM_VOID = 2 };
enum { LF_LINE = 64 };

/* Some rows of a block. */
typedef struct strip {
    size_t row; /* in the block */
    int lines, rows;
    double least, greatest;
    char *panel, *powers;
} strip;

typedef struct block {
    const lf_gemm *g;
    size_t batch, first[2], lines[2]; /* of each side */
    size_t tiles[2];
    strip strips[LF_MOST_TILES];
    char *room, *panels[2], *powers[2]; /* of fused blocks */
    uint32_t failed;
    char *sums[2]; /* of each level */
    size_t index[LF_DEPTH];
    bool minus_zero; /* some sum starts at -0 */
    int *lowest;     /* of each tile: all its products so far are multiples of 2^lowest */
} block;

static size_t least_of(size_t x, size_t y)
{
    return x < y ? x : y;
}

/* The sums of a tile. Every tile has the room of a full one. */
static char *sums_of(const block *b, int level, size_t i, size_t j)
{
    size_t tile = (size_t)(b->g->rows * b->g->columns * b->g->host_bytes);
    return b->sums[level] + (j * b->tiles[0] + i) * tile;
}

static void divide_rows(block *b)
{
    size_t row = 0, n = 0, rows = b->lines[0];
    char *panel = b->panels[0], *powers = b->powers[0];
    while (row < rows) {
        size_t left = rows - row;
        size_t few = (left + LF_TILE_FEW - 1) / LF_TILE_FEW * LF_TILE_FEW;
        int height = few < (size_t)b->g->rows ? LF_TILE_FEW : b->g->rows;
        b->strips[n++] = (strip){.row = row,
                                 .lines = (int)least_of(left, (size_t)height),
                                 .rows = height,
                                 .panel = panel,
                                 .powers = powers};
        powers += (size_t)(height * LF_DEPTH * b->g->host_bytes);
        panel += (size_t)(height * LF_DEPTH * b->g->host_bytes);
        row += (size_t)height;
    }
    b->tiles[0] = n;
    b->tiles[1] = (b->lines[1] + (size_t)b->g->columns - 1) / (size_t)b->g->columns;
}

/* The index in the result of a number of the block. */
static size_t element_of(const block *b, size_t row, size_t column)
{
    const lf_gemm *g = b->g;
    return b->batch * g->reduction->rows * g->reduction->columns +
           (b->first[0] + row) * (size_t)g->result_step[0] +
           (b->first[1] + column) * (size_t)g->result_step[1];
}

static size_t columns_of(const block *b, size_t j)
{
    return least_of((size_t)b->g->columns, b->lines[1] - j * (size_t)b->g->columns);
}

/* The start, a line of a tile at a time (G-2). */
static bool load_start(block *b, const strip *s, size_t j, char *sums)
{
    const lf_gemm *g = b->g;
    const lf_matrix *c = &g->reduction->c;
    size_t columns = columns_of(b, j), width = (size_t)g->columns;
    lf_layout from;
    lf_layout_init(&from, c->format);
    ptrdiff_t bytes = from.storage_bytes;
    uint64_t codes[64], taken[64];
    for (int i = 0; i < s->lines; i++) {
        const char *line =
            (const char *)c->codes +
            bytes * (c->batch_stride * (ptrdiff_t)b->batch +
                     g->start_step[0] * (ptrdiff_t)(b->first[0] + s->row + (size_t)i) +
                     g->start_step[1] * (ptrdiff_t)(b->first[1] + j * width));
        for (size_t k = 0; k < columns; k++)
            memcpy((char *)taken + k * (size_t)bytes,
                   line + (ptrdiff_t)k * g->start_step[1] * bytes, (size_t)bytes);
        const void *start = taken;
        if (!g->start_same) {
            if (lf_convert(c->format, taken, 1, g->start_format, codes, columns,
                           &g->start_projection, NULL, NULL))
                return false;
            start = codes;
        }
        char *out = sums + (size_t)i * width * (size_t)g->host_bytes;
        if (!lf_gemm_decode(&g->start, start, out, columns))
            return false;
        for (size_t k = 0; k < columns; k++) {
            double x = g->wide ? ((double *)out)[k] : ((float *)out)[k];
            b->minus_zero |= x == 0 && signbit(x);
        }
    }
    return true;
}

static bool start_block(block *b)
{
    const lf_gemm *g = b->g;
    int last = g->levels - 1;
    size_t tile = (size_t)(g->rows * g->columns * g->host_bytes);
    memset(b->sums[last], 0, b->tiles[0] * b->tiles[1] * tile);
    b->minus_zero = false;
    if (g->reduction->c.codes)
        for (size_t j = 0; j < b->tiles[1]; j++)
            for (size_t i = 0; i < b->tiles[0]; i++)
                if (!load_start(b, &b->strips[i], j, sums_of(b, last, i, j)))
                    return false;
    return true;
}

/* The exponent of the lowest bit of numbers of a range, of which `least` is the least magnitude. */
static int lowest_bit(const lf_gemm_range *f, double least)
{
    int low = least > 0 ? ilogb(least) - (f->precision - 1) : f->unit;
    return low > f->unit ? low : f->unit;
}

/* How many of n steps keep sums below the limit, with |products| <= m (theorem 4). */
static size_t sure_steps(const lf_gemm_level *l, double limit, double greatest, double m, size_t n)
{
    while ((double)n * l->growth > 1 ||
           !((greatest + (double)n * m) * (1 + 2 * (double)n * l->growth) <= limit)) {
        n /= 2;
        if (n < 8)
            return 0;
    }
    return n;
}

/* Whether it matters how small or great the numbers are. */
static bool looks(const lf_gemm_level *l)
{
    return l->is_fused || l->plain != l->checked;
}

/* What is known of the next steps of a tile. */
typedef struct outlook {
    bool finite;  /* factors, and products are within their format */
    bool grid;    /* theorem 3 holds */
    double m;     /* bounds the products */
    double exact; /* theorem 7: sums up to here are exact */
} outlook;

/* Runs n steps from number `first` on. */
static void run_tile(const block *b, const strip *s, char *sums, size_t first, size_t n,
                     const outlook *o, lf_tile_random *draws)
{
    const lf_gemm *g = b->g;
    const lf_gemm_level *l = &g->level[0];
    const lf_tile *tiles = s->rows == g->rows ? g->table->tile[g->wide] : g->table->few[g->wide];
    size_t host = (size_t)g->host_bytes;
    lf_step step = l->step;
    step.random = draws;
    for (size_t done = 0, count; done < n; done += count) {
        count = n - done;
        int kind = l->checked;
        if (l->plain != l->checked && o->finite) {
            double least, greatest;
            g->table->extent[g->wide](sums, (size_t)(s->rows * g->columns), &least, &greatest);
            double limit = l->spread && o->exact < l->limit ? o->exact : l->limit;
            size_t sure = o->grid ? sure_steps(l, limit, greatest, o->m, count) : 0;
            kind = l->plain;
            if (!sure) {
                sure = sure_steps(l, l->limit, greatest, o->m, count);
                kind = l->bounded;
            }
            if (!sure) {
                sure = least_of(count, 16);
                kind = l->checked;
            }
            count = sure;
        }
        draws->step = first + done;
        tiles[kind](&step, s->panel + done * (size_t)s->rows * host,
                    b->panels[1] + done * (size_t)g->columns * host, count, sums);
    }
}

/* n terms in fused blocks. */
static bool run_fused(block *b, size_t j, size_t n, bool finite)
{
    const lf_gemm *g = b->g;
    const lf_gemm_level *l = &g->level[0];
    const float *panel = (float *)b->panels[1];
    float *powers = (float *)b->powers[1];
    g->table->powers(panel, n * (size_t)g->columns, l->smallest[1], powers);
    int overflow = !finite;
    lf_fpenv_direct(l->direction);
    for (size_t i = 0; i < b->tiles[0] && !overflow; i++) {
        const strip *s = &b->strips[i];
        overflow = !isfinite(s->greatest) ||
                   g->table->fused_tile(&l->fused, (float *)s->panel, (float *)s->powers, panel,
                                        powers, n, (size_t)s->rows, (float *)sums_of(b, 0, i, j));
    }
    lf_fpenv_direct(LF_NEAREST_EVEN);
    b->failed |= overflow ? LF_GEMM_VOID : 0;
    return !overflow;
}

/* Terms first .. first + n - 1 of a group, in every tile of a column of tiles. */
static bool run_column(block *b, size_t j, size_t first, size_t n)
{
    const lf_gemm *g = b->g;
    const lf_gemm_level *l = &g->level[0];
    const lf_gemm_side *side = &g->side[1];
    size_t width = (size_t)g->columns;
    const char *codes =
        side->codes +
        side->codec.bytes * (side->batch_stride * (ptrdiff_t)b->batch +
                             side->line_stride * (ptrdiff_t)(b->first[1] + j * width));
    if (!lf_gemm_pack(&side->codec, codes, side->line_stride, side->term_stride, b->index, n,
                      columns_of(b, j), width, b->panels[1]))
        return false;
    double least = 0, greatest = 0;
    if (looks(l))
        g->table->extent[g->wide](b->panels[1], n * width, &least, &greatest);
    int low = lowest_bit(&side->range, least);
    if (l->is_fused)
        return run_fused(b, j, n, isfinite(greatest));
    lf_fpenv_direct(l->direction);
    for (size_t i = 0; i < b->tiles[0]; i++) {
        const strip *s = &b->strips[i];
        int unit = lowest_bit(&g->side[0].range, s->least) + low;
        int *lowest = &b->lowest[j * b->tiles[0] + i];
        *lowest = unit < *lowest ? unit : *lowest;
        outlook o = {.m = s->greatest * greatest};
        o.finite = isfinite(s->greatest) && isfinite(greatest) && o.m <= l->product_limit;
        o.grid = unit >= l->product_unit && !b->minus_zero;
        o.exact = ldexp(1, 53 + *lowest);
        lf_tile_random draws = g->draws;
        draws.first += element_of(b, s->row, j * width);
        draws.row_step = g->result_step[0];
        draws.column_step = g->result_step[1];
        run_tile(b, s, sums_of(b, 0, i, j), first, n, &o, &draws);
    }
    lf_fpenv_direct(LF_NEAREST_EVEN);
    return true;
}

static bool run_group(block *b, size_t group)
{
    const lf_gemm *g = b->g;
    int unit = g->reduction->c.codes && g->levels == 1 ? g->start_unit : INT_MAX;
    for (size_t t = 0; t < b->tiles[0] * b->tiles[1]; t++)
        b->lowest[t] = unit;
    const lf_gemm_side *side = &g->side[0];
    size_t terms = lf_gemm_group_terms(&g->terms, group);
    for (size_t first = 0; first < terms; first += g->depth) {
        size_t n = least_of(terms - first, g->depth);
        if (lf_watch_steps(g->watch, n * b->lines[0] * b->lines[1])) {
            b->failed |= LF_HALTED;
            return false;
        }
        lf_gemm_indices(&g->terms, group, first, n, b->index);
        for (size_t i = 0; i < b->tiles[0]; i++) {
            strip *s = &b->strips[i];
            const char *codes =
                side->codes +
                side->codec.bytes * (side->batch_stride * (ptrdiff_t)b->batch +
                                     side->line_stride * (ptrdiff_t)(b->first[0] + s->row));
            if (!lf_gemm_pack(&side->codec, codes, side->line_stride, side->term_stride, b->index,
                              n, (size_t)s->lines, (size_t)s->rows, s->panel))
                return false;
            if (looks(&g->level[0]))
                g->table->extent[g->wide](s->panel, n * (size_t)s->rows, &s->least, &s->greatest);
            if (g->level[0].is_fused)
                g->table->powers((float *)s->panel, n * (size_t)s->rows, g->level[0].smallest[0],
                                 (float *)s->powers);
        }
        for (size_t j = 0; j < b->tiles[1]; j++)
            if (!run_column(b, j, first, n))
                return false;
    }
    return true;
}

/* The sums of a group become a term of the outer accumulator. */
static void join_group(block *b)
{
    const lf_gemm *g = b->g;
    const lf_gemm_level *outer = &g->level[1];
    lf_fpenv_direct(outer->direction);
    size_t sums = b->tiles[0] * b->tiles[1] * (size_t)(g->rows * g->columns);
    g->table->join[g->wide][outer->checked](&outer->step, b->sums[0], b->sums[1], sums);
    lf_fpenv_direct(LF_NEAREST_EVEN);
}

/* A line of the block's results lies in as many tiles as there are columns of them. It is encoded
 * at once, since a kernel works on whole chunks. */
static bool finish_line(const block *b, size_t i, int row)
{
    const lf_gemm *g = b->g;
    size_t bytes = (size_t)g->result.bytes, host = (size_t)g->host_bytes;
    size_t width = (size_t)g->columns;
    uint64_t sums[LF_BLOCK_COLUMNS], codes[LF_BLOCK_COLUMNS];
    for (size_t j = 0; j < b->tiles[1]; j++)
        memcpy((char *)sums + j * width * host,
               sums_of(b, g->levels - 1, i, j) + (size_t)row * width * host,
               columns_of(b, j) * host);
    size_t columns = b->lines[1];
    char *out = g->codes + element_of(b, b->strips[i].row + (size_t)row, 0) * bytes;
    bool straight = g->result_step[1] == 1;
    if (!lf_gemm_encode(&g->result, sums, straight ? (void *)out : codes, columns))
        return false;
    for (size_t k = 0; k < columns && !straight; k++)
        memcpy(out + (ptrdiff_t)bytes * g->result_step[1] * (ptrdiff_t)k, (char *)codes + k * bytes,
               bytes);
    return true;
}

static bool finish_block(const block *b)
{
    for (size_t i = 0; i < b->tiles[0]; i++)
        for (int row = 0; row < b->strips[i].lines; row++)
            if (!finish_line(b, i, row))
                return false;
    return true;
}

static bool run_block(block *b)
{
    const lf_gemm *g = b->g;
    divide_rows(b);
    if (!start_block(b))
        return false;
    size_t groups = lf_gemm_groups(&g->terms);
    for (size_t group = 0; group < groups; group++) {
        if (g->levels > 1)
            memset(b->sums[0], 0,
                   b->tiles[0] * b->tiles[1] * (size_t)(g->rows * g->columns * g->host_bytes));
        if (!run_group(b, group))
            return false;
        if (g->levels > 1)
            join_group(b);
    }
    return finish_block(b);
}

/* Room for one block. */
static bool allocate(block *b, size_t rows, size_t columns)
{
    const lf_gemm *g = b->g;
    size_t host = (size_t)g->host_bytes, width = (size_t)g->columns;
    /* The last rows are at most three tiles of few. */
    size_t high = rows + 3 * LF_TILE_MOST, wide = columns + width;
    size_t panel[2] = {high * LF_DEPTH * host, width * LF_DEPTH * host};
    size_t sums = high * wide * host;
    size_t tiles = (high / LF_TILE_FEW + 1) * (wide / width + 1) * sizeof(int);
    size_t powers = g->level[0].is_fused ? panel[0] + panel[1] : 0;
    size_t bytes = panel[0] + panel[1] + sums * (size_t)g->levels + powers + tiles;
    b->room = malloc(bytes + LF_LINE);
    if (!b->room)
        return false;
    /* Whole cache lines: a panel's vectors must not straddle two. */
    b->panels[0] = b->room + (-(uintptr_t)b->room & (LF_LINE - 1));
    b->panels[1] = b->panels[0] + panel[0];
    for (int i = 0; i < g->levels; i++)
        b->sums[i] = b->panels[1] + panel[1] + sums * (size_t)i;
    b->powers[0] = b->panels[1] + panel[1] + sums * (size_t)g->levels;
    b->powers[1] = b->powers[0] + (powers ? panel[0] : 0);
    b->lowest = (int *)(b->powers[0] + powers);
    return true;
}

/* Units: tiles of rows, or of columns where there are few of rows, of every matrix of the batch. */
typedef struct share {
    const lf_gemm *g;
    int cut;           /* the side that is divided */
    size_t lines, per; /* of a unit; units per matrix */
} share;

static uint32_t run_share(const void *argument, size_t begin, size_t end)
{
    const share *job = argument;
    const lf_gemm *g = job->g;
    block *b = malloc(sizeof *b);
    if (!b)
        return LF_GEMM_FAILED;
    *b = (block){.g = g};
    size_t lines[2] = {g->side[0].lines, g->side[1].lines};
    uint32_t failed = 0;
    if (!allocate(b, least_of(lines[0], g->block_rows), least_of(lines[1], LF_BLOCK_COLUMNS))) {
        free(b);
        return LF_GEMM_FAILED;
    }
    uint32_t control = lf_fpenv_enter();
    while (begin < end && !failed) {
        size_t unit = begin % job->per;
        size_t units = least_of(end - begin, job->per - unit);
        size_t from[2] = {0, 0}, to[2] = {lines[0], lines[1]};
        from[job->cut] = unit * job->lines;
        to[job->cut] = least_of(lines[job->cut], (unit + units) * job->lines);
        b->batch = begin / job->per;
        for (size_t i = from[0]; i < to[0]; i += g->block_rows)
            for (size_t j = from[1]; j < to[1]; j += LF_BLOCK_COLUMNS) {
                b->first[0] = i, b->first[1] = j;
                b->lines[0] = least_of(to[0] - i, g->block_rows);
                b->lines[1] = least_of(to[1] - j, LF_BLOCK_COLUMNS);
                if (!failed && !run_block(b))
                    failed |= b->failed ? b->failed : LF_GEMM_FAILED;
            }
        begin += units;
    }
    lf_fpenv_leave(control);
    free(b->room);
    free(b);
    return failed;
}

/* Fewer steps than this are not worth a thread. */
#define SINGLE_THREAD_BELOW 1e6

int lf_gemm_run(const lf_gemm *g, int threads)
{
    size_t rows = g->side[0].lines, columns = g->side[1].lines, batch = g->reduction->batch;
    if (rows == 0 || columns == 0 || batch == 0)
        return LF_OK;
    double steps = (double)rows * (double)columns * (double)batch * (double)g->terms.count;
    if (steps < SINGLE_THREAD_BELOW)
        threads = 1;
    size_t tall = (rows + (size_t)g->rows - 1) / (size_t)g->rows;
    size_t broad = (columns + (size_t)g->columns - 1) / (size_t)g->columns;
    share job = {.g = g, .lines = (size_t)g->rows, .per = tall};
    if (batch * tall < 4 * (size_t)threads && broad > tall)
        job = (share){.g = g, .cut = 1, .lines = (size_t)g->columns, .per = broad};
    uint32_t failed = lf_run_grains(run_share, &job, batch * job.per, 1, threads);
    if (failed & LF_GEMM_FAILED)
        return LF_ERROR_MEMORY;
    return failed & LF_HALTED ? LF_STOPPED : failed ? LF_GEMM_UNABLE : LF_OK;
}

bool lf_gemm_matmul(const lf_reduction *r, const lf_result *result, const lf_projection *projection,
                    const lf_random *random, const lf_options *options, lf_watch *watch,
                    int *status)
{
    lf_gemm *g = calloc(1, sizeof *g);
    bool able = g && lf_gemm_plan(g, r, result, projection, random, options);
    if (able) {
        g->watch = watch;
        int done = lf_gemm_run(g, options ? options->threads : 1);
        able = done != LF_GEMM_UNABLE;
        *status = able ? done : *status;
    }
    free(g);
    return able;
}
