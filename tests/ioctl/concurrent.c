// SPDX-License-Identifier: GPL-2.0-only
/* Everything at once on one file: no call waits for ever, every page counts. */
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "device.h"
#include "meminfo.h"
#include "rights.h"
#include "unit.h"
#include "workers.h"

#define PAGES 64
#define FILE_SIZE (PAGES * PAGE)
#define THREADS 4
#define SECONDS 5
#define LIMITED_UID 3000

static int device;
static int fd;
static char *source;

static bool limit_reached(int error)
{
	return error == ENOMEM;
}

static bool no_data_left(int error)
{
	return error == ENXIO;
}

/*
 * Two callers that allocate one page are both charged for it until one of them
 * has lost the race. So at the limit either may get the limit's error.
 */
static void one_call(struct worker *worker)
{
	unsigned int first = rand_r(&worker->seed) % PAGES;
	unsigned int count = 1 + rand_r(&worker->seed) % (PAGES - first);
	__u64 offset = first * PAGE;
	__u64 size = count * PAGE;
	struct kvm_private_populate populate = {
		.offset = offset, .size = size, .source = (uintptr_t)source,
	};

	switch (rand_r(&worker->seed) % 6) {
	case 0:
	case 1:
		worker_note(worker, "allocate",
			    file_allocate(fd, offset, size), limit_reached);
		break;
	case 2:
		worker_note(worker, "punch", file_punch(fd, offset, size),
			    NULL);
		break;
	case 3:
		worker_note(worker, "populate", file_populate(fd, &populate),
			    limit_reached);
		break;
	case 4:
		worker_note(worker, "SEEK_DATA", lseek(fd, offset, SEEK_DATA),
			    no_data_left);
		break;
	case 5:
		worker_note(worker, "SEEK_HOLE", lseek(fd, offset, SEEK_HOLE),
			    NULL);
		break;
	}
}

static void every_page_is_counted(void *arg)
{
	struct worker workers[THREADS] = { { 0 } };
	unsigned int i;

	(void)arg;
	limit_locked_memory(FILE_SIZE);
	become_user(LIMITED_UID);
	fd = file_create_on(device, FILE_SIZE + PAGE, 0);
	for (i = 0; i < THREADS; i++)
		workers[i].one_call = one_call;
	workers_run(workers, THREADS, SECONDS);

	/* A charge too many or too few would show at the limit. */
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	assert_int_equal(file_allocated(fd), FILE_SIZE);
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), FILE_SIZE);
	expect_error(ENOMEM, file_allocate(fd, FILE_SIZE, PAGE), "one more");
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	assert_int_equal(file_allocated(fd), 0);
	close(fd);
}

TEST(all_calls_at_once)
{
	__u64 before = settled_memfree();

	child_run(every_page_is_counted, NULL);
	wait_for_memfree(before - MEMINFO_NOISE);
}

static void close_a_file(struct worker *worker)
{
	int own = file_try_create(device, GIB, 0);

	worker_note(worker, "create", own, NULL);
	worker_note(worker, "allocate", file_allocate(own, 0, 16 * PAGE), NULL);
	worker_note(worker, "close", close(own), NULL);
}

TEST(files_come_and_go)
{
	struct worker workers[THREADS] = { { 0 } };
	__u64 before = settled_memfree();
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		workers[i].one_call = close_a_file;
	workers_run(workers, THREADS, SECONDS);
	wait_for_memfree(before - MEMINFO_NOISE);
}

/*
 * A source whose pages come when this process gives them. The populate waits
 * for them meanwhile, and must hold no lock that another call on the file
 * needs.
 */
struct slow_source {
	int uffd;
	unsigned int served;
};

static void *serve(void *arg)
{
	struct slow_source *slow = arg;

	while (slow->served < PAGES) {
		struct uffd_msg message;
		struct uffdio_zeropage zero;

		if (read(slow->uffd, &message, sizeof(message)) !=
		    sizeof(message))
			break;
		if (file_punch(fd, 0, FILE_SIZE) ||
		    file_allocate(fd, 0, FILE_SIZE) ||
		    file_punch(fd, 0, FILE_SIZE / 2))
			break;
		zero = (struct uffdio_zeropage){
			.range = {
				.start = message.arg.pagefault.address & -PAGE,
				.len = PAGE,
			},
		};
		if (ioctl(slow->uffd, UFFDIO_ZEROPAGE, &zero))
			break;
		slow->served++;
	}
	return NULL;
}

TEST(source_that_waits_for_the_file)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct slow_source slow = { 0 };
	char *map = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)map, .len = FILE_SIZE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct kvm_private_populate populate = {
		.size = FILE_SIZE, .source = (uintptr_t)map,
	};
	pthread_t thread;

	assert_ptr_not_equal(map, MAP_FAILED);
	fd = file_create_on(device, FILE_SIZE, 0);
	slow.uffd = expect_ok(syscall(SYS_userfaultfd, O_CLOEXEC),
			      "userfaultfd");
	expect_ok(ioctl(slow.uffd, UFFDIO_API, &api), "UFFDIO_API");
	expect_ok(ioctl(slow.uffd, UFFDIO_REGISTER, &range), "UFFDIO_REGISTER");
	assert_int_equal(pthread_create(&thread, NULL, serve, &slow), 0);
	expect_ok(file_populate(fd, &populate), "populate");
	assert_int_equal(populate.size, 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(slow.served, PAGES);
	close(slow.uffd);
	close(fd);
	munmap(map, FILE_SIZE);
}

static int setup(void **state)
{
	(void)state;
	device = device_open();
	source = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	return source == MAP_FAILED ? -1 : 0;
}

TEST_MAIN("concurrent", .setup = setup)
