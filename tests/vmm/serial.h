/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_SERIAL_H
#define TESTS_VMM_SERIAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define SERIAL_PORT	0x3f8
#define SERIAL_PORTS	8

/**
 * struct serial_host - what the UART is connected to
 * @output: the guest has sent a byte
 * @interrupt: the level of the UART's interrupt line has changed
 * @context: handed to both
 */
struct serial_host {
	void (*output)(void *context, __u8 byte);
	void (*interrupt)(void *context, bool level);
	void *context;
};

/**
 * struct serial - an 8250 family UART (16550A), as far as Linux uses one
 * @host: its other end
 * @lock: guards all below; guest CPUs and the input's thread meet here
 * @drained: signalled when there is room for input again
 * @transmit_empty: the "transmitter empty" interrupt waits to be noticed
 */
struct serial {
	struct serial_host host;
	pthread_mutex_t lock;
	pthread_cond_t drained;
	__u8 interrupts;
	__u8 fifo;
	__u8 line;
	__u8 modem;
	__u8 scratch;
	__u8 divisor[2];
	bool transmit_empty;
	bool level;
	__u8 input[256];
	size_t input_start;
	size_t input_used;
};

void serial_init(struct serial *serial, const struct serial_host *host);
__u8 serial_read(struct serial *serial, unsigned int reg);
void serial_write(struct serial *serial, unsigned int reg, __u8 value);

/* Hands bytes to the guest, waiting until it has taken enough of them. */
void serial_input(struct serial *serial, const void *bytes, size_t size);

#endif /* TESTS_VMM_SERIAL_H */
