// SPDX-License-Identifier: GPL-2.0-only
/* The device by which a test writes guests' scripts, wants refusals, and reads counts */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "device.h"
#include "machine.h"

#include "../guest.h"
#include "../kvm_tdx_model.h"
#include "../td.h"
#include "../vp.h"

/* @number: in the order of creation from 1 on, which is what makes its secret; 0 for the last */
static struct tdxm_td *find_td(u64 number)
{
	u16 key;

	lockdep_assert_held(&tdx_machine_lock);
	for (key = TDXM_FIRST_KEY; key < TDXM_NR_KEYS; key++) {
		struct tdxm_td *td = tdx_machine.owners[key];

		if (td && td->secret == (number ?: tdx_machine.secrets))
			return td;
	}
	return NULL;
}

static struct tdxm_vp *find_vp(u64 td_number, u32 number)
{
	struct tdxm_td *td = find_td(td_number);

	return td && number < TDXM_NR_VPS ? td->vps[number] : NULL;
}

static int add_step(struct tdx_model_step *step)
{
	struct tdxm_step added = {
		.type = step->type, .level = step->level, .gpa = step->gpa, .value = step->value,
	};
	struct tdxm_vp *vp;
	int number;

	if (step->type > TDXM_STEP_MAP_GPA || step->level > 2)
		return -EINVAL;
	/* Guests access eight bytes that don't cross a page. */
	if (step->gpa % sizeof(u64))
		return -EINVAL;

	TDX_MACHINE;
	vp = find_vp(step->td, step->vcpu);
	if (!vp)
		return -ENOENT;
	number = tdxm_script_add(&tdx_machine, vp->tdvpr, &added);
	if (number < 0)
		return -ENOSPC;
	step->number = number;
	return 0;
}

static int get_result(struct tdx_model_step *step)
{
	struct tdxm_vp *vp;

	TDX_MACHINE;
	vp = find_vp(step->td, step->vcpu);
	if (!vp)
		return -ENOENT;
	step->result = tdxm_script_result(&tdx_machine, vp->tdvpr, step->number);
	return 0;
}

static long ioctl_step(unsigned int command, struct tdx_model_step __user *argument)
{
	struct tdx_model_step step;
	int ret;

	if (copy_from_user(&step, argument, sizeof(step)))
		return -EFAULT;
	ret = command == TDX_MODEL_ADD_STEP ? add_step(&step) : get_result(&step);
	if (ret)
		return ret;
	return copy_to_user(argument, &step, sizeof(step)) ? -EFAULT : 0;
}

static long ioctl_refuse(struct tdx_model_refusal __user *argument)
{
	struct tdx_model_refusal refusal;

	if (copy_from_user(&refusal, argument, sizeof(refusal)))
		return -EFAULT;
	if (refusal.command >= TDXM_NR_COMMANDS)
		return -EINVAL;
	TDX_MACHINE;
	tdxm_refuse(&tdx_machine, refusal.command, refusal.status, refusal.after, refusal.times);
	return 0;
}

static void read_counts(struct tdx_model_counts *counts)
{
	int i;

	TDX_MACHINE;
	for (i = 0; i < TDXM_NR_COMMANDS; i++)
		counts->calls[i] = tdx_machine.calls[i];
	for (i = 0; i < TDXM_NR_RULES; i++) {
		counts->broken[i] = tdx_machine.broken[i];
		counts->provoked[i] = tdx_machine.provoked[i];
	}
	counts->given = tdx_machine.given;
}

static long ioctl_get_counts(struct tdx_model_counts __user *argument)
{
	struct tdx_model_counts *counts __free(kfree) = kzalloc(sizeof(*counts), GFP_KERNEL);

	static_assert(ARRAY_SIZE(counts->calls) >= TDXM_NR_COMMANDS);
	static_assert(ARRAY_SIZE(counts->broken) >= TDXM_NR_RULES);
	if (!counts)
		return -ENOMEM;
	read_counts(counts);
	return copy_to_user(argument, counts, sizeof(*counts)) ? -EFAULT : 0;
}

static int read_mrtd(struct tdx_model_mrtd *mrtd)
{
	struct tdxm_td *td;

	TDX_MACHINE;
	td = find_td(mrtd->td);
	if (!td || !td->finalized)
		return -ENOENT;
	memcpy(mrtd->digest, td->mrtd, sizeof(mrtd->digest));
	return 0;
}

static long ioctl_get_mrtd(struct tdx_model_mrtd __user *argument)
{
	struct tdx_model_mrtd mrtd;
	int ret;

	if (copy_from_user(&mrtd, argument, sizeof(mrtd)))
		return -EFAULT;
	ret = read_mrtd(&mrtd);
	if (ret)
		return ret;
	return copy_to_user(argument, &mrtd, sizeof(mrtd)) ? -EFAULT : 0;
}

static int find_entry(struct tdx_model_entry *found)
{
	struct tdxm_sept_entry *entry;
	struct tdxm_td *td;
	int level;

	TDX_MACHINE;
	td = find_td(found->td);
	if (!td)
		return -ENOENT;
	entry = tdxm_sept_walk(td, found->gpa, &level);
	found->level = level;
	found->state = entry->state;
	return 0;
}

static long ioctl_get_entry(struct tdx_model_entry __user *argument)
{
	struct tdx_model_entry entry;
	int ret;

	if (copy_from_user(&entry, argument, sizeof(entry)))
		return -EFAULT;
	ret = find_entry(&entry);
	if (ret)
		return ret;
	return copy_to_user(argument, &entry, sizeof(entry)) ? -EFAULT : 0;
}

/* Writes as a stray pointer of the kernel might. */
static int write_as_host(const struct tdx_model_entry *at)
{
	struct tdxm_sept_entry *entry;
	struct tdxm_td *td;
	int level;
	u8 *page;

	TDX_MACHINE;
	td = find_td(at->td);
	if (!td)
		return -ENOENT;
	entry = tdxm_sept_walk(td, at->gpa, &level);
	if (!tdxm_sept_is_leaf(entry))
		return -ENOENT;
	page = tdxm_address(&tdx_machine, tdxm_sept_frame(entry, at->gpa, level));
	page[at->gpa % PAGE_SIZE] ^= 1;
	return 0;
}

static long ioctl_host_write(struct tdx_model_entry __user *argument)
{
	struct tdx_model_entry at;

	if (copy_from_user(&at, argument, sizeof(at)))
		return -EFAULT;
	return write_as_host(&at);
}

/* The old tables go when no command can be using them. */
static void forget(struct tdxm *fresh)
{
	TDX_MACHINE;
	swap(tdx_machine, *fresh);
}

static long ioctl_forget(void)
{
	struct tdxm *fresh __free(kfree) = kmalloc_obj(*fresh);

	if (!fresh || tdxm_init(fresh, tdx_machine.nr_frames))
		return -ENOMEM;
	forget(fresh);
	tdxm_exit(fresh);
	return 0;
}

static long ioctl_arm(u64 __user *argument)
{
	u64 rules;

	if (get_user(rules, argument))
		return -EFAULT;
	TDX_MACHINE;
	tdx_machine.armed = rules;
	return 0;
}

static long model_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	void __user *user = (void __user *)argument;

	switch (command) {
	case TDX_MODEL_ADD_STEP:
	case TDX_MODEL_GET_RESULT:
		return ioctl_step(command, user);
	case TDX_MODEL_REFUSE:
		return ioctl_refuse(user);
	case TDX_MODEL_GET_COUNTS:
		return ioctl_get_counts(user);
	case TDX_MODEL_GET_MRTD:
		return ioctl_get_mrtd(user);
	case TDX_MODEL_GET_ENTRY:
		return ioctl_get_entry(user);
	case TDX_MODEL_HOST_WRITE:
		return ioctl_host_write(user);
	case TDX_MODEL_FORGET:
		return ioctl_forget();
	case TDX_MODEL_ARM:
		return ioctl_arm(user);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = model_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kvm_tdx_model",
	.fops = &operations,
	.mode = 0600,
};

int tdx_model_device_init(void)
{
	return misc_register(&device);
}

void tdx_model_device_exit(void)
{
	misc_deregister(&device);
}
