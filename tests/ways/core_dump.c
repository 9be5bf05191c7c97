// SPDX-License-Identifier: GPL-2.0-only
/* A process with the page mapped dies, and the test looks at its core. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lists.h"
#include "unit.h"

/* In /proc/sys/kernel/core_pattern: the program runs in this directory */
#define CORE "core"

/* All kinds of memory, shared memory and files among them */
#define DUMP_ALL "0x7f"

static int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int result = dprintf(fd, "%s", text) < 0 ? -errno : 0;

	close(fd);
	return result;
}

static void die(const struct way_target *target, int advice)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &all);
	if (put_text("/proc/self/coredump_filter", DUMP_ALL))
		_exit(errno);
	if (advice && madvise(target->address, WAY_PAGE, advice))
		_exit(errno);
	signal(SIGABRT, SIG_DFL);
	raise(SIGABRT);
}

/* The offset in the core of an address */
static off_t place_in(int core, uintptr_t address)
{
	Elf64_Ehdr head;
	Elf64_Phdr segment;

	if (pread(core, &head, sizeof(head), 0) != sizeof(head))
		return -ENODATA;
	for (unsigned int i = 0; i < head.e_phnum; i++) {
		if (pread(core, &segment, sizeof(segment),
			  head.e_phoff + i * sizeof(segment)) != sizeof(segment))
			return -ENODATA;
		if (segment.p_type == PT_LOAD && segment.p_vaddr <= address &&
		    address < segment.p_vaddr + segment.p_filesz)
			return segment.p_offset + address - segment.p_vaddr;
	}
	return -ENOENT;
}

/* The kernel leaves a hole in the core where it got no page. */
static int read_core(const struct way_target *target, unsigned char *page)
{
	int core = open(CORE, O_RDONLY | O_CLOEXEC);
	off_t place;
	int result;

	if (core < 0)
		return -errno;
	place = place_in(core, (uintptr_t)target->address);
	result = place;
	if (place >= 0) {
		result = lseek(core, place, SEEK_DATA) == place ? 0 : -ENODATA;
		if (pread(core, page, WAY_PAGE, place) != WAY_PAGE)
			result = -EIO;
	}
	close(core);
	return result;
}

static int dump(const struct way_target *target, unsigned char *page, int advice)
{
	int status, result = put_text("/proc/sys/kernel/core_pattern", CORE);
	pid_t child;

	if (result)
		return result;
	put_text("/proc/sys/kernel/core_uses_pid", "0");
	child = fork();
	if (!child)
		die(target, advice);
	waitpid(child, &status, 0);
	if (WIFEXITED(status))
		return -WEXITSTATUS(status);
	result = WCOREDUMP(status) ? read_core(target, page) : -ENOEXEC;
	unlink(CORE);
	return result;
}

static int core_dump(const struct way_target *target, unsigned char *page)
{
	return dump(target, page, 0);
}

static int core_dump_wanted(const struct way_target *target, unsigned char *page)
{
	return dump(target, page, MADV_DODUMP);
}

static const struct way ways[] = {
	{ "core dump", WAY_READS, core_dump },
	{ "core dump, MADV_DODUMP", WAY_READS, core_dump_wanted },
};

const struct way_list ways_by_core_dump = {
	"holder", ways, ARRAY_SIZE(ways),
};
