// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine with private pages doesn't go to sleep by an image of its memory on
 * a disk.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "text_file.h"
#include "touch.h"
#include "unit.h"
#include "workers.h"

#define STATE "/sys/power/state"
/*
 * A program that writes the image itself opens this device: hibernation has
 * begun.
 */
#define SNAPSHOT "/dev/snapshot"

#define SHARED (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

static int open_snapshot(void)
{
	return open(SNAPSHOT, O_RDONLY | O_CLOEXEC);
}

static void expect_refused(const char *what)
{
	expect_error(EBUSY, open_snapshot(), "%s: snapshot", what);
	expect_error(EBUSY, text_file_try_write(STATE, "disk"), "%s: disk", what);
}

static void expect_possible(const char *what)
{
	close(expect_ok(open_snapshot(), "%s", what));
}

TEST(hibernation)
{
	int fd = file_create(MIB, 0), huge = huge_create(4 * MIB, 0);

	expect_possible("files without a page");
	expect_ok(file_allocate(fd, 0, PAGE), "allocate");
	expect_refused("one page");
	/*
	 * Hibernation that was refused needs no end: allocating goes on at
	 * once.
	 */
	expect_ok(file_allocate(huge, 0, HUGE_PAGE), "allocate");
	expect_ok(file_punch(fd, 0, PAGE), "punch");
	expect_refused("one huge page");
	close(huge);
	expect_possible("when they have gone");
	expect_ok(file_allocate(fd, 0, PAGE), "afterwards");
	close(fd);
}

/* The pages' attributes make no difference, since they may change at any moment. */
TEST(hibernation_shared)
{
	int fd = file_create(PAGE, SHARED);

	expect_ok(file_allocate(fd, 0, PAGE), "allocate");
	expect_refused("a shared page");
	close(fd);
}

/* A file that is empty when hibernation begins gets no page before it ends. */
TEST(hibernation_begun)
{
	int fd = file_create(MIB, SHARED);
	char *map = file_map(fd, MIB);
	int snapshot = expect_ok(open_snapshot(), "open");

	expect_error(ENOMEM, file_allocate(fd, 0, PAGE), "allocate");
	expect_sigbus(map, "touch");
	assert_int_equal(file_allocated(fd), 0);
	close(snapshot);
	expect_reads(map, 0, "afterwards");
	munmap(map, MIB);
	close(fd);
}

struct race {
	int fd;
	int has_page;
};

static void allocate_and_free(struct worker *w)
{
	struct race *race = w->arg;

	if (!file_allocate(race->fd, 0, PAGE))
		__atomic_store_n(&race->has_page, 1, __ATOMIC_SEQ_CST);
	else if (errno != ENOMEM)
		worker_note(w, "allocate", -1, NULL);
	__atomic_store_n(&race->has_page, 0, __ATOMIC_SEQ_CST);
	worker_note(w, "punch", file_punch(race->fd, 0, PAGE), NULL);
}

static void hibernate(struct worker *w)
{
	struct race *race = w->arg;
	int snapshot = open_snapshot();

	if (snapshot < 0) {
		worker_note(w, "snapshot", errno == EBUSY ? 0 : -1, NULL);
		return;
	}
	if (__atomic_load_n(&race->has_page, __ATOMIC_SEQ_CST))
		worker_failed(w, "a page while the machine hibernates");
	worker_note(w, "close", close(snapshot), NULL);
}

TEST(hibernation_race)
{
	struct race race = { .fd = file_create(MIB, 0) };
	struct worker workers[] = {
		{ .one_call = allocate_and_free, .arg = &race },
		{ .one_call = hibernate, .arg = &race },
	};

	workers_run(workers, ARRAY_SIZE(workers), 2);
	expect_ok(file_allocate(race.fd, 0, MIB), "afterwards");
	close(race.fd);
}

TEST_MAIN("power")
