// SPDX-License-Identifier: GPL-2.0-only
#include "content.h"
#include "guest.h"
#include "td.h"
#include "vp.h"

/* Of the exit qualification */
#define READS 1
#define WRITES 2
/* Types of the extended one */
#define BY_ACCEPT 1
#define BY_PENDING 6
#define ACCEPTED_LEVEL_SHIFT 32

#define CALL_MAP_GPA 0x10001

int tdxm_script_add(struct tdxm *m, u64 tdvpr, const struct tdxm_step *step)
{
	struct tdxm_vp *vp = tdxm_vp(m, tdvpr);

	if (!vp || vp->script.nr == TDXM_NR_STEPS)
		return -1;
	vp->script.steps[vp->script.nr] = *step;
	vp->script.steps[vp->script.nr].result = TDXM_NOT_YET;
	return vp->script.nr++;
}

enum tdxm_step_result tdxm_script_result(struct tdxm *m, u64 tdvpr, unsigned int step)
{
	struct tdxm_vp *vp = tdxm_vp(m, tdvpr);

	return vp && step < vp->script.nr ? vp->script.steps[step].result : TDXM_NOT_YET;
}

static bool violation(const struct tdxm_step *step, u64 extended, struct tdxm_exit *exit)
{
	*exit = (struct tdxm_exit){
		.status = TDXM_EXIT_EPT_VIOLATION,
		.rcx = step->type == TDXM_STEP_READ ? READS : WRITES,
		.rdx = extended,
		.r8 = step->gpa,
	};
	return true;
}

static bool call(u64 number, u64 first, u64 second, struct tdxm_exit *exit)
{
	*exit = (struct tdxm_exit){
		.status = TDXM_EXIT_TDCALL, .r11 = number, .r12 = first, .r13 = second,
	};
	return true;
}

static bool touch(struct tdxm_td *td, struct tdxm_step *step, struct tdxm_exit *exit)
{
	size_t offset = step->gpa % TDXM_PAGE_SIZE;
	struct tdxm_sept_entry *entry;
	u64 pfn, value;
	int level;

	entry = tdxm_sept_walk(td, step->gpa, &level);
	if (entry->state == TDXM_PENDING)
		return violation(step, BY_PENDING, exit);
	if (entry->state != TDXM_PRESENT)
		return violation(step, 0, exit);
	pfn = tdxm_sept_frame(entry, step->gpa, level);
	step->result = TDXM_DONE;
	if (step->type == TDXM_STEP_WRITE) {
		tdxm_content_write(td->m, pfn, offset, step->value);
		return false;
	}
	tdxm_content_read(td->m, pfn, offset, &value, sizeof(value));
	if (value != step->value)
		step->result = TDXM_DIFFERENT;
	return false;
}

static void accept_pending(struct tdxm_td *td, struct tdxm_sept_entry *entry, int level)
{
	unsigned long i;

	for (i = 0; i < TDXM_FRAMES(level); i++) {
		tdxm_content_check(td->m, entry->pfn + i);
		tdxm_content_zero(td->m, entry->pfn + i);
	}
	entry->state = TDXM_PRESENT;
}

static bool accept(struct tdxm_td *td, struct tdxm_step *step, struct tdxm_exit *exit)
{
	u64 extended = BY_ACCEPT | (u64)(step->level - 1) << ACCEPTED_LEVEL_SHIFT;
	struct tdxm_sept_entry *entry;
	int level;

	entry = tdxm_sept_walk(td, step->gpa, &level);
	if (entry->state == TDXM_PRESENT) {
		step->result = TDXM_ALREADY_ACCEPTED;
		return false;
	}
	/* The table below ends the walk at a smaller page, or at a hole in it. */
	if (level < step->level) {
		step->result = TDXM_SIZE_MISMATCH;
		return false;
	}
	if (entry->state != TDXM_PENDING || level > step->level)
		return violation(step, extended, exit);
	accept_pending(td, entry, level);
	step->result = TDXM_DONE;
	return false;
}

/* Returns whether the guest exits. */
static bool play(struct tdxm_td *td, struct tdxm_step *step, struct tdxm_exit *exit)
{
	switch (step->type) {
	case TDXM_STEP_ACCEPT:
		return accept(td, step, exit);
	case TDXM_STEP_MAP_GPA:
		step->result = TDXM_ASKED;
		return call(CALL_MAP_GPA, step->gpa, step->value, exit);
	default:
		return touch(td, step, exit);
	}
}

static void play_to_exit(struct tdxm_vp *vp, struct tdxm_exit *exit)
{
	struct tdxm_script *script = &vp->script;

	while (script->at < script->nr) {
		struct tdxm_step *step = &script->steps[script->at];
		bool exits = play(vp->td, step, exit);

		if (step->result != TDXM_NOT_YET)
			script->at++;
		if (exits)
			return;
	}
	call(TDXM_EXIT_HLT, 0, 0, exit);
}

static void take_answer(struct tdxm_script *script, u64 answer)
{
	struct tdxm_step *last = script->at ? &script->steps[script->at - 1] : NULL;

	if (last && last->result == TDXM_ASKED)
		last->result = answer ? TDXM_DENIED : TDXM_DONE;
}

void tdxm_vp_run(struct tdxm *m, u64 tdvpr, int cpu, struct tdxm_exit *exit)
{
	u64 status = tdxm_vp_enter(m, tdvpr, cpu);
	struct tdxm_vp *vp;

	if (status) {
		*exit = (struct tdxm_exit){ .status = status };
		return;
	}
	vp = tdxm_vp(m, tdvpr);
	take_answer(&vp->script, exit->r10);
	play_to_exit(vp, exit);
	tdxm_vp_leave(m, tdvpr);
}
