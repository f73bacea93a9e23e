/* SPDX-License-Identifier: MIT */
#include "service/v1alpha/describe.h"

#include <math.h>

#include <ugrpc/message.h>

#include "model/graph.h"
#include "model/site.h"
#include "service/face.h"
#include "service/shown.h"
#include "service/v1alpha/tables.h"
#include "service/v1alpha/wire.h"

/* Clients of v1alpha still read maker and model there. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/* The messages that a component's own information is made of; `info` points to one of the others. */
struct info {
    alpha_category_info info;
    alpha_battery battery;
    alpha_ev_charger ev_charger;
    alpha_grid grid;
    alpha_inverter inverter;
    alpha_transformer transformer;
};

struct lifetime {
    alpha_lifetime message;
    alpha_timestamp start, end;
};

/* NULL if neither side is known. */
static alpha_lifetime *lifetime_init(struct lifetime *lifetime, int64_t start_utc_ns, int64_t end_utc_ns)
{
    alpha_lifetime_init(&lifetime->message);
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

/* NULL for categories that have none of their own. */
static alpha_category_info *info_init(struct info *own, const struct component_spec *spec)
{
    alpha_category_info *info = &own->info;
    alpha_category_info_init(info);
    switch (spec->type) {
    case COMPONENT_BATTERY:
        alpha_battery_init(&own->battery);
        own->battery.type = alpha_battery_type(spec->battery_type);
        info->kind_case = ALPHA_INFO(BATTERY);
        info->battery = &own->battery;
        return info;
    case COMPONENT_EV_CHARGER:
        alpha_ev_charger_init(&own->ev_charger);
        own->ev_charger.type = alpha_ev_charger_type(spec->ev_kind);
        info->kind_case = ALPHA_INFO(EV_CHARGER);
        info->ev_charger = &own->ev_charger;
        return info;
    case COMPONENT_GRID:
        alpha_grid_init(&own->grid);
        own->grid.rated_fuse_current = (uint32_t)lround(spec->fuse_current_a);
        info->kind_case = ALPHA_INFO(GRID_CONNECTION_POINT);
        info->grid_connection_point = &own->grid;
        return info;
    case COMPONENT_BATTERY_INVERTER:
    case COMPONENT_PV_INVERTER:
    case COMPONENT_HYBRID_INVERTER:
        alpha_inverter_init(&own->inverter);
        own->inverter.type = alpha_inverter_type(spec->type);
        info->kind_case = ALPHA_INFO(INVERTER);
        info->inverter = &own->inverter;
        return info;
    case COMPONENT_TRANSFORMER:
        alpha_transformer_init(&own->transformer);
        own->transformer.primary = (float)spec->primary_v;
        own->transformer.secondary = (float)spec->secondary_v;
        info->kind_case = ALPHA_INFO(POWER_TRANSFORMER);
        info->power_transformer = &own->transformer;
        return info;
    default:
        return NULL;
    }
}

static int mode_of(const struct component *component, bool commands)
{
    if (component->spec.inactive) {
        return ALPHA_MODE(INACTIVE);
    }
    bool controlled = component_takes_power(component, AXIS_ACTIVE) ||
                      component_takes_power(component, AXIS_REACTIVE) ||
                      lifecycle_accepts(component, LIFECYCLE_START);
    return commands && controlled ? ALPHA_MODE(CONTROL_AND_TELEMETRY) : ALPHA_MODE(TELEMETRY_ONLY);
}

static bool has_category(const struct component *component)
{
    return alpha_category(component->spec.type) != ALPHA_CATEGORY(UNSPECIFIED);
}

static void add_component(const struct component *component, bool commands, struct catalog *catalog)
{
    const struct component_spec *spec = &component->spec;
    struct info info;
    struct lifetime lifetime;
    alpha_bounds rated[BOUNDED_COUNT];
    alpha_config_bounds config[BOUNDED_COUNT], *config_bounds[BOUNDED_COUNT];

    alpha_component message;
    alpha_component_init(&message);
    message.id = spec->id;
    message.microgrid_id = component->site->spec.id;
    message.name = (char *)spec->name;
    message.category = alpha_category(spec->type);
    message.category_specific_info = info_init(&info, spec);
    message.manufacturer = (char *)spec->manufacturer;
    message.model_name = (char *)spec->model_name;
    message.model = (char *)spec->model_name;
    message.operational_mode = mode_of(component, commands);
    message.operational_lifetime = lifetime_init(
        &lifetime, spec->lifetime_start_utc_ns, spec->lifetime_end_utc_ns);
    message.metric_config_bounds = config_bounds;
    for (int i = 0; i < BOUNDED_COUNT; i++) {
        if (isfinite(spec->rated[i].lower) || isfinite(spec->rated[i].upper)) {
            size_t n = message.n_metric_config_bounds++;
            rated[n] = alpha_bounds_of(shown_rated(component, (enum bounded)i));
            alpha_config_bounds_init(&config[n]);
            config[n].metric = alpha_metric(bounded_metric((enum bounded)i));
            config[n].config_bounds = &rated[n];
            config_bounds[n] = &config[n];
        }
    }
    uint64_t category = has_category(component) ? message.category : CATALOG_NO_KEY;
    catalog_add(catalog, spec->id, category, &message.base);
}

/* No second key: sensors have no category here. */
static void add_sensors(const struct site *site, struct catalog *catalog)
{
    for (size_t i = 0; i < site->n_sensors; i++) {
        const struct sensor_spec *spec = &site->sensors[i]->spec;
        struct lifetime lifetime;
        alpha_sensor message;
        alpha_sensor_init(&message);
        message.id = spec->id;
        message.microgrid_id = site->spec.id;
        message.name = (char *)spec->name;
        message.manufacturer = (char *)spec->manufacturer;
        message.model_name = (char *)spec->model_name;
        message.model = (char *)spec->model_name;
        message.operational_lifetime = lifetime_init(
            &lifetime, spec->lifetime_start_utc_ns, spec->lifetime_end_utc_ns);
        catalog_add(catalog, spec->id, CATALOG_NO_KEY, &message.base);
    }
}

/* The connections from one component, as they are put together. */
struct ways {
    uint64_t from;
    struct catalog *catalog;
};

static void add_connection(const struct component *below, void *userdata)
{
    const struct ways *ways = userdata;
    alpha_connection message;
    alpha_connection_init(&message);
    message.source_electrical_component_id = ways->from;
    message.destination_electrical_component_id = below->spec.id;
    catalog_add(ways->catalog, ways->from, below->spec.id, &message.base);
}

/* The clients' graphs refuse a site in which a component without a category is connected: such a one stands
 * apart here, and its neighbours are connected past it. */
static void add_connections(const struct site *site, struct catalog *catalog)
{
    for (size_t i = 0; i < site->n_components; i++) {
        const struct component *component = site->components[i];
        if (has_category(component)) {
            struct ways ways = {component->spec.id, catalog};
            graph_each_below(component, has_category, add_connection, &ways);
        }
    }
}

static struct ugrpc_message *describe_site(const struct site *site)
{
    static const int market_codes[] = {
        [MARKET_CODE_NONE] = ALPHA_MARKET_CODE(UNSPECIFIED),
        [MARKET_CODE_EIC] = ALPHA_MARKET_CODE(EUROPE_EIC),
        [MARKET_CODE_NERC] = ALPHA_MARKET_CODE(US_NERC),
    };
    const struct site_spec *spec = &site->spec;
    alpha_delivery_area area;
    alpha_delivery_area_init(&area);
    area.code = (char *)spec->delivery_area;
    area.code_type = market_codes[spec->delivery_area_type];

    alpha_location location;
    alpha_location_init(&location);
    location.latitude = (float)spec->latitude;
    location.longitude = (float)spec->longitude;
    location.country_code = (char *)spec->country;

    alpha_timestamp created = shown_timestamp(spec->created_utc_ns);
    alpha_microgrid microgrid;
    alpha_microgrid_init(&microgrid);
    microgrid.id = spec->id;
    microgrid.enterprise_id = spec->enterprise_id;
    microgrid.name = (char *)spec->name;
    microgrid.delivery_area = spec->delivery_area[0] ? &area : NULL;
    microgrid.location = isfinite(spec->latitude) && isfinite(spec->longitude) ? &location : NULL;
    microgrid.status = spec->inactive ? ALPHA_SITE_STATUS(INACTIVE) : ALPHA_SITE_STATUS(ACTIVE);
    microgrid.create_timestamp = spec->created_utc_ns ? &created : NULL;

    microgrid_v1alpha18_get_microgrid_response reply = MICROGRID_V1ALPHA18_GET_MICROGRID_RESPONSE_INIT;
    reply.microgrid = &microgrid;
    return ugrpc_message_pack(&reply.base);
}

void alpha_describe(struct face *face)
{
    const struct site *site = service_site(face->service);
    bool commands = service_takes_commands(face->service);
    face->metadata = describe_site(site);
    for (size_t i = 0; i < site->n_components; i++) {
        add_component(site->components[i], commands, &face->components);
    }
    add_sensors(site, &face->sensors);
    add_connections(site, &face->connections);
}
