/* SPDX-License-Identifier: MIT */
/* What site this is, and what gateway. A gateway that does not list its health tells less of itself. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/sample.h"
#include "ctl/serving.h"
#include "ctl/table.h"

#define API_PREFIX "frequenz.api.microgrid."

/* "v1, v1alpha18, v1alpha19": the versions that it serves. */
static json_t *list_versions(const ugrpc_health_v1_health_list_response *health)
{
    json_t *versions = json_array();
    for (size_t i = 0; health && i < health->n_statuses; i++) {
        char *service = health->statuses[i]->key;
        text_clean(service);
        if (strncmp(service, API_PREFIX, strlen(API_PREFIX)) == 0) {
            service += strlen(API_PREFIX);
            json_array_append_new(versions, json_stringn(service, strcspn(service, ".")));
        }
    }
    if (json_array_size(versions) == 0) {
        json_array_append_new(versions, json_string("v1")); /* it has answered that */
    }
    return versions;
}

static int show_json(const struct ctl *ctl, const microgrid_common_v1_microgrid_microgrid *site,
    json_t *versions, struct serving serving)
{
    char status[40], created[40];
    json_t *place = site->location
                        ? json_pack("{s:o, s:o, s:s}", "latitude", float_to_json(site->location->latitude),
                              "longitude", float_to_json(site->location->longitude), "country",
                              site->location->country_code)
                        : json_null();
    return json_print(json_pack("{s:{s:I, s:I, s:s, s:s, s:s*, s:o, s:s*}, s:{s:s, s:b, s:O, s:b, s:b}}",
        "microgrid", "id", (json_int_t)site->id, "enterprise_id", (json_int_t)site->enterprise_id, "name",
        site->name, "status", word_of(site_status_words, (int)site->status, status, sizeof(status)),
        "delivery_area", site->delivery_area ? site->delivery_area->code : NULL, "location", place, "created",
        site->create_timestamp ? utc_format(site->create_timestamp, created, sizeof(created)) : NULL,
        "gateway", "target", ctl->target, "tls", !ctl->insecure, "api", versions, "serving", serving.serving,
        "journal_degraded", serving.journal_degraded));
}

static void show_text(const struct ctl *ctl, const microgrid_common_v1_microgrid_microgrid *site,
    const json_t *versions, struct serving serving)
{
    char status[40];
    printf("%s   microgrid %" PRIu64 ", enterprise %" PRIu64 ", %s", site->name, site->id,
        site->enterprise_id, word_of(site_status_words, (int)site->status, status, sizeof(status)));
    if (site->location) {
        double latitude = site->location->latitude, longitude = site->location->longitude;
        printf(", %.2f %c %.2f %c %s", latitude < 0 ? -latitude : latitude, latitude < 0 ? 'S' : 'N',
            longitude < 0 ? -longitude : longitude, longitude < 0 ? 'W' : 'E', site->location->country_code);
    }
    if (site->delivery_area) {
        printf(", %s", site->delivery_area->code);
    }
    printf("\ngateway     at %s, %s, API", ctl->target, ctl->insecure ? "no TLS" : "TLS");
    for (size_t i = 0; i < json_array_size(versions); i++) {
        printf(" %s", json_string_value(json_array_get(versions, i)));
    }
    printf(", %s\n", serving_text(serving));
}

static void clean(microgrid_common_v1_microgrid_microgrid *site)
{
    text_clean(site->name);
    text_clean(site->delivery_area ? site->delivery_area->code : NULL);
    text_clean(site->location ? site->location->country_code : NULL);
}

int command_info(struct ctl *ctl)
{
    int rc = ctl_connect(ctl, NULL);
    if (rc) {
        return rc;
    }
    struct ugrpc_call_options options = {.timeout_ms = ctl_timeout_ms(ctl, false)};
    struct ugrpc_status st;
    ugrpc_protobuf_empty nothing = UGRPC_PROTOBUF_EMPTY_INIT;
    microgrid_v1_get_microgrid_metadata_response *reply;
    if (microgrid_v1_get_microgrid_metadata(ctl->channel, &nothing, &reply, &options, &st) < 0) {
        return report_status(ctl, &st, NULL);
    }
    if (!reply->microgrid) {
        microgrid_v1_get_microgrid_metadata_response_free(reply);
        return report_failed("%s does not say what site it is", ctl->target);
    }
    ugrpc_health_v1_health_list_response *health = serving_list(ctl, &st);
    clean(reply->microgrid);
    json_t *versions = list_versions(health);
    if (ctl->json) {
        rc = show_json(ctl, reply->microgrid, versions, serving_of(health));
    } else {
        show_text(ctl, reply->microgrid, versions, serving_of(health));
    }
    json_decref(versions);
    ugrpc_health_v1_health_list_response_free(health);
    microgrid_v1_get_microgrid_metadata_response_free(reply);
    return rc;
}
