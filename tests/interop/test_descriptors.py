# SPDX-License-Identifier: MIT
"""The API's shape: the published package, the gateway's reflection and proto/ must describe the same."""
import subprocess

import grpc
import pytest
from frequenz.api.microgrid.v1 import microgrid_pb2
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2

from client import refused
from daemon import TOP

MICROGRID = "frequenz.api.microgrid.v1.Microgrid"
REFLECTIONS = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]
Field = descriptor_pb2.FieldDescriptorProto


def published():
    """All files of the API that the installed package brings, by name."""
    found = {}

    def visit(file):
        if file.name not in found and file.name.startswith("frequenz/"):
            found[file.name] = descriptor_pb2.FileDescriptorProto()
            file.CopyToProto(found[file.name])
            for dependency in file.dependencies:
                visit(dependency)

    visit(microgrid_pb2.DESCRIPTOR)
    return found


PUBLISHED = published()


def facts(file):
    """What a file says on the wire, one fact a line, so that a difference is readable."""
    told = {f"package {file.package}", f"syntax {file.syntax}"}
    told |= {f"imports {name}" for name in file.dependency}

    def of_enum(enum, scope):
        told.update(f"enum {scope}.{enum.name}: {one.name} = {one.number}" for one in enum.value)

    def of_message(message, scope):
        name = f"{scope}.{message.name}"
        told.add(f"message {name}")
        for field in message.field:
            presence = " with presence" if field.proto3_optional else ""
            group = f" in {message.oneof_decl[field.oneof_index].name}" if field.HasField("oneof_index") else ""
            told.add(
                f"field {name}.{field.name} = {field.number}: {Field.Label.Name(field.label)} "
                f"{Field.Type.Name(field.type)} {field.type_name}{presence}{group}"
            )
        for nested in message.nested_type:
            of_message(nested, name)
        for enum in message.enum_type:
            of_enum(enum, name)

    for message in file.message_type:
        of_message(message, file.package)
    for enum in file.enum_type:
        of_enum(enum, file.package)
    for service in file.service:
        for method in service.method:
            rule = method.options.Extensions[annotations_pb2.http]
            kind = f"{'stream ' if method.client_streaming else ''}-> {'stream ' if method.server_streaming else ''}"
            told.add(
                f"method {file.package}.{service.name}.{method.name}: {method.input_type} {kind}{method.output_type}"
            )
            told.add(f"route {service.name}.{method.name}: {rule.WhichOneof('pattern')} {rule.get} body={rule.body!r}")
    return told


def compare(ours, theirs):
    assert facts(ours) - facts(theirs) == set(), "we say more"
    assert facts(theirs) - facts(ours) == set(), "we say less"


class Reflection:
    """One of the two reflection services; their messages are the same but for the package."""

    def __init__(self, client, service):
        self.call = client.channel.stream_stream(
            f"/{service}/ServerReflectionInfo",
            reflection_pb2.ServerReflectionRequest.SerializeToString,
            reflection_pb2.ServerReflectionResponse.FromString,
        )

    def ask(self, **question):
        request = reflection_pb2.ServerReflectionRequest(**question)
        reply = next(self.call(iter([request]), timeout=10))
        assert reply.original_request == request
        return reply

    def files(self, **question):
        reply = self.ask(**question)
        assert reply.WhichOneof("message_response") == "file_descriptor_response", reply
        parsed = map(descriptor_pb2.FileDescriptorProto.FromString, reply.file_descriptor_response.file_descriptor_proto)
        return {file.name: file for file in parsed}


@pytest.fixture(params=REFLECTIONS)
def reflection(all_site, request):
    return Reflection(all_site, request.param)


class TestReflection:
    def test_it_lists_the_services(self, reflection):
        listed = {one.name for one in reflection.ask(list_services="").list_services_response.service}
        assert {MICROGRID, "grpc.health.v1.Health", *REFLECTIONS} <= listed

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_each_file_is_as_published(self, reflection, name):
        compare(reflection.files(file_by_filename=name)[name], PUBLISHED[name])

    def test_a_symbol_leads_to_its_file(self, reflection):
        for symbol in (MICROGRID, MICROGRID + ".ListComponents", "frequenz.api.microgrid.v1.AddComponentBoundsRequest"):
            assert "frequenz/api/microgrid/v1/microgrid.proto" in reflection.files(file_containing_symbol=symbol)
        found = reflection.files(file_containing_symbol="frequenz.api.common.v1.metrics.Metric")
        assert "frequenz/api/common/v1/metrics/metric_sample.proto" in found

    def test_the_files_link_together(self, reflection):
        """A client that knows nothing can build the whole API from what it gets."""
        from google.protobuf import descriptor_pool

        pool, todo, done = descriptor_pool.DescriptorPool(), ["frequenz/api/microgrid/v1/microgrid.proto"], {}
        while todo:
            name = todo.pop()
            if name in done:
                continue
            done.update(reflection.files(file_by_filename=name))
            todo.extend(done[name].dependency)
        added = set()

        def add(name):
            if name not in added:
                for dependency in done[name].dependency:
                    add(dependency)
                pool.Add(done[name]) if hasattr(pool, "Add") else pool.AddSerializedFile(done[name].SerializeToString())
                added.add(name)

        add("frequenz/api/microgrid/v1/microgrid.proto")
        assert len(pool.FindServiceByName(MICROGRID).methods) == 13

    def test_many_questions_on_one_stream(self, reflection):
        questions = [reflection_pb2.ServerReflectionRequest(file_by_filename=name) for name in PUBLISHED]
        replies = list(reflection.call(iter(questions), timeout=10))
        assert [one.original_request for one in replies] == questions

    def test_what_does_not_exist_is_not_found(self, reflection):
        for question in ({"file_by_filename": "no/such.proto"}, {"file_containing_symbol": "no.Such"}):
            reply = reflection.ask(**question)
            assert reply.WhichOneof("message_response") == "error_response"
            assert reply.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """proto/ as protoc understands it, by file name."""
    out = tmp_path_factory.mktemp("protoc") / "set"
    sources = [str(path.relative_to(TOP / "proto")) for path in (TOP / "proto").rglob("*.proto")]
    includes = [f"-I{TOP / 'proto'}"]
    subprocess.run(
        ["protoc", *includes, "--include_imports", f"--descriptor_set_out={out}", *sources], check=True, cwd=TOP
    )
    return {file.name: file for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file}


class TestProtoFolder:
    @pytest.mark.parametrize("name", PUBLISHED)
    def test_each_file_is_as_published(self, compiled, name):
        compare(compiled[name], PUBLISHED[name])

    def test_the_common_files_have_nothing_of_their_own(self, compiled):
        assert {name for name in compiled if name.startswith("frequenz/")} == set(PUBLISHED)

    def test_health_and_reflection_are_as_published(self, compiled):
        from grpc_health.v1 import health_pb2

        for module, name in ((health_pb2, "grpc/health/v1/health.proto"),
                             (reflection_pb2, "grpc/reflection/v1alpha/reflection.proto")):  # fmt: skip
            theirs = descriptor_pb2.FileDescriptorProto()
            module.DESCRIPTOR.CopyToProto(theirs)
            # the published package is older than the definition: Health.List came later
            assert facts(theirs) - facts(compiled[name]) == set(), "we say less"


def test_messages_know_their_http_routes():
    """The comparison must not pass because both sides say nothing."""
    routes = {line for file in PUBLISHED.values() for line in facts(file) if line.startswith("route")}
    assert "route Microgrid.GetMicrogridMetadata: get /v1/metadata body=''" in routes
    assert len(routes) == 13


def test_an_unknown_service_of_reflection_is_unimplemented(all_site):
    with refused(grpc.StatusCode.UNIMPLEMENTED):
        Reflection(all_site, "grpc.reflection.v9.ServerReflection").ask(list_services="")
