#ifndef LF_THREADS_H
#define LF_THREADS_H

#include "lowfloat.h"

/* Elements begin .. end - 1 of a job; returns bits to be collected. */
typedef uint32_t (*lf_chunk)(const void *job, size_t begin, size_t end);

/* Runs the job over n elements in contiguous chunks, on at most `threads` threads that live only
 * for this call: nothing is left that a fork could lose. Returns the union of what the chunks
 * returned. */
uint32_t lf_run_chunks(lf_chunk chunk, const void *job, size_t n, int threads);

/* The same in chunks of multiples of `grain`, on one thread if there is only one of these. */
uint32_t lf_run_grains(lf_chunk chunk, const void *job, size_t n, size_t grain, int threads);

#endif
