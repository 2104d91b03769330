// Copyright (c) The Physr authors. Licensed under the MIT license.
//
// The live-kernel side of the differential test: reads batches of sequences of memory operations, executes each in fresh processes, and writes what each step
// answered and what was to be seen after it. README.md beside this file has the protocol and what is held still so that the answers are always the same.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define PAGES 96
#define ARENA_START (0x1000000000UL + 0x200000UL - 48 * PAGE)
#define ARENA_END (ARENA_START + PAGES * PAGE)
#define PROCESSES 3
#define CONTROLLER PROCESSES
#define MOST_OPS 512
#define MOST_OUTPUT (48UL << 20)
#define FILE0_PAGES 40
#define FILE1_PAGES 16
#define STACK_SIZE 65536
#define OUTPUT_STEP 49152

enum { OP_MMAP, OP_MUNMAP, OP_MPROTECT, OP_MADVISE, OP_MREMAP, OP_READ, OP_WRITE, OP_FORK, OP_EXIT, OP_FTRUNCATE, OP_PREAD, OP_PWRITE, OP_PUNCH };
enum { RESULT_VALUE, RESULT_ERRNO, RESULT_SIGNAL, RESULT_NOT_RUN };
enum { OUTCOME_OK, OUTCOME_MAPERR, OUTCOME_ACCERR, OUTCOME_ADRERR, OUTCOME_OTHER };
enum { BLOCK_END, BLOCK_READS, BLOCK_WRITES, BLOCK_OBSERVATION };
enum { PHASE_EXECUTE, PHASE_READ, PHASE_WRITE, PHASE_OBSERVE, PHASE_END };
enum { MODE_QUIET, MODE_READS, MODE_WRITES };
enum { FEATURE_FRAMES = 1, FEATURE_GUARD_ANON = 2, FEATURE_GUARD_FILE = 4, FEATURE_ZERO_PAGE = 8, FEATURE_POPULATE = 16, FEATURE_SOFT_DIRTY = 32, FEATURE_EXCLUSIVE = 64 };

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#define ADVICE_GUARD_INSTALL 102
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

struct op {
    uint8_t kind, process, prot, file;
    uint32_t flags;
    uint64_t address, length, third, fourth;
};

struct result {
    uint8_t outcome, signal;
    int16_t code; // errno, or si_code
    uint32_t reserved;
    uint64_t value; // what was returned or read, or si_addr
};

struct page {
    uint16_t frame; // equal frames have equal numbers within one observation; 0 is none
    uint8_t flags;  // pagemap bits: 0 present, 1 swap, 2 file or shared anonymous, 3 guard region, 4 uffd write-protected, 5 exclusive, 6 soft-dirty
    uint8_t mincore; // 0 or 1; 255 where nothing is mapped
};

enum { FIELDS = 19 };
static const char *const field_names[FIELDS] = {
    "Size", "Rss", "Pss", "Pss_Dirty", "Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty", "Referenced", "Anonymous", "KSM", "LazyFree",
    "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped", "Swap", "SwapPss", "Locked", "THPeligible",
};

static const char flag_names[] = "rdwrexshmrmwmemsacnrdcwflosdrrsrghui";

struct vma {
    uint32_t fields[FIELDS];
    uint32_t padding;
    uint64_t start, end, offset;
    uint8_t perms; // 1 read, 2 write, 4 execute, 8 shared
    uint8_t backing; // 0 and 1 the two files, 255 anonymous, from 2 on shared anonymous objects in order of appearance
    uint16_t reserved;
    uint32_t flags; // bit n: the n-th name in flag_names
};

struct control {
    uint32_t go[PROCESSES + 1];
    uint32_t panic;
    char panic_text[120];
    // Whose turn it is owns all of what follows.
    uint32_t live, phase, cursor, done, op_count, mode;
    int32_t step; // op_count: the closing read probe, op_count + 1: the closing write probe
    int32_t pids[PROCESSES];
    int32_t reap;
    uint64_t inodes[2];
    uint64_t device;
    uint32_t frame_count, object_count;
    uint64_t frames[PROCESSES * PAGES];
    uint64_t objects[256];
    uint64_t length;
    struct op ops[MOST_OPS];
    unsigned char output[MOST_OUTPUT] __attribute__((aligned(4096)));
};

static struct control *c;
static int files[2];
static int me = CONTROLLER;
static int pagemap_fd = -1, smaps_fd = -1, maps_fd = -1;
static unsigned char alternate_stack[STACK_SIZE];
static unsigned char *scratch_page;
static char text[1 << 16];

static jmp_buf recovery;
static volatile sig_atomic_t armed;
static volatile int trapped_signal, trapped_code;
static volatile uint64_t trapped_address;

// ---------------------------------------------------------------------------------------------------------------- turns

static void futex_wake(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0); }

static void give_turn(int to) {
    __atomic_store_n(&c->go[to], 1, __ATOMIC_RELEASE);
    futex_wake(&c->go[to]);
}

static int await_turn(int whose, int seconds) {
    struct timespec limit = { seconds, 0 };
    while (__atomic_load_n(&c->go[whose], __ATOMIC_ACQUIRE) == 0) {
        if (syscall(SYS_futex, &c->go[whose], FUTEX_WAIT, 0, &limit, NULL, 0) != 0 && errno == ETIMEDOUT)
            return -1;
    }
    __atomic_store_n(&c->go[whose], 0, __ATOMIC_RELAXED);
    return 0;
}

static void panic(const char *what, long detail) {
    snprintf(c->panic_text, sizeof c->panic_text, "P%d, step %d: %s (%ld)", me, c->step, what, detail);
    __atomic_store_n(&c->panic, 1, __ATOMIC_RELEASE);
    if (me == CONTROLLER) {
        fprintf(stderr, "agent: %s\n", c->panic_text);
        exit(2);
    }
    give_turn(CONTROLLER);
    _exit(2);
}

static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)context;
    if (!armed)
        panic("an unexpected signal at", (long)(uintptr_t)info->si_addr);
    trapped_signal = signal;
    trapped_code = info->si_code;
    trapped_address = (uint64_t)(uintptr_t)info->si_addr;
    longjmp(recovery, 1);
}

static void handle_faults(void) {
    stack_t stack = { .ss_sp = alternate_stack, .ss_size = sizeof alternate_stack };
    sigaltstack(&stack, NULL);
    // No mask is saved or restored on the way out, so that a caught fault costs no system call.
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

#define TRY(statement) ({ int caught_; if (_setjmp(recovery) == 0) { armed = 1; statement; armed = 0; caught_ = 0; } else { armed = 0; caught_ = 1; } caught_; })

// --------------------------------------------------------------------------------------------------------------- output

static uint64_t populated; // up to where this process has page tables for the output

static void *put(size_t size) {
    if (c->length + size > MOST_OUTPUT)
        panic("the output of one sequence is too long", (long)c->length);
    if (c->length + size > populated) {
        // One call for many pages: a fault for each is slow in virtual machines.
        uint64_t from = c->length & ~(PAGE - 1), to = (c->length + size + OUTPUT_STEP) & ~(PAGE - 1);
        populated = to > MOST_OUTPUT ? MOST_OUTPUT : to;
        madvise(c->output + from, populated - from, MADV_POPULATE_WRITE);
    }
    void *at = c->output + c->length;
    c->length += size;
    return at;
}

static void put_block(int tag, int process, int count) {
    unsigned char *at = put(8);
    at[0] = (unsigned char)tag;
    at[1] = (unsigned char)process;
    at[2] = (unsigned char)count;
    at[3] = (unsigned char)(count >> 8);
    memset(at + 4, 0, 4);
}

static uint64_t hash_page(const volatile uint64_t *words) {
    const uint64_t *plain = (const uint64_t *)words;
    uint64_t sum = 0;
    for (unsigned i = 0; i < PAGE / 8; i++)
        sum += plain[i] * (2 * i + 1);
    return sum;
}

static uint8_t outcome(void) {
    if (trapped_signal == SIGSEGV)
        return trapped_code == SEGV_MAPERR ? OUTCOME_MAPERR : trapped_code == SEGV_ACCERR ? OUTCOME_ACCERR : OUTCOME_OTHER;
    return trapped_signal == SIGBUS && trapped_code == BUS_ADRERR ? OUTCOME_ADRERR : OUTCOME_OTHER;
}

// --------------------------------------------------------------------------------------------------------- observations

static void open_own_files(void) {
    if (smaps_fd >= 0)
        return;
    pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    smaps_fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
    maps_fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (pagemap_fd < 0 || smaps_fd < 0 || maps_fd < 0)
        panic("cannot open /proc/self", errno);
}

static uint64_t hexadecimal(char **at) {
    uint64_t value = 0;
    for (;; (*at)++) {
        char d = **at;
        if (d >= '0' && d <= '9')
            value = value << 4 | (uint64_t)(d - '0');
        else if (d >= 'a' && d <= 'f')
            value = value << 4 | (uint64_t)(d - 'a' + 10);
        else
            return value;
    }
}

static uint64_t decimal(char **at) {
    uint64_t value = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++)
        value = value * 10 + (uint64_t)(**at - '0');
    return value;
}

static uint8_t backing_of(uint64_t device, uint64_t inode) {
    if (inode == 0)
        return 255;
    if (device == c->device && inode == c->inodes[0])
        return 0;
    if (device == c->device && inode == c->inodes[1])
        return 1;
    uint64_t identity = device << 40 ^ inode;
    for (uint32_t i = 0; i < c->object_count; i++)
        if (c->objects[i] == identity)
            return (uint8_t)(2 + i);
    if (c->object_count == 250)
        panic("too many objects", (long)inode);
    c->objects[c->object_count] = identity;
    return (uint8_t)(2 + c->object_count++);
}

// Of /proc/PID/smaps, or of /proc/PID/maps, which has the first lines only. The arena lies below all else, so that little more than it is read.
static int observe_vmas(int fd, struct vma *vmas, int most) {
    int count = 0, have = 0, hint = 0;
    int beyond = 0;
    struct vma *now = NULL;
    lseek(fd, 0, SEEK_SET);
    for (;;) {
        ssize_t got = read(fd, text + have, fd == maps_fd ? 1024 : 4096);
        if (got < 0)
            panic("cannot read smaps", errno);
        if (got == 0)
            break;
        have += (int)got;
        char *line = text, *stop = text + have, *end;
        while (!beyond && (end = memchr(line, '\n', (size_t)(stop - line))) != NULL) {
            char first = *line, *at = line;
            if ((first >= '0' && first <= '9') || (first >= 'a' && first <= 'f')) {
                uint64_t start = hexadecimal(&at);
                at++;
                uint64_t vma_end = hexadecimal(&at);
                now = NULL;
                if (start >= ARENA_END) {
                    beyond = 1;
                    break;
                }
                if (vma_end > ARENA_START) {
                    if (count == most || start < ARENA_START || vma_end > ARENA_END)
                        panic("a VMA too many, or beyond the arena", count);
                    now = &vmas[count++];
                    memset(now, 0, sizeof *now);
                    now->start = start;
                    now->end = vma_end;
                    now->perms = (uint8_t)((at[1] == 'r') | (at[2] == 'w') << 1 | (at[3] == 'x') << 2 | (at[4] == 's') << 3);
                    at += 6;
                    now->offset = hexadecimal(&at);
                    at++;
                    uint64_t major = hexadecimal(&at);
                    at++;
                    uint64_t minor = hexadecimal(&at);
                    at++;
                    now->backing = backing_of(makedev(major, minor), decimal(&at));
                    hint = 0;
                }
            } else if (now != NULL && memcmp(line, "VmFlags:", 8) == 0) {
                for (at = line + 9; at + 1 < end; at += 3)
                    for (unsigned i = 0; i < sizeof flag_names / 2; i++)
                        if (at[0] == flag_names[2 * i] && at[1] == flag_names[2 * i + 1])
                            now->flags |= 1u << i;
            } else if (now != NULL) {
                char *colon = memchr(line, ':', (size_t)(end - line));
                size_t name = colon == NULL ? 0 : (size_t)(colon - line);
                for (int tries = 0; tries < FIELDS; tries++, hint = hint + 1 == FIELDS ? 0 : hint + 1) {
                    if (field_names[hint][name] == 0 && memcmp(field_names[hint], line, name) == 0) {
                        at = colon + 1;
                        while (*at == ' ')
                            at++;
                        now->fields[hint] = (uint32_t)decimal(&at);
                        break;
                    }
                    if (tries == 2 && name == 14 && memcmp(line, "KernelPageSize", 14) == 0)
                        break;
                }
            }
            line = end + 1;
        }
        if (beyond)
            break;
        have = (int)(stop - line);
        memmove(text, line, (size_t)have);
    }
    return count;
}

static void observe(void) {
    static struct vma found[PAGES + 2];
    uint64_t words[PAGES];
    open_own_files();
    // What the last operation left in this CPU's batches of folios, which hold references and delay MADV_FREE's mark, is drained by this advice.
    madvise(scratch_page, PAGE, MADV_COLD);

    int count = observe_vmas(smaps_fd, found, PAGES + 2);
    put_block(BLOCK_OBSERVATION, me, count);
    memcpy(put((size_t)count * sizeof *found), found, (size_t)count * sizeof *found);
    struct page *pages = put(PAGES * sizeof *pages);
    ssize_t got = pread(pagemap_fd, words, sizeof words, (off_t)(ARENA_START / PAGE * 8));
    if (got != (ssize_t)sizeof words)
        panic("cannot read pagemap", errno);
    for (int i = 0; i < PAGES; i++) {
        uint64_t word = words[i];
        pages[i].flags = (uint8_t)((word >> 63 & 1) | (word >> 62 & 1) << 1 | (word >> 61 & 1) << 2 | (word >> 58 & 1) << 3 | (word >> 57 & 1) << 4 | (word >> 56 & 1) << 5 | (word >> 55 & 1) << 6);
        pages[i].frame = 0;
        pages[i].mincore = 255;
        uint64_t frame = word & ((1UL << 55) - 1);
        if (!(word >> 63) || frame == 0)
            continue;
        uint32_t n = 0;
        while (n < c->frame_count && c->frames[n] != frame)
            n++;
        if (n == c->frame_count)
            c->frames[c->frame_count++] = frame;
        pages[i].frame = (uint16_t)(n + 1);
    }

    for (int v = 0; v < count;) {
        // Neighbours are asked for together; over a hole mincore would tell nothing.
        unsigned char residency[PAGES];
        int first = (int)((found[v].start - ARENA_START) / PAGE), n;
        do
            n = (int)((found[v].end - ARENA_START) / PAGE) - first;
        while (++v < count && found[v].start == found[v - 1].end);
        if (mincore((void *)(ARENA_START + (uint64_t)first * PAGE), (size_t)n * PAGE, residency) != 0)
            panic("mincore failed", errno);
        for (int i = 0; i < n; i++)
            pages[first + i].mincore = residency[i] & 1;
    }

    // The hashes follow the pages: one for each present page of a readable VMA.
    for (volatile int v = 0; v < count; v++) {
        if (!(found[v].perms & 1))
            continue;
        for (volatile int i = (int)((found[v].start - ARENA_START) / PAGE); i < (int)((found[v].end - ARENA_START) / PAGE); i++) {
            if (!(pages[i].flags & 1))
                continue;
            uint64_t *hash = put(8);
            volatile uint64_t *page = (volatile uint64_t *)(ARENA_START + (uint64_t)i * PAGE);
            if (TRY(*hash = hash_page(page)))
                panic("a present page cannot be read", i);
        }
    }
}

// --------------------------------------------------------------------------------------------------------------- probes

// Which pages a probe touches: those of VMAs, and of each hole the first and the last. A caught signal is slow; what the others would raise is known.
static void choose_pages(unsigned char *touch) {
    static struct vma vmas[PAGES + 2];
    open_own_files();
    int count = observe_vmas(maps_fd, vmas, PAGES + 2);
    memset(touch, 0, PAGES);
    int next = 0;
    for (int v = 0; v <= count; v++) {
        int start = v == count ? PAGES : (int)((vmas[v].start - ARENA_START) / PAGE);
        if (start > next)
            touch[next] = touch[start - 1] = 1;
        if (v == count)
            break;
        next = (int)((vmas[v].end - ARENA_START) / PAGE);
        memset(touch + start, 1, (size_t)(next - start));
    }
}

static void read_probe(void) {
    unsigned char touch[PAGES];
    choose_pages(touch);
    put_block(BLOCK_READS, me, PAGES);
    uint8_t *outcomes = put(PAGES + PAGES * 8);
    uint64_t *hashes = (uint64_t *)(outcomes + PAGES);
    for (volatile int i = 0; i < PAGES; i++) {
        volatile uint64_t *page = (volatile uint64_t *)(ARENA_START + (uint64_t)i * PAGE);
        outcomes[i] = touch[i] ? OUTCOME_OK : OUTCOME_MAPERR;
        hashes[i] = 0;
        if (touch[i] && TRY((void)page[0]; hashes[i] = hash_page(page)))
            outcomes[i] = outcome();
    }
}

static void write_probe(void) {
    unsigned char touch[PAGES];
    choose_pages(touch);
    put_block(BLOCK_WRITES, me, PAGES);
    uint8_t *outcomes = put(PAGES);
    for (volatile int i = 0; i < PAGES; i++) {
        volatile uint64_t *page = (volatile uint64_t *)(ARENA_START + (uint64_t)i * PAGE);
        outcomes[i] = touch[i] ? OUTCOME_OK : OUTCOME_MAPERR;
        if (touch[i] && TRY(page[0] = page[0]))
            outcomes[i] = outcome();
    }
}

// ----------------------------------------------------------------------------------------------------------- operations

static void need_inside(const struct op *op, uint64_t address, uint64_t length) {
    // A range that wraps is refused by the kernel; one that leaves the arena without wrapping would hit this program.
    uint64_t rounded = (length + PAGE - 1) & ~(PAGE - 1);
    int wraps = length != 0 && (rounded == 0 || address + rounded < address);
    if (address < ARENA_START || address > ARENA_END || (!wraps && rounded > ARENA_END - (address & ~(PAGE - 1))))
        panic("an operation leaves the arena, kind", op->kind);
}

static void finish_value(struct result *result, long value) {
    if (value == -1) {
        result->outcome = RESULT_ERRNO;
        result->code = (int16_t)errno;
    } else {
        result->outcome = RESULT_VALUE;
        result->value = (uint64_t)value;
    }
}

static void finish_access(struct result *result, int caught, uint64_t value) {
    if (caught) {
        result->outcome = RESULT_SIGNAL;
        result->signal = (uint8_t)trapped_signal;
        result->code = (int16_t)trapped_code;
        result->value = trapped_address;
    } else {
        result->outcome = RESULT_VALUE;
        result->value = value;
    }
}

static void fork_process(const struct op *op, struct result *result) {
    (void)op;
    int child = 0;
    while (c->live >> child & 1)
        child++;
    c->go[child] = 0;
    c->live |= 1u << child;
    result->outcome = RESULT_VALUE;
    result->value = (uint64_t)child;
    // The controller is every process's parent, so that it can wait for each.
    long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (pid < 0)
        panic("clone failed", errno);
    if (pid > 0) {
        c->pids[child] = (int32_t)pid;
        return;
    }
    me = child;
    populated = 0;
    close(pagemap_fd);
    close(smaps_fd);
    close(maps_fd);
    pagemap_fd = smaps_fd = maps_fd = -1;
}

static int is_runnable(const struct op *op) {
    if (op->process >= PROCESSES || !(c->live >> op->process & 1))
        return 0;
    if (op->kind == OP_FORK)
        return c->live != (1u << PROCESSES) - 1;
    if (op->kind == OP_EXIT)
        return (c->live & (c->live - 1)) != 0;
    return 1;
}

static struct result *put_record(void) {
    int32_t *head = put(8);
    head[0] = 0x52;
    head[1] = c->step;
    struct result *result = put(sizeof *result);
    memset(result, 0, sizeof *result);
    return result;
}

static void execute(const struct op *op, struct result *result) {
    int file = op->file < 2 ? files[op->file] : -1;
    volatile uint64_t value = 0;
    uint64_t word = 0;
    switch (op->kind) {
    case OP_MMAP:
        need_inside(op, op->address, op->length);
        finish_value(result, syscall(SYS_mmap, op->address, op->length, (long)op->prot, (long)op->flags, (long)file, op->third));
        break;
    case OP_MUNMAP:
        need_inside(op, op->address, op->length);
        finish_value(result, syscall(SYS_munmap, op->address, op->length));
        break;
    case OP_MPROTECT:
        need_inside(op, op->address, op->length);
        finish_value(result, syscall(SYS_mprotect, op->address, op->length, (long)op->prot));
        break;
    case OP_MADVISE:
        need_inside(op, op->address, op->length);
        finish_value(result, syscall(SYS_madvise, op->address, op->length, (long)op->flags));
        break;
    case OP_MREMAP:
        need_inside(op, op->address, op->length);
        need_inside(op, (op->flags & MREMAP_FIXED) ? op->fourth : op->address, op->third);
        if ((op->flags & MREMAP_MAYMOVE) && !(op->flags & MREMAP_FIXED) && (op->third > op->length || (op->flags & MREMAP_DONTUNMAP)))
            panic("a mapping could move anywhere", 0);
        finish_value(result, syscall(SYS_mremap, op->address, op->length, op->third, (long)op->flags, op->fourth));
        break;
    case OP_READ: {
        need_inside(op, op->address, 1);

        // In two steps: C does not say which argument of a call is evaluated first.
        int raised = TRY(value = *(volatile uint8_t *)op->address);
        finish_access(result, raised, value);
        break;
    }
    case OP_WRITE:
        need_inside(op, op->address, 8);
        finish_access(result, TRY(*(volatile uint64_t *)op->address = op->third), 0);
        break;
    case OP_FORK:
        fork_process(op, result);
        break;
    case OP_FTRUNCATE:
        finish_value(result, ftruncate(file, (off_t)op->length));
        break;
    case OP_PREAD: {
        long got = pread(file, &word, 8, (off_t)op->length);
        finish_value(result, got);
        if (got >= 0) {
            result->value = word;
            result->code = (int16_t)got;
        }
        break;
    }
    case OP_PWRITE:
        finish_value(result, pwrite(file, &op->third, 8, (off_t)op->length));
        break;
    case OP_PUNCH:
        finish_value(result, fallocate(file, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, (off_t)op->length, (off_t)op->third));
        break;
    default:
        panic("an unknown operation", op->kind);
    }
}

// ----------------------------------------------------------------------------------------------------------- scheduling

// Moves over what nobody has to do, and says who is to do the next thing.
static int next_owner(void) {
    while (!c->done) {
        uint32_t closing = (uint32_t)c->step - c->op_count; // 0 and 1 at the end of the sequence
        if (c->phase == PHASE_EXECUTE) {
            if (c->step < (int32_t)c->op_count) {
                if (is_runnable(&c->ops[c->step]))
                    return c->ops[c->step].process;
                put_record()->outcome = RESULT_NOT_RUN;
            } else {
                put_record();
            }
            c->phase = PHASE_READ;
            c->cursor = 0;
            continue;
        }
        int wanted = 1;
        if (c->phase == PHASE_READ)
            wanted = c->step < (int32_t)c->op_count ? c->mode != MODE_QUIET : closing == 0;
        else if (c->phase == PHASE_WRITE)
            wanted = c->step < (int32_t)c->op_count ? c->mode == MODE_WRITES : closing == 1;
        else if (c->phase == PHASE_END) {
            put_block(BLOCK_END, 0, 0);
            c->phase = PHASE_EXECUTE;
            c->step++;
            c->done = c->step == (int32_t)c->op_count + 2;
            continue;
        }
        while (wanted && c->cursor < PROCESSES) {
            if (c->live >> c->cursor & 1)
                return (int)c->cursor;
            c->cursor++;
        }
        c->phase++;
        c->cursor = 0;
        c->frame_count = c->object_count = 0;
    }
    return CONTROLLER;
}

static void run_process(void) {
    for (;;) {
        int owner = next_owner();
        if (owner != me) {
            give_turn(owner);
            if (await_turn(me, 60) != 0)
                _exit(3);
            continue;
        }
        switch (c->phase) {
        case PHASE_EXECUTE: {
            const struct op *op = &c->ops[c->step];
            struct result *result = put_record();
            c->phase = PHASE_READ;
            c->cursor = 0;
            c->frame_count = c->object_count = 0;
            if (op->kind == OP_EXIT) {
                c->live &= ~(1u << me);
                c->reap = c->pids[me];
                c->pids[me] = 0;
                give_turn(CONTROLLER);
                _exit(0);
            }
            int before = me;
            execute(op, result);
            if (me != before && await_turn(me, 60) != 0) // the child of a fork
                _exit(3);
            break;
        }
        case PHASE_READ:
            c->cursor++;
            read_probe();
            break;
        case PHASE_WRITE:
            c->cursor++;
            write_probe();
            break;
        default:
            c->cursor++;
            observe();
            break;
        }
    }
}

// ----------------------------------------------------------------------------------------------------------- controller

static void read_fully(void *to, size_t size) {
    unsigned char *at = to;
    while (size != 0) {
        ssize_t got = read(0, at, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            panic("cannot read", errno);
        if (got == 0)
            exit(0);
        at += got;
        size -= (size_t)got;
    }
}

static void write_fully(const void *from, size_t size) {
    const unsigned char *at = from;
    while (size != 0) {
        ssize_t put_now = write(1, at, size);
        if (put_now < 0 && errno == EINTR)
            continue;
        if (put_now <= 0)
            exit(0);
        at += put_now;
        size -= (size_t)put_now;
    }
}

static void fill_page(int fd, int file, int page) {
    static uint64_t words[PAGE / 8];
    for (unsigned i = 0; i < PAGE / 8; i++)
        words[i] = (uint64_t)(file + 1) << 32 | (uint64_t)page << 16 | i;
    if (pwrite(fd, words, sizeof words, (off_t)page * (off_t)PAGE) != (ssize_t)PAGE)
        panic("cannot fill a file", errno);
}

static void make_files(void) {
    for (int file = 0; file < 2; file++) {
        files[file] = memfd_create(file == 0 ? "f0" : "f1", MFD_CLOEXEC);
        if (files[file] < 0 || ftruncate(files[file], (file == 0 ? FILE0_PAGES : FILE1_PAGES) * (off_t)PAGE) != 0)
            panic("cannot make a file", errno);
        struct stat status;
        fstat(files[file], &status);
        c->inodes[file] = status.st_ino;
        c->device = status.st_dev;
        for (int page = 0; page < (file == 0 ? FILE0_PAGES : FILE1_PAGES); page++)
            if (file == 0 || (page % 4) < 2)
                fill_page(files[file], file, page);
    }
}

static void reap(int pid) {
    int status;
    if (waitpid(pid, &status, 0) != pid)
        panic("cannot wait", errno);
}

static void run_sequence(uint32_t id) {
    memset(c->go, 0, sizeof c->go);
    c->panic = 0;
    c->live = 1;
    c->phase = PHASE_EXECUTE;
    c->cursor = c->done = 0;
    c->step = 0;
    c->reap = 0;
    c->frame_count = c->object_count = 0;
    c->length = 0;
    memset(c->pids, 0, sizeof c->pids);
    make_files();
    pid_t first = fork();
    if (first < 0)
        panic("cannot fork", errno);
    if (first == 0) {
        me = 0;
        if (await_turn(me, 60) != 0)
            _exit(3);
        run_process();
    }
    c->pids[0] = first;
    give_turn(0);
    uint32_t failed = 0;
    for (;;) {
        if (await_turn(CONTROLLER, 20) != 0) {
            snprintf(c->panic_text, sizeof c->panic_text, "no answer in step %d, phase %u", c->step, c->phase);
            failed = 1;
            break;
        }
        if (c->panic) {
            failed = 1;
            break;
        }
        if (c->reap != 0) {
            reap(c->reap);
            c->reap = 0;
        }
        int owner = next_owner();
        if (owner == CONTROLLER)
            break;
        give_turn(owner);
    }
    for (int i = 0; i < PROCESSES; i++) {
        if (c->pids[i] != 0) {
            kill(c->pids[i], SIGKILL);
            reap(c->pids[i]);
        }
    }
    close(files[0]);
    close(files[1]);
    if (failed) {
        c->length = sizeof c->panic_text;
        memcpy(c->output, c->panic_text, sizeof c->panic_text);
    }
    uint32_t head[4] = { 0x53, id, failed, (uint32_t)c->length };
    write_fully(head, sizeof head);
    write_fully(c->output, c->length);
}

// ------------------------------------------------------------------------------------------------------------- handshake

static char around_path[] = "/tmp/physr-debugfs-XXXXXX/fault_around_bytes";
static char around_before[32];

static void restore_fault_around(void) {
    if (around_before[0] != 0 && getpid() == getpgrp()) {
        int fd = open(around_path, O_WRONLY);
        if (fd >= 0) {
            (void)!write(fd, around_before, strlen(around_before));
            close(fd);
        }
        char *slash = strrchr(around_path, '/');
        *slash = 0;
        umount2(around_path, MNT_DETACH);
        rmdir(around_path);
    }
}

static void on_end(int signal) {
    (void)signal;
    exit(3);
}

// Fault-around is a setting of the whole machine: it is turned off only when asked for, and put back at the end. Where it cannot be (lockdown), the handshake tells.
static void fault_around_off(void) {
    char *slash = strrchr(around_path, '/');
    *slash = 0;
    int made = mkdtemp(around_path) != NULL && mount("none", around_path, "debugfs", 0, NULL) == 0;
    *slash = '/';
    int fd = made ? open(around_path, O_RDWR) : -1;
    ssize_t got = fd >= 0 ? read(fd, around_before, sizeof around_before - 1) : -1;
    if (got <= 0) {
        *slash = 0;
        umount2(around_path, MNT_DETACH);
        rmdir(around_path);
    } else {
        around_before[got] = 0;
        (void)!pwrite(fd, "4096", 4, 0);
        setpgid(0, 0);
        atexit(restore_fault_around);
        signal(SIGTERM, on_end);
        signal(SIGINT, on_end);
        signal(SIGHUP, on_end);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    }
    if (fd >= 0)
        close(fd);
}

struct hello {
    uint32_t magic, version, fault_around_pages, features, cpu, sizes;
    char release[72];
};

static uint64_t pagemap_word(uint64_t address) {
    uint64_t word = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    (void)!pread(fd, &word, 8, (off_t)(address / PAGE * 8));
    close(fd);
    return word;
}

static void handshake(int cpu) {
    struct hello hello = { .magic = 0x4d6d4150, .version = 1, .cpu = (uint32_t)cpu, .sizes = sizeof(struct op) << 24 | sizeof(struct result) << 16 | sizeof(struct page) << 8 | sizeof(struct vma) };
    struct utsname names;
    uname(&names);
    snprintf(hello.release, sizeof hello.release, "%s", names.release);
    uint64_t frame_mask = (1UL << 55) - 1;

    // In the arena, whose boundaries suit a window; this process forks nothing with these mappings still there.
    uint64_t at = ARENA_START + 16 * PAGE;
    make_files();
    volatile unsigned char *shared = mmap((void *)at, 32 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, files[0], 0);
    (void)shared[20 * PAGE];
    for (int i = 0; i < 32; i++)
        hello.fault_around_pages += pagemap_word(at + (uint64_t)i * PAGE) >> 63;
    if (madvise((void *)at, PAGE, ADVICE_GUARD_INSTALL) == 0)
        hello.features |= FEATURE_GUARD_FILE;
    munmap((void *)at, 32 * PAGE);
    close(files[0]);
    close(files[1]);

    volatile unsigned char *anon = mmap((void *)at, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    (void)anon[0];
    (void)anon[PAGE];
    anon[2 * PAGE] = 1;
    uint64_t first = pagemap_word(at), second = pagemap_word(at + PAGE), third = pagemap_word(at + 2 * PAGE);
    if (third & frame_mask)
        hello.features |= FEATURE_FRAMES;
    if ((first & frame_mask) == (second & frame_mask) && first >> 63)
        hello.features |= FEATURE_ZERO_PAGE;
    if (third >> 55 & 1)
        hello.features |= FEATURE_SOFT_DIRTY;
    if (third >> 56 & 1)
        hello.features |= FEATURE_EXCLUSIVE;
    if (madvise((void *)(at + 4 * PAGE), PAGE, ADVICE_GUARD_INSTALL) == 0)
        hello.features |= FEATURE_GUARD_ANON;
    if (madvise((void *)(at + 5 * PAGE), PAGE, MADV_POPULATE_READ) == 0)
        hello.features |= FEATURE_POPULATE;
    munmap((void *)at, 8 * PAGE);
    write_fully(&hello, sizeof hello);
}

int main(int count, char **words) {
    int cpu = count > 1 ? atoi(words[1]) : 0;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        fprintf(stderr, "agent: cannot stay on CPU %d\n", cpu);
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    // The control block is shared, so fork neither copies its page tables nor makes its pages copy-on-write.
    c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    scratch_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED || scratch_page == MAP_FAILED)
        return 2;
    handle_faults();
    if (count > 2 && strcmp(words[2], "fault-around=off") == 0)
        fault_around_off();
    handshake(cpu);
    for (;;) {
        uint32_t head[2];
        read_fully(head, sizeof head);
        c->op_count = head[1] & 0xffff;
        c->mode = head[1] >> 16;
        if (c->op_count > MOST_OPS)
            panic("a sequence is too long", (long)c->op_count);
        read_fully(c->ops, c->op_count * sizeof(struct op));
        run_sequence(head[0]);
    }
}
