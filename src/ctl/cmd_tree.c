/* SPDX-License-Identifier: MIT */
/* The site as it is connected, from the grid outwards, with what flows. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/snapshot.h"

#define LEGEND       "+ consumes/charges   - produces/discharges"
#define LEGEND_RIGHT 96
#define MAX_DEPTH    64

struct tree {
    struct directory directory;
    struct snapshot snapshot;
    microgrid_v1_list_connections_response *connections;
    bool begun;  /* the first line is printed */
    bool *shown; /* by place in the directory: its children stand elsewhere already */
};

static size_t place_of(const struct tree *tree, uint64_t id)
{
    size_t i = 0;
    while (i < tree->snapshot.n && tree->directory.components->components[i]->id != id) {
        i++;
    }
    return i;
}

static bool has_parent(const struct tree *tree, uint64_t id)
{
    for (size_t i = 0; i < tree->connections->n_connections; i++) {
        if (tree->connections->connections[i]->destination_component_id == id) {
            return true;
        }
    }
    return false;
}

/* The place of the next child at or after connection *at; false past the last. */
static bool next_child(const struct tree *tree, uint64_t id, size_t *at, size_t *child)
{
    while (*at < tree->connections->n_connections) {
        const microgrid_common_v1_microgrid_components_component_connection *one =
            tree->connections->connections[(*at)++];
        if (one->source_component_id == id) {
            *child = place_of(tree, one->destination_component_id);
            if (*child < tree->snapshot.n) {
                return true;
            }
        }
    }
    return false;
}

/* ---- text ---- */

static bool is_worth_telling(const struct sample *sample)
{
    return !sample_has_state(sample, STATE(READY)) && !sample_has_state(sample, STATE(CHARGING)) &&
           !sample_has_state(sample, STATE(DISCHARGING));
}

/* "-4.4 kW exporting   fuse 100 A", "50 %, 20 kWh" */
static void describe(const component_message *component, const struct sample *sample, char *out, size_t cap)
{
    char text[200];
    double value, capacity;
    size_t len = 0;
    int metric = sample_power_metric(sample);
    out[0] = '\0';
    if (sample_value(sample, METRIC(BATTERY_SOC_PCT), &value)) {
        len += (size_t)snprintf(out, cap, "   %.0f %%", value);
        if (sample_value(sample, METRIC(BATTERY_CAPACITY), &capacity)) {
            len += (size_t)snprintf(
                out + len, cap - len, ", %s", value_format(capacity, "Wh", text, sizeof(text)));
        }
    } else if (metric >= 0 && sample_value(sample, metric, &value)) {
        len += (size_t)snprintf(out, cap, "   %s", value_format(value, "W", text, sizeof(text)));
        if (component->category == CATEGORY(GRID) && value != 0) {
            len += (size_t)snprintf(out + len, cap - len, " %s", flow_word(component, value));
        }
    }
    unsigned fuse_a = component_fuse_a(component);
    if (fuse_a) {
        len += (size_t)snprintf(out + len, cap - len, "   fuse %u A", fuse_a);
    }
    if (is_worth_telling(sample)) {
        snprintf(out + len, cap - len, "   %s", sample_states(sample, text, sizeof(text)));
    }
}

static void show_branch(struct tree *tree, size_t place, const char *lead, const char *mark, int depth)
{
    const component_message *component = tree->directory.components->components[place];
    char text[400], deeper[4 * MAX_DEPTH + 16];
    describe(component, &tree->snapshot.samples[place], text, sizeof(text));
    int width = printf("%s%s%s %" PRIu64 "%s%s", lead, mark, component->name, component->id, text,
        tree->shown[place] ? "   (its children stand above)" : "");
    if (!tree->begun) {
        int gap = LEGEND_RIGHT - width - (int)strlen(LEGEND);
        printf("%*s" LEGEND, gap > 3 ? gap : 3, "");
        tree->begun = true;
    }
    putchar('\n');
    if (tree->shown[place] || depth == MAX_DEPTH) {
        return;
    }
    tree->shown[place] = true;
    const char *more_lead = !*mark ? "" : strcmp(mark, "├─ ") == 0 ? "│  " : "   ";
    if (snprintf(deeper, sizeof(deeper), "%s%s", lead, more_lead) >= (int)sizeof(deeper)) {
        return; /* deeper than MAX_DEPTH: never */
    }
    size_t at = 0, child, next;
    bool more = next_child(tree, component->id, &at, &child);
    while (more) {
        more = next_child(tree, component->id, &at, &next);
        show_branch(tree, child, deeper, more ? "├─ " : "└─ ", depth + 1);
        child = next;
    }
}

/* ---- JSON ---- */

static json_t *branch_to_json(struct tree *tree, size_t place, int depth)
{
    const component_message *component = tree->directory.components->components[place];
    char type[48];
    json_t *object = must(json_pack("{s:I, s:s, s:s}", "id", (json_int_t)component->id, "name",
        component->name, "type", component_type(component, type, sizeof(type))));
    sample_to_json(&tree->snapshot.samples[place], object);
    json_t *children = json_array();
    size_t at = 0, child;
    while (!tree->shown[place] && depth < MAX_DEPTH && next_child(tree, component->id, &at, &child)) {
        json_array_append_new(children, branch_to_json(tree, child, depth + 1));
    }
    tree->shown[place] = true;
    json_object_set_new(object, "children", children);
    return object;
}

static int show(const struct ctl *ctl, struct tree *tree)
{
    json_t *roots = json_array();
    tree->shown = must(calloc(tree->snapshot.n + 1, sizeof(*tree->shown)));
    for (size_t i = 0; i < tree->snapshot.n; i++) {
        if (has_parent(tree, tree->directory.components->components[i]->id)) {
            continue;
        }
        if (ctl->json) {
            json_array_append_new(roots, branch_to_json(tree, i, 0));
        } else {
            show_branch(tree, i, "", "", 0);
        }
    }
    free(tree->shown);
    if (ctl->json) {
        return json_print(roots);
    }
    json_decref(roots);
    return CTL_DONE;
}

int command_tree(struct ctl *ctl)
{
    struct tree tree = {.connections = NULL};
    int rc = ctl_connect(ctl, NULL);
    rc = rc ? rc : directory_load(ctl, &tree.directory, false);
    if (rc == 0) {
        struct ugrpc_call_options options = {.timeout_ms = ctl_timeout_ms(ctl, false)};
        struct ugrpc_status st;
        microgrid_v1_list_connections_request all = MICROGRID_V1_LIST_CONNECTIONS_REQUEST_INIT;
        if (microgrid_v1_list_connections(ctl->channel, &all, &tree.connections, &options, &st) < 0) {
            rc = report_status(ctl, &st, NULL);
        }
    }
    rc = rc ? rc : snapshot_all(ctl, &tree.directory, &tree.snapshot);
    rc = rc ? rc : show(ctl, &tree);
    snapshot_done(&tree.snapshot);
    microgrid_v1_list_connections_response_free(tree.connections);
    directory_done(&tree.directory);
    return rc;
}
