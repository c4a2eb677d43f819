/* Plants one fault, so that a test can show that its gate catches it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int shared;

static void *
count_up(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        shared++;
    }
    return NULL;
}

static void
race(void)
{
    pthread_t one;
    pthread_t two;

    if (pthread_create(&one, NULL, count_up, NULL) != 0 ||
        pthread_create(&two, NULL, count_up, NULL) != 0) {
        exit(3);
    }
    (void)pthread_join(one, NULL);
    (void)pthread_join(two, NULL);
}

static void
leak(void)
{
    char *volatile lost = malloc(100);

    if (lost != NULL) {
        lost[0] = 'x';
    }
    lost = NULL;
}

static void
overflow(size_t past)
{
    char *bytes = malloc(8);

    if (bytes != NULL) {
        bytes[8 + past] = 'x';
        (void)printf("%c\n", bytes[8 + past]);
        free(bytes);
    }
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        return 2;
    }
    if (strcmp(argv[1], "race") == 0) {
        race();
    } else if (strcmp(argv[1], "leak") == 0) {
        leak();
    } else if (strcmp(argv[1], "overflow") == 0) {
        overflow((size_t)argc - 2);
    }
    return 0;
}
