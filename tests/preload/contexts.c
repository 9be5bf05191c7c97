// SPDX-License-Identifier: GPL-2.0-only
/* The contexts of the call: threads, signal handlers, other processes */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "child.h"
#include "device.h"
#include "preloaded.h"
#include "unit.h"
#include "vm.h"
#include "workers.h"

#define THREADS	4
#define SECONDS	2

static int vm;
static unsigned int fds_before;

/* For a new file, and without /proc */
static bool is_new_and_ours(int fd)
{
	return lseek(fd, 0, SEEK_DATA) == -1 && errno == ENXIO;
}

/* Lower-numbered descriptors come and go meanwhile, as in any program. */
static void create_and_close(struct worker *worker)
{
	int other = dup(vm);
	int fd = guest_memfd(vm, PAGE, rand_r(&worker->seed) % 2);

	worker_note(worker, "KVM_CREATE_GUEST_MEMFD", fd, NULL);
	if (other >= 0)
		close(other);
	if (fd < 0)
		return;
	if (fcntl(fd, F_GETFD))
		worker_failed(worker, "the file is closed on exec");
	if (!is_new_and_ours(fd))
		worker_failed(worker, "it isn't one of ours");
	close(fd);
}

TEST(many_threads)
{
	struct worker workers[THREADS] = { };

	for (unsigned int i = 0; i < THREADS; i++)
		workers[i].one_call = create_and_close;
	workers_run(workers, THREADS, SECONDS);
	assert_int_equal(open_fds(), fds_before);
}

static volatile unsigned int handled, handler_failed;

static void create_in_handler(int signal)
{
	int error = errno;
	int fd = guest_memfd(vm, PAGE, GUEST_MMAP);

	(void)signal;
	if (!is_new_and_ours(fd))
		handler_failed++;
	close(fd);
	handled++;
	errno = error;
}

TEST(signal_handlers)
{
	const struct sigaction action = { .sa_handler = create_in_handler };
	const struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	const struct itimerval never = { };
	unsigned int failed = 0;

	expect_ok(sigaction(SIGALRM, &action, NULL), "sigaction");
	expect_ok(setitimer(ITIMER_REAL, &often, NULL), "setitimer");
	while (handled < 300 && !failed) {
		int fd = guest_memfd(vm, PAGE, 0);

		failed += !is_new_and_ours(fd);
		failed += close(fd) != 0;
	}
	expect_ok(setitimer(ITIMER_REAL, &never, NULL), "setitimer");
	assert_int_equal(failed, 0);
	assert_int_equal(handler_failed, 0);
	assert_int_equal(open_fds(), fds_before);
}

static int created_by_cancelled;

static void *create_cancelled(void *arg)
{
	(void)arg;
	pthread_cancel(pthread_self());
	created_by_cancelled = guest_memfd(vm, PAGE, 0);
	pthread_testcancel();
	return NULL;
}

/* ioctl() is no cancellation point. */
TEST(cancelled_thread)
{
	pthread_t thread;
	void *result;

	created_by_cancelled = -1;
	assert_int_equal(pthread_create(&thread, NULL, create_cancelled, NULL), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_true(is_ours(created_by_cancelled));
	close(created_by_cancelled);
	assert_int_equal(open_fds(), fds_before);
}

static void create_in_child(void *arg)
{
	struct kvm_create_guest_memfd create = { .size = PAGE };

	(void)arg;
	expect_error(EIO, native_ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create),
		     "natively");
	expect_error(EIO, guest_memfd(vm, PAGE, 0), "another process's VM");
	expect_error(EIO, guest_memfd(vm, PAGE, GUEST_MMAP), "with MMAP");
}

TEST(forked_child)
{
	child_run(create_in_child, NULL);
}

/*
 * The child of a vfork has the parent's memory: to KVM it is the same process.
 */
TEST(vforked_child)
{
	volatile bool ours = false;
	int status;
	pid_t pid;

	pid = vfork();
	if (!pid) {
		ours = is_ours(guest_memfd(vm, PAGE, 0));
		_exit(0);
	}
	expect_ok(pid, "vfork");
	expect_ok(waitpid(pid, &status, 0), "waitpid");
	assert_int_equal(status, 0);
	assert_true(ours);
	assert_int_equal(open_fds(), fds_before);
}

static void *create_without_leader(void *arg)
{
	int *vm = arg;
	const struct timespec pause = { .tv_nsec = 50000000 };
	int fd;

	/* By now the main thread has ended, and /proc/self with it. */
	nanosleep(&pause, NULL);
	fd = guest_memfd(*vm, PAGE, 0);
	if (!is_new_and_ours(fd))
		_exit(1);
	if (ioctl(*vm, KVM_CREATE_GUEST_MEMFD, NULL) != -1 || errno != EFAULT)
		_exit(2);
	_exit(0);
}

static void main_thread_gone(void *arg)
{
	static int vm;
	pthread_t thread;

	(void)arg;
	vm = vm_create();
	assert_int_equal(pthread_create(&thread, NULL, create_without_leader, &vm), 0);
	pthread_exit(NULL);
}

TEST(without_the_main_thread)
{
	child_run(main_thread_gone, NULL);
}

TEST(inherited_by_another_program)
{
	int fd = expect_ok(guest_memfd(vm, 3 * PAGE, 0), "creating");

	assert_int_equal(run_again(true, NULL, "inherited", fd), 0);
	assert_int_equal(run_again(false, NULL, "inherited", fd), 0);
	close(fd);
	/* The library is inherited too. */
	assert_int_equal(run_again(true, NULL, "create", 0), 0);
	assert_int_equal(run_again(false, NULL, "create", 0), 1);
}

static int again(const char *name, int number)
{
	if (name[0] == 'i')
		return is_ours(number) && lseek(number, 0, SEEK_END) == 3 * PAGE ? 0 : 1;
	return is_ours(guest_memfd(vm_create(), PAGE, 0)) ? 0 : 1;
}

static int setup(void **state)
{
	(void)state;
	vm = vm_create();
	fds_before = open_fds();
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return again(argv[1], atoi(argv[2]));
	preloaded(argv);
	return tests_run("contexts", &(struct fixture){ .setup = setup });
}
