// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the module kvm_private.
 *
 * KVM loads and runs ordinary guests without it. The module is looked up when a slot with one
 * of its files is made, or when KVM_CREATE_GUEST_MEMFD is to make such a file. Each slot then
 * keeps it loaded until the slot has gone. While there is neither a file nor a slot the
 * module may go, and another one come.
 *
 * The calls go through the pointers of struct kvm_private_interface. static_call_update()
 * would take cpus_read_lock() here, under slots_lock: KVM takes kvm_lock inside
 * cpus_read_lock(), and slots_lock inside kvm_lock.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/kvm_host.h>
#include <linux/kvm_private.h>
#include <linux/module.h>
#include <linux/string.h>

#include "gmem_priv_internal.h"

/**
 * kvm_gmem_priv_module_get() - find the module and keep it loaded
 *
 * Context: any but interrupts.
 * Return: its functions, until kvm_gmem_priv_module_put(); ERR_PTR(-ENXIO) if the module
 * isn't loaded, is being loaded or unloaded, or has another interface than this KVM.
 */
const struct kvm_private_interface *kvm_gmem_priv_module_get(void)
{
	const struct kvm_private_interface *module =
		symbol_get(kvm_private_interface);

	if (!module) {
		pr_err_once("kvm_private isn't loaded, or is older than interface %u\n",
			    KVM_PRIVATE_INTERFACE_VERSION);
		return ERR_PTR(-ENXIO);
	}
	if (module->version != KVM_PRIVATE_INTERFACE_VERSION) {
		pr_err_once("kvm_private has interface %u, this KVM wants %u\n",
			    module->version, KVM_PRIVATE_INTERFACE_VERSION);
		kvm_gmem_priv_module_put();
		return ERR_PTR(-ENXIO);
	}
	return module;
}

/**
 * kvm_gmem_priv_module_put() - end one kvm_gmem_priv_module_get()
 *
 * Context: any but interrupts.
 */
void kvm_gmem_priv_module_put(void)
{
	symbol_put(kvm_private_interface);
}

/**
 * kvm_gmem_priv_module_made() - see whether a file was made by kvm_private
 * @file: any file
 *
 * The filesystem tells, whatever the module's version: one that doesn't fit can't be asked.
 */
bool kvm_gmem_priv_module_made(const struct file *file)
{
	return !strcmp(file_inode(file)->i_sb->s_type->name, "kvm_private");
}
