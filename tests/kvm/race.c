// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "huge.h"
#include "meminfo.h"
#include "poll_until.h"
#include "race.h"

#define NEIGHBOUR_SIZE	(4 * MIB)

/* A race has at least so many calls. */
#define LEAST_CALLS	6
/* So long a machine that is kept waiting may take for these calls */
#define MAX_SECONDS	120

/*
 * Takes memory that was freed to the host just before. A mapping that a guest
 * still has, or a late write by KVM, shows as a word that isn't zero.
 */
static int be_neighbour(struct attacker *attacker)
{
	__u64 *memory = mmap(NULL, NEIGHBOUR_SIZE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	sched_yield();
	for (size_t i = 0; i < NEIGHBOUR_SIZE / sizeof(*memory); i++)
		if (memory[i]) {
			attacker->data = memory[i];
			errno = EUCLEAN;
			return -1;
		}
	return munmap(memory, NEIGHBOUR_SIZE);
}

static void *attack(void *arg)
{
	struct attacker *attacker = arg;

	while (!__atomic_load_n(&attacker->race->over, __ATOMIC_ACQUIRE)) {
		if (attacker->attack(attacker)) {
			__atomic_store_n(&attacker->error, errno,
					 __ATOMIC_RELAXED);
			break;
		}
		__atomic_fetch_add(&attacker->calls, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void start_attacker(struct race *race, struct attacker *attacker,
			   attack_fn *function, unsigned int seed)
{
	*attacker = (struct attacker){
		.race = race, .attack = function, .seed = seed,
	};
	assert_int_equal(pthread_create(&attacker->thread, NULL, attack,
					attacker), 0);
}

static void start(struct race *race, int (*create)(__u64 size, __u64 flags),
		  __u64 flags)
{
	race->memfree = settled_memfree();
	race->over = false;
	machine_start_on(&race->machine, create(MEM_SIZE, flags), MEM_SIZE,
			 flags);
	vcpu_open(&race->second, race->machine.vm, 1);
}

void race_start(struct race *race, __u64 flags)
{
	start(race, file_create, flags);
}

void race_start_huge(struct race *race, __u64 flags)
{
	start(race, huge_create, flags);
}

static void start_patrol(struct vcpu *cpu, unsigned int i,
			 const struct race_plan *plan)
{
	vcpu_enter(cpu, plan->guest, &(struct kvm_regs){
		   .rdi = plan->gpa, .rsi = RACE_PAGES,
		   .rdx = plan->writes ? RACE_TAG(i) : 0,
		   .r10 = RACE_TAG(0), .r11 = RACE_TAG(1),
		   .r12 = RACE_HOST_TAG });
	vcpu_spawn(cpu, plan->carry_on);
}

static void wait_for_end(const struct race_plan *plan)
{
	struct timespec left = { .tv_sec = plan->seconds ?: RACE_SECONDS };

	while (nanosleep(&left, &left))
		;
}

/* Did the vCPU run until it was told to stop? */
static bool was_stopped(const struct vcpu *cpu, int result)
{
	return result == -EINTR || (cpu->carry_on && cpu->carry_on(result));
}

/* Has each attacker made its calls, or one of them failed? */
static bool have_attacked(const struct attacker *attackers, unsigned int nr)
{
	bool all = true;

	for (unsigned int i = 0; i < nr; i++) {
		if (__atomic_load_n(&attackers[i].error, __ATOMIC_RELAXED))
			return true;
		all &= __atomic_load_n(&attackers[i].calls, __ATOMIC_RELAXED) >=
		       LEAST_CALLS;
	}
	return all;
}

/*
 * Lets them run until each vCPU has been all around and each attacker has made
 * its calls. On a busy machine that may take longer than the planned time.
 */
static void let_run(struct vcpu *cpus[], int results[],
		    const struct attacker *attackers, unsigned int nr,
		    const struct race_plan *plan)
{
	const double end = seconds_now() + MAX_SECONDS;
	bool stopped, around;

	for (;;) {
		wait_for_end(plan);
		stopped = true;
		around = true;
		for (unsigned int i = 0; i < RACE_CPUS; i++) {
			results[i] = vcpu_stop(cpus[i]);
			stopped &= was_stopped(cpus[i], results[i]);
			around &= !!vcpu_regs(cpus[i]).r15;
		}
		if (!stopped || (around && have_attacked(attackers, nr)) ||
		    seconds_now() > end)
			return;
		for (unsigned int i = 0; i < RACE_CPUS; i++)
			vcpu_spawn(cpus[i], plan->carry_on);
	}
}

static void check_cpu(struct vcpu *cpu, unsigned int i, int result)
{
	struct kvm_regs regs = vcpu_regs(cpu);

	if (result == KVM_EXIT_HLT)
		fail_msg("vCPU %u found %#llx at %#llx", i,
			 regs.r9,
			 regs.r8);
	if (!was_stopped(cpu, result))
		vcpu_expect(cpu, result, -EINTR);
	if (!regs.r15)
		fail_msg("vCPU %u did not get around once", i);
}

void race_run(struct race *race, const struct race_plan *plan)
{
	struct vcpu *cpus[RACE_CPUS] = { &race->machine.cpu, &race->second };
	struct attacker attackers[RACE_ATTACKS + 1];
	int results[RACE_CPUS];
	unsigned int nr;

	for (unsigned int i = 0; i < RACE_CPUS; i++)
		start_patrol(cpus[i], i, plan);
	start_attacker(race, &attackers[0], be_neighbour, 0);
	for (nr = 1; plan->attacks[nr - 1]; nr++)
		start_attacker(race, &attackers[nr], plan->attacks[nr - 1], nr);

	let_run(cpus, results, attackers, nr, plan);

	/* All threads must have ended before an assertion may end the test. */
	__atomic_store_n(&race->over, true, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(attackers[i].thread, NULL);
	if (attackers[0].error == EUCLEAN)
		fail_msg("memory of the host was written: %#llx",
			 attackers[0].data);
	for (unsigned int i = 0; i < nr; i++) {
		assert_int_equal(attackers[i].error, 0);
		expect_between(attackers[i].calls, LEAST_CALLS, LONG_MAX,
			       "calls of attacker %u", i);
	}
	for (unsigned int i = 0; i < RACE_CPUS; i++)
		check_cpu(cpus[i], i, results[i]);

	expect_ok(file_punch(race->machine.file, 0, MEM_SIZE), "punching");
	assert_int_equal(file_allocated(race->machine.file), 0);
	vcpu_close(&race->second);
	machine_stop(&race->machine);
	wait_for_memfree(race->memfree - MEMINFO_NOISE);
}

void race_on_data(const struct race_plan *plan, __u64 flags)
{
	struct race race;

	race_start(&race, flags);
	race_run(&race, plan);
}

void race_pick(struct attacker *attacker, __u64 *offset, __u64 *size)
{
	unsigned int first = rand_r(&attacker->seed) % RACE_PAGES;
	unsigned int nr = 1 + rand_r(&attacker->seed) % (RACE_PAGES - first);

	/* Often one page, sometimes all of them */
	if (rand_r(&attacker->seed) % 2)
		nr = 1;
	*offset = first * PAGE;
	*size = nr * PAGE;
}
