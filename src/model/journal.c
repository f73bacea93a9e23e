/* SPDX-License-Identifier: MIT */
#include "model/journal.h"

#include "model/later.h"
#include "model/parts.h"
#include "model/site.h"

void journal_attach(struct site *site, struct journal *journal)
{
    site->journal = journal;
    later_keep(site->later, journal);
    journal_snapshot(site);
}

void journal_detach(struct site *site)
{
    site->journal = NULL;
    later_keep(site->later, NULL);
}

void journal_snapshot(const struct site *site)
{
    struct journal *journal = site->journal;
    journal->keeper->forget(journal);
    for (size_t i = 0; i < site->n_components; i++) {
        command_keep(site->components[i]);
        bounds_keep(site->components[i]);
    }
}

uint64_t journal_write_command(const struct site *site, const struct journal_command *command)
{
    struct journal *journal = site->journal;
    return journal ? journal->keeper->write_command(journal, command) : 0;
}

void journal_write_outcome(const struct site *site, uint64_t entry, const struct ugrpc_status *st)
{
    if (site->journal) {
        site->journal->keeper->write_outcome(site->journal, entry, st);
    }
}

void journal_write_refusal(
    const struct site *site, const struct journal_command *command, const struct ugrpc_status *st)
{
    if (site->journal) {
        site->journal->keeper->write_refusal(site->journal, command, st);
    }
}

bool journal_is_degraded(const struct site *site)
{
    return site->journal && site->journal->keeper->is_degraded(site->journal);
}

bool journal_sync(const struct site *site, journal_sync_fn *done, void *userdata)
{
    if (site->journal) {
        site->journal->keeper->sync(site->journal, done, userdata);
    }
    return site->journal != NULL;
}
