// SPDX-License-Identifier: GPL-2.0-only
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collide.h"
#include "complaints.h"
#include "finish.h"
#include "handlers.h"
#include "leftovers.h"
#include "limits.h"
#include "machines.h"
#include "model.h"
#include "rights.h"
#include "run.h"
#include "unit.h"

/* A program ends in a second or two; sanitizers on a busy machine take their time. */
#define SECONDS_MAX	300
#define SECONDS_TO_DIE	30

#define FOUND_STATUS	10

static struct verdict *shared;

void run_init(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		abort();
}

void wrong(struct world *w, const char *format, ...)
{
	char op[256] = "at the end";
	va_list args;
	size_t used;

	/* The first one ends the process. */
	while (atomic_exchange(&w->verdict->found, true))
		pause();
	if (w->op)
		op_format(w->op, op, sizeof(op));
	used = snprintf(w->verdict->what, sizeof(w->verdict->what),
			"operation %lu: %s: ", w->done, op);
	va_start(args, format);
	vsnprintf(w->verdict->what + used, sizeof(w->verdict->what) - used,
		  format, args);
	va_end(args);
	_exit(FOUND_STATUS);
}

void expect_result(struct world *w, long ret, int error, const char *call)
{
	const int got = ret < 0 ? -errno : 0;

	if (got == error)
		return;
	wrong(w, "%s gave %s, not %s", call, got ? strerrorname_np(-got) : "success",
	      error ? strerrorname_np(-error) : "success");
}

void leave_out(struct world *w)
{
	w->left_out++;
}

static void *play(void *arg)
{
	struct world *w = arg;
	const struct program *program = w->program;
	const bool collides = program->mode == MODE_COLLIDE;

	for (unsigned int i = 0; i < program->nr_ops; i++) {
		const struct op *op = &program->ops[i];

		if (op->thread != w->thread)
			continue;
		w->op = op;
		if (collides)
			colliding_handlers[op->kind](w, op->arg);
		else
			exact_handlers[op->kind](w, op->arg);
		w->done++;
	}
	w->op = NULL;
	if (!collides)
		finish_check(w);
	return NULL;
}

static struct world *make_world(const struct program *program,
				unsigned int thread, struct verdict *verdict)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->thread = thread;
	w->program = program;
	w->verdict = verdict;
	w->limit = NO_LIMIT;
	w->device = device_open();
	w->platform = !access("/dev/kvm_private_platform", F_OK);
	expect_ok(pipe2(w->pipe, O_NONBLOCK | O_CLOEXEC), "pipe");
	return w;
}

/* The first operation that creates the file says how, for all threads. */
static const struct op *creation(const struct program *program, unsigned int file)
{
	for (unsigned int i = 0; i < program->nr_ops; i++) {
		const struct op *op = &program->ops[i];

		if (op->kind == OP_CREATE && op->arg[0] == file)
			return op;
	}
	return NULL;
}

/* A file of all threads, whose pages they share or work on together */
static int make_common(const struct program *program, struct world **worlds,
		       unsigned int file, unsigned int pages, unsigned int parts)
{
	const struct op *op = creation(program, file);
	int fd;

	if (!op)
		return -1;
	fd = try_create_shift(worlds[0]->device, pages * parts * PAGE, op->arg[2],
			      op->arg[3]);
	expect_result(worlds[0], fd, 0, "creating a common file");
	for (unsigned int i = 0; i < program->threads; i++) {
		struct file *f = &worlds[i]->files[file];

		model_create(f, pages * PAGE, op->arg[2], op->arg[3] ?: 12);
		f->size = pages * parts * PAGE;
		f->base = parts > 1 ? i * pages : 0;
		f->common = parts > 1;
		f->fds[f->nr_fds++] = expect_ok(fcntl(fd, F_DUPFD_CLOEXEC, 0),
						"dup");
	}
	return fd;
}

static void join(pthread_t *threads, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
}

static void play_all(struct world **worlds, unsigned int nr)
{
	pthread_t threads[THREADS_MAX];

	for (unsigned int i = 0; i < nr; i++)
		if (pthread_create(&threads[i], NULL, play, worlds[i]))
			abort();
	join(threads, nr);
}

static void play_apart(const struct program *program, struct world **worlds)
{
	const int fd = make_common(program, worlds, COMMON_FILE, COMMON_PAGES,
				   program->threads + 1);
	__u64 there = 0;

	play_all(worlds, program->threads);
	for (unsigned int i = 0; fd >= 0 && i < program->threads; i++)
		there += model_there(&worlds[i]->files[COMMON_FILE]) * PAGE;
	if (fd >= 0 && file_allocated(fd) != there)
		wrong(worlds[0], "the common file has %llu bytes, not %llu",
		      file_allocated(fd), there);
	for (unsigned int i = 0; i < program->threads; i++)
		finish_world(worlds[i]);
	if (fd >= 0)
		close(fd);
}

static void share_machine(const struct program *program, struct world **worlds)
{
	struct vm_of *first = &worlds[0]->vms[0];

	machine_open(first);
	for (unsigned int i = 1; i < program->threads; i++) {
		struct vm_of *vm = &worlds[i]->vms[0];

		vm->there = true;
		vm->fd = first->fd;
		vcpu_open(&vm->cpu, vm->fd, i);
	}
}

static void play_together(const struct program *program, struct world **worlds)
{
	const int fds[] = {
		make_common(program, worlds, COMMON_FILE - 1, COMMON_PAGES / 2, 1),
		make_common(program, worlds, COMMON_FILE, COMMON_PAGES, 1),
	};

	/* Without these files the program has nothing to work on. */
	if (fds[0] < 0 || fds[1] < 0)
		return;
	if (machine_can_be_had())
		share_machine(program, worlds);
	play_all(worlds, program->threads);
	for (unsigned int i = 0; i < program->threads; i++)
		collide_let_go(worlds[i]);
	for (unsigned int i = 1; i < program->threads; i++)
		if (worlds[i]->vms[0].there)
			vcpu_close(&worlds[i]->vms[0].cpu);
	collide_check(worlds[0], &worlds[0]->files[COMMON_FILE - 1]);
	collide_check(worlds[0], &worlds[0]->files[COMMON_FILE]);
	if (worlds[0]->vms[0].there)
		machine_close(&worlds[0]->vms[0]);
}

static _Noreturn void child(const struct program *program)
{
	struct world *worlds[THREADS_MAX];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	leftovers_enter();
	if (program->charged)
		drop_ipc_lock();
	limit_set(NO_LIMIT);
	for (unsigned int i = 0; i < program->threads; i++)
		worlds[i] = make_world(program, i, shared);
	if (program->mode == MODE_COLLIDE)
		play_together(program, worlds);
	else
		play_apart(program, worlds);
	for (unsigned int i = 0; i < program->threads; i++) {
		shared->done += worlds[i]->done;
		shared->left_out += worlds[i]->left_out;
		shared->fallbacks += worlds[i]->fallbacks;
	}
	_exit(0);
}

static bool ends_within(int pidfd, int seconds)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	return poll(&end, 1, seconds * 1000) == 1;
}

/* Fails if that takes too long: a call doesn't end. */
static bool wait_for(pid_t pid, int *status)
{
	const int pidfd = syscall(SYS_pidfd_open, pid, 0);
	const bool in_time = ends_within(pidfd, SECONDS_MAX);

	if (!in_time)
		kill(pid, SIGKILL);
	/* The kill is in vain if a thread waits for an event that never comes. */
	if (in_time || ends_within(pidfd, SECONDS_TO_DIE))
		waitpid(pid, status, 0);
	close(pidfd);
	return in_time;
}

static void judge(struct verdict *verdict, bool in_time, int status)
{
	char line[256];

	if (complaints_new(line, sizeof(line))) {
		snprintf(verdict->what, sizeof(verdict->what),
			 "the kernel's log says: %s", line);
		verdict->kernel_broke = true;
	} else if (!in_time) {
		snprintf(verdict->what, sizeof(verdict->what),
			 "it doesn't come to an end");
		verdict->kernel_broke = true;
	} else if (WIFSIGNALED(status)) {
		snprintf(verdict->what, sizeof(verdict->what),
			 "killed by signal %d", WTERMSIG(status));
	} else if (status && !verdict->found) {
		snprintf(verdict->what, sizeof(verdict->what),
			 "a call failed that can't fail; see above");
	} else {
		return;
	}
	verdict->found = true;
}

bool run_program(const struct program *program, struct verdict *verdict)
{
	bool in_time;
	int status = 0;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		abort();
	if (!pid)
		child(program);
	in_time = wait_for(pid, &status);
	*verdict = *shared;
	judge(verdict, in_time, status);
	return !verdict->found;
}
