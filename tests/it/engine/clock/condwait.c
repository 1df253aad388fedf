/* Speeds up the one wait that libfaketime 0.9.10 leaves in real time: pthread_cond_clockwait, by which C++ waits for
   its steady clock. Icinga's checker waits there, so that without this no check would ever be due. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const long long SECOND = 1000000000;

typedef int (*wait_fn)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);

static long long nanoseconds(const struct timespec *at) {
    return at->tv_sec * SECOND + at->tv_nsec;
}

int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until) {
    wait_fn next = (wait_fn)dlsym(RTLD_NEXT, "pthread_cond_clockwait");
    const char *text = getenv("FIRSTAID_TEST_SPEED");
    long long speed = text ? atoll(text) : 1;
    struct timespec fast, real;

    /* The caller took its deadline from the fast clock; the kernel waits by the real one. */
    clock_gettime(clock, &fast);
    long long left = nanoseconds(until) - nanoseconds(&fast);
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &real);
    long long end = nanoseconds(&real) + (left > 0 ? left / (speed > 0 ? speed : 1) : 0);
    struct timespec deadline = {end / SECOND, end % SECOND};
    return next(cond, mutex, CLOCK_MONOTONIC, &deadline);
}
