// SPDX-License-Identifier: GPL-2.0-only
/* The device through which a program controls the module */

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "snp_test.h"

static atomic_t is_open = ATOMIC_INIT(0);

union argument {
	u64 address;
	struct snpt_update update;
	struct snpt_entry entry;
	struct snpt_command command;
	struct snpt_copy copy;
	struct snpt_dma dma;
	struct snpt_table table;
};

static long run(unsigned int cmd, union argument *arg)
{
	switch (cmd) {
	case SNPT_ADDRESS:
		arg->address = snpt_address();
		return 0;
	case SNPT_UPDATE:
		return snpt_update(&arg->update);
	case SNPT_ENTRY:
		return snpt_entry(&arg->entry);
	case SNPT_COMMAND:
		return snpt_command(&arg->command);
	case SNPT_READ:
		return snpt_copy(&arg->copy, false);
	case SNPT_WRITE:
		return snpt_copy(&arg->copy, true);
	case SNPT_DMA:
		return snpt_dma(&arg->dma);
	case SNPT_TABLE:
		return snpt_table(&arg->table);
	}
	return -ENOTTY;
}

static long control(struct file *file, unsigned int cmd, unsigned long user)
{
	union argument arg = { };
	long ret;

	if (_IOC_SIZE(cmd) > sizeof(arg))
		return -ENOTTY;
	if (_IOC_DIR(cmd) & _IOC_WRITE &&
	    copy_from_user(&arg, (void __user *)user, _IOC_SIZE(cmd)))
		return -EFAULT;
	ret = run(cmd, &arg);
	if (!ret && _IOC_DIR(cmd) & _IOC_READ &&
	    copy_to_user((void __user *)user, &arg, _IOC_SIZE(cmd)))
		return -EFAULT;
	return ret;
}

static int open(struct inode *inode, struct file *file)
{
	return atomic_cmpxchg(&is_open, 0, 1) ? -EBUSY : 0;
}

static int release(struct inode *inode, struct file *file)
{
	snpt_give_back();
	atomic_set(&is_open, 0);
	return 0;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = open,
	.release = release,
	.unlocked_ioctl = control,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kvm_snp_test",
	.fops = &operations,
};

static int __init snpt_init(void)
{
	int ret = snpt_pages_init();

	if (ret)
		return ret;
	ret = snpt_edu_init();
	if (ret)
		goto free;
	ret = misc_register(&device);
	if (!ret)
		return 0;
	snpt_edu_exit();
free:
	snpt_pages_exit();
	return ret;
}

static void __exit snpt_exit(void)
{
	misc_deregister(&device);
	snpt_edu_exit();
	snpt_pages_exit();
}

module_init(snpt_init);
module_exit(snpt_exit);

MODULE_DESCRIPTION("Tests' access to a platform with SEV-SNP");
MODULE_LICENSE("GPL");
