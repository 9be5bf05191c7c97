// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest_memfd provided by kvm_private: KVM_CREATE_GUEST_MEMFD makes its files, and KVM
 * answers, for every VM type, as Linux 7.3 does.
 *
 * With gmem_in_place_conversion it answers as Linux 7.4 does with its parameter of that
 * name: the files alone say what is private, and all the memory of their slots is in them.
 * The numbers of both kernels are in <linux/kvm_private.h>, but for a capability whose
 * number the administrator has to give.
 */

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/kvm_host.h>
#include <linux/kvm_private.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "gmem_priv_compat.h"
#include "gmem_priv_provider.h"
#include "gmem_priv_internal.h"

static bool provided __ro_after_init;

static int provider_set(const char *name, const struct kernel_param *kp)
{
	provided = sysfs_streq(name, "kvm_private");
	return provided || sysfs_streq(name, "native") ? 0 : -EINVAL;
}

static int provider_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", provided ? "kvm_private" : "native");
}

static const struct kernel_param_ops provider_ops = {
	.set	= provider_set,
	.get	= provider_get,
};

module_param_cb(guest_memfd_provider, &provider_ops, NULL, 0444);
MODULE_PARM_DESC(guest_memfd_provider,
		 "what KVM_CREATE_GUEST_MEMFD makes: files of kvm_private, or native ones");

/* The parameter as it was given; kvm_gmem_priv_in_place() tells whether it counts. */
static bool in_place __ro_after_init;

static int provider_in_place_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%c\n", kvm_gmem_priv_in_place() ? 'Y' : 'N');
}

static const struct kernel_param_ops in_place_ops = {
	.flags	= KERNEL_PARAM_OPS_FL_NOARG,
	.set	= param_set_bool,
	.get	= provider_in_place_get,
};

module_param_cb(gmem_in_place_conversion, &in_place_ops, &in_place, 0444);
MODULE_PARM_DESC(gmem_in_place_conversion,
		 "guest_memfd files, not VMs, say what is private (with guest_memfd_provider=kvm_private only)");

static unsigned int attributes_cap __ro_after_init =
	KVM_GMEM_PRIV_CAP_ATTRIBUTES;

static int provider_cap_set(const char *value, const struct kernel_param *kp)
{
	unsigned int cap;
	int ret = kstrtouint(value, 0, &cap);

	if (ret)
		return ret;
	if (cap && cap <= KVM_GMEM_PRIV_CAP_LAST_TAKEN)
		return -EINVAL;
	attributes_cap = cap;
	return 0;
}

static int provider_cap_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%u\n", attributes_cap);
}

static const struct kernel_param_ops attributes_cap_ops = {
	.set	= provider_cap_set,
	.get	= provider_cap_get,
};

module_param_cb(gmem_attributes_cap, &attributes_cap_ops, NULL, 0444);
MODULE_PARM_DESC(gmem_attributes_cap,
		 "number of KVM_CAP_GUEST_MEMFD_MEMORY_ATTRIBUTES, 0 not to answer it");

/**
 * kvm_gmem_priv_provides() - see whether KVM_CREATE_GUEST_MEMFD makes kvm_private files
 *
 * Every VM has guest_memfd then; else only those with private memory do.
 */
bool kvm_gmem_priv_provides(void)
{
	return provided;
}

/**
 * kvm_gmem_priv_in_place() - see whether files alone say what is private
 *
 * Then all memory of a slot with a kvm_private file is in the file, whether that
 * can be mapped or not, and VMs hold no attributes. KVM's own guest_memfd can't
 * convert, so the parameter counts with the provider only.
 */
bool kvm_gmem_priv_in_place(void)
{
	return provided && in_place;
}

/**
 * kvm_gmem_priv_attributes() - answer KVM_CAP_GUEST_MEMFD_MEMORY_ATTRIBUTES
 * @kvm: the VM; NULL: answer for all VM types together
 * @cap: any capability that is asked about
 *
 * Return: attributes that KVM_SET_MEMORY_ATTRIBUTES2 takes; 0 for any other
 * capability.
 */
int kvm_gmem_priv_attributes(struct kvm *kvm, long cap)
{
	if (!attributes_cap || cap != attributes_cap ||
	    !kvm_gmem_priv_in_place())
		return 0;
	return !kvm || kvm_arch_has_private_mem(kvm) ?
	       KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;
}

/**
 * kvm_gmem_priv_flags() - answer KVM_CAP_GUEST_MEMFD_FLAGS
 * @kvm: the VM; NULL: answer for all VM types together
 *
 * Where VMs say which pages are private, only those that know no private memory have files
 * that start shared, as in Linux 7.3. For the others a page is shared when it is converted,
 * or in the memory at the slot's host address.
 *
 * Return: GUEST_MEMFD_FLAG_* of KVM_CREATE_GUEST_MEMFD.
 */
u64 kvm_gmem_priv_flags(struct kvm *kvm)
{
	if (!provided)
		return 0;
	if (kvm && kvm_arch_has_private_mem(kvm) && !kvm_gmem_priv_in_place())
		return GUEST_MEMFD_FLAG_MMAP;
	return GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED;
}

#ifdef KVM_GMEM_PRIV_HAVE_SECURE_INODE
GMEM_PRIV_IMPORT_FOR_KVM;

/* Under the name that policies know, which is not the one in /proc/PID/fd. */
static struct inode *provider_make_inode(struct super_block *sb)
{
	return anon_inode_make_secure_inode(sb, "[kvm-gmem]", NULL);
}
#else
#define provider_make_inode NULL
#endif

/**
 * kvm_gmem_priv_create() - kvm_gmem_create() with files of kvm_private
 * @kvm: the one VM whose slots the file will back
 * @args: as the user gave them
 *
 * Unlike other files of kvm_private they stay open across execve(), as those of
 * guest_memfd do.
 *
 * Context: may sleep.
 * Return: a new descriptor; -EINVAL; -EMFILE; -ENFILE; -ENOMEM; -ENXIO without a
 * module that fits this KVM; -EACCES or another error of a security module.
 */
int kvm_gmem_priv_create(struct kvm *kvm, struct kvm_create_guest_memfd *args)
{
	const struct kvm_private_interface *module;
	struct file *file;
	int fd;

	if (args->flags & ~kvm_gmem_priv_flags(kvm))
		return -EINVAL;

	module = kvm_gmem_priv_module_get();
	if (IS_ERR(module))
		return PTR_ERR(module);
	/* A file keeps the module loaded itself. */
	file = module->create_guest_memfd(args->size, args->flags,
					  kvm_gmem_priv_guest_id(kvm),
					  provider_make_inode);
	kvm_gmem_priv_module_put();
	if (IS_ERR(file))
		return PTR_ERR(file);

	fd = get_unused_fd_flags(0);
	if (fd < 0)
		fput(file);
	else
		fd_install(fd, file);
	return fd;
}
