/* SPDX-License-Identifier: MIT */
#include "service/v1/describe.h"

#include <math.h>

#include <ugrpc/message.h>

#include "model/site.h"
#include "service/face.h"
#include "service/shown.h"
#include "service/v1/tables.h"
#include "service/v1/wire.h"

/* The messages that a component's metadata is made of; `variant` points to one of the others. */
struct metadata {
    v1_category_metadata variant;
    v1_battery battery;
    v1_ev_charger ev_charger;
    v1_fuse fuse;
    v1_grid grid;
    v1_inverter inverter;
    v1_transformer transformer;
};

struct lifetime {
    v1_lifetime message;
    v1_timestamp start, end;
};

/* NULL if neither side is known. */
static v1_lifetime *lifetime_init(struct lifetime *lifetime, int64_t start_utc_ns, int64_t end_utc_ns)
{
    v1_lifetime_init(&lifetime->message);
    if (start_utc_ns) {
        lifetime->start = shown_timestamp(start_utc_ns);
        lifetime->message.start_timestamp = &lifetime->start;
    }
    if (end_utc_ns) {
        lifetime->end = shown_timestamp(end_utc_ns);
        lifetime->message.end_timestamp = &lifetime->end;
    }
    return start_utc_ns || end_utc_ns ? &lifetime->message : NULL;
}

/* NULL for categories that have no metadata in v1. */
static v1_category_metadata *metadata_init(struct metadata *metadata, const struct component_spec *spec)
{
    v1_category_metadata *variant = &metadata->variant;
    v1_category_metadata_init(variant);
    switch (spec->type) {
    case COMPONENT_BATTERY:
        v1_battery_init(&metadata->battery);
        metadata->battery.type = v1_battery_type(spec->battery_type);
        variant->metadata_case = V1_METADATA(BATTERY);
        variant->battery = &metadata->battery;
        return variant;
    case COMPONENT_EV_CHARGER:
        v1_ev_charger_init(&metadata->ev_charger);
        metadata->ev_charger.type = v1_ev_charger_type(spec->ev_kind);
        variant->metadata_case = V1_METADATA(EV_CHARGER);
        variant->ev_charger = &metadata->ev_charger;
        return variant;
    case COMPONENT_FUSE:
        v1_fuse_init(&metadata->fuse);
        metadata->fuse.rated_current = (uint32_t)lround(spec->fuse_current_a);
        variant->metadata_case = V1_METADATA(FUSE);
        variant->fuse = &metadata->fuse;
        return variant;
    case COMPONENT_GRID:
        v1_grid_init(&metadata->grid);
        metadata->grid.rated_fuse_current = (uint32_t)lround(spec->fuse_current_a);
        variant->metadata_case = V1_METADATA(GRID);
        variant->grid = &metadata->grid;
        return variant;
    case COMPONENT_BATTERY_INVERTER:
    case COMPONENT_PV_INVERTER:
    case COMPONENT_HYBRID_INVERTER:
        v1_inverter_init(&metadata->inverter);
        metadata->inverter.type = v1_inverter_type(spec->type);
        variant->metadata_case = V1_METADATA(INVERTER);
        variant->inverter = &metadata->inverter;
        return variant;
    case COMPONENT_TRANSFORMER:
        v1_transformer_init(&metadata->transformer);
        metadata->transformer.primary = (float)spec->primary_v;
        metadata->transformer.secondary = (float)spec->secondary_v;
        variant->metadata_case = V1_METADATA(VOLTAGE_TRANSFORMER);
        variant->voltage_transformer = &metadata->transformer;
        return variant;
    default:
        return NULL;
    }
}

static void add_component(const struct component *component, struct catalog *catalog)
{
    const struct component_spec *spec = &component->spec;
    struct metadata metadata;
    struct lifetime lifetime;
    v1_bounds rated[BOUNDED_COUNT];
    v1_config_bounds config[BOUNDED_COUNT], *config_bounds[BOUNDED_COUNT];

    v1_component message;
    v1_component_init(&message);
    message.id = spec->id;
    message.microgrid_id = component->site->spec.id;
    message.name = (char *)spec->name;
    message.category = v1_category(spec->type);
    message.category_type = metadata_init(&metadata, spec);
    message.manufacturer = (char *)spec->manufacturer;
    message.model_name = (char *)spec->model_name;
    message.status = spec->inactive ? V1_STATUS(INACTIVE) : V1_STATUS(ACTIVE);
    message.operational_lifetime = lifetime_init(
        &lifetime, spec->lifetime_start_utc_ns, spec->lifetime_end_utc_ns);
    message.metric_config_bounds = config_bounds;
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        if (isfinite(spec->rated[i].lower) || isfinite(spec->rated[i].upper)) {
            size_t n = message.n_metric_config_bounds++;
            rated[n] = v1_bounds_of(shown_rated(component, (enum bounded)i));
            v1_config_bounds_init(&config[n]);
            config[n].metric = v1_metric(bounded_metric(i));
            config[n].config_bounds = &rated[n];
            config_bounds[n] = &config[n];
        }
    }
    uint64_t category = message.category == V1_CATEGORY(UNSPECIFIED) ? CATALOG_NO_KEY : message.category;
    catalog_add(catalog, spec->id, category, &message.base);
}

static void add_sensors(const struct site *site, struct catalog *catalog)
{
    for (size_t i = 0; i < site->n_sensors; i++) {
        const struct sensor_spec *spec = &site->sensors[i]->spec;
        struct lifetime lifetime;
        v1_sensor message;
        v1_sensor_init(&message);
        message.id = spec->id;
        message.microgrid_id = site->spec.id;
        message.name = (char *)spec->name;
        message.category = v1_sensor_category(spec->type);
        message.manufacturer = (char *)spec->manufacturer;
        message.model_name = (char *)spec->model_name;
        message.operational_lifetime = lifetime_init(
            &lifetime, spec->lifetime_start_utc_ns, spec->lifetime_end_utc_ns);
        catalog_add(catalog, spec->id, message.category, &message.base);
    }
}

static void add_connections(const struct site *site, struct catalog *catalog)
{
    for (size_t i = 0; i < site->n_connections; i++) {
        v1_connection message;
        v1_connection_init(&message);
        message.source_component_id = site->connections[i].start->spec.id;
        message.destination_component_id = site->connections[i].end->spec.id;
        catalog_add(catalog, message.source_component_id, message.destination_component_id, &message.base);
    }
}

static struct ugrpc_message *describe_site(const struct site *site)
{
    static const int market_codes[] = {
        [MARKET_CODE_NONE] = V1_MARKET_CODE(UNSPECIFIED),
        [MARKET_CODE_EIC] = V1_MARKET_CODE(EUROPE_EIC),
        [MARKET_CODE_NERC] = V1_MARKET_CODE(US_NERC),
    };
    const struct site_spec *spec = &site->spec;
    v1_delivery_area area;
    v1_delivery_area_init(&area);
    area.code = (char *)spec->delivery_area;
    area.code_type = market_codes[spec->delivery_area_type];

    v1_location location;
    v1_location_init(&location);
    location.latitude = (float)spec->latitude;
    location.longitude = (float)spec->longitude;
    location.country_code = (char *)spec->country;

    v1_timestamp created = shown_timestamp(spec->created_utc_ns);
    v1_microgrid microgrid;
    v1_microgrid_init(&microgrid);
    microgrid.id = spec->id;
    microgrid.enterprise_id = spec->enterprise_id;
    microgrid.name = (char *)spec->name;
    microgrid.delivery_area = spec->delivery_area[0] ? &area : NULL;
    microgrid.location = isfinite(spec->latitude) && isfinite(spec->longitude) ? &location : NULL;
    microgrid.status = spec->inactive ? V1_SITE_STATUS(INACTIVE) : V1_SITE_STATUS(ACTIVE);
    microgrid.create_timestamp = spec->created_utc_ns ? &created : NULL;

    microgrid_v1_get_microgrid_metadata_response reply = MICROGRID_V1_GET_MICROGRID_METADATA_RESPONSE_INIT;
    reply.microgrid = &microgrid;
    return ugrpc_message_pack(&reply.base);
}

void v1_describe(struct face *face)
{
    const struct site *site = service_site(face->service);
    face->metadata = describe_site(site);
    for (size_t i = 0; i < site->n_components; i++) {
        add_component(site->components[i], &face->components);
    }
    add_sensors(site, &face->sensors);
    add_connections(site, &face->connections);
}
