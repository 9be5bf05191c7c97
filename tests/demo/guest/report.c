// SPDX-License-Identifier: GPL-2.0-only
/*
 * report NONCE: asks the firmware of an SEV-SNP guest's platform for an attestation report,
 * and writes it as hexadecimal digits. The driver is Linux's own.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/sev-guest.h>

#include "../witness.h"

#define MESSAGE_VERSION	1

/* SEV-SNP Firmware ABI, MSG_REPORT_RSP */
struct answer {
	__u32 status;
	__u32 size;
	__u8 reserved[24];
	__u8 report[0x4a0];
};

static void ask(const char *nonce, struct snp_report_resp *response)
{
	struct snp_report_req request = { 0 };
	struct snp_guest_request_ioctl call = {
		.msg_version = MESSAGE_VERSION,
		.req_data = (uintptr_t)&request,
		.resp_data = (uintptr_t)response,
	};
	int device = open("/dev/sev-guest", O_RDWR);

	if (device < 0)
		err(1, "can't open /dev/sev-guest");
	if (strlen(nonce) > sizeof(request.user_data))
		errx(1, "the nonce is too long");
	memcpy(request.user_data, nonce, strlen(nonce));
	if (ioctl(device, SNP_GET_REPORT, &call))
		err(1, "SNP_GET_REPORT");
}

int main(int argc, char **argv)
{
	static struct snp_report_resp response;
	struct answer answer;

	if (argc != 2)
		errx(2, "usage: report NONCE");
	ask(argv[1], &response);
	memcpy(&answer, response.data, sizeof(answer));
	if (answer.status || answer.size != sizeof(answer.report))
		errx(1, "the firmware's status is %#x, the size %u", answer.status, answer.size);
	fputs(REPORT_START, stdout);
	for (size_t i = 0; i < sizeof(answer.report); i++)
		printf("%02x", answer.report[i]);
	puts(REPORT_END);
	return 0;
}
