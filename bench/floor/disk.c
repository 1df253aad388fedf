#include "floor.h"
#include <sys/statvfs.h>

/* One line of mountinfo: "36 35 98:0 /root /mount options ... - type source options" (proc(5)). */
static int with_device(const char *line, char *mount)
{
    char source[4096];
    const char *rest = strstr(line, " - ");
    return rest && sscanf(line, "%*s %*s %*s %*s %4095s", mount) == 1 &&
           sscanf(rest, " - %*s %4095s", source) == 1 && source[0] == '/';
}

int main(void)
{
    static char text[65536], figures[8192], mount[4096];
    size_t length = 0;
    read_file("/proc/self/mountinfo", text, sizeof text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        struct statvfs fs;
        if (!with_device(line, mount))
            continue;
        need(statvfs(mount, &fs) == 0 && length < sizeof figures / 2);
        length += sprintf(figures + length, " %.200s=%lluB;;;0;%llu", mount,
                          (unsigned long long)(fs.f_blocks - fs.f_bfree) * fs.f_frsize,
                          (unsigned long long)fs.f_blocks * fs.f_frsize);
    }
    printf("DISK OK|%s\n", figures);
    return 0;
}
