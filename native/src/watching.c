#include "watching.h"

#include <time.h>

/* A caller hears no more often than this. */
#define PAUSE_NANOSECONDS 50000000

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void lf_watch_init(lf_watch *w, const lf_options *options)
{
    *w = (lf_watch){.caller = pthread_self()};
    if (options && options->tell) {
        w->options = options;
        w->told = now();
    }
}

bool lf_watch_steps(lf_watch *w, uint64_t steps)
{
    if (!w || !w->options)
        return false;
    uint64_t all = __atomic_add_fetch(&w->steps, steps, __ATOMIC_RELAXED);
    if (pthread_equal(pthread_self(), w->caller) && now() - w->told >= PAUSE_NANOSECONDS) {
        if (w->options->tell(w->options->context, all))
            __atomic_store_n(&w->stopped, 1, __ATOMIC_RELAXED);
        w->told = now();
    }
    return __atomic_load_n(&w->stopped, __ATOMIC_RELAXED) != 0;
}
