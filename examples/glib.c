/* SPDX-License-Identifier: MIT */
/* libugrpc inside GLib's main loop, and so in GTK's: a GSource of a few lines. Lists the components of a
 * microgrid. usage: glib [TARGET], by default 127.0.0.1:50051. Built with
 *
 *     cc -o glib glib.c $(pkg-config --cflags --libs libmicrogrid glib-2.0) */
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>

#include <microgrid/v1.h>
#include <ugrpc/ugrpc.h>

/* ---- the source: all that another program needs of this ---- */

struct grpc_source {
    GSource base;
    struct ugrpc_loop *loop; /* borrowed until g_source_destroy() */
    gpointer fd;
};

static gboolean grpc_source_prepare(GSource *base, gint *timeout_ms)
{
    *timeout_ms = ugrpc_loop_timeout_ms(((struct grpc_source *)base)->loop);
    return *timeout_ms == 0;
}

static gboolean grpc_source_check(GSource *base)
{
    const struct grpc_source *source = (struct grpc_source *)base;
    return g_source_query_unix_fd(base, source->fd) || ugrpc_loop_timeout_ms(source->loop) == 0;
}

static gboolean grpc_source_dispatch(GSource *base, GSourceFunc callback, gpointer userdata)
{
    ugrpc_loop_turn(((struct grpc_source *)base)->loop);
    return G_SOURCE_CONTINUE;
}

static GSource *grpc_source_new(struct ugrpc_loop *loop)
{
    static GSourceFuncs functions = {
        .prepare = grpc_source_prepare, .check = grpc_source_check, .dispatch = grpc_source_dispatch};
    GSource *base = g_source_new(&functions, sizeof(struct grpc_source));
    struct grpc_source *source = (struct grpc_source *)base;
    source->loop = loop;
    source->fd = g_source_add_unix_fd(base, ugrpc_loop_fd(loop), G_IO_IN);
    return base;
}

/* ---- and a call on it ---- */

struct list {
    GMainLoop *main;
    int rc;
};

static void on_list(
    const struct ugrpc_status *st, const microgrid_v1_list_components_response *reply, void *userdata)
{
    struct list *list = userdata;
    for (size_t i = 0; reply && i < reply->n_components; i++) {
        printf("%4" PRIu64 "  %s\n", reply->components[i]->id, reply->components[i]->name);
    }
    if (!reply) {
        fprintf(stderr, "glib: %s\n", st->message);
        list->rc = 1;
    }
    g_main_loop_quit(list->main);
}

int main(int argc, char **argv)
{
    const struct ugrpc_channel_options options = {.insecure = true};
    const microgrid_v1_list_components_request all = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;
    struct list list = {.main = g_main_loop_new(NULL, FALSE)};
    struct ugrpc_loop *loop = ugrpc_loop_new();
    GSource *source = grpc_source_new(loop);
    struct ugrpc_status st;
    struct ugrpc_channel *channel = ugrpc_channel_new(
        loop, argc > 1 ? argv[1] : "127.0.0.1:50051", &options, &st);
    g_source_attach(source, NULL);
    if (channel) {
        microgrid_v1_list_components_async(channel, &all, NULL, on_list, &list);
        g_main_loop_run(list.main);
    } else {
        fprintf(stderr, "glib: %s\n", st.message);
        list.rc = 2;
    }
    ugrpc_channel_free(channel);
    g_source_destroy(source);
    g_source_unref(source);
    ugrpc_loop_free(loop);
    g_main_loop_unref(list.main);
    return list.rc;
}
