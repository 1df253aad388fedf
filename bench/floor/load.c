#include "floor.h"

int main(void)
{
    char text[128], cpus[128];
    double load[3];
    read_file("/proc/loadavg", text, sizeof text);
    read_file("/sys/devices/system/cpu/online", cpus, sizeof cpus);
    need(sscanf(text, "%lf %lf %lf", &load[0], &load[1], &load[2]) == 3);
    printf("OK - load average: %.2f, %.2f, %.2f|load1=%.3f;;;0; load5=%.3f;;;0; load15=%.3f;;;0;\n", load[0],
           load[1], load[2], load[0], load[1], load[2]);
    return 0;
}
