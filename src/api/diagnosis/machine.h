/*
 * machine.h - what the system says of the machine and of this process's place
 * on it: memory, disks, clock, ports. Facts; whoever asks judges them.
 *
 * May block, for as long as a disk hangs: for a thread. No allocation.
 */
#ifndef API_DIAGNOSIS_MACHINE_H
#define API_DIAGNOSIS_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum { MACHINE_DISKS_MAX = 6, MACHINE_PATH_MAX = 512 };

/* A file or folder that is written, and the file system that it is on. */
struct machine_disk {
    const char *what;            /* static; "state", "console-logs", ... */
    char path[MACHINE_PATH_MAX]; /* as it is set; what is not there yet stands
                                  * for the folder that it would be in */
    int error;                   /* errno; 0: the following is known */
    bool is_read_only;
    bool is_writable; /* by the account that vspcd runs as */
    uint64_t size_bytes;
    uint64_t free_bytes; /* for this account */
    uint64_t files;      /* inodes; 0: the file system does not count them */
    uint64_t free_files;
};

/* What the system does not say is 0. */
struct machine {
    uint64_t memory_bytes;
    uint64_t available_bytes;
    uint64_t group_bytes;       /* that the control group uses */
    uint64_t group_limit_bytes; /* of it, or of one that it is in; 0: none */
    bool has_clock;
    bool is_clock_synchronised;
    unsigned local_first; /* ip_local_port_range */
    unsigned local_last;
    char local_reserved[256]; /* ip_local_reserved_ports; "": none */
    struct machine_disk disk[MACHINE_DISKS_MAX];
    unsigned disk_count;
};

/* The caller has filled in disk[].what and .path, and disk_count. root: "" or a
 * test's, below which /proc and /sys are looked for. */
void machine_read(struct machine *m, const char *root);

#endif
