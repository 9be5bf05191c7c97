/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TDX_MODEL_DEVICE_H
#define TDX_MODEL_DEVICE_H

int tdx_model_device_init(void);
void tdx_model_device_exit(void);

#endif
