/* SPDX-License-Identifier: MIT */
/* What happens in the model by itself or by command, for the log now and the journal later. The model does
 * not log. */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include <stdint.h>

struct component;

enum event_kind {
    EVENT_SETPOINT_ACCEPTED, /* a caller's set-point was accepted by the device */
    EVENT_SETPOINT_EXPIRED,
    EVENT_SETPOINT_DROPPED,  /* by start, standby, stop, error, or because its component did not wake */
    EVENT_SETPOINT_RESTORED, /* it goes on after a restart of the gateway */
    EVENT_SETPOINT_MOVED,    /* the applied value changed because the bounds did */
    EVENT_SETPOINT_FAILED,   /* the device did not take a value that the gateway sent by itself */
    EVENT_BOUNDS_ADDED,
    EVENT_BOUNDS_EXPIRED,
    EVENT_BOUNDS_RESTORED, /* they go on after a restart of the gateway, or have ended before it */
    EVENT_BOUNDS_DROPPED,  /* they had not ended, but cannot go on after it */
    EVENT_BOUNDS_CLEARED,  /* by a caller */
    EVENT_LIFECYCLE,       /* start, standby, stop, ack: begun, done or failed */
    EVENT_OFFLINE,
    EVENT_ONLINE,
    EVENT_ERROR_RAISED,
    EVENT_ERROR_CLEARED,
};

struct event {
    enum event_kind kind;
    const struct component *component; /* NULL for a sensor */
    const char *name;                  /* the component's or sensor's */
    uint64_t id;
    int axis;         /* enum axis, of set-points */
    const char *text; /* a sentence without the name: "charge, +5000 W for 60 s, from 127.0.0.1:41822" */
};

struct observer {
    void (*on_event)(
        const struct event *event, void *userdata); /* NULL: nobody listens. Must not command the model */
    void *userdata;
};

#endif
