// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "model_device.h"
#include "unit.h"

static int device(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = expect_ok(open("/dev/kvm_tdx_model", O_RDWR | O_CLOEXEC),
			       "opening /dev/kvm_tdx_model; is this a machine of scripts/vm --tdx?");
	return fd;
}

#define device_do(request, argument) expect_ok(ioctl(device(), request, argument), #request)

unsigned int model_step(enum tdxm_step_type type, __u64 gpa, int level, __u64 value)
{
	struct tdx_model_step step = { .type = type, .gpa = gpa, .level = level, .value = value };

	device_do(TDX_MODEL_ADD_STEP, &step);
	return step.number;
}

enum tdxm_step_result model_result(unsigned int number)
{
	struct tdx_model_step step = { .number = number };

	device_do(TDX_MODEL_GET_RESULT, &step);
	return step.result;
}

void model_refuse(enum tdxm_command command, __u64 status, __u64 after, __u64 times)
{
	device_do(TDX_MODEL_REFUSE, (&(struct tdx_model_refusal){
		.command = command, .status = status, .after = after, .times = times,
	}));
}

void model_arm(__u64 rules)
{
	device_do(TDX_MODEL_ARM, &rules);
}

struct tdx_model_counts model_counts(void)
{
	struct tdx_model_counts counts;

	device_do(TDX_MODEL_GET_COUNTS, &counts);
	return counts;
}

void model_mrtd(unsigned char *digest)
{
	struct tdx_model_mrtd mrtd = { .td = 0 };

	device_do(TDX_MODEL_GET_MRTD, &mrtd);
	memcpy(digest, mrtd.digest, sizeof(mrtd.digest));
}

struct tdx_model_entry model_entry(__u64 gpa)
{
	struct tdx_model_entry entry = { .gpa = gpa };

	device_do(TDX_MODEL_GET_ENTRY, &entry);
	return entry;
}

void model_forget(void)
{
	device_do(TDX_MODEL_FORGET, 0);
}

void model_host_write(__u64 gpa)
{
	struct tdx_model_entry entry = { .gpa = gpa };

	device_do(TDX_MODEL_HOST_WRITE, &entry);
}
