/*
 * Inputs that read the kernel's files, on trees of files that stand for a
 * machine: the same bytes in give the same lines out.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/input_cpu.h"
#include "collector/input_disk.h"
#include "collector/input_diskio.h"
#include "collector/input_mem.h"
#include "collector/input_net.h"
#include "collector/input_processes.h"
#include "collector/input_system.h"
#include "collector/input_temp.h"

/* A machine of files in a temporary folder. */
struct machine {
    char root[64];
    char lines[8192]; /* what the last gathering wrote */
    char why[256];
};

static void
put_file(const struct machine *machine, const char *path, const char *text)
{
    char full[512];
    FILE *file;

    (void)snprintf(full, sizeof full, "%s/%s", machine->root, path);
    for (char *slash = full + strlen(machine->root) + 1;
         (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        assert_true(mkdir(full, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    file = fopen(full, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int
set_up(void **state)
{
    struct machine *machine = calloc(1, sizeof *machine);

    if (machine == NULL) {
        return -1;
    }
    (void)snprintf(machine->root, sizeof machine->root,
                   "/tmp/gong-host-XXXXXX");
    if (mkdtemp(machine->root) == NULL) {
        return -1;
    }
    *state = machine;
    return 0;
}

static int
tear_down(void **state)
{
    struct machine *machine = *state;
    char command[128];
    int code;

    (void)snprintf(command, sizeof command, "rm -rf %s", machine->root);
    code = system(command);
    free(machine);
    return code;
}

static enum gong_err
gather(struct machine *machine, const struct gong_input_kind *kind, void *state)
{
    struct gong_points points;
    enum gong_err err;

    gong_points_init(&points, 1000);
    err = kind->gather(state, &points, gong_dur_s(1), machine->why,
                       sizeof machine->why);
    assert_int_equal(points.err, GONG_OK);
    assert_true(points.lines.len < sizeof machine->lines);
    if (points.lines.len > 0) {
        memcpy(machine->lines, points.lines.data, points.lines.len);
    }
    machine->lines[points.lines.len] = '\0';
    gong_points_fini(&points);
    return err;
}

/* Opens with default options, gathers once, closes. */
static enum gong_err
gather_once(struct machine *machine, const struct gong_input_kind *kind)
{
    char config[256] = {0};
    void *state = NULL;
    enum gong_err err;

    assert_true(kind->config_size <= sizeof config);
    assert_int_equal(kind->open(config, machine->root, &state, machine->why,
                                sizeof machine->why),
                     GONG_OK);
    err = gather(machine, kind, state);
    kind->close(state);
    return err;
}

static void
cpu_shares_are_of_the_time_between(void **opaque)
{
    struct machine *machine = *opaque;
    char config[64] = {0};
    void *state = NULL;

    put_file(machine, "proc/stat",
             "cpu  100 0 100 800 0 0 0 0 0 0\n"
             "cpu0 100 0 100 800 0 0 0 0 0 0\nintr 1\n");
    assert_int_equal(gong_input_cpu.open(config, machine->root, &state,
                                         machine->why, sizeof machine->why),
                     GONG_OK);
    assert_int_equal(gather(machine, &gong_input_cpu, state), GONG_OK);
    assert_string_equal(machine->lines, ""); /* no rate from one reading */
    put_file(machine, "proc/stat",
             "cpu  150 0 110 838 1 0 0 1 20 0\n"
             "cpu0 150 0 110 838 1 0 0 1 20 0\nintr 1\n");
    assert_int_equal(gather(machine, &gong_input_cpu, state), GONG_OK);
    assert_string_equal(
        machine->lines,
        "cpu,cpu=cpu-total usage_user=30,usage_nice=0,usage_system=10,"
        "usage_idle=38,usage_iowait=1,usage_irq=0,usage_softirq=0,"
        "usage_steal=1,usage_guest=20,usage_guest_nice=0 1000\n");
    gong_input_cpu.close(state);
}

static void
mem_counts_as_free_does(void **opaque)
{
    struct machine *machine = *opaque;

    put_file(machine, "proc/meminfo",
             "MemTotal:  1000 kB\nMemFree:  200 kB\nMemAvailable: 500 kB\n"
             "Buffers: 100 kB\nCached: 300 kB\nSwapCached: 9 kB\nShmem: 1 kB\n"
             "SwapTotal: 50 kB\nSwapFree: 40 kB\nSlab: 20 kB\n");
    assert_int_equal(gather_once(machine, &gong_input_mem), GONG_OK);
    assert_string_equal(
        machine->lines,
        "mem total=1024000i,free=204800i,available=512000i,buffered=102400i,"
        "cached=307200i,shared=1024i,slab=20480i,swap_total=51200i,"
        "swap_free=40960i,used=409600i,used_percent=40,"
        "available_percent=50 1000\n");
    put_file(machine, "proc/meminfo", "nonsense\n");
    assert_int_equal(gather_once(machine, &gong_input_mem), GONG_ERR_INVALID);
    assert_string_equal(machine->why, "proc/meminfo has no MemTotal");
}

static void
system_reads_load_and_uptime(void **opaque)
{
    struct machine *machine = *opaque;

    put_file(machine, "proc/loadavg", "0.50 1.25 2.00 1/389 12345\n");
    put_file(machine, "proc/uptime", "12345.67 23456.78\n");
    put_file(machine, "proc/stat", "cpu  1 2 3 4\ncpu0 1\ncpu1 1\nintr 1\n");
    assert_int_equal(gather_once(machine, &gong_input_system), GONG_OK);
    assert_string_equal(machine->lines, "system load1=0.5,load5=1.25,load15=2,"
                                        "n_cpus=2i,uptime=12345i 1000\n");
    put_file(machine, "proc/loadavg", "high\n");
    assert_int_equal(gather_once(machine, &gong_input_system),
                     GONG_ERR_INVALID);
}

static void
disk_asks_local_file_systems_once(void **opaque)
{
    struct machine *machine = *opaque;

    put_file(machine, "proc/self/mounts",
             "proc /proc proc rw 0 0\n"
             "server:/home /home nfs rw 0 0\n"
             "/dev/vda1 / ext4 rw,relatime 0 0\n"
             "/dev/vda1 /again ext4 rw 0 0\n"
             "/dev/loop1 /snap squashfs ro 0 0\n"
             "/dev/vdb1 /with\\040blank ext4 ro,noatime 0 0\n");
    put_file(machine, "with blank/file", "");
    assert_int_equal(gather_once(machine, &gong_input_disk), GONG_OK);
    assert_memory_equal(machine->lines,
                        "disk,fstype=ext4,mode=rw,path=/ total=",
                        strlen("disk,fstype=ext4,mode=rw,path=/ total="));
    assert_non_null(strstr(machine->lines,
                           "\ndisk,fstype=ext4,mode=ro,path=/with\\ blank "
                           "total="));
    assert_null(strstr(machine->lines, "/again"));
    assert_null(strstr(machine->lines, "/home"));
    assert_null(strstr(machine->lines, "/snap"));
    assert_non_null(strstr(machine->lines, ",used_percent="));
}

static void
diskio_takes_whole_disks(void **opaque)
{
    struct machine *machine = *opaque;

    put_file(machine, "proc/diskstats",
             " 252 0 vda 10 1 20 30 40 2 50 60 7 80 90\n"
             " 252 1 vda1 10 1 20 30 40 2 50 60 7 80 90\n"
             " 7 0 loop0 1 1 1 1 1 1 1 1 1 1 1\n"
             " 8 0 sda 10 1\n");
    put_file(machine, "sys/block/vda/size", "1\n");
    put_file(machine, "sys/block/loop0/size", "1\n");
    put_file(machine, "sys/block/sda/size", "1\n");
    assert_int_equal(gather_once(machine, &gong_input_diskio), GONG_OK);
    assert_string_equal(
        machine->lines,
        "diskio,name=vda reads=10i,writes=40i,read_bytes=10240i,"
        "write_bytes=25600i,read_time=30i,write_time=60i,io_time=80i,"
        "iops_in_progress=7i 1000\n");
}

static void
net_leaves_loopback_out(void **opaque)
{
    struct machine *machine = *opaque;

    put_file(machine, "proc/net/dev",
             "Inter-|   Receive            |  Transmit\n"
             " face |bytes    packets errs drop| bytes\n"
             "    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
             "  eth0:100 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
             "broken: 1 2\n");
    assert_int_equal(gather_once(machine, &gong_input_net), GONG_OK);
    assert_string_equal(machine->lines,
                        "net,interface=eth0 bytes_recv=100i,packets_recv=2i,"
                        "err_in=3i,drop_in=4i,bytes_sent=9i,packets_sent=10i,"
                        "err_out=11i,drop_out=12i 1000\n");
}

static void
temp_prefers_hwmon(void **opaque)
{
    struct machine *machine = *opaque;

    put_file(machine, "sys/class/thermal/thermal_zone0/type", "x86 pkg\n");
    put_file(machine, "sys/class/thermal/thermal_zone0/temp", "55500\n");
    assert_int_equal(gather_once(machine, &gong_input_temp), GONG_OK);
    assert_string_equal(machine->lines, "temp,sensor=x86_pkg temp=55.5 1000\n");
    put_file(machine, "sys/class/hwmon/hwmon0/name", "coretemp\n");
    put_file(machine, "sys/class/hwmon/hwmon0/temp1_label", "Core 0\n");
    put_file(machine, "sys/class/hwmon/hwmon0/temp1_input", "61000\n");
    put_file(machine, "sys/class/hwmon/hwmon0/temp2_input", "-5250\n");
    put_file(machine, "sys/class/hwmon/hwmon0/temp3_input", "broken\n");
    assert_int_equal(gather_once(machine, &gong_input_temp), GONG_OK);
    assert_string_equal(machine->lines,
                        "temp,sensor=coretemp_core_0 temp=61 1000\n"
                        "temp,sensor=coretemp_temp2 temp=-5.25 1000\n");
}

static void
processes_are_counted_by_state(void **opaque)
{
    struct machine *machine = *opaque;

    put_file(machine, "proc/1/stat",
             "1 (init) S 0 1 1 0 -1 4 1 2 3 4 5 6 7 8 20 0 3 0 10\n");
    put_file(machine, "proc/22/stat",
             "22 (a) R (b) Z 1 1 1 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 10\n");
    put_file(machine, "proc/333/stat",
             "333 (w) D 1 1 1 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 10\n");
    put_file(machine, "proc/4444/stat", "broken\n");
    put_file(machine, "proc/self/mounts", "");
    assert_int_equal(gather_once(machine, &gong_input_processes), GONG_OK);
    assert_string_equal(
        machine->lines,
        "processes running=0i,sleeping=1i,blocked=1i,zombies=1i,stopped=0i,"
        "idle=0i,unknown=0i,total=3i,total_threads=5i 1000\n");
}

static void
a_missing_file_is_an_error_that_names_it(void **opaque)
{
    static const struct gong_input_kind *const kinds[] = {
        &gong_input_cpu,       &gong_input_mem,    &gong_input_system,
        &gong_input_disk,      &gong_input_diskio, &gong_input_net,
        &gong_input_processes,
    };
    struct machine *machine = *opaque;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        machine->why[0] = '\0';
        assert_int_not_equal(gather_once(machine, kinds[i]), GONG_OK);
        assert_non_null(strstr(machine->why, "proc"));
    }
    assert_int_equal(gather_once(machine, &gong_input_temp), GONG_OK);
}

static void
this_machine_gives_something(void **opaque)
{
    static const struct gong_input_kind *const kinds[] = {
        &gong_input_mem, &gong_input_system, &gong_input_processes};
    struct machine here = {.root = "/"};

    (void)opaque;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_int_equal(gather_once(&here, kinds[i]), GONG_OK);
        assert_string_not_equal(here.lines, "");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cpu_shares_are_of_the_time_between),
        TEST(mem_counts_as_free_does),
        TEST(system_reads_load_and_uptime),
        TEST(disk_asks_local_file_systems_once),
        TEST(diskio_takes_whole_disks),
        TEST(net_leaves_loopback_out),
        TEST(temp_prefers_hwmon),
        TEST(processes_are_counted_by_state),
        TEST(a_missing_file_is_an_error_that_names_it),
        TEST(this_machine_gives_something),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
