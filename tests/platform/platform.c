// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "platform.h"
#include "poll_until.h"
#include "rule_names.h"
#include "touch.h"

#define MODULE "kvm_private_platform"
#define PARAMETER(name) "/sys/module/" MODULE "/parameters/" name

static struct {
	unsigned int tests;
	unsigned int provoked;
	unsigned long long times;
} looked_at[KPP_NR_RULES];

static int setup_file(void **state, int file, __u64 pages)
{
	struct platform *p = calloc(1, sizeof(*p));

	if (!p)
		return -1;
	p->device = -1;
	open_device(p);
	p->file = file;
	p->pages = pages;
	p->map = (void *)file_map(p->file, pages * PAGE);
	*state = p;
	return 0;
}

static int setup(void **state, __u64 flags)
{
	return setup_file(state, file_create(FILE_PAGES * PAGE, flags),
			  FILE_PAGES);
}

static int platform_setup_huge(void **state)
{
	return setup_file(state, huge_create(HUGE_FILE_PAGES * PAGE,
					     KVM_PRIVATE_FLAG_MMAP),
			  HUGE_FILE_PAGES);
}

static int platform_setup_gigantic(void **state)
{
	return setup_file(state, gigantic_create(GIGANTIC_PAGE,
						 KVM_PRIVATE_FLAG_MMAP),
			  GIGANTIC_PAGE / PAGE);
}

static int platform_setup(void **state)
{
	return setup(state, KVM_PRIVATE_FLAG_MMAP);
}

static int platform_setup_shared(void **state)
{
	return setup(state, KVM_PRIVATE_FLAG_MMAP |
			    KVM_PRIVATE_FLAG_INIT_SHARED);
}

static int platform_setup_no_alloc(void **state)
{
	return setup(state, KVM_PRIVATE_FLAG_MMAP |
			    KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
}

/* All rules are checked before the first one is complained about. */
static unsigned int bad_rules(const struct platform *p,
			      const struct kpp_counts *now)
{
	unsigned int bad = 0;

	for (int rule = 0; rule < KPP_NR_RULES; rule++) {
		bool expected = p->armed & BIT(rule);

		looked_at[rule].tests += !!now->checked[rule];
		looked_at[rule].times += now->checked[rule];
		looked_at[rule].provoked += !!now->provoked[rule];
		if (now->violated[rule]) {
			print_error("rule broken %llu times: %s\n",
				    now->violated[rule], rule_names[rule]);
			bad++;
		}
		if (expected && !now->provoked[rule]) {
			print_error("rule not broken: %s\n", rule_names[rule]);
			bad++;
		}
	}
	return bad;
}

static int platform_teardown(void **state)
{
	struct platform *p = *state;
	struct kpp_counts now;
	unsigned int bad;

	pause_at(0);
	open_device(p);
	for (__u32 slot = 0; slot < KPP_SLOTS; slot++)
		ioctl(p->device, KPP_UNBIND, slot);
	close_file(p);
	call(p, (struct kpp_call){ .type = KPP_CALL_SETTLE });
	now = counts(p);
	bad = bad_rules(p, &now);
	close_device(p);
	free(p);
	return bad ? -1 : 0;
}

const struct fixture platform = {
	.setup = platform_setup, .teardown = platform_teardown,
};

const struct fixture platform_shared = {
	.setup = platform_setup_shared, .teardown = platform_teardown,
};

const struct fixture platform_no_alloc = {
	.setup = platform_setup_no_alloc, .teardown = platform_teardown,
};

const struct fixture platform_huge = {
	.name = "huge", .setup = platform_setup_huge, .teardown = platform_teardown,
};

const struct fixture platform_gigantic = {
	.setup = platform_setup_gigantic, .teardown = platform_teardown,
};

int platform_group_teardown(void **state)
{
	(void)state;
	for (int rule = 0; rule < KPP_NR_RULES; rule++)
		printf("# rule: %s: looked at in %u tests, %llu times, broken in %u\n",
		       rule_names[rule], looked_at[rule].tests,
		       looked_at[rule].times, looked_at[rule].provoked);
	return 0;
}

static void close_once(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void close_file(struct platform *p)
{
	if (p->map)
		munmap((void *)p->map, p->pages * PAGE);
	p->map = NULL;
	close_once(&p->file);
}

void close_device(struct platform *p)
{
	close_once(&p->device);
}

void open_device(struct platform *p)
{
	if (p->device < 0)
		p->device = expect_ok(open(KPP_DEVICE, O_RDWR | O_CLOEXEC),
				      "opening " KPP_DEVICE);
}

int platform_try_unload(void)
{
	return syscall(SYS_delete_module, MODULE, O_NONBLOCK);
}

void platform_load(void)
{
	struct utsname name;
	char path[256];
	int fd;

	expect_ok(uname(&name), "uname");
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/" MODULE ".ko",
		 name.release);
	fd = expect_ok(open(path, O_RDONLY | O_CLOEXEC), "opening %s", path);
	expect_ok(syscall(SYS_finit_module, fd, "adopt=1", 0),
		  "loading " MODULE);
	close(fd);
}

void pause_at(unsigned int where)
{
	int fd = expect_ok(open(PARAMETER("pause"), O_WRONLY), "opening pause");
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", where);

	assert_int_equal(write(fd, text, length), length);
	close(fd);
}

static int nr_paused(void)
{
	int fd = expect_ok(open(PARAMETER("paused"), O_RDONLY), "opening paused");
	char text[16] = "";

	expect_ok(read(fd, text, sizeof(text) - 1), "reading paused");
	close(fd);
	return atoi(text);
}

void wait_paused(int nr)
{
	struct poll poll = poll_start();

	while (nr_paused() != nr)
		if (!poll_again(&poll))
			fail_msg("%d calls are paused, not %d", nr_paused(), nr);
}

struct kpp_counts counts(struct platform *p)
{
	struct kpp_counts now;

	expect_ok(ioctl(p->device, KPP_COUNTS, &now), "KPP_COUNTS");
	return now;
}

__u64 assigned(struct platform *p)
{
	return counts(p).assigned;
}

void arm(struct platform *p, __u64 rules)
{
	p->armed = rules;
	expect_ok(ioctl(p->device, KPP_ARM, rules), "KPP_ARM");
}

void misbehave(struct platform *p, unsigned int how)
{
	expect_ok(ioctl(p->device, KPP_MISBEHAVE, how), "KPP_MISBEHAVE");
}

void call(struct platform *p, struct kpp_call call)
{
	expect_ok(ioctl(p->device, KPP_CALL, &call), "KPP_CALL %u", call.type);
}

__u64 spare(struct platform *p)
{
	__u64 pfn;

	expect_ok(ioctl(p->device, KPP_SPARE, &pfn), "KPP_SPARE");
	return pfn;
}

void fail_prepare(struct platform *p, int error, unsigned int after)
{
	const struct kpp_fail fail = { .error = error, .after = after };

	expect_ok(ioctl(p->device, KPP_FAIL, &fail), "KPP_FAIL");
}

int try_bind(struct platform *p, __u32 slot, enum kpp_kind kind, __u64 guest_id,
	     __u64 start, __u64 end, __u32 flags)
{
	const struct kpp_bind bind = {
		.slot = slot, .kind = kind, .fd = p->file, .flags = flags,
		.start = start, .end = end, .guest_id = guest_id,
	};

	return ioctl(p->device, KPP_BIND, &bind);
}

void bind(struct platform *p, __u32 slot, enum kpp_kind kind, __u64 guest_id,
	  __u64 start, __u64 end)
{
	expect_ok(try_bind(p, slot, kind, guest_id, start, end, 0),
		  "binding slot %u", slot);
}

void unbind(struct platform *p, __u32 slot)
{
	expect_ok(ioctl(p->device, KPP_UNBIND, slot), "unbinding slot %u", slot);
}

static int try_access(struct platform *p, unsigned long cmd,
		      struct kpp_access *access, __u64 *word)
{
	int ret = ioctl(p->device, cmd, access);

	*word = access->word;
	return ret;
}

int try_guest_read(struct platform *p, __u32 slot, __u64 index, __u64 *word)
{
	struct kpp_access access = { .slot = slot, .index = index };

	return try_access(p, KPP_ACCESS, &access, word);
}

int try_guest_write(struct platform *p, __u32 slot, __u64 index, __u64 word)
{
	struct kpp_access access = {
		.slot = slot, .index = index, .word = word, .write = 1,
	};

	return try_access(p, KPP_ACCESS, &access, &word);
}

__u64 guest_read(struct platform *p, __u32 slot, __u64 index)
{
	__u64 word;

	expect_ok(try_guest_read(p, slot, index, &word),
		  "slot %u reads page %llu", slot, index);
	return word;
}

__u64 guest_write(struct platform *p, __u32 slot, __u64 index, __u64 word)
{
	struct kpp_access access = {
		.slot = slot, .index = index, .word = word, .write = 1,
	};

	expect_ok(ioctl(p->device, KPP_ACCESS, &access),
		  "slot %u writes page %llu", slot, index);
	return access.pfn;
}

int try_emulate(struct platform *p, __u32 slot, __u64 index, bool write,
		__u64 *word)
{
	struct kpp_access access = {
		.slot = slot, .index = index, .word = *word, .write = write,
	};

	return try_access(p, KPP_EMULATE, &access, word);
}

__u64 raw_read(struct platform *p, __u64 pfn)
{
	struct kpp_raw raw = { .pfn = pfn };

	expect_ok(ioctl(p->device, KPP_RAW, &raw), "reading pfn %#llx", pfn);
	return raw.word;
}

void raw_write(struct platform *p, __u64 pfn, __u64 word)
{
	struct kpp_raw raw = { .pfn = pfn, .word = word, .write = 1 };

	expect_ok(ioctl(p->device, KPP_RAW, &raw), "writing pfn %#llx", pfn);
}

static volatile __u64 *host_word(struct platform *p, __u64 index)
{
	return p->map + index * (PAGE / sizeof(*p->map));
}

__u64 host_read(struct platform *p, __u64 index)
{
	return *host_word(p, index);
}

void host_write(struct platform *p, __u64 index, __u64 word)
{
	*host_word(p, index) = word;
}

bool host_is_kept_out(struct platform *p, __u64 index)
{
	unsigned char value;

	return touch_read((const void *)host_word(p, index), &value) == SIGBUS;
}

int try_convert(struct platform *p, bool private, __u64 start, __u64 end,
		__u64 flags)
{
	__u64 offset = start * PAGE, size = (end - start) * PAGE;

	return private ? file_make_private(p->file, offset, size, flags) :
			 file_make_shared(p->file, offset, size, flags);
}

void make_private(struct platform *p, __u64 start, __u64 end)
{
	expect_ok(try_convert(p, true, start, end, 0), "to private");
}

void make_shared(struct platform *p, __u64 start, __u64 end)
{
	expect_ok(try_convert(p, false, start, end, 0), "to shared");
}

int try_populate(struct platform *p, struct kpp_populate *populate)
{
	return ioctl(p->device, KPP_POPULATE, populate);
}

void punch(struct platform *p, __u64 start, __u64 end)
{
	expect_ok(file_punch(p->file, start * PAGE, (end - start) * PAGE),
		  "punching");
}

void allocate(struct platform *p, __u64 start, __u64 end)
{
	expect_ok(file_allocate(p->file, start * PAGE, (end - start) * PAGE),
		  "allocating");
}
