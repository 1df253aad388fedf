#include "floor.h"

static long long kilobytes(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    need(at != NULL);
    return atoll(at + strlen(key));
}

int main(void)
{
    char text[8192];
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
