/* What the array functions share: results, random bits, threads and status. */
#ifndef LF_APPLY_H
#define LF_APPLY_H

#include "arithmetic.h"
#include "storage.h"
#include "threads.h"

/* Beside flags and LF_TAIL in what a chunk returns: R is not below 2^N; a kernel failed. */
#define LF_RANGE 0x100
#define LF_FAILED 0x200

/* The part of a job that every array function has. */
typedef struct lf_output {
    const lf_target *rounding; /* whose projection draws random bits */
    const lf_result *result;
    const lf_random *random; /* NULL unless the rounding is stochastic */
    int bytes;               /* per code of the result */
} lf_output;

int lf_output_init(lf_output *o, const lf_target *rounding, const lf_layout *format,
                   const lf_result *result, size_t n, const lf_random *random);

/* LF_OK with sane fields, or why not. NULL options are the default ones. */
int lf_options_check(const lf_options *options);

/* Random bits of a block, into `bits`: returns `bits`, or NULL where none are drawn. */
const uint64_t *lf_output_random(const lf_output *o, size_t begin, uint64_t *bits, size_t n,
                                 uint32_t *raised);

void lf_output_store(const lf_output *o, size_t begin, const uint64_t *codes, const uint8_t *flags,
                     size_t n);

/* Runs the job and turns what its chunks returned into flags and a status. */
int lf_output_run(const lf_output *o, lf_chunk chunk, const void *job, size_t n,
                  const lf_options *options);

/* The second half of it: flags and a status from what the chunks returned. */
int lf_output_finish(const lf_output *o, uint32_t raised);

#endif
