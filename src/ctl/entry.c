/* SPDX-License-Identifier: MIT */
#include "ctl/entry.h"

#include <inttypes.h>
#include <string.h>

#include <ugrpc/status.h>

#include "ctl/csv.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/sample.h"
#include "ctl/table.h"

#define VERB(id) MICROGRID_ADMIN_V1_JOURNAL_VERB_##id
#define KIND(id) MICROGRID_ADMIN_V1_JOURNAL_KIND_##id
#define END(id)  MICROGRID_ADMIN_V1_JOURNAL_END_##id

static const ProtobufCEnumDescriptor *const verb_words = &microgrid__admin__v1__journal_verb__descriptor;
static const ProtobufCEnumDescriptor *const kind_words = &microgrid__admin__v1__journal_kind__descriptor;
static const ProtobufCEnumDescriptor *const end_words = &microgrid__admin__v1__journal_end__descriptor;

void entry_clean(entry_message *entry)
{
    text_clean(entry->component);
    text_clean(entry->detail);
    text_clean(entry->caller);
    text_clean(entry->message);
}

/* "" where there is no value. */
static const char *unit_of(const entry_message *entry)
{
    return entry->verb == VERB(SET_ACTIVE_POWER) ? "W" : entry->verb == VERB(SET_REACTIVE_POWER) ? "VAr" : "";
}

static double value_of(const entry_message *entry)
{
    return microgrid_admin_v1_journal_entry_has_value(entry) ? entry->value : 0;
}

/* ---- for people ---- */

static const char *label_of(const entry_message *entry, char *out, size_t cap)
{
    if (*entry->component) {
        return label_format(entry->component, entry->component_id, out, cap);
    }
    snprintf(out, cap, "component %" PRIu64, entry->component_id);
    return out;
}

/* "charging, +5000 W", "reactive power -500 VAr", "bounds ac_active_power -2000 ... 4000 W", "stop" */
static void print_what(const entry_message *entry, const struct directory *directory, FILE *to)
{
    char word[48], power[48];
    const component_message *component = directory_by_id(directory, entry->component_id);
    power_format(value_of(entry), unit_of(entry), power, sizeof(power));
    switch (entry->verb) {
    case VERB(SET_ACTIVE_POWER):
        if (component && value_of(entry) != 0) {
            fprintf(to, "%s, %s", flow_word(component, value_of(entry)), power);
        } else {
            fprintf(to, "active power %s", power);
        }
        break;
    case VERB(SET_REACTIVE_POWER):
        fprintf(to, "reactive power %s", power);
        break;
    case VERB(ADD_BOUNDS):
        fprintf(to, "bounds %s", entry->detail);
        break;
    case VERB(CLEAR_BOUNDS):
        fprintf(to, "bounds cleared: %s", entry->detail);
        break;
    default:
        fputs(word_of(verb_words, (int)entry->verb, word, sizeof(word)), to);
    }
    if (entry->lifetime) {
        fprintf(to, " for %s", duration_format(entry->lifetime->seconds, word, sizeof(word)));
    }
}

/* A refusal's message begins with the component, which stands before it here. */
static const char *message_of(const entry_message *entry, const char *label)
{
    size_t len = strlen(label);
    bool repeated = strncmp(entry->message, label, len) == 0 && strncmp(entry->message + len, ": ", 2) == 0;
    return entry->message + (repeated ? len + 2 : 0);
}

static void print_end(const entry_message *entry, const char *label, FILE *to)
{
    char until[40];
    const char *message = message_of(entry, label);
    switch (entry->end) {
    case END(EXPIRED):
        fprintf(to, ": expired at %s", clock_format(entry->valid_until, until, sizeof(until)));
        break;
    case END(REPLACED):
        fputs(": replaced by a newer one", to);
        break;
    default:
        fputs(": dropped", to);
    }
    fprintf(to, "%s%s", *message ? ", " : "", message);
    if (entry->renewals) {
        fprintf(to, "; it was renewed %" PRIu32 " time%s", entry->renewals, PLURAL(entry->renewals));
    }
}

static void print_outcome(const entry_message *entry, const char *label, FILE *to)
{
    const char *word = entry->kind == KIND(REFUSAL) ? "refused" : "failed";
    const char *message = message_of(entry, label);
    if (entry->code == UGRPC_OK) { /* the message: if it was not done just as it was asked for */
        fprintf(to, ": done%s%s", *message ? ", " : "", message);
        return;
    }
    fprintf(to, ": %s, %s: %s", word, ugrpc_code_name(entry->code), message);
}

void entry_print(const entry_message *entry, const struct directory *directory, FILE *to)
{
    char at[40], label[160], since[40];
    fprintf(to, "%s  ", moment_format(entry->time, at, sizeof(at)));
    if (entry->kind == KIND(GAP)) {
        fprintf(to, "the journal could not be written from %s on: %" PRIu64 " entr%s missing\n",
            moment_format(entry->lost_since, since, sizeof(since)), entry->lost,
            entry->lost == 1 ? "y is" : "ies are");
        return;
    }
    if (entry->kind == KIND(NOTE)) {
        fprintf(to, "%s\n", entry->message);
        return;
    }
    fprintf(to, "%s: ", label_of(entry, label, sizeof(label)));
    print_what(entry, directory, to);
    if (entry->kind == KIND(END)) {
        print_end(entry, label, to);
    } else {
        print_outcome(entry, label, to);
    }
    fprintf(to, "%s%s\n", *entry->caller ? "   by " : "", entry->caller);
}

/* ---- for programs ---- */

json_t *entry_to_json(const entry_message *entry)
{
    char word[48], at[40];
    json_t *object = must(json_pack("{s:I, s:s, s:s}", "entry", (json_int_t)entry->id, "time",
        utc_format(entry->time, at, sizeof(at)), "kind",
        word_of(kind_words, (int)entry->kind, word, sizeof(word))));
    if (entry->kind == KIND(GAP)) {
        json_object_set_new(object, "lost", json_integer((json_int_t)entry->lost));
        json_object_set_new(object, "lost_since", json_string(utc_format(entry->lost_since, at, sizeof(at))));
        return object;
    }
    if (entry->kind == KIND(NOTE)) {
        json_object_set_new(object, "message", json_string(entry->message));
        return object;
    }
    json_object_set_new(object, "id", json_integer((json_int_t)entry->component_id));
    json_object_set_new(object, "name", json_string(entry->component));
    json_object_set_new(
        object, "verb", json_string(word_of(verb_words, (int)entry->verb, word, sizeof(word))));
    if (microgrid_admin_v1_journal_entry_has_value(entry)) {
        json_object_set_new(object, "value", float_to_json(entry->value));
        json_object_set_new(object, "unit", json_string(unit_of(entry)));
    }
    if (entry->lifetime) {
        json_object_set_new(object, "lifetime_s", json_integer(entry->lifetime->seconds));
    }
    if (*entry->detail) {
        json_object_set_new(object, "detail", json_string(entry->detail));
    }
    json_object_set_new(object, "caller", json_string(entry->caller));
    json_object_set_new(object, "message", json_string(entry->message));
    if (entry->kind == KIND(END)) {
        json_object_set_new(
            object, "end", json_string(word_of(end_words, (int)entry->end, word, sizeof(word))));
        json_object_set_new(object, "renewals", json_integer(entry->renewals));
        json_object_set_new(
            object, "valid_until", json_string(utc_format(entry->valid_until, at, sizeof(at))));
    } else {
        json_object_set_new(object, "code", json_string(ugrpc_code_name(entry->code)));
    }
    return object;
}

void entry_put_csv_heading(FILE *to)
{
    fputs("time,entry,kind,id,name,verb,value,unit,lifetime (s),detail,caller,code,message,end,renewals,"
          "valid_until,lost,lost_since\r\n",
        to);
}

void entry_put_csv(const entry_message *entry, FILE *to)
{
    char word[48], at[40];
    bool gap = entry->kind == KIND(GAP), end = entry->kind == KIND(END);
    fprintf(to, "%s,%" PRIu64 ",%s,", utc_format(entry->time, at, sizeof(at)), entry->id,
        word_of(kind_words, (int)entry->kind, word, sizeof(word)));
    if (gap) {
        fprintf(to, ",,,,,,,,,,,,,%" PRIu64 ",%s\r\n", entry->lost,
            utc_format(entry->lost_since, at, sizeof(at)));
        return;
    }
    if (entry->kind == KIND(NOTE)) {
        fputs(",,,,,,,,,", to);
        csv_put(entry->message, to);
        fputs(",,,,,\r\n", to);
        return;
    }
    fprintf(to, "%" PRIu64 ",", entry->component_id);
    csv_put(entry->component, to);
    fprintf(to, ",%s,", word_of(verb_words, (int)entry->verb, word, sizeof(word)));
    if (microgrid_admin_v1_journal_entry_has_value(entry)) {
        fprintf(to, "%.7g", entry->value);
    }
    fprintf(to, ",%s,", unit_of(entry));
    if (entry->lifetime) {
        fprintf(to, "%" PRId64, entry->lifetime->seconds);
    }
    fputc(',', to);
    csv_put(entry->detail, to);
    fputc(',', to);
    csv_put(entry->caller, to);
    fprintf(to, ",%s,", end ? "" : ugrpc_code_name(entry->code));
    csv_put(entry->message, to);
    if (end) {
        fprintf(to, ",%s,%" PRIu32 ",%s,,\r\n", word_of(end_words, (int)entry->end, word, sizeof(word)),
            entry->renewals, utc_format(entry->valid_until, at, sizeof(at)));
    } else {
        fputs(",,,,,\r\n", to);
    }
}
