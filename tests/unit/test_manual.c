/* SPDX-License-Identifier: MIT */
/* What is made from the option table: the manual, the help, the schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/base.h"
#include "daemon/manual.h"
#include "daemon/option.h"
#include "daemon/value.h"

/* Caller frees. */
static char *written(void (*write)(FILE *to))
{
    char *text;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    write(to);
    fclose(to);
    return text;
}

static void the_committed_manual_is_up_to_date(void **state)
{
    const char *root = getenv("SOURCE_ROOT");
    assert_non_null(root);
    char path[512];
    snprintf(path, sizeof(path), "%s/docs/configuration.md", root);
    char *now = written(manual_markdown);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *committed = calloc(1, strlen(now) + 2);
    assert_non_null(committed);
    size_t len = fread(committed, 1, strlen(now) + 1, file);
    fclose(file);
    if (len != strlen(now) || strcmp(committed, now) != 0) {
        fail_msg("docs/configuration.md is old; microgridd --schema=markdown >docs/configuration.md");
    }
    free(committed);
    free(now);
}

/* The last word of each list, as the first to be cut. */
static void no_list_of_words_is_cut(void **state)
{
    char *manual = written(manual_markdown);
    for (size_t i = 0; i < n_options; i++) {
        char allowed[OPTION_ALLOWED_MAX], brief[OPTION_BRIEF_MAX];
        if (options[i].kind != OPTION_CHOICE) {
            continue;
        }
        size_t n = 0;
        while (options[i].choices[n + 1]) {
            n++;
        }
        const char *last = options[i].choices[n];
        option_allowed(&options[i], allowed, sizeof(allowed));
        assert_string_equal(allowed + strlen(allowed) - strlen(last), last);
        assert_non_null(strstr(manual, allowed));
        option_allowed_brief(&options[i], brief, sizeof(brief));
        assert_true(strcmp(brief, allowed) == 0 || strstr(brief, ", ... (microgridd --schema lists all)"));
    }
    free(manual);
}

static void every_option_stands_in_the_manual(void **state)
{
    char *manual = written(manual_markdown);
    for (size_t i = 0; i < n_options; i++) {
        char cell[80];
        snprintf(cell, sizeof(cell), "\n| `%s` | ", options[i].name);
        assert_non_null(strstr(manual, cell));
        assert_non_null(strstr(manual, options[i].help));
    }
    free(manual);
}

/* The schema's node of "car.wants" in `object`. */
static json_t *property(json_t *object, const char *name)
{
    char group[32];
    const char *dot = strchr(name, '.');
    json_t *properties = json_object_get(object, "properties");
    if (!dot) {
        return json_object_get(properties, name);
    }
    snprintf(group, sizeof(group), "%.*s", (int)(dot - name), name);
    return json_object_get(json_object_get(json_object_get(properties, group), "properties"), dot + 1);
}

/* The alternative for a type, or a section. */
static json_t *schema_of(json_t *root, enum option_place place, int type)
{
    static const struct {
        enum option_place place;
        const char *name;
    } sections[] = {
        {IN_SITE, "site"}, {IN_LISTEN, "listen"}, {IN_SIMULATION, "simulation"}, {IN_DEFAULTS, "defaults"}};
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        if (sections[i].place == place) {
            return property(root, sections[i].name);
        }
    }
    if (place == IN_ROOT) {
        return root;
    }
    json_t *items = json_object_get(
        property(root, place == IN_SENSOR ? "sensors" : "components"), "additionalProperties");
    return json_array_get(json_object_get(items, "oneOf"), (size_t)type);
}

static void every_option_stands_in_the_schema_of_its_types_and_no_other(void **state)
{
    char *text = written(manual_schema);
    json_t *root = json_loads(text, 0, NULL);
    assert_non_null(root);
    assert_string_equal(
        json_string_value(json_object_get(root, "$schema")), "https://json-schema.org/draft/2020-12/schema");
    for (size_t i = 0; i < n_options; i++) {
        for (unsigned bit = 0; bit < 7; bit++) {
            enum option_place place = 1u << bit;
            bool typed = place == IN_COMPONENT || place == IN_SENSOR;
            const char *const *types = place == IN_SENSOR ? sensor_type_choices : component_type_choices;
            for (int type = 0; typed ? types[type] != NULL : type < 1; type++) {
                json_t *schema = schema_of(root, place, type);
                assert_true(json_is_object(schema));
                bool there = property(schema, options[i].name) != NULL;
                bool due = option_find(options[i].name, place, typed ? type : -1) != NULL;
                assert_int_equal(there, due);
            }
        }
    }
    json_decref(root);
    free(text);
}

static void each_default_is_a_good_value(void **state)
{
    for (size_t i = 0; i < n_options; i++) {
        struct value value = {0};
        struct ugrpc_status st = {0};
        if (options[i].otherwise && value_parse(&options[i], options[i].otherwise, &value, &st) < 0) {
            fail_msg("%s: %s: %s", options[i].name, options[i].otherwise, st.message);
        }
    }
}

static void no_key_means_two_things_for_one_type(void **state)
{
    for (size_t i = 0; i < n_options; i++) {
        for (size_t j = 0; j < i; j++) {
            bool same = strcmp(options[i].name, options[j].name) == 0;
            bool together = options[i].places & options[j].places &&
                            (!options[i].types || !options[j].types || options[i].types & options[j].types);
            if (same && together) {
                fail_msg("%s stands twice in the table", options[i].name);
            }
        }
    }
}

static void help_on_a_type_has_its_own_keys(void **state)
{
    char *text;
    size_t len;
    const char *nearest;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    assert_int_equal(manual_topic("battery", to, &nearest), 0);
    fclose(to);
    assert_non_null(strstr(text, "capacity"));
    assert_non_null(strstr(text, " 0 % ... 100 %   default: 90 %\n"));
    assert_non_null(strstr(text, " 1 Wh ... 1000 MWh   required\n"));
    assert_non_null(strstr(text, "   default: capacity in one hour (1 C)\n"));
    assert_null(strstr(text, "fuse"));
    free(text);
}

static void help_on_nothing_known_names_the_nearest(void **state)
{
    const char *nearest = NULL;
    assert_int_equal(manual_topic("batery", stderr, &nearest), -1);
    assert_string_equal(nearest, "battery");
    assert_int_equal(manual_topic("weather", stderr, &nearest), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_committed_manual_is_up_to_date),
        cmocka_unit_test(no_list_of_words_is_cut),
        cmocka_unit_test(every_option_stands_in_the_manual),
        cmocka_unit_test(no_list_of_words_is_cut),
        cmocka_unit_test(every_option_stands_in_the_schema_of_its_types_and_no_other),
        cmocka_unit_test(each_default_is_a_good_value),
        cmocka_unit_test(no_key_means_two_things_for_one_type),
        cmocka_unit_test(help_on_a_type_has_its_own_keys),
        cmocka_unit_test(help_on_nothing_known_names_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
