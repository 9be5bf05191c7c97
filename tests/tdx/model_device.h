/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of the TDX module beneath this machine's KVM, by its device. A program has one TD at
 * a time, which is number 0, and that has one vCPU. Functions that return nothing fail the test on
 * an error.
 */
#ifndef TESTS_TDX_MODEL_DEVICE_H
#define TESTS_TDX_MODEL_DEVICE_H

#include "commands.h"
#include "guest.h"
#include "kvm_tdx_model.h"
#include "model.h"
#include "rules.h"
#include "sept.h"
#include "status.h"

/* Appends to the vCPU's script. Returns the step's number. */
unsigned int model_step(enum tdxm_step_type type, __u64 gpa, int level, __u64 value);
enum tdxm_step_result model_result(unsigned int step);

/* Calls from @after on end with @status, @times of them. */
void model_refuse(enum tdxm_command command, __u64 status, __u64 after, __u64 times);
/* Breaking these rules is no failure from now on. */
void model_arm(__u64 rules);

struct tdx_model_counts model_counts(void);
void model_mrtd(unsigned char *digest);
/* Where the walk of the secure EPT ends */
struct tdx_model_entry model_entry(__u64 gpa);
/* The module has lost nothing and knows of no TD. */
void model_forget(void);
/* The host changes a byte of a page that the module has. */
void model_host_write(__u64 gpa);

#endif
