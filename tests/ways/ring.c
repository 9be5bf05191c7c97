// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ring.h"

#define ENTRIES 1

/* Both rings are in one mapping, since Linux 5.4. */
static size_t rings_size(const struct ring *ring)
{
	return ring->params.cq_off.cqes +
	       ring->params.cq_entries * sizeof(struct io_uring_cqe);
}

static void *map(const struct ring *ring, size_t size, off_t what)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		    ring->fd, what);
}

int ring_open(struct ring *ring)
{
	ring->params = (struct io_uring_params){ 0 };
	ring->fd = syscall(SYS_io_uring_setup, ENTRIES, &ring->params);
	if (ring->fd < 0)
		return -errno;
	ring->rings = map(ring, rings_size(ring), IORING_OFF_SQ_RING);
	ring->entries = map(ring, ENTRIES * sizeof(*ring->entries),
			    IORING_OFF_SQES);
	if (ring->rings != MAP_FAILED && ring->entries != MAP_FAILED)
		return 0;
	close(ring->fd);
	return -ENOMEM;
}

void ring_close(struct ring *ring)
{
	munmap(ring->rings, rings_size(ring));
	munmap(ring->entries, ENTRIES * sizeof(*ring->entries));
	close(ring->fd);
}

int ring_register_buffer(const struct ring *ring, void *address, size_t size)
{
	struct iovec buffer = { .iov_base = address, .iov_len = size };

	return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS,
		       &buffer, 1) ? -errno : 0;
}

static unsigned int *field(const struct ring *ring, unsigned int offset)
{
	return (unsigned int *)((char *)ring->rings + offset);
}

int ring_do(const struct ring *ring, const struct io_uring_sqe *entry)
{
	const struct io_uring_cqe *results = (const void *)
		((char *)ring->rings + ring->params.cq_off.cqes);
	unsigned int *tail = field(ring, ring->params.sq_off.tail);
	unsigned int *head = field(ring, ring->params.cq_off.head);
	unsigned int mask = *field(ring, ring->params.cq_off.ring_mask);
	int result;

	ring->entries[0] = *entry;
	*field(ring, ring->params.sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS,
		    NULL, 0) != 1)
		return -errno;
	result = results[*head & mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}
