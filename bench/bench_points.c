/* bench_points [rounds [devices]]: writes what points.h says, of the first so
 * many devices, to standard output. */
#include <stdio.h>
#include <stdlib.h>

#include "points.h"

int
main(int argc, char **argv)
{
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : POINTS_ROUNDS;
    long devices = argc > 2 ? strtol(argv[2], NULL, 10) : POINTS_DEVICES;
    char line[POINTS_LINE_SIZE];

    for (uint32_t round = 0; round < (uint32_t)rounds; round++) {
        for (uint32_t device = 0; device < (uint32_t)devices; device++) {
            size_t len = points_line(device, round, true, line);

            if (fwrite(line, 1, len, stdout) != len) {
                perror("bench_points");
                return 1;
            }
        }
    }
    if (fflush(stdout) != 0) {
        perror("bench_points");
        return 1;
    }
    return 0;
}
