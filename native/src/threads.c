#include "threads.h"

#include <pthread.h>

/* Below this a thread costs more than it gains. */
#define SINGLE_THREAD_BELOW 131072
#define MAX_THREADS 64
/* Chunks begin at multiples of this, so that no two share a cache line or a Philox block. */
#define GRAIN 4096

typedef struct worker {
    lf_chunk chunk;
    const void *job;
    size_t begin, end;
    uint32_t result;
} worker;

static void *run_worker(void *argument)
{
    worker *w = argument;
    w->result = w->chunk(w->job, w->begin, w->end);
    return NULL;
}

uint32_t lf_run_chunks(lf_chunk chunk, const void *job, size_t n, int threads)
{
    return lf_run_grains(chunk, job, n, GRAIN, n < SINGLE_THREAD_BELOW ? 1 : threads);
}

uint32_t lf_run_grains(lf_chunk chunk, const void *job, size_t n, size_t grain, int threads)
{
    if (n <= grain || threads <= 1)
        return chunk(job, 0, n);
    size_t count = threads < MAX_THREADS ? (size_t)threads : MAX_THREADS;
    size_t grains = n / grain + (n % grain != 0);
    size_t share = (grains / count + (grains % count != 0)) * grain;
    worker workers[MAX_THREADS];
    pthread_t ids[MAX_THREADS];
    size_t started = 0;
    size_t begin = share;
    uint32_t result = 0;
    for (; begin < n; begin += share) {
        worker *w = &workers[started];
        *w = (worker){chunk, job, begin, n - begin < share ? n : begin + share, 0};
        if (pthread_create(&ids[started], NULL, run_worker, w))
            break;
        started++;
    }
    result = chunk(job, 0, share < n ? share : n);
    if (begin < n) /* the system gave no more threads */
        result |= chunk(job, begin, n);
    for (size_t i = 0; i < started; i++) {
        pthread_join(ids[i], NULL);
        result |= workers[i].result;
    }
    return result;
}
