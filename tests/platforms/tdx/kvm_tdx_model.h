/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/kvm_tdx_model, by which a test drives the model beneath KVM. A TD is named by its number
 * in the order of creation, from 1 on; 0 is the last one. It has to have its key. A vCPU is named
 * by the order of the TD's, from 0 on.
 */
#ifndef KVM_TDX_MODEL_H
#define KVM_TDX_MODEL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* @type and @result: enum tdxm_step_type and enum tdxm_step_result of guest.h */
struct tdx_model_step {
	__u32 td;
	__u32 vcpu;
	__u32 type;
	__u32 level;
	__u64 gpa;
	__u64 value;
	/* Out, of TDX_MODEL_ADD_STEP; in, of TDX_MODEL_GET_RESULT */
	__u32 number;
	__u32 result;
};

/* @command: enum tdxm_command of commands.h */
struct tdx_model_refusal {
	__u32 command;
	__u32 reserved;
	__u64 status;
	__u64 after;
	__u64 times;
};

/* Of commands.h and rules.h */
struct tdx_model_counts {
	__u64 calls[32];
	__u64 broken[64];
	__u64 provoked[64];
	/* Frames that the module has */
	__u64 given;
};

struct tdx_model_mrtd {
	__u32 td;
	__u32 reserved;
	__u8 digest[48];
};

/* Where the walk of the secure EPT ends. @state: enum tdxm_sept_state of sept.h */
struct tdx_model_entry {
	__u32 td;
	__u32 reserved;
	__u64 gpa;
	/* Out, of TDX_MODEL_GET_ENTRY */
	__u32 level;
	__u32 state;
};

#define TDX_MODEL_ADD_STEP	_IOWR('T', 0xe0, struct tdx_model_step)
#define TDX_MODEL_GET_RESULT	_IOWR('T', 0xe1, struct tdx_model_step)
#define TDX_MODEL_REFUSE	_IOW('T', 0xe2, struct tdx_model_refusal)
#define TDX_MODEL_GET_COUNTS	_IOR('T', 0xe3, struct tdx_model_counts)
#define TDX_MODEL_GET_MRTD	_IOWR('T', 0xe4, struct tdx_model_mrtd)
/* One bit for each rule that is broken on purpose from now on */
#define TDX_MODEL_ARM		_IOW('T', 0xe5, __u64)
#define TDX_MODEL_GET_ENTRY	_IOWR('T', 0xe6, struct tdx_model_entry)
/* The host changes the byte at @gpa of a page that the module has. */
#define TDX_MODEL_HOST_WRITE	_IOW('T', 0xe7, struct tdx_model_entry)
/*
 * The module forgets all TDs and all counts, and has no frame any more. For the time after a test
 * that made KVM lose some; no TD may exist.
 */
#define TDX_MODEL_FORGET	_IO('T', 0xe8)

#endif
