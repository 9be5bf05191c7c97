// SPDX-License-Identifier: GPL-2.0-only
/* The model's beginning and end, which are kvm-intel's */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>

#include "device.h"
#include "in_kvm.h"
#include "machine.h"

struct tdxm tdx_machine;
DEFINE_RAW_SPINLOCK(tdx_machine_lock);

static unsigned long last_frame(void)
{
	unsigned long last = 0;
	int node;

	for_each_online_node(node)
		last = max(last, node_end_pfn(node));
	return last;
}

int tdx_model_init(void)
{
	int ret;

	if (tdxm_init(&tdx_machine, last_frame()))
		return -ENOMEM;
	ret = tdx_model_device_init();
	if (ret)
		tdxm_exit(&tdx_machine);
	return ret;
}

void tdx_model_exit(void)
{
	tdx_model_device_exit();
	tdxm_exit(&tdx_machine);
}
