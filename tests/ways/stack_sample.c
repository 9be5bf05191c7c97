// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stack_sample.h"

/* The ring's own page, and a power of two of further pages */
#define RING_SIZE	((1 + 8) * WAY_PAGE)

/*
 * The layout of such a sample; the number of bytes copied is behind the data.
 */
struct sample {
	struct perf_event_header header;
	__u64 size;
	unsigned char data[WAY_PAGE];
	__u64 copied;
};

/* A fault is an event; only the kernel uses the stack meanwhile. */
static void fault_on_stack(unsigned char *stack, unsigned char *fresh)
{
	asm volatile("xchg %%rsp, %0\n\t"
		     "movb $1, (%1)\n\t"
		     "xchg %%rsp, %0"
		     : "+r" (stack) : "r" (fresh) : "memory");
}

static int take_sample(int event, const struct way_target *target)
{
	unsigned char *fresh = mmap(NULL, WAY_PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fresh == MAP_FAILED)
		return -errno;
	ioctl(event, PERF_EVENT_IOC_ENABLE, 0);
	fault_on_stack(target->address, fresh);
	ioctl(event, PERF_EVENT_IOC_DISABLE, 0);
	munmap(fresh, WAY_PAGE);
	return 0;
}

static int copy_sample(const struct perf_event_mmap_page *ring,
		       unsigned char *page)
{
	const struct sample *sample = (const void *)((const char *)ring + WAY_PAGE);

	if (ring->data_head < sizeof(*sample) ||
	    sample->header.type != PERF_RECORD_SAMPLE ||
	    sample->size != WAY_PAGE)
		return -ENODATA;
	if (!sample->copied)
		return -EFAULT;
	memcpy(page, sample->data, sample->copied);
	return sample->copied == WAY_PAGE ? 0 : -EIO;
}

int stack_sample(const struct way_target *target, unsigned char *page)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS, .sample_period = 1,
		.sample_type = PERF_SAMPLE_STACK_USER,
		.sample_stack_user = WAY_PAGE, .disabled = 1,
	};
	int event = syscall(SYS_perf_event_open, &attr, 0, -1, -1,
			    PERF_FLAG_FD_CLOEXEC);
	void *ring;
	int result;

	if (event < 0)
		return -errno;
	ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);
	if (ring == MAP_FAILED) {
		close(event);
		return -ENOMEM;
	}
	result = take_sample(event, target);
	if (!result)
		result = copy_sample(ring, page);
	munmap(ring, RING_SIZE);
	close(event);
	return result;
}
