#include "reduce.h"

#include <stdlib.h>

#include "accumulator.h"
#include "gemm.h"
#include "random.h"

/* Steps that are worth a thread. */
#define STEPS_PER_GRAIN 16384

void *lf_take(lf_run *run, size_t bytes)
{
    void *taken = run->arena + run->used;
    run->used += (bytes + 15) & ~(size_t)15;
    return taken;
}

uint64_t lf_next_random(lf_run *run, const lf_projection *p)
{
    if (p->rounding != LF_STOCHASTIC)
        return 0;
    const lf_reduce_job *job = run->job;
    uint64_t bits = run->random[run->drawn++];
    if (job->output.random->kind == LF_RANDOM_PHILOX && job->draws > 1)
        return bits >> (job->lane - p->random_bits);
    run->flags |= bits & ~(UINT64_MAX >> (64 - p->random_bits)) ? LF_RANGE : 0;
    return bits;
}

/* The bits of an element's roundings: whole lanes of a Philox draw, unless there is but one. */
static void draw(const lf_reduce_job *job, size_t element, uint64_t *bits)
{
    const lf_random *r = job->output.random;
    if (r->kind != LF_RANDOM_PHILOX) {
        for (size_t s = 0; s < job->draws; s++)
            bits[s] = r->given[(ptrdiff_t)(element * job->draws + s) * r->given_stride];
        return;
    }
    uint64_t first = r->first + element;
    int width = job->lane;
    if (job->draws > 1) {
        size_t lanes = 128 / (size_t)job->lane;
        first *= (job->draws + lanes - 1) / lanes * lanes;
    } else {
        width = lf_node_bits(job->root);
        if (job->final.projection.rounding == LF_STOCHASTIC)
            width = job->final.projection.random_bits;
    }
    lf_philox_bits(r->seed, r->stream, r->call, first, width, bits, job->draws);
}

/* Rule G-19: the scales that the sum of a group is multiplied by, and their number; the sum itself
 * may be replaced by its product with one. */
static int scale_sum(lf_run *run, const lf_node *node, size_t k, lf_number *sum,
                     lf_number scales[2])
{
    const lf_number one = {lf_whole(1, false), LF_NO_LOWEST, false};
    const lf_layout *f = &node->product.format;
    int count = lf_scales_of(run, k, scales);
    if (node->a->scaling == LF_SCALED_EXACTLY)
        return count;
    bool sum_first = node->a->scaling == LF_SUM_FIRST;
    lf_number x[3] = {sum_first ? *sum : scales[count - 1], one, one};
    if (sum_first)
        x[1] = scales[0];
    else if (count == 2)
        x[0] = scales[0], x[1] = scales[1];
    lf_value exact = lf_product_of(run, x, 2, &node->product.projection);
    lf_number made = {lf_project_step(run, &node->product, &exact), f->emin, f->negative_zero};
    *(sum_first ? sum : &scales[0]) = made;
    if (sum_first)
        scales[0] = scales[1];
    return sum_first ? count - 1 : 1;
}

static lf_number sum_grouped(lf_run *run, const lf_node *node, const lf_terms *terms, bool start)
{
    const lf_accumulator *a = node->a;
    size_t used = run->used;
    size_t largest, groups = lf_groups(a, terms->count, &largest);
    lf_number *sums = lf_take(run, groups * sizeof *sums);
    lf_number(*scales)[2] = node->scales_sums ? lf_take(run, groups * sizeof *scales) : NULL;
    size_t *list = a->grouping == LF_BY_LANES ? lf_take(run, largest * sizeof *list) : NULL;
    lf_terms joined = {.count = groups, .sums = sums, .scales = (const lf_number(*)[2])scales};
    for (size_t g = 0; g < groups && !run->stopped; g++) {
        lf_terms part = *terms;
        if (list) {
            part.count = lf_lane(terms, a->n, a->width, g, list);
            part.listed = list;
        } else {
            size_t at = g * largest;
            part.count = terms->count - at < largest ? terms->count - at : largest;
            if (part.listed)
                part.listed += at;
            else
                part.first += at;
        }
        part.unscaled |= node->scales_sums;
        sums[g] = lf_sum_node(run, node->inner, &part, false);
        if (scales)
            joined.scale_count = scale_sum(run, node, lf_term_index(&part, 0), &sums[g], scales[g]);
    }
    lf_number result = {0};
    if (!run->stopped) /* else not all sums are there */
        result = lf_sum_node(run, node->outer, &joined, start);
    run->used = used;
    return result;
}

lf_number lf_sum_node(lf_run *run, const lf_node *node, const lf_terms *terms, bool start)
{
    switch (node->a->kind) {
    case LF_ROUNDED: return lf_sum_rounded(run, node, terms, start);
    case LF_EXACT: return lf_sum_exact(run, node, terms, start);
    case LF_FIXED_POINT: return lf_sum_fixed(run, node, terms, start);
    case LF_FUSED: return lf_sum_fused(run, node, terms, start);
    default: return sum_grouped(run, node, terms, start);
    }
}

static const char *line_of(const lf_factor *f, size_t batch, size_t line)
{
    ptrdiff_t at = (ptrdiff_t)batch * f->batch_stride + (ptrdiff_t)line * f->line_stride;
    return (const char *)f->codes + at * f->layout.storage_bytes;
}

/* One element of the result (G-15). */
static lf_coded element(lf_run *run, size_t batch, size_t row, size_t column)
{
    const lf_reduce_job *job = run->job;
    for (int f = 0; f < LF_FACTORS; f++)
        if (job->factors[f].codes)
            run->lines[f] = line_of(&job->factors[f], batch, f % 2 ? column : row);
    if (run->has_start) {
        uint64_t code;
        lf_load(line_of(&job->start, batch, row), job->start.layout.storage_bytes,
                job->start.term_stride, column, &code, 1);
        run->start = (lf_number){lf_unpack(&job->start.layout, false, code), job->start.layout.emin,
                                 job->start.layout.negative_zero};
    }
    run->flags = 0;
    run->drawn = 0;
    lf_terms terms = {.count = job->r->terms};
    lf_number sum = lf_sum_node(run, job->root, &terms, true);
    const lf_target *t = &job->final;
    uint64_t random = lf_next_random(run, &t->projection);
    sum.value = lf_read(&sum, t->projection.daz);
    lf_coded c = sum.value.kind == LF_NAN ? lf_nan_operands(t, &sum.value, 1)
                                          : lf_project(t, &sum.value, random);
    c.flags |= run->flags;
    return c;
}

static uint32_t reduce_chunk(const void *argument, size_t begin, size_t end)
{
    const lf_reduce_job *job = argument;
    const lf_reduction *r = job->r;
    size_t random_bytes = job->draws * sizeof(uint64_t) + 16;
    char *memory = malloc(random_bytes + job->arena_bytes);
    if (!memory)
        return LF_FAILED;
    lf_run run = {.job = job, .arena = memory, .has_start = job->start.codes != NULL};
    run.random = lf_take(&run, random_bytes);
    uint32_t raised = 0;
    for (size_t e = begin; e < end && !run.stopped; e++) {
        if (job->draws)
            draw(job, e, (uint64_t *)run.random);
        size_t line = e / r->columns;
        lf_coded c = element(&run, line / r->rows, line % r->rows, e % r->columns);
        uint8_t flags = (uint8_t)(c.flags & 0x1F);
        lf_output_store(&job->output, e, &c.code, &flags, 1);
        raised |= c.flags;
    }
    free(memory);
    return run.stopped ? LF_HALTED : raised;
}

static bool init_factor(lf_factor *f, const lf_matrix *m, bool by_rows, size_t block)
{
    *f = (lf_factor){.codes = m->codes, .block = block};
    if (!m->codes)
        return true;
    f->batch_stride = m->batch_stride;
    f->line_stride = by_rows ? m->row_stride : m->column_stride;
    f->term_stride = by_rows ? m->column_stride : m->row_stride;
    return block && lf_layout_init(&f->layout, m->format);
}

/* `term` is of the products of operands, `scales` of each scale, of no bits where there is none. */
static int init_factors(lf_reduce_job *job, lf_range *term, lf_range scales[2])
{
    const lf_reduction *r = job->r;
    if (!init_factor(&job->factors[LF_A], &r->a, true, 1) ||
        !init_factor(&job->factors[LF_B], &r->b, false, 1) ||
        !init_factor(&job->factors[LF_A_SCALE], &r->a_scales, true, r->a_block) ||
        !init_factor(&job->factors[LF_B_SCALE], &r->b_scales, false, r->b_block) ||
        !init_factor(&job->start, &r->c, true, 1))
        return LF_ERROR_ARGUMENT;
    if (r->terms && (!r->a.codes || !r->b.codes))
        return LF_ERROR_ARGUMENT;
    *term = (lf_range){0};
    for (int f = 0; f < LF_A_SCALE; f++)
        if (job->factors[f].codes)
            *term = lf_product_range(*term, lf_format_range(&job->factors[f].layout));
    int count = 0;
    scales[0] = scales[1] = (lf_range){0};
    for (int f = LF_A_SCALE; f < LF_FACTORS; f++)
        if (job->factors[f].codes)
            scales[count++] = lf_format_range(&job->factors[f].layout);
    return LF_OK;
}

/* W of rule G-17. */
static int lane_of(int bits)
{
    return bits <= 8 ? 8 : bits <= 16 ? 16 : bits <= 32 ? 32 : 64;
}

/* S of rule G-17. */
static size_t draws_of(const lf_reduce_job *job)
{
    bool last = job->final.projection.rounding == LF_STOCHASTIC;
    return lf_node_draws(job->root, job->r->terms) + last;
}

static int init_draws(lf_reduce_job *job, const lf_random *random)
{
    const lf_projection *p = &job->final.projection;
    int bits = lf_node_bits(job->root);
    bool wider = p->rounding == LF_STOCHASTIC && p->random_bits > bits;
    job->lane = lane_of(wider ? p->random_bits : bits);
    job->draws = draws_of(job);
    job->output.random = job->draws ? random : NULL;
    return job->draws && !lf_random_valid(random) ? LF_ERROR_ARGUMENT : LF_OK;
}

/* Everything but random bits and outputs; `nodes` has LF_MOST_NODES. */
static int init_job(lf_reduce_job *job, lf_node *nodes, const lf_format *format,
                    const lf_projection *projection)
{
    lf_range term, scales[2], start = {1, 0, 0};
    int status = lf_target_init(&job->final, format, projection);
    if (status == LF_OK)
        status = init_factors(job, &term, scales);
    if (status != LF_OK)
        return status;
    if (job->start.codes)
        start = lf_format_range(&job->start.layout);
    lf_node *next = nodes;
    return lf_node_init(&next, nodes + LF_MOST_NODES, job->r->accumulator, term, scales, start,
                        &job->root);
}

int lf_matmul_draws(const lf_reduction *r, const lf_format *format, const lf_projection *projection,
                    size_t *draws)
{
    if (!r || r->size < sizeof *r)
        return LF_ERROR_ARGUMENT;
    lf_reduce_job job = {.r = r};
    lf_node nodes[LF_MOST_NODES];
    int status = init_job(&job, nodes, format, projection);
    *draws = status == LF_OK ? draws_of(&job) : 0;
    return status;
}

int lf_matmul(const lf_reduction *r, const lf_result *result, const lf_projection *projection,
              const lf_random *random, const lf_options *options)
{
    if (!r || r->size < sizeof *r || !result)
        return LF_ERROR_ARGUMENT;
    lf_reduce_job job = {.r = r};
    lf_node nodes[LF_MOST_NODES];
    int status = init_job(&job, nodes, result->format, projection);
    if (status == LF_OK)
        status = lf_options_check(options);
    if (status == LF_OK)
        status = init_draws(&job, random);
    size_t n = r->batch * r->rows * r->columns;
    if (status != LF_OK || n == 0)
        return status;
    bool generic = options && options->generic;
    lf_watch watch;
    lf_watch_init(&watch, options);
    job.watch = &watch;
    if (!generic &&
        lf_gemm_matmul(r, result, projection, job.output.random, options, &watch, &status))
        return status;
    job.output.result = result;
    job.output.bytes = job.final.format.storage_bytes;
    job.arena_bytes = lf_node_bytes(job.root, r->terms);
    size_t grain = STEPS_PER_GRAIN / (r->terms + 1) + 1;
    int threads = options ? options->threads : 1;
    return lf_output_finish(&job.output, lf_run_grains(reduce_chunk, &job, n, grain, threads));
}
