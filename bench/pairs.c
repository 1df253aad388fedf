/* Runs command A and command B in turn and reports what each run cost.
 *
 * usage: pairs [-n PAIRS] [-u WARMUP] [-t SECONDS] -- COMMAND [ARG...] ::: COMMAND [ARG...] ...
 *
 * The commands take turns, A B C A B C, so that a busy moment of the machine hits all of them
 * alike. One line is printed per command: its runs, and medians of CPU time (user and system),
 * wall time and peak resident memory. A run that does not exit with 0 ends everything with
 * status 1 and a line that says which; so does the time limit when fewer than half the pairs
 * are done.
 *
 * The launcher is kept small on purpose: a child's ru_maxrss starts at the resident size of the
 * process that called exec, so a launcher in Python would hide every small plugin behind its
 * own memory. Link it statically. The kernel counts pages per processor before it adds them up,
 * so a program of a few dozen pages may be reported with 0 kB.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 4
#define MAX_PAIRS 20000
#define RUN_LIMIT_SECONDS 30

struct cost {
    long long wall_ns;
    long long cpu_us;
    long maxrss_kb;
};

static int null_fd;
static char *environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long microseconds(struct timeval t)
{
    return t.tv_sec * 1000000LL + t.tv_usec;
}

/* Runs one command to its end; returns its wait status, or -1 when it could not be started. */
static int run(char **argv, struct cost *cost)
{
    struct rusage usage;
    volatile int failed = 0;
    int status;
    long long start = now_ns();
    pid_t pid = vfork();
    if (pid == 0) {
        dup2(null_fd, 1);
        alarm(RUN_LIMIT_SECONDS); /* survives exec: a run that hangs ends by SIGALRM */
        execve(argv[0], argv, environment);
        failed = errno;
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || failed) {
        errno = failed ? failed : errno;
        return -1;
    }
    cost->wall_ns = now_ns() - start;
    cost->cpu_us = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
    cost->maxrss_kb = usage.ru_maxrss;
    return status;
}

static int run_or_say_why(char **argv, struct cost *cost)
{
    int status = run(argv, cost);
    if (status == 0)
        return 0;
    if (status == -1)
        printf("cannot start %s: %s\n", argv[0], strerror(errno));
    else if (WIFSIGNALED(status))
        printf("%s was ended by signal %d\n", argv[0], WTERMSIG(status));
    else
        printf("%s exited with %d\n", argv[0], WEXITSTATUS(status));
    return -1;
}

static int ascending(const void *a, const void *b)
{
    long long x = *(const long long *)a, y = *(const long long *)b;
    return (x > y) - (x < y);
}

static long long median(long long *values, int count)
{
    qsort(values, count, sizeof *values, ascending);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void report(const struct cost *costs, int command, int commands, int pairs)
{
    static long long wall[MAX_PAIRS], cpu[MAX_PAIRS], rss[MAX_PAIRS];
    for (int i = 0; i < pairs; i++) {
        const struct cost *c = &costs[i * commands + command];
        wall[i] = c->wall_ns;
        cpu[i] = c->cpu_us;
        rss[i] = c->maxrss_kb;
    }
    printf("runs=%d cpu_us=%lld wall_us=%.1f rss_kb=%lld\n", pairs, median(cpu, pairs),
           median(wall, pairs) / 1000.0, median(rss, pairs));
}

static int number(const char *text, int least, int most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == 0 || *end != 0 || value < least || value > most) {
        fprintf(stderr, "pairs: %s is not a number from %d to %d\n", text, least, most);
        exit(2);
    }
    return (int)value;
}

int main(int argc, char **argv)
{
    int pairs = 200, warmup = 5, seconds = 120, option, commands = 0;
    char **command[MAX_COMMANDS];
    while ((option = getopt(argc, argv, "+n:u:t:")) != -1) {
        switch (option) {
        case 'n': pairs = number(optarg, 1, MAX_PAIRS); break;
        case 'u': warmup = number(optarg, 0, 1000); break;
        case 't': seconds = number(optarg, 1, 600); break;
        default: return 2;
        }
    }
    for (int i = optind, start = 1; i < argc; i++) {
        if (strcmp(argv[i], ":::") == 0) {
            argv[i] = NULL;
            start = 1;
        } else if (start) {
            if (commands == MAX_COMMANDS)
                return fprintf(stderr, "pairs: at most %d commands\n", MAX_COMMANDS), 2;
            command[commands++] = &argv[i];
            start = 0;
        }
    }
    if (commands == 0)
        return fprintf(stderr, "usage: pairs [-n PAIRS] [-u WARMUP] [-t SECONDS] -- COMMAND... ::: ...\n"), 2;
    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct cost *costs = calloc((size_t)pairs * commands, sizeof *costs);
    if (null_fd < 0 || !costs)
        return perror("pairs"), 2;

    long long end = now_ns() + seconds * 1000000000LL;
    struct cost unused;
    for (int i = 0; i < warmup; i++)
        for (int c = 0; c < commands; c++)
            if (run_or_say_why(command[c], &unused))
                return 1;
    int done = 0;
    for (; done < pairs && now_ns() < end; done++)
        for (int c = 0; c < commands; c++)
            if (run_or_say_why(command[c], &costs[done * commands + c]))
                return 1;
    if (done * 2 < pairs) {
        printf("only %d of %d pairs within %d s\n", done, pairs, seconds);
        return 1;
    }
    for (int c = 0; c < commands; c++)
        report(costs, c, commands, done);
    return 0;
}
