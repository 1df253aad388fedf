#include "floor.h"

static long long kilobytes(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    need(at != NULL);
    return atoll(at + strlen(key));
}

/* Reads a limit of every memory cgroup on the way up, as many as there are. */
static void limits(const char *mount, char *group, const char *file)
{
    char path[512], limit[64];
    for (;;) {
        snprintf(path, sizeof path, "%s%s/%s", mount, strcmp(group, "/") ? group : "", file);
        if (access(path, R_OK) == 0)
            read_file(path, limit, sizeof limit);
        char *last = strrchr(group, '/');
        if (!last || !strcmp(group, "/"))
            return;
        last[last == group] = 0;
    }
}

int main(void)
{
    char text[8192], groups[4096], mounts[16384];
    access("/proc/spl/kstat/zfs/arcstats", R_OK);
    read_file("/proc/self/cgroup", groups, sizeof groups);
    read_file("/proc/self/mountinfo", mounts, sizeof mounts);
    for (char *line = strtok(groups, "\n"); line; line = strtok(NULL, "\n")) {
        char *first = strstr(line, ":memory:"), *second = strncmp(line, "0::", 3) ? NULL : line + 3;
        if (first)
            limits("/sys/fs/cgroup/memory", first + 8, "memory.limit_in_bytes");
        if (second)
            limits("/sys/fs/cgroup", second, "memory.max");
    }
    read_file("/proc/meminfo", text, sizeof text);
    long long total = kilobytes(text, "MemTotal:");
    long long used = total - kilobytes(text, "MemAvailable:");
    printf("MEM OK - %lld%% used|used=%lldB;;;0;%lld cached=%lldB;;;0; "
           "buffers=%lldB;;;0; free=%lldB;;;0; swap=%lldB;;;0;\n",
           used * 100 / total, used * 1024, total * 1024, kilobytes(text, "\nCached:") * 1024,
           kilobytes(text, "Buffers:") * 1024, kilobytes(text, "MemFree:") * 1024,
           kilobytes(text, "SwapTotal:") * 1024);
    return 0;
}
