# SPDX-License-Identifier: MIT
"""grpc.testing.TestService on grpcio. usage: testing_server.py sync|asyncio DESCRIPTOR_SET [CERTIFICATE KEY]; prints its
port. Replies are compressed with gzip when the call has the metadata x-compress."""
import asyncio
import sys
import time
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ECHO_INITIAL, ECHO_TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"


def messages(path):
    """The message classes of a descriptor set, by their names without the package."""
    files = descriptor_pb2.FileDescriptorSet.FromString(open(path, "rb").read())
    pool = descriptor_pool.DescriptorPool()
    classes = {}
    for file in files.file:
        pool.Add(file)
        for message in file.message_type:
            name = pool.FindMessageTypeByName(f"{file.package}.{message.name}")
            classes[message.name] = message_factory.GetMessageClass(name)
    return classes


class Echo:
    """What both servers do alike: the metadata, and what is asked for."""

    def __init__(self, classes):
        self.classes = classes

    def payload(self, size):
        return self.classes["Payload"](body=bytes(size))

    def metadata(self, context):
        """Initial metadata to be sent; the trailing ones are set."""
        got = context.invocation_metadata()
        trailing = [pair for pair in got if pair[0] == ECHO_TRAILING]
        context.set_trailing_metadata(trailing)
        if any(key == "x-compress" for key, _ in got):
            context.set_compression(grpc.Compression.Gzip)
        return [pair for pair in got if pair[0] == ECHO_INITIAL]

    def simple(self, request):
        return self.classes["SimpleResponse"](payload=self.payload(request.response_size))

    def total(self, size):
        return self.classes["StreamingInputCallResponse"](aggregated_payload_size=size)

    def answer(self, size):
        return self.classes["StreamingOutputCallResponse"](payload=self.payload(size))


def status(request):
    """The code and message that a request asks to fail with, or None."""
    asked = request.response_status
    if not asked.code:
        return None
    return next(code for code in grpc.StatusCode if code.value[0] == asked.code), asked.message


class SyncServicer(Echo):
    def EmptyCall(self, request, context):
        context.send_initial_metadata(self.metadata(context))
        return self.classes["Empty"]()

    def UnaryCall(self, request, context):
        context.send_initial_metadata(self.metadata(context))
        if status(request):
            context.abort(*status(request))
        return self.simple(request)

    def StreamingInputCall(self, requests, context):
        context.send_initial_metadata(self.metadata(context))
        return self.total(sum(len(request.payload.body) for request in requests))

    def StreamingOutputCall(self, request, context):
        yield from self.FullDuplexCall([request], context)

    def FullDuplexCall(self, requests, context):
        context.send_initial_metadata(self.metadata(context))
        for request in requests:
            if status(request):
                context.abort(*status(request))
            for asked in request.response_parameters:
                time.sleep(asked.interval_us / 1e6)
                yield self.answer(asked.size)


class AsyncServicer(Echo):
    async def EmptyCall(self, request, context):
        await context.send_initial_metadata(self.metadata(context))
        return self.classes["Empty"]()

    async def UnaryCall(self, request, context):
        await context.send_initial_metadata(self.metadata(context))
        if status(request):
            await context.abort(*status(request))
        return self.simple(request)

    async def StreamingInputCall(self, requests, context):
        await context.send_initial_metadata(self.metadata(context))
        size = 0
        async for request in requests:
            size += len(request.payload.body)
        return self.total(size)

    async def StreamingOutputCall(self, request, context):
        await context.send_initial_metadata(self.metadata(context))
        async for answer in self.answers(request, context):
            yield answer

    async def FullDuplexCall(self, requests, context):
        await context.send_initial_metadata(self.metadata(context))
        async for request in requests:
            async for answer in self.answers(request, context):
                yield answer

    async def answers(self, request, context):
        if status(request):
            await context.abort(*status(request))
        for asked in request.response_parameters:
            await asyncio.sleep(asked.interval_us / 1e6)
            yield self.answer(asked.size)


def handlers(servicer, classes):
    """What protoc would generate."""

    def method(kind, name, request, response):
        return kind(
            getattr(servicer, name),
            request_deserializer=classes[request].FromString,
            response_serializer=classes[response].SerializeToString,
        )

    return grpc.method_handlers_generic_handler(
        "grpc.testing.TestService",
        {
            "EmptyCall": method(grpc.unary_unary_rpc_method_handler, "EmptyCall", "Empty", "Empty"),
            "UnaryCall": method(grpc.unary_unary_rpc_method_handler, "UnaryCall", "SimpleRequest", "SimpleResponse"),
            "StreamingInputCall": method(
                grpc.stream_unary_rpc_method_handler,
                "StreamingInputCall",
                "StreamingInputCallRequest",
                "StreamingInputCallResponse",
            ),
            "StreamingOutputCall": method(
                grpc.unary_stream_rpc_method_handler,
                "StreamingOutputCall",
                "StreamingOutputCallRequest",
                "StreamingOutputCallResponse",
            ),
            "FullDuplexCall": method(
                grpc.stream_stream_rpc_method_handler,
                "FullDuplexCall",
                "StreamingOutputCallRequest",
                "StreamingOutputCallResponse",
            ),
        },
    )


def listen(server, files):
    if not files:
        return server.add_insecure_port("127.0.0.1:0")
    certificate, key = (open(file, "rb").read() for file in files)
    return server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)]))


def serve_sync(classes, files):
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers([handlers(SyncServicer(classes), classes)])
    print(f"port :{listen(server, files)}", flush=True)
    server.start()
    server.wait_for_termination()


async def serve_async(classes, files):
    server = grpc.aio.server()
    server.add_generic_rpc_handlers([handlers(AsyncServicer(classes), classes)])
    print(f"port :{listen(server, files)}", flush=True)
    await server.start()
    await server.wait_for_termination()


def main():
    kind, descriptors, *files = sys.argv[1:]
    classes = messages(descriptors)
    if kind == "sync":
        serve_sync(classes, files)
    else:
        asyncio.run(serve_async(classes, files))


main()
