// SPDX-License-Identifier: GPL-2.0-only
/*
 * The third scene, on a host with SEV-SNP: its kernel looks for a guest's secret in all of
 * memory.
 */
#include "guest.h"
#include "host_memory.h"
#include "narrator.h"
#include "scenes.h"
#include "witness.h"

static struct host_search search(void)
{
	struct host_search search = host_memory_search(WITNESS_TEXT);

	narrate_detail("%.0f MiB were read, and the secret is in %llu of their pages.",
		       in_mib(search.bytes), (unsigned long long)search.pages);
	return search;
}

static void must_not_find(const struct guest *guest)
{
	struct host_search found = search();

	if (found.pages)
		fail("the host finds the guest's secret");
	if (found.bytes < guest->vmm.memory.size)
		fail("the host has read less memory than the guest has");
}

void scene_encrypted(const struct vmm_config *config)
{
	struct vmm_config mine = *config;
	struct guest guest;

	mine.memory_kind = MEMORY_IN_PLACE;
	mine.snp = true;
	mine.huge = true;
	narrate("The host's security processor measures and encrypts a guest's kernel and");
	narrate_detail("programs where they are, in a file of /dev/kvm_private.");
	guest_create(&guest, &mine);
	guest_boot(&guest);

	guest_ask_address(&guest, WITNESS_START, WITNESS_ADDRESS);
	narrate("The host's kernel can read all of memory. Its root looks for that page's");
	narrate_detail("content there, page by page (/proc/kcore):");
	must_not_find(&guest);
	narrate("What it reads of the guest is ciphertext. Would it find the secret at all?");
	narrate_detail("The guest shares another page with its host and copies the secret there:");
	guest_ask_address(&guest, WITNESS_SHARE, WITNESS_ADDRESS);
	guest_ask(&guest, WITNESS_TELL, WITNESS_TOLD);
	if (!search().pages)
		fail("the host doesn't find what the guest shares with it");

	narrate("The guest takes that page back:");
	guest_ask_address(&guest, WITNESS_TAKE_BACK, WITNESS_ADDRESS);
	guest_ask(&guest, WITNESS_LOOK, WITNESS_UNCHANGED);

	guest_quit(&guest);
	narrate("The guest has powered off. This was checked, too.");
}
