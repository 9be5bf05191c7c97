/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * AMD's platform security processor, as far as Linux's ccp driver and KVM use
 * it for SEV-SNP. Each command is a function that gets the address of the
 * command's buffer and returns a status.
 */
#ifndef PSP_H
#define PSP_H

#include "hw/pci/pci.h"
#include "crypto.h"
#include "snp/platform.h"

#define TYPE_PSP "amd-psp"
OBJECT_DECLARE_SIMPLE_TYPE(PSPState, PSP)

#define PSP_API_MAJOR   1
#define PSP_API_MINOR   55
#define PSP_BUILD       21

#define PSP_DIGEST_SIZE 48

/* The versions of bootloader, TEE, SNP and microcode, a byte each */
#define PSP_TCB         0xd115000000000004ULL

typedef enum PSPStatus {
    PSP_SUCCESS = 0x00,
    PSP_INVALID_PLATFORM_STATE = 0x01,
    PSP_INVALID_GUEST_STATE = 0x02,
    PSP_INVALID_LENGTH = 0x04,
    PSP_POLICY_FAILURE = 0x07,
    PSP_INACTIVE = 0x08,
    PSP_INVALID_ADDRESS = 0x09,
    PSP_BAD_MEASUREMENT = 0x0b,
    PSP_ASID_OWNED = 0x0c,
    PSP_INVALID_ASID = 0x0d,
    PSP_DF_FLUSH_REQUIRED = 0x0f,
    PSP_INVALID_GUEST = 0x10,
    PSP_INVALID_COMMAND = 0x11,
    PSP_ACTIVE = 0x12,
    PSP_UNSUPPORTED = 0x15,
    PSP_INVALID_PARAM = 0x16,
    PSP_INVALID_PAGE_SIZE = 0x19,
    PSP_INVALID_PAGE_STATE = 0x1a,
    PSP_INVALID_PAGE_OWNER = 0x1c,
    PSP_AEAD_OFLOW = 0x1d,
    PSP_RMP_INIT_REQUIRED = 0x20,
    PSP_INVALID_KEY = 0x27,
} PSPStatus;

typedef enum PSPGuestState {
    PSP_GUEST_INIT,
    PSP_GUEST_LAUNCH,
    PSP_GUEST_RUNNING,
} PSPGuestState;

/* A guest's description by its owner, in the layout of the ABI */
typedef struct QEMU_PACKED PSPIDBlock {
    uint8_t digest[PSP_DIGEST_SIZE];
    uint8_t family[16];
    uint8_t image[16];
    uint32_t version;
    uint32_t guest_svn;
    uint64_t policy;
} PSPIDBlock;

/* A guest context: its page in memory is a name for this and no more. */
typedef struct PSPGuest {
    PSPGuestState state;
    uint32_t asid;      /* 0 until it is activated */
    uint64_t policy;
    uint8_t digest[PSP_DIGEST_SIZE];

    /* The VMPCKs, and how many messages each has served */
    uint8_t keys[SNP_VMPLS][PSP_KEY_SIZE];
    uint64_t messages[SNP_VMPLS];
    /* The root of derived keys */
    uint8_t root[PSP_KEY_SIZE];
    uint8_t report_id[32];

    /* Of SNP_LAUNCH_FINISH; zeros without an ID block */
    PSPIDBlock id;
    uint8_t id_key_digest[PSP_DIGEST_SIZE];
    bool has_author_key;
    uint8_t author_key_digest[PSP_DIGEST_SIZE];
    bool vcek_disabled;
    uint8_t host_data[32];
} PSPGuest;

struct PSPState {
    PCIDevice parent_obj;
    MemoryRegion registers;
    uint64_t rmp_base;
    uint64_t rmp_size;

    uint32_t command;
    uint32_t buffer_low;
    uint32_t buffer_high;
    uint32_t interrupts_enabled;
    uint32_t interrupts;

    /* See test_port.c. */
    MemoryRegion test_port;
    uint32_t failing;
    uint32_t failure;
    uint32_t event;

    bool sev_ready;
    bool snp_ready;
    /* Of SNP_CONFIG */
    uint64_t reported_tcb;
    bool mask_chip_id;
    bool mask_chip_key;
    /* By the number of the context's page */
    GHashTable *guests;
    /* Guests of SEV and SEV-ES by their handles */
    GHashTable *sev_guests;
    uint32_t last_handle;
    /* The guests of either kind that ASIDs are in use for */
    const void *owners[SNP_MAX_ASID + 1];
    /* The ASID has been in use since the last DF_FLUSH. */
    bool unflushed[SNP_MAX_ASID + 1];
};

/* commands.c: runs a command of the table that is there. */
PSPStatus psp_run(PSPState *s, unsigned command, hwaddr buffer);

/* test_port.c: the status that a test wants a command to fail with, if any */
void psp_test_port_init(PSPState *s);
PSPStatus psp_failure(PSPState *s, unsigned command);

/* platform.c */
PSPStatus psp_sev_status(PSPState *s, hwaddr buffer);
PSPStatus psp_sev_init(PSPState *s, hwaddr buffer);
PSPStatus psp_sev_shutdown(PSPState *s, hwaddr buffer);
PSPStatus psp_df_flush(PSPState *s, hwaddr buffer);
PSPStatus psp_snp_init(PSPState *s, hwaddr buffer);
PSPStatus psp_snp_init_ex(PSPState *s, hwaddr buffer);
PSPStatus psp_snp_shutdown(PSPState *s, hwaddr buffer);
PSPStatus psp_snp_status(PSPState *s, hwaddr buffer);
PSPStatus psp_snp_config(PSPState *s, hwaddr buffer);
PSPStatus psp_snp_commit(PSPState *s, hwaddr buffer);
/* Is no part of these versions greater than the platform's? */
bool psp_tcb_reached(uint64_t tcb);

/* guest.c */
PSPGuest *psp_guest(PSPState *s, hwaddr context);
PSPStatus psp_guest_create(PSPState *s, hwaddr buffer);
PSPStatus psp_guest_activate(PSPState *s, hwaddr buffer);
PSPStatus psp_guest_status(PSPState *s, hwaddr buffer);
PSPStatus psp_guest_decommission(PSPState *s, hwaddr buffer);

/* launch.c */
PSPStatus psp_launch_start(PSPState *s, hwaddr buffer);
PSPStatus psp_launch_update(PSPState *s, hwaddr buffer);
PSPStatus psp_launch_finish(PSPState *s, hwaddr buffer);

/* sev_guest.c: guests without the RMP's protection */
void psp_sev_guests_init(PSPState *s);
void psp_sev_forget_guests(PSPState *s);
PSPStatus psp_sev_activate(PSPState *s, hwaddr buffer);
PSPStatus psp_sev_deactivate(PSPState *s, hwaddr buffer);
PSPStatus psp_sev_decommission(PSPState *s, hwaddr buffer);
PSPStatus psp_sev_guest_status(PSPState *s, hwaddr buffer);

/* sev_launch.c */
PSPStatus psp_sev_launch_start(PSPState *s, hwaddr buffer);
PSPStatus psp_sev_launch_update_data(PSPState *s, hwaddr buffer);
PSPStatus psp_sev_launch_update_vmsa(PSPState *s, hwaddr buffer);
PSPStatus psp_sev_launch_measure(PSPState *s, hwaddr buffer);
PSPStatus psp_sev_launch_finish(PSPState *s, hwaddr buffer);

/* sev_debug.c */
PSPStatus psp_sev_debug_decrypt(PSPState *s, hwaddr buffer);
PSPStatus psp_sev_debug_encrypt(PSPState *s, hwaddr buffer);

/*
 * page_state.c: the states of a page as the firmware sees them, whatever its
 * size. Those of a guest that are immutable are called pre-guest and, if the
 * page is validated, pre-swap.
 */
typedef enum PSPPageState {
    PSP_PAGE_HYPERVISOR,
    PSP_PAGE_HYPERVISOR_FIXED,
    PSP_PAGE_RECLAIM,
    PSP_PAGE_FIRMWARE,
    PSP_PAGE_CONTEXT,
    PSP_PAGE_PRE_GUEST,
    PSP_PAGE_PRE_SWAP,
    PSP_PAGE_GUEST_INVALID,
    PSP_PAGE_GUEST_VALID,
    /* The RMP doesn't cover it, or it is part of the RMP. */
    PSP_PAGE_NONE,
} PSPPageState;

PSPPageState psp_page_state(hwaddr page);
/* The page is one that the firmware may write to. */
bool psp_is_firmware_page(hwaddr address);
/* The same of all pages of a buffer; before SNP_INIT any will do. */
bool psp_may_write(PSPState *s, hwaddr buffer, uint64_t size);
/* A page of the firmware becomes a guest's context, or is one no more. */
void psp_set_context_page(hwaddr page, bool context);

/* message.c */
PSPStatus psp_guest_request(PSPState *s, hwaddr buffer);

/* page.c */
PSPStatus psp_page_reclaim(PSPState *s, hwaddr buffer);
PSPStatus psp_page_unsmash(PSPState *s, hwaddr buffer);

/* digest.c: adds a page to the digest of what a guest was launched with. */
typedef struct PSPPageInfo {
    uint8_t type;
    uint8_t rights[SNP_VMPLS];
    uint64_t gpa;
    const void *content;    /* NULL if it isn't measured */
} PSPPageInfo;

void psp_measure(uint8_t *digest, const PSPPageInfo *info);

/* cpuid_page.c: corrects a page that says too much, and refuses it. */
PSPStatus psp_check_cpuid(void *page);

#endif
