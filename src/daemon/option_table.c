/* SPDX-License-Identifier: MIT */
/* Everything a site file may say. One key may have several lines here when its unit depends on the type. */
#include "daemon/option.h"

#include "base/base.h"
#include "model/component.h"
#include "model/state.h"

const char *const component_type_choices[] = {
#define X(id, name) name,
    COMPONENT_TYPE_TABLE(X)
#undef X
        NULL,
};

const char *const sensor_type_choices[] = {
#define X(id, name) name,
    SENSOR_TYPE_TABLE(X)
#undef X
        NULL,
};

static const char *const error_choices[] = {
#define X(id, name) name,
    ERROR_TABLE(X)
#undef X
        NULL,
};

static const char *const drivers[] = {"sim", NULL};
static const char *const statuses[] = {"active", "inactive", NULL};
static const char *const area_types[] = {"eic", "nerc", NULL};
static const char *const durabilities[] = {"full", "batch", NULL};
static const char *const expiries[] = {"zero", "release", NULL};
static const char *const chemistries[] = {"lfp", "nmc", "na_ion", NULL};
static const char *const extents[] = {"full", "basic", NULL};
static const char *const plugs[] = {"none", "station", "both", NULL};
static const char *const ev_kinds[] = {"ac", "dc", "hybrid", NULL};
static const char *const inverter_states[] = {"ready", "standby", "off", NULL};
static const char *const pv_states[] = {"ready", "standby", NULL};
static const char *const signs[] = {"consumption", "production", NULL};
static const char *const sensor_errors[] = {"unknown", "internal", NULL};

#define C(type)      (1u << COMPONENT_##type)
#define S(type)      (1u << SENSOR_##type)

#define BATTERY_SIDE (C(BATTERY_INVERTER) | C(HYBRID_INVERTER))
#define PV_SIDE      (C(PV_INVERTER) | C(HYBRID_INVERTER))
#define INVERTERS    (BATTERY_SIDE | C(PV_INVERTER))
#define CONSUMERS    (C(EV_CHARGER) | C(ELECTROLYZER) | C(HVAC) | C(CRYPTO_MINER))
#define PRODUCERS    (C(CHP) | C(WIND_TURBINE))
#define TAKES_ACTIVE (INVERTERS | C(EV_CHARGER) | C(ELECTROLYZER) | PRODUCERS)
#define NOT_GRID     (((1u << COMPONENT_TYPE_COUNT) - 1) & ~C(GRID))
#define SWITCHES     (C(RELAY) | C(PRECHARGER))
#define WEATHERED    (PV_SIDE | C(BATTERY) | C(HVAC) | C(EV_CHARGER))

#define DEVICE       (IN_COMPONENT | IN_SENSOR)

#define MOST_W       1e9
#define MOST_S       (24 * 3600.0)
#define MOST_ID      9007199254740991.0 /* what a double, and so JSON, holds exactly */

/* clang-format off */
const struct option options[] = {
    /* The whole file. */
    {.name = "version", .places = IN_ROOT, .kind = OPTION_INTEGER, .least = 1, .most = 1, .required = true,
        .help = "Version of the file's format."},
    {.name = "site", .places = IN_ROOT, .kind = OPTION_MAPPING, .required = true,
        .help = "What the microgrid is and where it stands."},
    {.name = "listen", .places = IN_ROOT, .kind = OPTION_MAPPING, .help = "Where and how clients connect."},
    {.name = "simulation", .places = IN_ROOT, .kind = OPTION_MAPPING, .help = "How simulated devices run."},
    {.name = "defaults", .places = IN_ROOT, .kind = OPTION_MAPPING,
        .help = "What counts for each component and sensor that does not say otherwise."},
    {.name = "components", .places = IN_ROOT, .kind = OPTION_MAPPING, .required = true,
        .help = "The electrical components by name."},
    {.name = "sensors", .places = IN_ROOT, .kind = OPTION_MAPPING, .help = "The sensors by name."},
    {.name = "control", .places = IN_ROOT, .kind = OPTION_FLAG, .otherwise = "on",
        .help = "Off: nothing is ever written to a device; every command is refused."},

    {.name = "journal.durability", .places = IN_ROOT, .kind = OPTION_CHOICE, .choices = durabilities,
        .otherwise = "full",
        .help = "With --state: a command is answered when the journal has it on the disk (full), or at once, and "
                "what happened within the last second is lost with a crash (batch)."},
    {.name = "journal.entries", .places = IN_ROOT, .kind = OPTION_INTEGER, .least = 1000, .most = 1e8,
        .otherwise = "100000", .help = "How many entries the journal keeps, the newest; a command makes two."},

    /* The site. */
    {.name = "id", .places = IN_SITE, .kind = OPTION_INTEGER, .least = 1, .most = MOST_ID, .required = true,
        .help = "The microgrid's id."},
    {.name = "enterprise_id", .places = IN_SITE, .kind = OPTION_INTEGER, .least = 0, .most = MOST_ID,
        .otherwise = "1", .help = "The id of the enterprise that it belongs to."},
    {.name = "name", .places = IN_SITE, .kind = OPTION_TEXT, .required = true, .help = "The microgrid's name."},
    {.name = "location.latitude", .places = IN_SITE, .kind = OPTION_NUMBER, .least = -90, .most = 90,
        .help = "Degrees, north positive."},
    {.name = "location.longitude", .places = IN_SITE, .kind = OPTION_NUMBER, .least = -180, .most = 180,
        .help = "Degrees, east positive."},
    {.name = "location.country", .places = IN_SITE, .kind = OPTION_TEXT,
        .help = "Two letters of ISO 3166-1: DE. It needs latitude and longitude beside it."},
    {.name = "delivery_area.code", .places = IN_SITE, .kind = OPTION_TEXT,
        .help = "Code of the area in the energy market, like 10YDE-VE-------2."},
    {.name = "delivery_area.type", .places = IN_SITE, .kind = OPTION_CHOICE, .choices = area_types,
        .otherwise = "eic", .help = "Whose code it is: Europe's (eic) or North America's (nerc)."},
    {.name = "status", .places = IN_SITE, .kind = OPTION_CHOICE, .choices = statuses, .otherwise = "active",
        .help = "Whether the microgrid is in operation."},
    {.name = "created", .places = IN_SITE, .kind = OPTION_DATE,
        .help = "When the microgrid was set up; UTC."},

    /* Listeners. */
    {.name = "grpc", .places = IN_LISTEN, .kind = OPTION_TEXTS,
        .derived = "127.0.0.1:50051 and [::1]:50051",
        .help = "Addresses: HOST:PORT, [IPV6]:PORT or unix:/PATH; port 0 takes a free one. Beyond this machine "
                "TLS and keys are needed. --grpc replaces them."},
    {.name = "tls.certificate", .places = IN_LISTEN, .kind = OPTION_FILE,
        .help = "PEM file with the certificate chain, leaf first. It is read again when it changes."},
    {.name = "tls.key", .places = IN_LISTEN, .kind = OPTION_FILE,
        .help = "PEM file with the certificate's key; nobody but its owner and group may read it."},
    {.name = "tls.client_ca", .places = IN_LISTEN, .kind = OPTION_FILE,
        .help = "PEM file: clients must show a certificate signed by one of these."},
    {.name = "keys", .places = IN_LISTEN, .kind = OPTION_FILE,
        .help = "File with those who are let in, a line for each; see above. Nobody but its owner and group may "
                "read it. It is read at the start."},
    {.name = "signature_window", .places = IN_LISTEN, .kind = OPTION_NUMBER, .unit = UNIT_SECOND, .least = 1,
        .most = 900, .otherwise = "60 s",
        .help = "How far the time of a signed call may be from this machine's clock."},

    /* The simulator. */
    {.name = "seed", .places = IN_SIMULATION, .kind = OPTION_INTEGER, .least = 0, .most = MOST_ID,
        .otherwise = "1", .help = "The same seed makes the same noise."},
    {.name = "start_at", .places = IN_SIMULATION, .kind = OPTION_DAY_TIME, .otherwise = "10:00",
        .help = "Time of day in the data at which a run begins, or now."},
    {.name = "speed", .places = IN_SIMULATION, .kind = OPTION_NUMBER, .least = 0.01, .most = 10000,
        .otherwise = "1",
        .help = "Physics and data run so many times as fast; lifetimes and intervals do not."},
    {.name = "save_every", .places = IN_SIMULATION, .kind = OPTION_NUMBER, .unit = UNIT_SECOND, .least = 1,
        .most = MOST_S, .otherwise = "5 min",
        .help = "With --state: how often what simulated components have accumulated is kept; a stop keeps it "
                "too. The next start goes on with it, rather than with soc, closed, starts and car.plugged."},

    /* Every component and sensor. */
    {.name = "id", .places = DEVICE, .kind = OPTION_INTEGER, .least = 1, .most = MOST_ID, .required = true,
        .help = "Unique in the site, and for good. Components and sensors are counted apart."},
    {.name = "type", .places = IN_COMPONENT, .kind = OPTION_CHOICE, .choices = component_type_choices,
        .required = true, .help = "What the component is."},
    {.name = "type", .places = IN_SENSOR, .kind = OPTION_CHOICE, .choices = sensor_type_choices,
        .required = true, .help = "What the sensor is."},
    {.name = "under", .places = IN_COMPONENT, .types = NOT_GRID, .kind = OPTION_NAMES, .required = true,
        .help = "The neighbour towards the grid; two of them: [a, b]."},
    {.name = "driver", .places = DEVICE | IN_DEFAULTS, .kind = OPTION_CHOICE, .choices = drivers,
        .otherwise = "sim", .help = "What connects it: the simulator."},
    {.name = "manufacturer", .places = DEVICE | IN_DEFAULTS, .kind = OPTION_TEXT, .help = "Its maker."},
    {.name = "model", .places = DEVICE, .kind = OPTION_TEXT, .help = "Its maker's name for it."},
    {.name = "status", .places = IN_COMPONENT, .kind = OPTION_CHOICE, .choices = statuses,
        .otherwise = "active", .help = "Whether it is in operation, as clients are told."},
    {.name = "lifetime.start", .places = DEVICE, .kind = OPTION_DATE,
        .help = "Since when it has been in operation; UTC."},
    {.name = "lifetime.end", .places = DEVICE, .kind = OPTION_DATE, .help = "Until when it is; UTC."},
    {.name = "interval", .places = DEVICE | IN_DEFAULTS, .kind = OPTION_NUMBER, .unit = UNIT_SECOND,
        .least = 0.01, .most = MOST_S, .otherwise = "1 s", .to_driver = true,
        .help = "Time between two samples."},
    {.name = "max_age", .places = DEVICE | IN_DEFAULTS, .kind = OPTION_NUMBER, .unit = UNIT_SECOND,
        .least = 0.01, .most = 7 * MOST_S, .derived = "3 intervals, at least 3 s, at most 8 s",
        .help = "Without a sample for so long it is offline."},
    {.name = "resolution", .places = IN_COMPONENT, .types = TAKES_ACTIVE, .kind = OPTION_NUMBER,
        .unit = UNIT_WATT, .least = 0, .most = MOST_W, .derived = "any value",
        .help = "Set-points are rounded towards 0 to a multiple of it."},
    {.name = "resolution", .places = IN_COMPONENT, .types = C(CAPACITOR_BANK), .kind = OPTION_NUMBER,
        .unit = UNIT_VAR, .least = 0, .most = MOST_W, .derived = "any value",
        .help = "Set-points are rounded towards 0 to a multiple of it."},
    {.name = "tolerance", .places = IN_COMPONENT, .types = TAKES_ACTIVE, .kind = OPTION_NUMBER,
        .unit = UNIT_WATT, .least = 0, .most = MOST_W, .derived = "2 % of the rated power, at least resolution",
        .help = "How far the measured power may be from a set-point to count as there (v1alpha: SUCCESS)."},
    {.name = "tolerance", .places = IN_COMPONENT, .types = C(CAPACITOR_BANK), .kind = OPTION_NUMBER,
        .unit = UNIT_VAR, .least = 0, .most = MOST_W, .derived = "2 % of the rated power, at least resolution",
        .help = "How far the measured power may be from a set-point to count as there (v1alpha: SUCCESS)."},
    {.name = "on_expiry", .places = IN_COMPONENT | IN_DEFAULTS, .types = TAKES_ACTIVE | C(CAPACITOR_BANK),
        .kind = OPTION_CHOICE, .choices = expiries, .otherwise = "zero",
        .help = "What follows the end of a set-point's lifetime: 0, or running free as before the first one."},

    {.name = "metrics", .places = IN_COMPONENT | IN_DEFAULTS, .kind = OPTION_CHOICE, .choices = extents,
        .otherwise = "full", .to_driver = true,
        .help = "All AC metrics, or only what a simple meter measures."},

    /* Ratings. */
    {.name = "fuse", .places = IN_COMPONENT, .types = C(GRID), .kind = OPTION_NUMBER, .unit = UNIT_AMPERE,
        .least = 1, .most = 1e5, .required = true, .to_driver = true,
        .help = "Rated current of the fuse at the connection, each phase."},
    {.name = "import_limit", .places = IN_COMPONENT, .types = C(GRID), .kind = OPTION_NUMBER,
        .unit = UNIT_WATT, .least = 0, .most = MOST_W, .derived = "what the fuse carries: sqrt(3) x line voltage x fuse",
        .help = "Most that may be taken from the grid."},
    {.name = "export_limit", .places = IN_COMPONENT, .types = C(GRID), .kind = OPTION_NUMBER,
        .unit = UNIT_WATT, .least = 0, .most = MOST_W, .derived = "what the fuse carries: sqrt(3) x line voltage x fuse",
        .help = "Most that may be fed into the grid."},
    {.name = "rated", .places = IN_COMPONENT, .types = TAKES_ACTIVE | C(HVAC) | C(CRYPTO_MINER),
        .kind = OPTION_NUMBER, .unit = UNIT_WATT, .least = 1, .most = MOST_W, .required = true,
        .to_driver = true,
        .help = "Rated active power, without sign: inverters of batteries do it both ways, PV inverters, CHP and "
                "wind turbines produce, the others consume."},
    {.name = "rated", .places = IN_COMPONENT, .types = C(CAPACITOR_BANK), .kind = OPTION_NUMBER,
        .unit = UNIT_VAR, .least = 1, .most = MOST_W, .required = true, .to_driver = true,
        .help = "Rated reactive power, without sign: it is capacitive, which counts negative."},
    {.name = "rated", .places = IN_COMPONENT, .types = C(FUSE), .kind = OPTION_NUMBER, .unit = UNIT_AMPERE,
        .least = 1, .most = 1e5, .required = true, .to_driver = true, .help = "Rated current."},
    {.name = "rated_charge", .places = IN_COMPONENT, .types = BATTERY_SIDE, .kind = OPTION_NUMBER,
        .unit = UNIT_WATT, .least = 0, .most = MOST_W, .derived = "rated", .to_driver = true,
        .help = "Rated charging power, where it differs."},
    {.name = "rated_discharge", .places = IN_COMPONENT, .types = BATTERY_SIDE, .kind = OPTION_NUMBER,
        .unit = UNIT_WATT, .least = 0, .most = MOST_W, .derived = "rated", .to_driver = true,
        .help = "Rated discharging power, without sign, where it differs."},
    {.name = "rated_charge", .places = IN_COMPONENT, .types = C(BATTERY), .kind = OPTION_NUMBER,
        .unit = UNIT_WATT, .least = 0, .most = MOST_W, .derived = "capacity in one hour (1 C)",
        .to_driver = true, .help = "Rated charging power at the DC terminals."},
    {.name = "rated_discharge", .places = IN_COMPONENT, .types = C(BATTERY), .kind = OPTION_NUMBER,
        .unit = UNIT_WATT, .least = 0, .most = MOST_W, .derived = "capacity in one hour (1 C)",
        .to_driver = true, .help = "Rated discharging power at the DC terminals, without sign."},
    {.name = "rated_reactive", .places = IN_COMPONENT, .types = INVERTERS, .kind = OPTION_NUMBER,
        .unit = UNIT_VAR, .least = 0, .most = MOST_W, .derived = "rated_apparent",
        .help = "Rated reactive power, both ways."},
    {.name = "rated_apparent", .places = IN_COMPONENT, .types = INVERTERS, .kind = OPTION_NUMBER,
        .unit = UNIT_VOLT_AMPERE, .least = 1, .most = MOST_W, .derived = "the larger rated active power",
        .to_driver = true, .help = "Rated apparent power, which active and reactive power share."},
    {.name = "primary", .places = IN_COMPONENT, .types = C(TRANSFORMER), .kind = OPTION_NUMBER,
        .unit = UNIT_VOLT, .least = 1, .most = 1e6, .required = true, .help = "Voltage at the grid's side."},
    {.name = "secondary", .places = IN_COMPONENT, .types = C(TRANSFORMER), .kind = OPTION_NUMBER,
        .unit = UNIT_VOLT, .least = 1, .most = 1e6, .required = true, .help = "Voltage at the site's side."},

    /* Batteries. */
    {.name = "capacity", .places = IN_COMPONENT, .types = C(BATTERY), .kind = OPTION_NUMBER,
        .unit = UNIT_WATT_HOUR, .least = 1, .most = MOST_W, .required = true, .to_driver = true,
        .help = "Energy that it holds when new."},
    {.name = "soc", .places = IN_COMPONENT, .types = C(BATTERY), .kind = OPTION_NUMBER, .unit = UNIT_PERCENT,
        .least = 0, .most = 100, .otherwise = "50 %", .to_driver = true,
        .help = "State of charge at which a simulation begins."},
    {.name = "soc_min", .places = IN_COMPONENT, .types = C(BATTERY), .kind = OPTION_NUMBER,
        .unit = UNIT_PERCENT, .least = 0, .most = 100, .otherwise = "10 %", .to_driver = true,
        .help = "It is not discharged below."},
    {.name = "soc_max", .places = IN_COMPONENT, .types = C(BATTERY), .kind = OPTION_NUMBER,
        .unit = UNIT_PERCENT, .least = 0, .most = 100, .otherwise = "90 %", .to_driver = true,
        .help = "It is not charged above."},
    {.name = "health", .places = IN_COMPONENT, .types = C(BATTERY), .kind = OPTION_NUMBER,
        .unit = UNIT_PERCENT, .least = 1, .most = 100, .otherwise = "100 %", .to_driver = true,
        .help = "What is left of the capacity."},
    {.name = "chemistry", .places = IN_COMPONENT, .types = C(BATTERY), .kind = OPTION_CHOICE,
        .choices = chemistries, .otherwise = "lfp", .to_driver = true,
        .help = "Lithium iron phosphate, lithium nickel manganese cobalt, or sodium ion."},

    /* Switches. */
    {.name = "closed", .places = IN_COMPONENT, .types = SWITCHES | C(BATTERY), .kind = OPTION_FLAG,
        .otherwise = "true", .to_driver = true, .help = "Whether its contacts are closed at the start."},
    {.name = "cycle_limit", .places = IN_COMPONENT, .types = C(RELAY), .kind = OPTION_INTEGER, .least = 1,
        .most = 4294967295.0, .derived = "no limit", .to_driver = true,
        .help = "Closings that it lives for; then error relay_cycle_limit_reached."},
    {.name = "starts", .places = IN_COMPONENT, .types = BATTERY_SIDE, .kind = OPTION_CHOICE,
        .choices = inverter_states, .otherwise = "ready", .to_driver = true, .help = "State at the start."},
    {.name = "starts", .places = IN_COMPONENT, .types = C(PV_INVERTER), .kind = OPTION_CHOICE,
        .choices = pv_states, .otherwise = "ready", .to_driver = true, .help = "State at the start."},

    /* Behaviour of simulated components. */
    {.name = "power", .places = IN_COMPONENT, .types = C(METER), .kind = OPTION_SERIES, .unit = UNIT_WATT,
        .least = -MOST_W, .most = MOST_W, .derived = "no load of its own", .to_driver = true,
        .help = "Load that the meter measures besides what hangs below it."},
    {.name = "power", .places = IN_COMPONENT, .types = PV_SIDE, .kind = OPTION_SERIES, .unit = UNIT_WATT,
        .least = -MOST_W, .most = MOST_W, .derived = "computed from irradiance", .to_driver = true,
        .help = "Measured power of the modules, in place of irradiance."},
    {.name = "scale", .places = IN_COMPONENT, .types = C(METER) | PV_SIDE, .kind = OPTION_NUMBER,
        .least = 0, .most = 1e9, .otherwise = "1", .to_driver = true,
        .help = "The values of power are multiplied by it."},
    {.name = "sign", .places = IN_COMPONENT, .types = C(METER), .kind = OPTION_CHOICE, .choices = signs,
        .otherwise = "consumption", .to_driver = true, .help = "What positive values of power mean."},
    {.name = "sign", .places = IN_COMPONENT, .types = PV_SIDE, .kind = OPTION_CHOICE, .choices = signs,
        .otherwise = "production", .to_driver = true, .help = "What positive values of power mean."},
    {.name = "noise", .places = IN_COMPONENT, .types = C(METER), .kind = OPTION_NUMBER, .unit = UNIT_PERCENT,
        .least = 0, .most = 100, .otherwise = "2 %", .to_driver = true,
        .help = "Standard deviation of what is added to its own load by chance."},
    {.name = "power_factor", .places = IN_COMPONENT, .types = C(METER), .kind = OPTION_NUMBER, .least = 0.1,
        .most = 1, .otherwise = "0.97", .to_driver = true, .help = "Of its own load, inductive."},
    {.name = "irradiance", .places = IN_COMPONENT, .types = PV_SIDE, .kind = OPTION_SERIES,
        .unit = UNIT_WATT_PER_M2, .least = 0, .most = 2000, .derived = "a clear sky at the site's latitude",
        .to_driver = true, .help = "Light on the modules."},
    {.name = "peak", .places = IN_COMPONENT, .types = PV_SIDE, .kind = OPTION_NUMBER, .unit = UNIT_WATT,
        .least = 1, .most = MOST_W, .derived = "1.1 x rated", .to_driver = true,
        .help = "DC power of the modules at 1000 W/m2 and 25 °C."},
    {.name = "tilt", .places = IN_COMPONENT, .types = PV_SIDE, .kind = OPTION_NUMBER, .unit = UNIT_DEGREE,
        .least = 0, .most = 90, .otherwise = "30 °", .to_driver = true,
        .help = "Of the modules under a clear sky: 0 ° flat, 90 ° a wall."},
    {.name = "azimuth", .places = IN_COMPONENT, .types = PV_SIDE, .kind = OPTION_NUMBER, .unit = UNIT_DEGREE,
        .least = 0, .most = 360, .derived = "towards the equator", .to_driver = true,
        .help = "Where they look, clockwise from north: 180 ° south."},
    {.name = "wind", .places = IN_COMPONENT, .types = PV_SIDE, .kind = OPTION_SERIES,
        .unit = UNIT_METRE_PER_SECOND, .least = 0, .most = 100, .otherwise = "1 m/s", .to_driver = true,
        .help = "Cools the modules."},
    {.name = "wind", .places = IN_COMPONENT, .types = C(WIND_TURBINE), .kind = OPTION_SERIES,
        .unit = UNIT_METRE_PER_SECOND, .least = 0, .most = 100, .otherwise = "8 m/s", .to_driver = true,
        .help = "Wind at the height of the sensor."},
    {.name = "ambient", .places = IN_COMPONENT, .types = WEATHERED, .kind = OPTION_SERIES,
        .unit = UNIT_CELSIUS, .least = -60, .most = 80, .otherwise = "20 °C", .to_driver = true,
        .help = "Temperature around it."},
    {.name = "ramp_time", .places = IN_COMPONENT, .types = INVERTERS, .kind = OPTION_NUMBER,
        .unit = UNIT_SECOND, .least = 0.01, .most = 3600, .otherwise = "2 s", .to_driver = true,
        .help = "From 0 to rated power."},
    {.name = "ramp_time", .places = IN_COMPONENT, .types = C(CHP), .kind = OPTION_NUMBER,
        .unit = UNIT_SECOND, .least = 0.01, .most = 3600, .otherwise = "60 s", .to_driver = true,
        .help = "From 0 to rated power."},
    {.name = "ramp_time", .places = IN_COMPONENT, .types = C(ELECTROLYZER), .kind = OPTION_NUMBER,
        .unit = UNIT_SECOND, .least = 0.01, .most = 3600, .otherwise = "30 s", .to_driver = true,
        .help = "From 0 to rated power."},
    {.name = "delay", .places = IN_COMPONENT, .types = INVERTERS, .kind = OPTION_NUMBER, .unit = UNIT_SECOND,
        .least = 0, .most = 60, .otherwise = "100 ms", .to_driver = true,
        .help = "From a command to the first reaction."},
    {.name = "start_up", .places = IN_COMPONENT, .types = INVERTERS, .kind = OPTION_NUMBER,
        .unit = UNIT_SECOND, .least = 0, .most = 25, .otherwise = "2 s", .to_driver = true,
        .help = "How long it watches the grid before it connects."},
    {.name = "min_power", .places = IN_COMPONENT, .types = C(CHP), .kind = OPTION_NUMBER, .unit = UNIT_WATT,
        .least = 0, .most = MOST_W, .derived = "half of rated",
        .help = "Least that it produces while it runs, without sign."},
    {.name = "min_power", .places = IN_COMPONENT, .types = C(ELECTROLYZER), .kind = OPTION_NUMBER,
        .unit = UNIT_WATT, .least = 0, .most = MOST_W, .derived = "10 % of rated",
        .help = "Least that it consumes while it runs."},
    {.name = "min_run_time", .places = IN_COMPONENT, .types = C(CHP), .kind = OPTION_NUMBER,
        .unit = UNIT_SECOND, .least = 0, .most = MOST_S, .otherwise = "5 min", .to_driver = true,
        .help = "Once started it runs at least so long."},
    {.name = "room", .places = IN_COMPONENT, .types = C(HVAC), .kind = OPTION_NUMBER, .unit = UNIT_CELSIUS,
        .least = 5, .most = 40, .otherwise = "21 °C", .to_driver = true, .help = "Temperature that it keeps."},
    {.name = "steps", .places = IN_COMPONENT, .types = C(CAPACITOR_BANK), .kind = OPTION_INTEGER, .least = 1,
        .most = 100, .otherwise = "8", .to_driver = true, .help = "Equal steps in which it switches."},
    {.name = "frequency", .places = IN_COMPONENT, .types = C(GRID), .kind = OPTION_NUMBER,
        .unit = UNIT_HERTZ, .least = 45, .most = 65, .otherwise = "50 Hz", .to_driver = true,
        .help = "Nominal frequency."},
    {.name = "voltage", .places = IN_COMPONENT, .types = C(GRID), .kind = OPTION_NUMBER, .unit = UNIT_VOLT,
        .least = 50, .most = 1000, .otherwise = "230 V", .to_driver = true,
        .help = "Nominal voltage of a phase to neutral; the line voltage is sqrt(3) times as much (230 V: 400 V). "
                "Where a transformer stands below, its `primary` is the line voltage."},

    /* Cars. */
    {.name = "kind", .places = IN_COMPONENT, .types = C(EV_CHARGER), .kind = OPTION_CHOICE,
        .choices = ev_kinds, .otherwise = "ac", .help = "What it charges with."},
    {.name = "phases", .places = IN_COMPONENT, .types = C(EV_CHARGER), .kind = OPTION_INTEGER, .least = 1,
        .most = 3, .derived = "3; 1 when rated below 4140 W", .to_driver = true,
        .help = "Phases in use, 1 or 3: a car charges with at least 6 A on each."},
    {.name = "car.plugged", .places = IN_COMPONENT, .types = C(EV_CHARGER), .kind = OPTION_CHOICE,
        .choices = plugs, .otherwise = "both", .to_driver = true,
        .help = "Where the cable is plugged in at the start: nowhere, at the station, or there and at the car."},
    {.name = "car.wants", .places = IN_COMPONENT, .types = C(EV_CHARGER), .kind = OPTION_NUMBER,
        .unit = UNIT_WATT_HOUR, .least = 0, .most = 1e6, .otherwise = "30 kWh", .to_driver = true,
        .help = "Energy that a car charges; later ones vary around it."},
    {.name = "car.stays", .places = IN_COMPONENT, .types = C(EV_CHARGER), .kind = OPTION_NUMBER,
        .unit = UNIT_SECOND, .least = 60, .most = 30 * MOST_S, .otherwise = "8 h", .to_driver = true,
        .help = "How long a car stays."},
    {.name = "car.away", .places = IN_COMPONENT, .types = C(EV_CHARGER), .kind = OPTION_NUMBER,
        .unit = UNIT_SECOND, .least = 60, .most = 30 * MOST_S, .otherwise = "4 h", .to_driver = true,
        .help = "How long until the next one comes."},

    /* What sensors measure. */
    {.name = "value", .places = IN_SENSOR, .types = S(THERMOMETER), .kind = OPTION_SERIES,
        .unit = UNIT_CELSIUS, .least = -100, .most = 200, .required = true, .to_driver = true,
        .help = "What it measures."},
    {.name = "value", .places = IN_SENSOR, .types = S(HYGROMETER), .kind = OPTION_SERIES,
        .unit = UNIT_PERCENT, .least = 0, .most = 100, .required = true, .to_driver = true,
        .help = "Relative humidity that it measures."},
    {.name = "value", .places = IN_SENSOR, .types = S(BAROMETER), .kind = OPTION_SERIES,
        .unit = UNIT_PASCAL, .least = 0, .most = 2e5, .required = true, .to_driver = true,
        .help = "Air pressure that it measures."},
    {.name = "value", .places = IN_SENSOR, .types = S(PYRANOMETER), .kind = OPTION_SERIES,
        .unit = UNIT_WATT_PER_M2, .least = 0, .most = 2000, .required = true, .to_driver = true,
        .help = "Irradiance that it measures."},
    {.name = "value", .places = IN_SENSOR, .types = S(ANEMOMETER), .kind = OPTION_SERIES,
        .unit = UNIT_METRE_PER_SECOND, .least = 0, .most = 100, .required = true, .to_driver = true,
        .help = "Wind speed that it measures."},
    {.name = "direction", .places = IN_SENSOR, .types = S(ANEMOMETER), .kind = OPTION_SERIES,
        .unit = UNIT_DEGREE, .least = 0, .most = 360, .to_driver = true,
        .help = "Wind direction that it measures, clockwise from north."},
    {.name = "temperature", .places = IN_SENSOR, .types = S(HYGROMETER), .kind = OPTION_SERIES,
        .unit = UNIT_CELSIUS, .least = -100, .most = 200, .to_driver = true,
        .help = "Air temperature; with it the dew point is told too."},

    /* Faults on demand. */
    {.name = "error", .places = IN_COMPONENT, .kind = OPTION_CHOICE, .choices = error_choices,
        .to_driver = true, .help = "It starts with this error."},
    {.name = "error", .places = IN_SENSOR, .kind = OPTION_CHOICE, .choices = sensor_errors, .to_driver = true,
        .help = "It has this error."},
    {.name = "recoverable", .places = IN_COMPONENT, .kind = OPTION_FLAG, .otherwise = "true",
        .to_driver = true, .help = "Whether that error can be acknowledged."},
    {.name = "offline", .places = DEVICE, .kind = OPTION_FLAG, .otherwise = "false", .to_driver = true,
        .help = "The simulated device never answers."},
};
/* clang-format on */

const size_t n_options = ARRAY_LEN(options);
