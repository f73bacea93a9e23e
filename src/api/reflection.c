/* SPDX-License-Identifier: MIT */
/* grpc.reflection.v1 and v1alpha, which differ in nothing but their names: both are served with v1's
 * messages. What is told comes from the file descriptors that generated services carry. */
#include <string.h>

#include "api/descriptor.h"
#include "base/status.h"
#include "grpc/reflection/v1/reflection.ugrpc.h"
#include "grpc/reflection/v1alpha/reflection.ugrpc.h"
#include "ugrpc/serving.h"

#define FILES_MAX    512
#define SERVICES_MAX 256
#define NUMBERS_MAX  256
#define SEND_LIMIT   (4 << 20) /* of answers that a client does not read */

typedef ugrpc_reflection_v1_server_reflection_request request;
typedef ugrpc_reflection_v1_server_reflection_response response;
typedef ugrpc_reflection_v1_error_response error_response;
#define KIND(name) UGRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name

/* Files, each once, what they import after them. */
struct files {
    const struct ugrpc_file *items[FILES_MAX];
    size_t n;
};

static void add_file(struct files *files, const struct ugrpc_file *file)
{
    for (size_t i = 0; i < files->n; i++) {
        if (files->items[i] == file) {
            return;
        }
    }
    if (!file || files->n == FILES_MAX) {
        return;
    }
    files->items[files->n++] = file;
    for (size_t i = 0; i < file->n_imports; i++) {
        add_file(files, file->imports[i]);
    }
}

static void all_files(const struct ugrpc_server *server, struct files *files)
{
    const struct ugrpc_service *service;
    files->n = 0;
    for (size_t i = 0; (service = ugrpc_server_service(server, i)); i++) {
        add_file(files, service->file);
    }
}

static void send_response(struct ugrpc_call *call, const request *req, response *reply)
{
    reply->valid_host = req->host;
    reply->original_request = (request *)req;
    if (ugrpc_call_send(call, &reply->base) == UGRPC_FULL) {
        ugrpc_call_fail(call, UGRPC_RESOURCE_EXHAUSTED, "too many bytes of answers wait to be read already");
    }
}

static void send_not_found(struct ugrpc_call *call, const request *req, const char *what)
{
    char text[512];
    struct ugrpc_status st;
    status_set(&st, UGRPC_NOT_FOUND, "this server knows no %s", what);
    memcpy(text, st.message, sizeof(text));
    response reply = UGRPC_REFLECTION_V1_SERVER_REFLECTION_RESPONSE_INIT;
    error_response error = UGRPC_REFLECTION_V1_ERROR_RESPONSE_INIT;
    error.error_code = UGRPC_NOT_FOUND;
    error.error_message = text;
    reply.message_response_case =
        UGRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
    reply.error_response = &error;
    send_response(call, req, &reply);
}

/* The file and all that it imports, so that a client needs no second question. */
static void send_file(struct ugrpc_call *call, const request *req, const struct ugrpc_file *file)
{
    struct files files = {.n = 0};
    ProtobufCBinaryData bytes[FILES_MAX];
    response reply = UGRPC_REFLECTION_V1_SERVER_REFLECTION_RESPONSE_INIT;
    ugrpc_reflection_v1_file_descriptor_response found = UGRPC_REFLECTION_V1_FILE_DESCRIPTOR_RESPONSE_INIT;
    add_file(&files, file);
    for (size_t i = 0; i < files.n; i++) {
        bytes[i] = (ProtobufCBinaryData){
            files.items[i]->descriptor_len, (uint8_t *)files.items[i]->descriptor};
    }
    found.n_file_descriptor_proto = files.n;
    found.file_descriptor_proto = bytes;
    reply.message_response_case =
        UGRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
    reply.file_descriptor_response = &found;
    send_response(call, req, &reply);
}

static void by_filename(struct ugrpc_call *call, const request *req, const struct files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        if (strcmp(files->items[i]->name, req->file_by_filename) == 0) {
            send_file(call, req, files->items[i]);
            return;
        }
    }
    send_not_found(call, req, req->file_by_filename);
}

static void by_symbol(struct ugrpc_call *call, const request *req, const struct files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        if (descriptor_declares(files->items[i], req->file_containing_symbol)) {
            send_file(call, req, files->items[i]);
            return;
        }
    }
    send_not_found(call, req, req->file_containing_symbol);
}

/* Extensions of one message: all numbers, or whether a certain one is there. */
struct extensions {
    const char *of;
    uint32_t wanted; /* 0: all */
    int32_t numbers[NUMBERS_MAX];
    size_t n;
};

static bool take_extension(const char *extendee, uint32_t number, void *userdata)
{
    struct extensions *extensions = userdata;
    if (strcmp(extendee, extensions->of) != 0) {
        return false;
    }
    if (extensions->n < NUMBERS_MAX) {
        extensions->numbers[extensions->n++] = (int32_t)number;
    }
    return extensions->wanted && number == extensions->wanted;
}

static void by_extension(struct ugrpc_call *call, const request *req, const struct files *files)
{
    const ugrpc_reflection_v1_extension_request *wanted = req->file_containing_extension;
    struct extensions extensions = {
        .of = wanted->containing_type, .wanted = (uint32_t)wanted->extension_number};
    for (size_t i = 0; i < files->n; i++) {
        if (descriptor_extensions(files->items[i], take_extension, &extensions)) {
            send_file(call, req, files->items[i]);
            return;
        }
    }
    send_not_found(call, req, "such extension");
}

static void extension_numbers(struct ugrpc_call *call, const request *req, const struct files *files)
{
    struct extensions extensions = {.of = req->all_extension_numbers_of_type};
    bool known = false;
    for (size_t i = 0; i < files->n; i++) {
        descriptor_extensions(files->items[i], take_extension, &extensions);
        known |= descriptor_declares(files->items[i], extensions.of);
    }
    if (!known && extensions.n == 0) {
        send_not_found(call, req, extensions.of);
        return;
    }
    response reply = UGRPC_REFLECTION_V1_SERVER_REFLECTION_RESPONSE_INIT;
    ugrpc_reflection_v1_extension_number_response numbers =
        UGRPC_REFLECTION_V1_EXTENSION_NUMBER_RESPONSE_INIT;
    numbers.base_type_name = req->all_extension_numbers_of_type;
    numbers.n_extension_number = extensions.n;
    numbers.extension_number = extensions.numbers;
    reply.message_response_case =
        UGRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
    reply.all_extension_numbers_response = &numbers;
    send_response(call, req, &reply);
}

static void list_services(struct ugrpc_call *call, const request *req, const struct ugrpc_server *server)
{
    ugrpc_reflection_v1_service_response items[SERVICES_MAX], *pointers[SERVICES_MAX];
    ugrpc_reflection_v1_list_service_response list = UGRPC_REFLECTION_V1_LIST_SERVICE_RESPONSE_INIT;
    response reply = UGRPC_REFLECTION_V1_SERVER_REFLECTION_RESPONSE_INIT;
    const struct ugrpc_service *service;
    size_t n = 0;
    for (; n < SERVICES_MAX && (service = ugrpc_server_service(server, n)); n++) {
        ugrpc_reflection_v1_service_response_init(&items[n]);
        items[n].name = (char *)service->name;
        pointers[n] = &items[n];
    }
    list.n_service = n;
    list.service = pointers;
    reply.message_response_case =
        UGRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
    reply.list_services_response = &list;
    send_response(call, req, &reply);
}

static void on_message(struct ugrpc_call *call, const void *message, const void *servicer, void *userdata)
{
    const struct ugrpc_server *server = userdata;
    const request *req = message;
    struct files files;
    all_files(server, &files);
    switch (req->message_request_case) {
    case KIND(FILE_BY_FILENAME):
        by_filename(call, req, &files);
        break;
    case KIND(FILE_CONTAINING_SYMBOL):
        by_symbol(call, req, &files);
        break;
    case KIND(FILE_CONTAINING_EXTENSION):
        by_extension(call, req, &files);
        break;
    case KIND(ALL_EXTENSION_NUMBERS_OF_TYPE):
        extension_numbers(call, req, &files);
        break;
    case KIND(LIST_SERVICES):
        list_services(call, req, server);
        break;
    default:
        ugrpc_call_fail(call, UGRPC_INVALID_ARGUMENT, "the request asks for nothing");
    }
}

static void on_cancel(struct ugrpc_call *call, void *userdata)
{
    ugrpc_call_end(call);
}

static void on_begin(struct ugrpc_call *call, const void *message, const void *servicer, void *userdata)
{
    static const struct ugrpc_call_events events = {.on_cancel = on_cancel};
    ugrpc_call_set_send_limit(call, SEND_LIMIT);
    ugrpc_call_watch(call, &events, NULL);
}

static void on_end(struct ugrpc_call *call, const void *servicer, void *userdata)
{
    ugrpc_call_end(call);
}

int ugrpc_server_add_reflection(struct ugrpc_server *server, struct ugrpc_status *st)
{
    static const struct ugrpc_handler handler = {on_begin, on_message, on_end};
    static const struct ugrpc_method method = {"ServerReflectionInfo", UGRPC_BIDI_STREAMING,
        &ugrpc__reflection__v1__server_reflection_request__descriptor,
        &ugrpc__reflection__v1__server_reflection_response__descriptor};
    static const struct ugrpc_service v1 = {
        "grpc.reflection.v1.ServerReflection", &method, 1, &ugrpc_reflection_v1_reflection_file};
    static const struct ugrpc_service v1alpha = {
        "grpc.reflection.v1alpha.ServerReflection", &method, 1, &ugrpc_reflection_v1alpha_reflection_file};
    int rc = ugrpc_server_add_service(server, &v1, &handler, NULL, server, st);
    return rc ? rc : ugrpc_server_add_service(server, &v1alpha, &handler, NULL, server, st);
}
