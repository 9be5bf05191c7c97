// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gives programs pages that they can share with the host. Only the kernel may
 * make the hypercall for that. Where the platform encrypts memory the kernel has a
 * call of its own, and mappings tell whether a page is shared.
 *
 * A page that the host may still have is never given back to the rest of the
 * kernel, which would take it for private.
 */

#include <linux/cc_platform.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kvm_para.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/set_memory.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "shared_page.h"

/**
 * struct shared_page - an open file
 * @lock: guards @shared
 * @page: the page
 * @shared: the host may have it
 */
struct shared_page {
	struct mutex lock;	/* guards shared */
	struct page *page;
	bool shared;
};

/* The results of hypercalls are errnos but for one. */
static int ask_host(struct page *page, bool shared)
{
	unsigned long address = (unsigned long)page_address(page);
	long ret;

	if (cc_platform_has(CC_ATTR_MEM_ENCRYPT))
		return shared ? set_memory_decrypted(address, 1) :
				set_memory_encrypted(address, 1);
	ret = kvm_hypercall3(KVM_HC_MAP_GPA_RANGE, page_to_phys(page), 1,
			     KVM_MAP_GPA_RANGE_PAGE_SZ_4K |
			     KVM_MAP_GPA_RANGE_ENC_STAT(!shared));
	return ret == -KVM_ENOSYS ? -EOPNOTSUPP : ret;
}

static int make_shared(struct shared_page *p)
{
	int ret = ask_host(p->page, true);

	/* Other errors don't tell how far the host has got. */
	p->shared = ret != -EOPNOTSUPP;
	return ret;
}

static int take_back(struct shared_page *p)
{
	int ret = ask_host(p->page, false);

	if (!ret)
		p->shared = false;
	return ret;
}

static int shared_page_open(struct inode *inode, struct file *file)
{
	struct shared_page *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	p->page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!p->page) {
		kfree(p);
		return -ENOMEM;
	}

	mutex_init(&p->lock);
	file->private_data = p;
	return 0;
}

static int shared_page_release(struct inode *inode, struct file *file)
{
	struct shared_page *p = file->private_data;

	if (p->shared && take_back(p))
		pr_warn("the host keeps the page at %#llx\n",
			(u64)page_to_phys(p->page));
	else
		__free_page(p->page);

	mutex_destroy(&p->lock);
	kfree(p);
	return 0;
}

/* A conversion unmaps the page under the same lock. */
static vm_fault_t shared_page_fault(struct vm_fault *vmf)
{
	struct shared_page *p = vmf->vma->vm_file->private_data;
	pgprot_t prot = vmf->vma->vm_page_prot;
	vm_fault_t ret;

	mutex_lock(&p->lock);
	if (p->shared)
		prot = pgprot_decrypted(prot);
	ret = vmf_insert_pfn_prot(vmf->vma, vmf->address, page_to_pfn(p->page),
				  prot);
	mutex_unlock(&p->lock);
	return ret;
}

static const struct vm_operations_struct shared_page_vm_ops = {
	.fault	= shared_page_fault,
};

static int shared_page_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED) || vma->vm_pgoff ||
	    vma_pages(vma) != 1)
		return -EINVAL;

	vm_flags_set(vma, VM_DONTEXPAND | VM_PFNMAP);
	vma->vm_ops = &shared_page_vm_ops;
	return 0;
}

static long shared_page_ioctl(struct file *file, unsigned int command,
			      unsigned long argument)
{
	struct shared_page *p = file->private_data;
	long ret;

	if (command == SHARED_PAGE_ADDRESS)
		return put_user((u64)page_to_phys(p->page),
				(u64 __user *)argument);

	mutex_lock(&p->lock);
	unmap_mapping_range(file->f_mapping, 0, PAGE_SIZE, 1);
	switch (command) {
	case SHARED_PAGE_SHARE:
		ret = make_shared(p);
		break;
	case SHARED_PAGE_TAKE_BACK:
		ret = take_back(p);
		break;
	default:
		ret = -ENOTTY;
	}
	mutex_unlock(&p->lock);
	return ret;
}

static const struct file_operations shared_page_fops = {
	.owner		= THIS_MODULE,
	.open		= shared_page_open,
	.release	= shared_page_release,
	.mmap		= shared_page_mmap,
	.unlocked_ioctl	= shared_page_ioctl,
};

static struct miscdevice shared_page_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "shared_page",
	.fops	= &shared_page_fops,
	.mode	= 0600,
};

module_misc_device(shared_page_device);
MODULE_DESCRIPTION("Pages that a guest shares with its host");
MODULE_LICENSE("GPL");
