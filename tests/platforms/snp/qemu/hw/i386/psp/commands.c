/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The commands of the security processor
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "cpu.h"
#include "psp.h"

typedef struct PSPCommand {
    uint16_t id;
    bool needs_snp;
    const char *name;
    PSPStatus (*run)(PSPState *s, hwaddr buffer);
} PSPCommand;

static const PSPCommand commands[] = {
    { 0x001, false, "INIT", psp_sev_init },
    { 0x002, false, "SHUTDOWN", psp_sev_shutdown },
    { 0x004, false, "PLATFORM_STATUS", psp_sev_status },
    { 0x00a, false, "DF_FLUSH", psp_df_flush },
    { 0x020, false, "DECOMMISSION", psp_sev_decommission },
    { 0x021, false, "ACTIVATE", psp_sev_activate },
    { 0x022, false, "DEACTIVATE", psp_sev_deactivate },
    { 0x023, false, "GUEST_STATUS", psp_sev_guest_status },
    { 0x030, false, "LAUNCH_START", psp_sev_launch_start },
    { 0x031, false, "LAUNCH_UPDATE_DATA", psp_sev_launch_update_data },
    { 0x032, false, "LAUNCH_UPDATE_VMSA", psp_sev_launch_update_vmsa },
    { 0x033, false, "LAUNCH_MEASURE", psp_sev_launch_measure },
    { 0x035, false, "LAUNCH_FINISH", psp_sev_launch_finish },
    { 0x060, false, "DBG_DECRYPT", psp_sev_debug_decrypt },
    { 0x061, false, "DBG_ENCRYPT", psp_sev_debug_encrypt },
    { 0x081, false, "SNP_INIT", psp_snp_init },
    { 0x082, true, "SNP_SHUTDOWN", psp_snp_shutdown },
    { 0x083, false, "SNP_PLATFORM_STATUS", psp_snp_status },
    { 0x084, true, "SNP_DF_FLUSH", psp_df_flush },
    { 0x085, false, "SNP_INIT_EX", psp_snp_init_ex },
    { 0x086, true, "SNP_SHUTDOWN_EX", psp_snp_shutdown },
    { 0x090, true, "SNP_DECOMMISSION", psp_guest_decommission },
    { 0x091, true, "SNP_ACTIVATE", psp_guest_activate },
    { 0x092, true, "SNP_GUEST_STATUS", psp_guest_status },
    { 0x093, true, "SNP_GCTX_CREATE", psp_guest_create },
    { 0x094, true, "SNP_GUEST_REQUEST", psp_guest_request },
    { 0x0a0, true, "SNP_LAUNCH_START", psp_launch_start },
    { 0x0a1, true, "SNP_LAUNCH_UPDATE", psp_launch_update },
    { 0x0a2, true, "SNP_LAUNCH_FINISH", psp_launch_finish },
    { 0x0c7, true, "SNP_PAGE_RECLAIM", psp_page_reclaim },
    { 0x0c8, true, "SNP_PAGE_UNSMASH", psp_page_unsmash },
    { 0x0c9, true, "SNP_CONFIG", psp_snp_config },
    { 0x0cb, true, "SNP_COMMIT", psp_snp_commit },
};

PSPStatus psp_run(PSPState *s, unsigned command, hwaddr buffer)
{
    PSPStatus status;

    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (commands[i].id != command) {
            continue;
        }
        status = psp_failure(s, command);
        if (!status && commands[i].needs_snp && !s->snp_ready) {
            status = PSP_INVALID_PLATFORM_STATE;
        }
        if (!status) {
            status = commands[i].run(s, buffer);
        }
        if (status) {
            qemu_log_mask(LOG_GUEST_ERROR, "%s: 0x%x\n", commands[i].name,
                          status);
        }
        return status;
    }
    qemu_log_mask(LOG_UNIMP, "command 0x%x of the security processor\n",
                  command);
    return PSP_UNSUPPORTED;
}
