/* How far a long call is, told to its caller, who may stop it. */
#ifndef LF_WATCHING_H
#define LF_WATCHING_H

#include <pthread.h>
#include <stdbool.h>

#include "lowfloat.h"

/* What a chunk returns that was told to stop; beside LF_RANGE, LF_FAILED and LF_UNSETTLED. */
#define LF_HALTED 0x800

/* Shared by the threads of a call; only the one that made it tells. */
typedef struct lf_watch {
    const lf_options *options; /* NULL: nobody wants to know */
    pthread_t caller;
    uint64_t steps;
    uint32_t stopped;
    uint64_t told; /* when, in nanoseconds */
} lf_watch;

void lf_watch_init(lf_watch *w, const lf_options *options);

/* So many more steps are done; whether the call is to stop. NULL never does. Costs an atomic
 * addition and a look at the clock: to be asked every few thousand steps. */
bool lf_watch_steps(lf_watch *w, uint64_t steps);

#endif
