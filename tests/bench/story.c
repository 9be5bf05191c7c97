// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "device.h"
#include "guests.h"
#include "story.h"
#include "unit.h"

#include "../demo/stats.h"
#include "../kvm/layout.h"

/*
 * Time for work that the kernel has put off: frees after a grace period, work
 * items
 */
#define PAUSE_US	50000

/* Whether or not a vCPU had to be interrupted */
#define FLUSH_COUNTER	"remote_tlb_flush_requests"

const char *const row_names[ROWS] = {
	[FALLOCATE]		= "fallocate",
	[PUNCH]			= "punch hole",
	[PUNCH_MAPPED]		= "punch hole mapped",
	[CLOSE]			= "close",
	[CLOSE_MAPPED]		= "close mapped",
	[PREFAULT_FIRST]	= "prefault first",
	[PREFAULT_THERE]	= "prefault page there",
	[PREFAULT_AGAIN]	= "prefault again",
	[TOUCH_FIRST]		= "touch first",
	[TOUCH_THERE]		= "touch page there",
	[TOUCH_AGAIN]		= "touch again",
	[CREATE_CLOSE]		= "create and close",
};

static void create_and_close(struct subject *s)
{
	for (int i = 0; i < CREATE_CALLS; i++)
		close(backend_file(s->backend, s->maker, s->size));
}

static void create_file(struct subject *s)
{
	s->slot.file = backend_file(s->backend, s->maker, s->size);
}

static void close_file(struct subject *s)
{
	close(s->slot.file);
}

static void allocate(struct subject *s)
{
	if (fallocate(s->slot.file, FALLOC_FL_KEEP_SIZE, 0, s->size))
		err(1, "%s: fallocate", s->backend->name);
}

static void punch(struct subject *s)
{
	if (fallocate(s->slot.file, HOLE, 0, s->size))
		err(1, "%s: punch hole", s->backend->name);
}

static void add_slot(struct subject *s)
{
	vm_add_slot(s->vm.fd, &s->slot);
}

static void delete_slot(struct subject *s)
{
	vm_delete_slot(s->vm.fd, s->slot.id);
}

/*
 * A guest_memfd's pages go with its last descriptor, a private file's when its
 * slot has gone as well. Both orders end here, with neither left.
 */
static void close_and_delete_slot(struct subject *s)
{
	close_file(s);
	delete_slot(s);
}

static void prefault(struct subject *s)
{
	uint64_t done = 0;
	long left;

	while (done < s->size) {
		left = vcpu_pre_fault(&s->vm.cpu, s->slot.gpa + done,
				      s->size - done);
		if (left < 0)
			err(1, "%s: KVM_PRE_FAULT_MEMORY", s->backend->name);
		done = s->size - left;
	}
}

static void touch(struct subject *s)
{
	bare_vm_call(&s->vm, guest_write, s->slot.gpa, s->size / PAGE, 0, 1);
}

/* To the other attribute and back, without an access in between */
static void zap(struct subject *s)
{
	for (int private = 0; private <= 1; private++)
		if (vm_try_attributes(s->vm.fd, s->slot.gpa, s->size, private))
			err(1, "KVM_SET_MEMORY_ATTRIBUTES");
}

/* The cost of steps that are no rows isn't reported. */
#define UNMEASURED	ROWS

static const struct step {
	void (*take)(struct subject *subject);
	enum row row;
} story[] = {
	{ create_and_close,		CREATE_CLOSE },

	{ create_file,			UNMEASURED },
	{ allocate,			FALLOCATE },
	{ add_slot,			UNMEASURED },
	{ prefault,			PREFAULT_THERE },
	{ punch,			PUNCH_MAPPED },
	{ touch,			TOUCH_FIRST },
	{ zap,				UNMEASURED },
	{ touch,			TOUCH_AGAIN },
	{ delete_slot,			UNMEASURED },
	{ punch,			PUNCH },
	{ add_slot,			UNMEASURED },
	{ prefault,			PREFAULT_FIRST },
	{ zap,				UNMEASURED },
	{ prefault,			PREFAULT_AGAIN },
	{ close_and_delete_slot,	CLOSE_MAPPED },

	{ create_file,			UNMEASURED },
	{ allocate,			UNMEASURED },
	{ add_slot,			UNMEASURED },
	{ touch,			TOUCH_THERE },
	{ delete_slot,			UNMEASURED },
	{ close_file,			CLOSE },
};

static void measure(struct subject *s, const struct step *step, double *figures)
{
	usleep(PAUSE_US);
	figures[EXITS] = -(double)stats_read(s->cpu_stats, "exits");
	figures[FLUSHES] = -(double)stats_read(s->vm_stats, FLUSH_COUNTER);
	figures[TICKS] = -(double)__rdtsc();
	step->take(s);
	figures[TICKS] += __rdtsc();
	figures[EXITS] += stats_read(s->cpu_stats, "exits");
	figures[FLUSHES] += stats_read(s->vm_stats, FLUSH_COUNTER);
}

void story_tell(struct subject *subject, uint64_t size,
		struct sample samples[ROWS])
{
	subject->size = size;
	subject->slot.size = size;
	for (size_t i = 0; i < ARRAY_SIZE(story); i++) {
		if (story[i].row == UNMEASURED)
			story[i].take(subject);
		else
			measure(subject, &story[i],
				samples[story[i].row].figures);
	}
}

/*
 * The shared side of slots of up to 1 GiB, aligned as the guest's addresses are:
 * KVM uses no larger page than fits both.
 */
static void *shared_side(void)
{
	static char *map;

	if (!map) {
		map = mmap(NULL, 2 * GIB, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (map == MAP_FAILED)
			err(1, "mmap");
		map += -(uintptr_t)map % GIB;
	}
	return map;
}

void subject_open(struct subject *subject, const struct backend *backend)
{
	*subject = (struct subject){ .backend = backend };
	bare_vm_open(&subject->vm);
	subject->vm_stats = stats_open(subject->vm.fd);
	subject->cpu_stats = stats_open(subject->vm.cpu.fd);
	subject->maker = backend_maker(backend, subject->vm.fd);
	subject->slot = (struct slot){
		.id = 1,
		.gpa = FAR_GPA,
		.host = shared_side(),
	};
}

void subject_close(struct subject *subject)
{
	close(subject->maker);
	close(subject->cpu_stats);
	close(subject->vm_stats);
	bare_vm_close(&subject->vm);
}
