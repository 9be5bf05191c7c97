/* SPDX-License-Identifier: GPL-2.0-only */
/* All that differs between the kernels that the module builds for. */
#ifndef KVM_PRIVATE_COMPAT_H
#define KVM_PRIVATE_COMPAT_H

#include <linux/fs.h>

/* Before idmapped mounts got a type, inode operations took the namespace. */
#ifndef KVM_PRIVATE_HAVE_MNT_IDMAP
#define mnt_idmap user_namespace
#endif

static inline void kvm_private_fillattr(struct mnt_idmap *idmap, u32 mask,
					struct inode *inode,
					struct kstat *stat)
{
#ifdef KVM_PRIVATE_HAVE_FILLATTR_MASK
	generic_fillattr(idmap, mask, inode, stat);
#else
	generic_fillattr(idmap, inode, stat);
#endif
}

#endif /* KVM_PRIVATE_COMPAT_H */
