// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages between a guest and the emulated platform's firmware: attestation reports and
 * derived keys. Status 3 elsewhere.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/psp-sev.h>

#include "emulated_only.h"
#include "requester.h"
#include "test_port.h"
#include "unit.h"

#define INVALID_PARAM		0x16
#define BAD_MEASUREMENT		0x0b
#define AEAD_OFLOW		0x1d
#define RESOURCE_LIMIT		0x17

/* Keys: those that are mixed with the measurement */
#define FIELD_MEASUREMENT	(1 << 3)

static int setup(void **state)
{
	struct requester *requester = calloc(1, sizeof(*requester));

	if (!requester)
		return -1;
	requester_start(requester);
	*state = requester;
	return 0;
}

static int teardown(void **state)
{
	requester_end(*state);
	free(*state);
	return 0;
}

static const struct fixture guest = { .setup = setup, .teardown = teardown };

static struct message request_of(__u8 type, __u64 sequence, unsigned int vmpl, size_t size)
{
	return (struct message) {
		.sequence = sequence, .algorithm = 1, .version = 1,
		.size = offsetof(struct message, text), .type = type, .type_version = 1,
		.text_size = size, .vmpl = vmpl,
	};
}

static struct report_request report_request(unsigned int vmpl)
{
	struct report_request request = { .vmpl = vmpl };

	for (size_t i = 0; i < sizeof(request.data); i++)
		request.data[i] = i * 3;
	return request;
}

static struct message sealed_request(const struct requester *requester, __u64 sequence,
				     unsigned int vmpl)
{
	const struct report_request text = report_request(vmpl);
	struct message request = request_of(MSG_REPORT_REQ, sequence, vmpl, sizeof(text));

	message_seal(&request, requester->keys[vmpl], &text);
	return request;
}

/* A message that the guest can read: the answer to the one before */
static void expect_answer(const struct requester *requester, const struct message *response,
			  const struct message *request, void *text)
{
	assert_int_equal(response->sequence, request->sequence + 1);
	assert_int_equal(response->type, request->type + 1);
	assert_int_equal(response->vmpl, request->vmpl);
	assert_true(message_unseal(response, requester->keys[request->vmpl], text));
}

static struct report_response ask_for_report(struct requester *requester,
					     const struct message *request)
{
	static __u8 text[MESSAGE_TEXT_SIZE];
	struct report_response answer;
	struct message response;

	assert_int_equal(requester_send(requester, request, &response), 0);
	expect_answer(requester, &response, request, text);
	assert_int_equal(response.text_size, sizeof(answer));
	memcpy(&answer, text, sizeof(answer));
	return answer;
}

TEST(report, &guest)
{
	struct requester *requester = *state;
	struct message request = sealed_request(requester, 1, 0);
	const struct report_request asked = report_request(0);
	struct report_response answer = ask_for_report(requester, &request);
	struct report *report = &answer.report;

	assert_int_equal(answer.status, 0);
	assert_int_equal(answer.size, sizeof(*report));
	assert_int_equal(report->version, 2);
	assert_int_equal(report->policy, SNP_POLICY);
	assert_int_equal(report->vmpl, 0);
	assert_memory_equal(report->data, asked.data, sizeof(asked.data));
	assert_memory_equal(report->measurement, requester->digest, SNP_DIGEST_SIZE);
	assert_true(report_is_signed(report));
	report->measurement[0] ^= 1;
	assert_false(report_is_signed(report));
}

/* Each VMPL has a key and a count of its own, and none reports for a better one. */
TEST(report_of_each_vmpl, &guest)
{
	struct requester *requester = *state;

	for (unsigned int vmpl = 0; vmpl < REQUESTER_KEYS; vmpl++) {
		struct message request = sealed_request(requester, 1, vmpl);
		struct report_response answer = ask_for_report(requester, &request);

		assert_int_equal(answer.status, 0);
		assert_int_equal(answer.report.vmpl, vmpl);
		assert_true(report_is_signed(&answer.report));
	}
}

TEST(report_for_better_vmpl, &guest)
{
	struct requester *requester = *state;
	const struct report_request text = report_request(0);
	struct message request = request_of(MSG_REPORT_REQ, 1, 1, sizeof(text));
	struct report_response answer;

	message_seal(&request, requester->keys[1], &text);
	answer = ask_for_report(requester, &request);
	assert_int_equal(answer.status, INVALID_PARAM);
	assert_false(report_is_signed(&answer.report));
}

static void expect_refused(struct requester *requester, const struct message *request,
			   __u64 status, const char *what)
{
	struct message response;
	__u64 was = requester_send(requester, request, &response);

	if (was != status)
		fail_msg("%s: the status is %#llx, not %#llx", what, was, status);
}

/* The next message is served, so the firmware has counted none of those before. */
static void expect_served(struct requester *requester, __u64 sequence)
{
	struct message request = sealed_request(requester, sequence, 0);
	struct report_response answer = ask_for_report(requester, &request);

	assert_int_equal(answer.status, 0);
}

TEST(tampered_request, &guest)
{
	struct requester *requester = *state;
	struct message request = sealed_request(requester, 1, 0);

	request.text[0] ^= 1;
	expect_refused(requester, &request, BAD_MEASUREMENT, "another text");
	request.text[0] ^= 1;
	request.tag[0] ^= 1;
	expect_refused(requester, &request, BAD_MEASUREMENT, "another tag");
	request.tag[0] ^= 1;
	request.reserved_2 ^= 1;
	expect_refused(requester, &request, BAD_MEASUREMENT, "another header");
	request.reserved_2 ^= 1;
	request.sequence = 3;
	expect_refused(requester, &request, BAD_MEASUREMENT, "another nonce");
	expect_served(requester, 1);
}

TEST(key_of_another_vmpl, &guest)
{
	struct requester *requester = *state;
	const struct report_request text = report_request(0);
	struct message request = request_of(MSG_REPORT_REQ, 1, 0, sizeof(text));

	message_seal(&request, requester->keys[1], &text);
	expect_refused(requester, &request, BAD_MEASUREMENT, "the key of VMPL 1");
	expect_served(requester, 1);
}

TEST(sequence, &guest)
{
	struct requester *requester = *state;
	struct message request = sealed_request(requester, 3, 0);

	expect_refused(requester, &request, AEAD_OFLOW, "a number too great");
	expect_served(requester, 1);
	request = sealed_request(requester, 1, 0);
	expect_refused(requester, &request, AEAD_OFLOW, "the same message again");
	expect_served(requester, 3);
}

/* The firmware has to look at these before it can unseal anything. */
TEST(bad_header, &guest)
{
	struct requester *requester = *state;
	const struct message good = sealed_request(requester, 1, 0);
	struct message bad[7];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		bad[i] = good;
	bad[0].algorithm = 2;
	bad[1].version = 2;
	bad[2].size = 0x50;
	bad[3].text_size = 0;
	bad[4].text_size = 0x58;
	bad[5].text_size = MESSAGE_TEXT_SIZE + 16;
	bad[6].vmpl = REQUESTER_KEYS;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_refused(requester, &bad[i], INVALID_PARAM, "a bad header");
	expect_served(requester, 1);
}

TEST(unknown_message, &guest)
{
	struct requester *requester = *state;
	const struct report_request text = report_request(0);
	struct message bad[] = {
		request_of(0x20, 1, 0, sizeof(text)),
		request_of(MSG_REPORT_RSP, 1, 0, sizeof(text)),
		request_of(MSG_REPORT_REQ, 1, 0, 0x40),
		request_of(MSG_REPORT_REQ, 1, 0, sizeof(text)),
	};

	bad[3].type_version = 2;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		message_seal(&bad[i], requester->keys[0], &text);
		expect_refused(requester, &bad[i], INVALID_PARAM, "a message of no known type");
	}
	expect_served(requester, 1);
}

TEST(refused_by_the_firmware, &guest)
{
	struct requester *requester = *state;
	struct message request = sealed_request(requester, 1, 0);

	fail_commands(SNP_GUEST_REQUEST, 0, RESOURCE_LIMIT);
	expect_refused(requester, &request, RESOURCE_LIMIT, "as the test told it");
	stop_failing();
	expect_served(requester, 1);
}

static struct key_response ask_for_key(struct requester *requester, __u64 sequence,
				       const struct key_request *text)
{
	struct message request = request_of(MSG_KEY_REQ, sequence, 0, sizeof(*text));
	static __u8 plain[MESSAGE_TEXT_SIZE];
	struct key_response answer;
	struct message response;

	message_seal(&request, requester->keys[0], text);
	assert_int_equal(requester_send(requester, &request, &response), 0);
	expect_answer(requester, &response, &request, plain);
	memcpy(&answer, plain, sizeof(answer));
	return answer;
}

TEST(derived_key, &guest)
{
	struct key_request ask = { .fields = FIELD_MEASUREMENT };
	struct key_response first = ask_for_key(*state, 1, &ask), other;

	assert_int_equal(first.status, 0);
	other = ask_for_key(*state, 3, &ask);
	assert_memory_equal(other.key, first.key, sizeof(first.key));
	ask.vmpl = 1;
	other = ask_for_key(*state, 5, &ask);
	assert_int_equal(other.status, 0);
	assert_memory_not_equal(other.key, first.key, sizeof(first.key));
	ask.fields = 1 << 6;
	other = ask_for_key(*state, 7, &ask);
	assert_int_equal(other.status, INVALID_PARAM);
}

/* Of /dev/sev; Debian 12's headers don't have it. */
#define SNP_SET_CONFIG		11
#define MASK_CHIP_ID		(1 << 0)
#define MASK_CHIP_KEY		(1 << 1)

struct snp_config {
	__u64 reported_tcb;
	__u32 flags;
	__u8 reserved[52];
};

static int configure(__u64 reported_tcb, __u32 flags)
{
	struct snp_config config = { .reported_tcb = reported_tcb, .flags = flags };
	struct sev_issue_cmd command = { .cmd = SNP_SET_CONFIG, .data = (uintptr_t)&config };
	int device = expect_ok(open("/dev/sev", O_RDWR | O_CLOEXEC), "/dev/sev");
	int ret = ioctl(device, SEV_ISSUE_CMD, &command);

	close(device);
	return ret;
}

static struct report report_now(struct requester *requester, __u64 sequence)
{
	struct message request = sealed_request(requester, sequence, 0);
	struct report_response answer = ask_for_report(requester, &request);

	assert_int_equal(answer.status, 0);
	return answer.report;
}

static bool has_chip_id(const struct report *report)
{
	static const __u8 none[sizeof(report->chip_id)];

	return memcmp(report->chip_id, none, sizeof(none));
}

/* The administrator of a host decides on this part of a report. */
TEST(configuration, &guest)
{
	struct report report = report_now(*state, 1);
	const __u64 tcb = report.current_tcb;

	assert_int_equal(report.reported_tcb, tcb);
	assert_true(has_chip_id(&report));
	/* No newer version than the one that runs */
	assert_int_equal(configure(tcb + 1, 0), -1);
	assert_int_equal(configure(tcb - 1, MASK_CHIP_ID), 0);
	report = report_now(*state, 3);
	assert_int_equal(report.reported_tcb, tcb - 1);
	assert_int_equal(report.current_tcb, tcb);
	assert_false(has_chip_id(&report));
	assert_true(report_is_signed(&report));
	assert_int_equal(configure(0, MASK_CHIP_KEY), 0);
	report = report_now(*state, 5);
	assert_int_equal(report.reported_tcb, tcb);
	assert_false(report_is_signed(&report));
	assert_int_equal(configure(0, 0), 0);
	report = report_now(*state, 7);
	assert_true(report_is_signed(&report));
}

EMULATED_MAIN("report")
