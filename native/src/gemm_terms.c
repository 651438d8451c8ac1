/* In which order terms are added (G-5), and in which groups (G-14). */
#include "gemm.h"

/* Elements of 0 .. count - 1 with floor(k / width) mod n = lane. */
static size_t lane_terms(size_t count, size_t n, size_t width, size_t lane)
{
    size_t whole = count / (n * width) * width, rest = count % (n * width);
    size_t before = lane * width;
    return whole + (rest <= before ? 0 : rest - before < width ? rest - before : width);
}

/* Element i of them. */
static size_t lane_element(size_t n, size_t width, size_t lane, size_t i)
{
    return (i / width * n + lane) * width + i % width;
}

static size_t run_length(const lf_gemm_terms *t)
{
    return t->grouping == LF_BY_SPLIT ? t->count / t->n + (t->count % t->n != 0) : t->n;
}

size_t lf_gemm_groups(const lf_gemm_terms *t)
{
    if (t->count == 0 || t->grouping == LF_UNGROUPED)
        return t->count != 0;
    if (t->grouping == LF_BY_LANES) {
        size_t lanes = t->count / t->width + (t->count % t->width != 0);
        return lanes < t->n ? lanes : t->n;
    }
    size_t run = run_length(t);
    return t->count / run + (t->count % run != 0);
}

size_t lf_gemm_group_terms(const lf_gemm_terms *t, size_t g)
{
    if (t->grouping == LF_UNGROUPED)
        return t->count;
    if (t->grouping == LF_BY_LANES)
        return lane_terms(t->count, t->n, t->width, g);
    size_t run = run_length(t), before = g * run;
    return t->count - before < run ? t->count - before : run;
}

/* Which term of a group is added at `place`. */
static size_t ordered(const lf_gemm_terms *t, size_t terms, size_t place)
{
    if (t->order == LF_REVERSED)
        return terms - 1 - place;
    if (t->order != LF_INTERLEAVED)
        return place;
    size_t lane = 0;
    for (size_t n; place >= (n = lane_terms(terms, t->order_n, t->order_width, lane)); lane++)
        place -= n;
    return lane_element(t->order_n, t->order_width, lane, place);
}

void lf_gemm_indices(const lf_gemm_terms *t, size_t g, size_t first, size_t n, size_t *index)
{
    size_t terms = lf_gemm_group_terms(t, g);
    for (size_t i = 0; i < n; i++) {
        size_t k = ordered(t, terms, first + i);
        if (t->grouping == LF_BY_LANES)
            k = lane_element(t->n, t->width, g, k);
        else if (t->grouping != LF_UNGROUPED)
            k += g * run_length(t);
        index[i] = k;
    }
}
