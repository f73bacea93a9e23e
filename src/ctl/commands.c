/* SPDX-License-Identifier: MIT */
#include "ctl/command.h"

#include "base/base.h"

#define SETPOINT_OPTIONS (OPTION_BIT(OPTION_FOR) | OPTION_BIT(OPTION_HOLD))
#define SETPOINT_DETAILS                                                                                            \
    "The set-point ends by itself: after 60 s, or --for 10s to 15m. --hold renews it until Ctrl-C, which sets 0;\n" \
    "if microgridctl is killed, it ends within 15 s."

const struct command command_table[] = {
    {"info", "", "what site this is, and what gateway", NULL,
        "info\n"
        "info --target gw.local:50051 --ca ca.pem --key-file key\n",
        0, 0, .run = command_info},
    {"list", "", "the components: state, power, what is allowed now",
        "ALLOWED NOW is rounded inwards: what it shows can be asked for. --json has it as it is.",
        "list\n"
        "list --category inverter\n"
        "list --json | jq '.[] | select(.states[] == \"error\") | .name'\n",
        0, 0, .options = OPTION_BIT(OPTION_CATEGORY) | OPTION_BIT(OPTION_NAMES), .run = command_list},
    {"tree", "", "the site as it is connected, with what flows", NULL, "tree\n", 0, 0, .run = command_tree},
    {"connections", "", "who is connected to whom", NULL, "connections\n", 0, 0, .run = command_connections},
    {"sensors", "", "the sensors and what they measure", NULL, "sensors\nsensors --json\n", 0, 0,
        .options = OPTION_BIT(OPTION_NAMES), .run = command_sensors},
    {"health", "", "whether the gateway serves: exit status 0 if so", NULL, "health --timeout 2s\n", 0, 0,
        .run = command_health},
    {"set-power", "COMPONENT POWER", "sets active power: + consumes or charges, - produces or discharges",
        SETPOINT_DETAILS,
        "set-power bat_inv_1 -3.5kW\n"
        "set-power bat_inv_1 5kW --for 15m\n"
        "set-power bat_inv_1 0\n",
        2, 2, {PROPOSE_POWERED}, SETPOINT_OPTIONS, command_set_power},
    {"set-reactive", "COMPONENT POWER", "sets reactive power: + inductive, - capacitive", SETPOINT_DETAILS,
        "set-reactive bat_inv_1 500VAr\n"
        "set-reactive pv_inv -1.5kVAr --for 5m\n",
        2, 2, {PROPOSE_POWERED}, SETPOINT_OPTIONS, command_set_reactive},
    {"charge", "COMPONENT POWER", "charges (or consumes) with so much power", SETPOINT_DETAILS,
        "charge bat_inv_1 5kW --for 2m\n"
        "charge ev_charger 7kW --hold\n",
        2, 2, {PROPOSE_POWERED}, SETPOINT_OPTIONS, command_charge},
    {"discharge", "COMPONENT POWER", "discharges (or produces) with so much power", SETPOINT_DETAILS,
        "discharge bat_inv_1 3.5kW\n"
        "discharge bat_inv_1 3.5kW --hold\n",
        2, 2, {PROPOSE_POWERED}, SETPOINT_OPTIONS, command_discharge},
    {"curtail", "COMPONENT POWER", "lets it produce at most so much power",
        "For what the sun, the wind or the heat drives. The limit ends by itself: after 60 s, or --for 10s to 15m. --hold renews\n"
        "it until Ctrl-C; then it ends within 15 s. Afterwards the component gives NOTHING until its next command,\n"
        "unless its site file says on_expiry: release: then it is free again. A limit that just ends, and leaves it\n"
        "free where nothing else was commanded: microgridctl bounds add pv_inv power -3kW..0 --for 15m.",
        "curtail pv_inv 3kW --for 15m\n"
        "curtail pv_inv 0\n",
        2, 2, {PROPOSE_LIMITED}, SETPOINT_OPTIONS, command_curtail},
    {"bounds add", "COMPONENT METRIC RANGE...", "allows only these ranges, for 5 s or --for 1m, 5m, 15m",
        "What all callers add is united, then cut by what the component itself allows. 0 W is always allowed.",
        "bounds add bat_inv_1 power -2kW..4kW --for 1m\n"
        "bounds add battery_1 soc 20%..80% --for 15m\n"
        "bounds add bat_inv_1 power ..4kW\n",
        3, MAX_OPERANDS, {PROPOSE_COMPONENT, PROPOSE_METRIC}, OPTION_BIT(OPTION_FOR), command_bounds_add},
    {"start", "COMPONENT", "makes it ready: closes its relays in the right order", NULL, "start bat_inv_1\n",
        1, 1, {PROPOSE_COMPONENT}, .run = command_start},
    {"standby", "COMPONENT", "disconnects an inverter from AC and keeps it warm", NULL, "standby bat_inv_1\n",
        1, 1, {PROPOSE_COMPONENT}, .run = command_standby},
    {"stop", "COMPONENT", "switches it off: opens its relays in the right order", NULL, "stop bat_inv_1\n", 1,
        1, {PROPOSE_COMPONENT}, .run = command_stop},
    {"ack", "COMPONENT", "clears an error that can be cleared", NULL, "ack bat_inv_1\n", 1, 1,
        {PROPOSE_COMPONENT}, .run = command_ack},
    {"watch", "[COMPONENT|SENSOR...]", "a live table; on no terminal a line a sample",
        "Without names: all components. On a terminal, p draws a moving chart, q ends.",
        "watch bat_inv_1 pv_inv main_meter\n"
        "watch battery_1 --metric soc,dc_power\n"
        "watch pv_inv --plot\n"
        "watch --json | jq -c '[.name, .metrics.ac_active_power.value]'\n",
        0, MAX_OPERANDS, {PROPOSE_ANYTHING_MEASURED, PROPOSE_ANYTHING_MEASURED},
        OPTION_BIT(OPTION_METRIC) | OPTION_BIT(OPTION_PLOT) | OPTION_BIT(OPTION_FOR) |
            OPTION_BIT(OPTION_COUNT),
        command_watch},
    {"record", "[COMPONENT|SENSOR...]", "every sample as a line of CSV, or of JSON",
        "Without names: all components. A file that is there stays as it is without --force. Ends with Ctrl-C, --for or --count; a gateway that goes away is waited for.",
        "record main_meter pv_inv --output day.csv\n"
        "record --for 1h > hour.csv\n"
        "record battery_1 thermometer --metric soc,sensor_temperature --count 60\n",
        0, MAX_OPERANDS, {PROPOSE_ANYTHING_MEASURED, PROPOSE_ANYTHING_MEASURED},
        OPTION_BIT(OPTION_METRIC) | OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_FORCE) |
            OPTION_BIT(OPTION_FOR) | OPTION_BIT(OPTION_COUNT),
        command_record},
    {"journal", "", "what was commanded, by whom, and what became of it",
        "Of a gateway that keeps one (microgridd --state DIR), asked on its own machine or with an admin's key. --json: a document a line.",
        "journal --since 1h\n"
        "journal --since yesterday\n"
        "journal --component bat_inv_1 --follow\n"
        "journal --since 2026-01-01 --csv > january.csv\n"
        "journal --json | jq 'select(.kind == \"refusal\")'\n",
        0, 0,
        .options = OPTION_BIT(OPTION_SINCE) | OPTION_BIT(OPTION_COMPONENT) | OPTION_BIT(OPTION_FOLLOW) |
                   OPTION_BIT(OPTION_CSV),
        .run = command_journal},
    {"holders", "", "who holds which set-points and bounds, and until when",
        "Asked on the gateway's own machine, or with an admin's key.",
        "holders\nholders --json | jq '.setpoints[] | .name'\n", 0, 0, .run = command_holders},
    {"cert init", "--host NAME|--client NAME", "makes an authority and a server certificate for TLS",
        "An authority that is in the folder already signs again, so that clients need nothing new: --force then renews\n"
        "only the server's certificate. With --client it signs NAME.pem, which a client shows (--cert, --cert-key) to a\n"
        "gateway whose site file has listen: {tls: {client_ca: ca.pem}}; \"cert:NAME role=viewer\" in its keys file is its role.",
        "cert init --host gw.local --host 10.0.0.7\n"
        "cert init --host gw.local --folder tls\n"
        "cert init --host gw.local --folder tls --force\n"
        "cert init --client ems --folder tls\n",
        0, 0,
        .options = OPTION_BIT(OPTION_HOST) | OPTION_BIT(OPTION_CLIENT) | OPTION_BIT(OPTION_FOLDER) |
                   OPTION_BIT(OPTION_DAYS) | OPTION_BIT(OPTION_FORCE),
        .run = command_cert_init},
    {"cert check", "FILE...", "how long certificates are good; warns 30 days ahead",
        "Exit status 4 for one that has expired.", "cert check server.pem ca.pem\n", 1, MAX_OPERANDS,
        {PROPOSE_FILE, PROPOSE_FILE}, .run = command_cert_check},
    {"key new", "NAME", "makes an API key, shown once, and its hash for the gateway",
        "The key goes to stdout; a file there is made its owner's only. The gateway's keys file gets only its hash, with what may be done by it. A viewer\n"
        "lists and watches, an operator commands too, an admin may see to the gateway itself. With --sign whoever\n"
        "records a call cannot repeat it; the secret stands in the keys file too.",
        "key new ems > ems.key\n"
        "key new ems --keys /etc/microgridd/keys > ems.key\n"
        "key new wallbox --components ev_charger --sign wallbox.secret > wallbox.key\n"
        "list --target gw.local:50051 --key-file wallbox.key --secret-file wallbox.secret\n",
        1, 1,
        .options = OPTION_BIT(OPTION_KEYS) | OPTION_BIT(OPTION_ROLE) | OPTION_BIT(OPTION_COMPONENTS) |
                   OPTION_BIT(OPTION_SIGN),
        .run = command_key_new},
    {"completion", "bash|zsh|fish", "what a shell proposes at Tab", NULL,
        "completion bash > ~/.local/share/bash-completion/completions/microgridctl\n"
        "completion zsh > ~/.zfunc/_microgridctl\n"
        "completion fish > ~/.config/fish/completions/microgridctl.fish\n",
        1, 1, {PROPOSE_SHELL}, .run = command_completion},
};

const size_t n_commands = ARRAY_LEN(command_table);
