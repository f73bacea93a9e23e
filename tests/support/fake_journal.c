/* SPDX-License-Identifier: MIT */
#include "fake_journal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/site.h"

static void PRINTF_LIKE(2, 3) say(struct journal *journal, const char *format, ...)
{
    struct fake_journal *fake = (struct fake_journal *)journal;
    va_list args;
    va_start(args, format);
    fake->len += (size_t)vsnprintf(fake->text + fake->len, sizeof(fake->text) - fake->len, format, args);
    va_end(args);
    assert(fake->len < sizeof(fake->text));
}

static const char *name_of(enum journal_verb verb)
{
    static const char *const names[] = {
        "set", "set reactive", "add bounds", "clear bounds", "start", "standby", "stop", "ack"};
    return names[verb];
}

static uint64_t write_command(struct journal *journal, const struct journal_command *command)
{
    struct fake_journal *fake = (struct fake_journal *)journal;
    say(journal, "command %d %s %d %g %s by %s\n", (int)++fake->entries, name_of(command->verb),
        (int)command->component_id, command->value, command->detail, command->caller->label);
    return fake->entries;
}

static void write_outcome(struct journal *journal, uint64_t entry, const struct ugrpc_status *st)
{
    say(journal, "outcome %d %d%s%s\n", (int)entry, st->code, st->code == UGRPC_OK && *st->message ? " " : "",
        st->code == UGRPC_OK ? st->message : "");
}

static void write_refusal(
    struct journal *journal, const struct journal_command *command, const struct ugrpc_status *st)
{
    say(journal, "refusal %s %d %g %d by %s\n", name_of(command->verb), (int)command->component_id,
        command->value, st->code, command->caller->label);
}

static void write_end(
    struct journal *journal, const struct journal_setpoint *setpoint, enum journal_end end, const char *why)
{
    static const char *const names[] = {"expired", "dropped", "replaced"};
    say(journal, "%s %d after %d renewals %s\n", names[end], (int)setpoint->entry, (int)setpoint->renewals,
        why);
}

static void write_bounds_end(struct journal *journal, const struct journal_bounds_end *ended)
{
    say(journal, "bounds ended %d %s by %s: %s\n", (int)ended->component_id, ended->detail, ended->by,
        ended->why);
}

static void keep_setpoint(struct journal *journal, const struct journal_setpoint *setpoint)
{
    const struct fake_journal *fake = (struct fake_journal *)journal;
    if (setpoint->mode == SETPOINT_ACTIVE) {
        say(journal, "keep %d.%d %g until %d%s\n", (int)setpoint->component_id, (int)setpoint->axis,
            setpoint->requested, (int)((setpoint->until_ns - fake->started_ns) / NS_PER_S),
            setpoint->waiting ? " waiting" : "");
    } else {
        say(journal, "keep %d.%d %s\n", (int)setpoint->component_id, (int)setpoint->axis,
            setpoint->limiting                ? "free, limited"
            : setpoint->mode == SETPOINT_FREE ? "free"
                                              : "nothing");
    }
}

static void keep_bounds(struct journal *journal, const struct journal_bounds *bounds)
{
    const struct fake_journal *fake = (struct fake_journal *)journal;
    say(journal, "bound %d.%d %g %g until %d %s\n", (int)bounds->component_id, (int)bounds->bounded,
        bounds->ranges[0].lower, bounds->ranges[0].upper,
        (int)((bounds->until_ns - fake->started_ns) / NS_PER_S),
        bounds->token ? bounds->token : bounds->owner);
}

static void drop_bounds(
    struct journal *journal, uint64_t component_id, enum bounded bounded, const char *token)
{
    say(journal, "unbound %d.%d %s\n", (int)component_id, (int)bounded, token);
}

static void forget(struct journal *journal)
{
    say(journal, "forget\n");
}

static void sync(struct journal *journal, journal_sync_fn *done, void *userdata)
{
    struct fake_journal *fake = (struct fake_journal *)journal;
    assert(fake->n_syncs < ARRAY_LEN(fake->syncs));
    fake->syncs[fake->n_syncs].done = done;
    fake->syncs[fake->n_syncs++].userdata = userdata;
}

static bool is_degraded(const struct journal *journal)
{
    return ((const struct fake_journal *)journal)->degraded;
}

static const struct journal_keeper keeper = {
    .write_command = write_command,
    .write_outcome = write_outcome,
    .write_refusal = write_refusal,
    .write_end = write_end,
    .write_bounds_end = write_bounds_end,
    .keep_setpoint = keep_setpoint,
    .keep_bounds = keep_bounds,
    .drop_bounds = drop_bounds,
    .forget = forget,
    .sync = sync,
    .is_degraded = is_degraded,
};

void fake_journal_attach(struct fake_journal *fake, struct site *site)
{
    *fake = (struct fake_journal){.journal.keeper = &keeper, .started_ns = clock_now_ns(site->timers->clock)};
    journal_attach(site, &fake->journal);
    fake_journal_forget(fake);
}

void fake_journal_sync(struct fake_journal *fake)
{
    size_t n = fake->n_syncs;
    for (size_t i = 0; i < n; i++) {
        fake->syncs[i].done(fake->syncs[i].userdata);
    }
    fake->n_syncs -= n;
    memmove(fake->syncs, fake->syncs + n, fake->n_syncs * sizeof(fake->syncs[0]));
}

size_t fake_journal_count(const struct fake_journal *fake, const char *what)
{
    size_t count = 0;
    for (const char *at = fake->text; (at = strstr(at, what)); at += strlen(what)) {
        count++;
    }
    return count;
}

bool fake_journal_says(const struct fake_journal *fake, const char *what)
{
    return strstr(fake->text, what) != NULL;
}

void fake_journal_forget(struct fake_journal *fake)
{
    fake->text[0] = '\0';
    fake->len = 0;
}
