/* SPDX-License-Identifier: MIT */
/* What a driver is to the model. A device serves one or more components and sensors: reports and commands
 * name them. Everything runs on the loop; a driver's own threads only post to it. Signs: consumption
 * positive, at the AC side. */
#ifndef MODEL_DRIVER_H
#define MODEL_DRIVER_H

#include "base/status.h"
#include "model/component.h"
#include "model/memory.h"

struct device;

struct driver {
    const char *name; /* as in the configuration: driver: sim */

    /* Required. Begins sampling and reports with device_report(). Undone by destroy(). Absent hardware is no
     * error. */
    int (*start)(struct device *device, struct ugrpc_status *st);

    /* Optional; NULL = the components cannot be commanded. Asks for `power` in W or VAr. done() runs once,
     * from the loop, after the device accepted or refused it, unless destroy() comes first. The model waits
     * 10 s for that: then the order has failed, and a done() that comes later changes nothing. A newer value
     * may come before done() of the older, which is owed all the same; the device follows the newest. */
    void (*set_power)(struct device *device, struct component *component, enum axis axis, double power,
        status_fn *done, void *userdata);
    /* Optional, with set_power: the axis runs free again. */
    void (*release)(
        struct device *device, struct component *component, enum axis axis, status_fn *done, void *userdata);

    /* Optional, for hybrid inverters, whose PV charges their batteries whatever the AC side is told to do:
     * holds the DC power of all batteries of an inverter together within `dc_w` (around 0; infinite: no
     * limit) until told otherwise. It follows from what callers have added, so it never comes before they do.
     * Nobody waits: the driver sees to it that the device follows. */
    void (*limit_batteries)(struct device *device, struct component *hybrid, struct range dc_w);

    /* Optional; the sequences of the contract, without its checks. What is done or lacking is skipped. done()
     * runs once the sequence ended; a newer sequence for the component ends the older with ABORTED, at once.
     * After a start or an acknowledgement the model tells both axes again what they should follow. */
    void (*start_component)(
        struct device *device, struct component *component, status_fn *done, void *userdata);
    void (*standby)(struct device *device, struct component *component, status_fn *done, void *userdata);
    void (*stop)(struct device *device, struct component *component, status_fn *done, void *userdata);
    /* Clears a recoverable error: power 0, relays open as the contract says for the type. */
    void (*ack)(struct device *device, struct component *component, status_fn *done, void *userdata);
    /* Optional: which step a running sequence is at ("closing DC relays"), for the message when it takes too
     * long. */
    const char *(*step)(struct device *device, const struct component *component);

    /* True if the device itself falls back to 0 when the gateway is gone. NULL: it does not. */
    bool (*reverts_by_itself)(const struct device *device);

    /* Optional, for devices that live in the gateway, as simulated ones do: what a real device would have
     * kept while the gateway was down. Calls visit() for each such number of the component, always the same
     * ones, and takes over what visit() makes of it. */
    void (*visit_memory)(
        struct device *device, struct component *component, memory_visit_fn *visit, void *userdata);

    /* Required. Stops everything and frees the device. No callback runs after it returns. */
    void (*destroy)(struct device *device);
};

/* The first member of every driver's own struct. */
struct device {
    const struct driver *driver;
    struct site *site;
    const char *name; /* "sim", or the device's name in the configuration; owned by the driver */
};

/* What a device measured of one component at one instant. Borrowed for the call. */
struct sample {
    int64_t time_utc_ns;            /* when it was measured */
    const struct reading *readings; /* NaN and infinite ones are left out */
    size_t n_readings;
    struct component_state state;
    struct range momentary[BOUNDED_COUNT]; /* the device's own limits now; RANGE_ALL where it has none */

    /* A hybrid inverter: the DC power that its PV could give now, used or not, ≥ 0; what is in use if the
     * device knows no better, 0 if it knows nothing. Bounds of its batteries leave room for no more than
     * this. */
    double pv_w;
};

/* Takes in a sample: latest values, freshness, bounds in force, applied set-points, subscribers – in this
 * order. Samples come in the order in which they were measured; one with the time of the last one is the same
 * again and is dropped. */
void device_report(struct component *component, const struct sample *sample);

/* The same for a sensor; only `time_utc_ns`, `readings` and errors in `state` count. */
void sensor_report(struct sensor *sensor, const struct sample *sample);

#endif
