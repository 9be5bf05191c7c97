// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways of another process. One such process is root and may trace the holder; the
 * other is an unprivileged user and has been given the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lists.h"
#include "take.h"
#include "unit.h"

#define NOBODY	65534

/* Another holder, with the same file and the same mapping */
static pid_t victim_start(void)
{
	pid_t victim = fork();

	if (victim)
		return victim;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static void victim_end(pid_t victim)
{
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
}

typedef int (*attack)(pid_t victim, const struct way_target *target,
		      unsigned char *page);

static int on_victim(attack attack, const struct way_target *target,
		     unsigned char *page)
{
	pid_t victim = victim_start();
	int result;

	if (victim < 0)
		return -errno;
	result = attack(victim, target, page);
	victim_end(victim);
	return result;
}

static int trace(pid_t victim)
{
	if (ptrace(PTRACE_SEIZE, victim, 0, 0) ||
	    ptrace(PTRACE_INTERRUPT, victim, 0, 0) ||
	    waitpid(victim, NULL, __WALL) != victim)
		return -errno;
	return 0;
}

/* PTRACE_PEEKDATA or PTRACE_POKEDATA, for each word of the page */
static int trace_words(int request, pid_t victim,
		       const struct way_target *target, unsigned char *page)
{
	const bool peeks = request == PTRACE_PEEKDATA;
	int result = trace(victim);
	long word;

	for (size_t i = 0; i < WAY_PAGE && !result; i += sizeof(word)) {
		memcpy(&word, page + i, sizeof(word));
		/*
		 * The system call itself, unlike the library's, takes the address
		 * to peek to.
		 */
		if (syscall(SYS_ptrace, request, victim, target->address + i,
			    peeks ? (long)(page + i) : word))
			result = -errno;
	}
	return result;
}

static int peek_all(pid_t victim, const struct way_target *target,
		    unsigned char *page)
{
	return trace_words(PTRACE_PEEKDATA, victim, target, page);
}

static int poke_all(pid_t victim, const struct way_target *target,
		    unsigned char *page)
{
	return trace_words(PTRACE_POKEDATA, victim, target, page);
}

static int open_of(pid_t victim, const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", victim, name);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Closes the file, if there is one. */
static int read_at(int fd, off_t offset, unsigned char *page)
{
	int result;

	if (fd < 0)
		return fd;
	result = complete(pread(fd, page, WAY_PAGE, offset));
	close(fd);
	return result;
}

static int mem_read(pid_t victim, const struct way_target *target,
		    unsigned char *page)
{
	return read_at(open_of(victim, "mem", O_RDONLY),
		       (uintptr_t)target->address, page);
}

static int mem_write(pid_t victim, const struct way_target *target,
		     unsigned char *page)
{
	int fd = open_of(victim, "mem", O_RDWR), result;

	if (fd < 0)
		return fd;
	result = complete(pwrite(fd, page, WAY_PAGE, (uintptr_t)target->address));
	close(fd);
	return result;
}

static int readv_of(pid_t victim, const struct way_target *target,
		    unsigned char *page)
{
	struct iovec local = { page, WAY_PAGE };
	struct iovec remote = { target->address, WAY_PAGE };

	return complete(process_vm_readv(victim, &local, 1, &remote, 1, 0));
}

static int writev_of(pid_t victim, const struct way_target *target,
		     unsigned char *page)
{
	struct iovec local = { page, WAY_PAGE };
	struct iovec remote = { target->address, WAY_PAGE };

	return complete(process_vm_writev(victim, &local, 1, &remote, 1, 0));
}

static int open_fd_of(pid_t victim, const struct way_target *target,
		      unsigned char *page)
{
	char name[32];

	snprintf(name, sizeof(name), "fd/%d", target->fd);
	return read_at(open_of(victim, name, O_RDONLY), target->offset, page);
}

/* The name of the mapping that an address is in */
static int name_of_mapping(pid_t victim, const void *address, char *name,
			   size_t size)
{
	unsigned long start, end;
	char line[512];
	FILE *maps;

	snprintf(line, sizeof(line), "/proc/%d/maps", victim);
	maps = fopen(line, "re");
	if (!maps)
		return -errno;
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 &&
		    start <= (uintptr_t)address && (uintptr_t)address < end) {
			snprintf(name, size, "map_files/%lx-%lx", start, end);
			fclose(maps);
			return 0;
		}
	}
	fclose(maps);
	return -ENOENT;
}

static int map_file_of(pid_t victim, const struct way_target *target,
		       unsigned char *page)
{
	char name[64];
	int result = name_of_mapping(victim, target->address, name, sizeof(name));

	if (result)
		return result;
	return read_at(open_of(victim, name, O_RDONLY), target->offset, page);
}

static int fd_of(pid_t victim, const struct way_target *target,
		 unsigned char *page)
{
	int fd = take_fd_of(victim, target->fd);

	return read_at(fd < 0 ? -errno : fd, target->offset, page);
}

#define ON_VICTIM(name)							\
static int victim_##name(const struct way_target *target,		\
			 unsigned char *page)				\
{									\
	return on_victim(name, target, page);				\
}

ON_VICTIM(peek_all)
ON_VICTIM(poke_all)
ON_VICTIM(mem_read)
ON_VICTIM(mem_write)
ON_VICTIM(readv_of)
ON_VICTIM(writev_of)
ON_VICTIM(open_fd_of)
ON_VICTIM(map_file_of)
ON_VICTIM(fd_of)

/* The child's view of memory that the holder shares with it */
struct finding {
	unsigned char page[WAY_PAGE];
	int result;
};

typedef int (*find)(const struct way_target *target, unsigned char *page);

static int by_child(find find, const struct way_target *target,
		    unsigned char *page)
{
	struct finding *finding = mmap(NULL, sizeof(*finding),
				       PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;
	int result;

	if (finding == MAP_FAILED)
		return -errno;
	finding->result = -ECHILD;
	child = fork();
	if (!child) {
		finding->result = find(target, finding->page);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	result = finding->result;
	memcpy(page, finding->page, WAY_PAGE);
	munmap(finding, sizeof(*finding));
	return result;
}

static int find_by_touch(const struct way_target *target, unsigned char *page)
{
	return touch_page(page, target->address);
}

static int find_as_nobody(const struct way_target *target, unsigned char *page)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		return -errno;
	return read_at(dup(target->fd), target->offset, page);
}

static int child_touches(const struct way_target *target, unsigned char *page)
{
	return by_child(find_by_touch, target, page);
}

static int nobody_reads(const struct way_target *target, unsigned char *page)
{
	return by_child(find_as_nobody, target, page);
}

static const struct way ways[] = {
	{ "PTRACE_PEEKDATA", WAY_READS, victim_peek_all },
	{ "/proc/PID/mem", WAY_READS, victim_mem_read },
	{ "process_vm_readv of another", WAY_READS, victim_readv_of },
	{ "open /proc/PID/fd", WAY_READS, victim_open_fd_of },
	{ "open /proc/PID/map_files", WAY_READS, victim_map_file_of },
	{ "pidfd_getfd, pread", WAY_READS, victim_fd_of },
	{ "a pointer after fork", WAY_READS, child_touches },
	{ "pread after setuid", WAY_READS, nobody_reads },
	{ "PTRACE_POKEDATA", WAY_WRITES, victim_poke_all },
	{ "/proc/PID/mem write", WAY_WRITES, victim_mem_write },
	{ "process_vm_writev to another", WAY_WRITES, victim_writev_of },
};

const struct way_list ways_of_neighbour = {
	"another", ways, ARRAY_SIZE(ways),
};
