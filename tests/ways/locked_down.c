// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root's ways that lockdown closes, and those that it leaves open: each is tried
 * before and after the machine is locked down. Lockdown can't be undone, so this needs
 * a machine of its own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf_probe.h"
#include "child.h"
#include "convert.h"
#include "kcore.h"
#include "kmod.h"
#include "known_page.h"
#include "probe.h"
#include "take.h"
#include "text_file.h"
#include "trial.h"

#define SECURITYFS	"/sys/kernel/security"
#define LOCKDOWN	SECURITYFS "/lockdown"
#define SNAPSHOT	"/dev/snapshot"
#define MODULE		"kvm_private_test"

#define ROOT		"root, locked down"

/* From before the machine was locked down */
static struct kcore kcore;
static struct bpf_probe probe, cast;

static int try_open(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The image has no kernel to load, but the call needs the right to load one. */
static long try_kexec(void)
{
	return syscall(SYS_kexec_load, 0L, 0L, NULL, 0L);
}

static void expect_run(const struct bpf_probe *program, const struct known_page *known)
{
	__u64 words[PAGE / sizeof(__u64)] = { 0 };

	bpf_probe_read(program, kcore_address(&kcore, known->pfn), words);
	assert_int_equal(words_in(words, PAGE, KNOWN_WORD), PAGE);
}

static void expect_in_kcore(const struct known_page *known)
{
	__u64 words[PAGE / sizeof(__u64)] = { 0 };

	kcore_read(&kcore, known->pfn, words);
	assert_int_equal(words_in(words, PAGE, KNOWN_WORD), PAGE);
}

static const struct fixture mapped = KIND_FIXTURE(mapped, known_page_create, known_page_destroy);
static const struct fixture huge = KIND_FIXTURE(huge, known_page_create, known_page_destroy);

TEST(memory_before, &mapped, &huge)
{
	const struct known_page *known = *state;
	__u64 words[PROBE_WORDS];

	expect_in_kcore(known);
	expect_ok(probe_try(kcore_address(&kcore, known->pfn)), "a kprobe");
	probe_read(kcore_address(&kcore, known->pfn), words);
	assert_int_equal(words_in(words, sizeof(words), KNOWN_WORD), sizeof(words));
	expect_run(&probe, known);
	if (bpf_probe_can_cast())
		expect_run(&cast, known);
}

TEST(machine_before)
{
	close(expect_ok(try_open("/dev/mem"), "open /dev/mem"));
	close(expect_ok(try_open(SNAPSHOT), "open " SNAPSHOT));
	expect_ok(try_kexec(), "kexec_load");
	expect_ok(module_load(MODULE), "loading " MODULE);
	expect_ok(module_unload(MODULE), "unloading " MODULE);
}

TEST(lock_down)
{
	char text[64];

	text_file_write(LOCKDOWN, "confidentiality");
	text_file_read(LOCKDOWN, text, sizeof(text));
	assert_non_null(strstr(text, "[confidentiality]"));
}

TEST(memory_refused, &mapped, &huge)
{
	const struct known_page *known = *state;
	struct bpf_probe late;

	expect_error(EPERM, try_open("/proc/kcore"), "open /proc/kcore");
	tell(known->kind, ROOT, "/proc/kcore", "0 bytes, EPERM");
	expect_error(EPERM, probe_try(kcore_address(&kcore, known->pfn)), "a kprobe");
	tell(known->kind, ROOT, "a kprobe that reads there", "0 bytes, EPERM");
	/* The caller is told that such a function doesn't exist. */
	expect_error(EINVAL, bpf_probe_load(&late), "a BPF program");
	tell(known->kind, ROOT, "a BPF program that reads there", "0 bytes, EINVAL");
	expect_error(EPERM, try_open("/dev/mem"), "open /dev/mem");
	tell(known->kind, ROOT, "/dev/mem", "0 bytes, EPERM");
}

TEST(machine_refused, &mapped)
{
	const struct known_page *known = *state;

	expect_error(EPERM, module_load(MODULE), "loading " MODULE);
	tell(known->kind, ROOT, "a module without a signature", "0 bytes, EPERM");
	expect_error(EPERM, try_kexec(), "kexec_load");
	tell(known->kind, ROOT, "kexec_load of another kernel", "0 bytes, EPERM");
	expect_error(EPERM, try_open(SNAPSHOT), "open " SNAPSHOT);
	tell(known->kind, ROOT, "hibernation", "0 bytes, EPERM");
}

/*
 * The kernel checks lockdown when a file is opened or a program loaded, and not again.
 */
TEST(opened_before, &mapped, &huge)
{
	const struct known_page *known = *state;

	expect_in_kcore(known);
	tell(known->kind, ROOT, "/proc/kcore, opened before", "%llu bytes", PAGE);
	expect_run(&probe, known);
	tell(known->kind, ROOT, "a BPF program, loaded before", "%llu bytes a run", PAGE);
}

/* All that the kernel tells root of its addresses */
static __u64 address_of(const char *symbol)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	unsigned long long address = 0;
	char line[512], name[256];

	assert_non_null(symbols);
	while (fgets(line, sizeof(line), symbols)) {
		if (sscanf(line, "%llx %*c %255s", &address, name) == 2 &&
		    !strcmp(name, symbol))
			break;
		address = 0;
	}
	fclose(symbols);
	assert_int_not_equal(address, 0);
	return address;
}

/*
 * Lockdown knows the functions that read the kernel's memory, and this program calls
 * none. It needs nothing from before: it finds the start of all memory itself.
 */
TEST(cast_after, &mapped, &huge)
{
	const struct known_page *known = *state;
	__u64 words[PAGE / sizeof(__u64)];
	struct bpf_probe late;

	if (!bpf_probe_can_cast())
		return;
	expect_ok(bpf_probe_load_cast(&late), "a BPF program that casts");
	bpf_probe_read(&late, address_of("page_offset_base"), words);
	bpf_probe_read(&late, words[0] + known->pfn * PAGE, words);
	bpf_probe_unload(&late);
	assert_int_equal(words_in(words, PAGE, KNOWN_WORD), PAGE);
	tell(known->kind, ROOT, "a BPF program, bpf_rdonly_cast",
	     "%llu bytes a run", PAGE);
}

static void take(void *arg)
{
	const struct known_page *known = arg;
	char *map;
	int fd;

	close(known->fd);
	fd = expect_ok(take_fd_of(getppid(), known->fd), "pidfd_getfd");
	expect_ok(file_make_shared(fd, KNOWN_OFFSET, PAGE, CONVERT_PRESERVE), "sharing");
	map = file_map(fd, KNOWN_SIZE);
	assert_int_equal(words_in(map + KNOWN_OFFSET, PAGE, KNOWN_WORD), PAGE);
	tell(known->kind, ROOT, "convert, with pidfd_getfd", "%llu bytes", PAGE);
}

/* It is a call on the file, as the VMM's own. */
TEST(taken, &mapped, &huge)
{
	child_run(take, *state);
}

static int open_ways(void **state)
{
	char text[64];

	(void)state;
	if (access(LOCKDOWN, F_OK))
		expect_ok(mount("security", SECURITYFS, "securityfs", 0, NULL), "mount");
	text_file_read(LOCKDOWN, text, sizeof(text));
	assert_non_null(strstr(text, "[none]"));
	kcore_open(&kcore);
	expect_ok(bpf_probe_load(&probe), "a BPF program");
	if (bpf_probe_can_cast())
		expect_ok(bpf_probe_load_cast(&cast), "a BPF program that casts");
	return 0;
}

TEST_MAIN("ways in: locked down", .setup = open_ways)
