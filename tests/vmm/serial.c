// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's console: an 8250 UART with the FIFO flags of a 16550A. It sends
 * without delay, so the transmitter is always empty.
 */
#include "serial.h"

#include <string.h>

enum reg {
	REG_DATA = 0,			/* DLAB: divisor, low */
	REG_INTERRUPTS = 1,		/* DLAB: divisor, high */
	REG_IDENTITY = 2,		/* write: FIFO control */
	REG_LINE_CONTROL = 3,
	REG_MODEM_CONTROL = 4,
	REG_LINE_STATUS = 5,
	REG_MODEM_STATUS = 6,
	REG_SCRATCH = 7,
};

#define INTERRUPT_RECEIVE	0x01
#define INTERRUPT_TRANSMIT	0x02
#define INTERRUPTS_ALL		0x0f

#define IDENTITY_NONE		0x01
#define IDENTITY_TRANSMIT	0x02
#define IDENTITY_RECEIVE	0x04
#define IDENTITY_FIFO		0xc0

#define FIFO_ENABLE		0x01

#define LINE_DLAB		0x80

#define MODEM_DTR		0x01
#define MODEM_RTS		0x02
#define MODEM_OUT1		0x04
#define MODEM_OUT2		0x08	/* on a PC: lets interrupts through */
#define MODEM_LOOP		0x10

#define LINE_DATA_READY		0x01
#define LINE_TRANSMIT_EMPTY	0x60

#define MODEM_CTS		0x10
#define MODEM_DSR		0x20
#define MODEM_RING		0x40
#define MODEM_CARRIER		0x80

void serial_init(struct serial *serial, const struct serial_host *host)
{
	memset(serial, 0, sizeof(*serial));
	serial->host = *host;
	pthread_mutex_init(&serial->lock, NULL);
	pthread_cond_init(&serial->drained, NULL);
}

/*
 * Input waits until the guest has asked for receive interrupts: a starting
 * driver throws away all that is in the UART, and with it early input.
 */
static bool data_ready(const struct serial *serial)
{
	return serial->input_used && (serial->interrupts & INTERRUPT_RECEIVE);
}

static __u8 pending(const struct serial *serial)
{
	if (data_ready(serial))
		return IDENTITY_RECEIVE;
	if (serial->transmit_empty && (serial->interrupts & INTERRUPT_TRANSMIT))
		return IDENTITY_TRANSMIT;
	return IDENTITY_NONE;
}

static void update_interrupt(struct serial *serial)
{
	bool level = pending(serial) != IDENTITY_NONE &&
		     (serial->modem & MODEM_OUT2);

	if (level == serial->level)
		return;
	serial->level = level;
	serial->host.interrupt(serial->host.context, level);
}

static __u8 take_input(struct serial *serial)
{
	__u8 byte;

	if (!data_ready(serial))
		return 0;

	byte = serial->input[serial->input_start];
	serial->input_start = (serial->input_start + 1) %
			      sizeof(serial->input);
	serial->input_used--;
	pthread_cond_signal(&serial->drained);
	return byte;
}

static __u8 identity(struct serial *serial)
{
	__u8 id = pending(serial);

	if (id == IDENTITY_TRANSMIT)
		serial->transmit_empty = false;
	if (serial->fifo & FIFO_ENABLE)
		id |= IDENTITY_FIFO;
	return id;
}

static __u8 modem_status(const struct serial *serial)
{
	__u8 status = 0;

	if (!(serial->modem & MODEM_LOOP))
		return MODEM_CARRIER | MODEM_DSR | MODEM_CTS;

	if (serial->modem & MODEM_DTR)
		status |= MODEM_DSR;
	if (serial->modem & MODEM_RTS)
		status |= MODEM_CTS;
	if (serial->modem & MODEM_OUT1)
		status |= MODEM_RING;
	if (serial->modem & MODEM_OUT2)
		status |= MODEM_CARRIER;
	return status;
}

static __u8 read_locked(struct serial *serial, enum reg reg)
{
	bool divisor = serial->line & LINE_DLAB;

	switch (reg) {
	case REG_DATA:
		return divisor ? serial->divisor[0] : take_input(serial);
	case REG_INTERRUPTS:
		return divisor ? serial->divisor[1] : serial->interrupts;
	case REG_IDENTITY:
		return identity(serial);
	case REG_LINE_CONTROL:
		return serial->line;
	case REG_MODEM_CONTROL:
		return serial->modem;
	case REG_LINE_STATUS:
		return LINE_TRANSMIT_EMPTY |
		       (data_ready(serial) ? LINE_DATA_READY : 0);
	case REG_MODEM_STATUS:
		return modem_status(serial);
	case REG_SCRATCH:
		return serial->scratch;
	}
	return 0xff;
}

static void write_locked(struct serial *serial, enum reg reg, __u8 value)
{
	bool divisor = serial->line & LINE_DLAB;

	switch (reg) {
	case REG_DATA:
		if (divisor) {
			serial->divisor[0] = value;
			break;
		}
		if (!(serial->modem & MODEM_LOOP))
			serial->host.output(serial->host.context, value);
		serial->transmit_empty = true;
		break;
	case REG_INTERRUPTS:
		if (divisor) {
			serial->divisor[1] = value;
			break;
		}
		if (value & ~serial->interrupts & INTERRUPT_TRANSMIT)
			serial->transmit_empty = true;
		serial->interrupts = value & INTERRUPTS_ALL;
		break;
	case REG_IDENTITY:
		serial->fifo = value;
		break;
	case REG_LINE_CONTROL:
		serial->line = value;
		break;
	case REG_MODEM_CONTROL:
		serial->modem = value;
		break;
	case REG_SCRATCH:
		serial->scratch = value;
		break;
	case REG_LINE_STATUS:
	case REG_MODEM_STATUS:
		break;
	}
}

__u8 serial_read(struct serial *serial, unsigned int reg)
{
	__u8 value;

	pthread_mutex_lock(&serial->lock);
	value = read_locked(serial, reg);
	update_interrupt(serial);
	pthread_mutex_unlock(&serial->lock);
	return value;
}

void serial_write(struct serial *serial, unsigned int reg, __u8 value)
{
	pthread_mutex_lock(&serial->lock);
	write_locked(serial, reg, value);
	update_interrupt(serial);
	pthread_mutex_unlock(&serial->lock);
}

void serial_input(struct serial *serial, const void *bytes, size_t size)
{
	const __u8 *next = bytes;

	pthread_mutex_lock(&serial->lock);
	while (size) {
		size_t end;

		if (serial->input_used == sizeof(serial->input)) {
			pthread_cond_wait(&serial->drained, &serial->lock);
			continue;
		}
		end = (serial->input_start + serial->input_used) %
		      sizeof(serial->input);
		serial->input[end] = *next++;
		serial->input_used++;
		size--;
		update_interrupt(serial);
	}
	pthread_mutex_unlock(&serial->lock);
}
