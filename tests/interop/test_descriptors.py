# SPDX-License-Identifier: MIT
"""The API's shape: the published packages, the gateway's reflection and proto/ must describe the same. That what
protoc-gen-ugrpc embeds is proto/ byte by byte, tests/unit/test_codegen.c proves."""
import re
import subprocess

import grpc
import pytest
from google.api import annotations_pb2  # so that options show the http routes  # noqa: F401
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_reflection.v1alpha import reflection_pb2

from client import refused
from daemon import HERE, TOOLS, TOP

SERVED = ["v1", "v1alpha18", "v1alpha19"]  # what the gateway has to list: compared by reflection too
PREVIEWS = SERVED[1:]
BINDINGS = {"venv": ["v1"], "venv-newest": ["v1", *PREVIEWS]}  # which release has what: setup.sh
REFLECTIONS = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]
Field = descriptor_pb2.FieldDescriptorProto


def root(version):
    return f"frequenz/api/microgrid/{version}/microgrid.proto"


def microgrid(version):
    return f"frequenz.api.microgrid.{version}.Microgrid"


def published(venv, versions):
    """All files of these versions in the bindings of a virtual environment, by name."""
    command = [TOOLS / venv / "bin" / "python", HERE / "published.py", *versions]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return {file.name: file for file in descriptor_pb2.FileDescriptorSet.FromString(out).file}


PUBLISHED = {venv: published(venv, versions) for venv, versions in BINDINGS.items()}
NEWEST = PUBLISHED["venv-newest"]


def with_imports(files, name):
    """The names of a file and of all that it imports, as far as they are among `files`."""
    return {name}.union(*(with_imports(files, one) for one in files[name].dependency if one in files))


def each_file(versions):
    """Parametrises a test with each published file of these versions, from each release that has them."""
    return pytest.mark.parametrize(
        "theirs",
        [
            pytest.param(files[name], id=f"{venv}-{name}")
            for venv, files in PUBLISHED.items()
            for name in sorted({one for v in versions if v in BINDINGS[venv] for one in with_imports(files, root(v))})
        ],
    )


def json_name(field):
    """protoc writes the name even where it follows from the field's; the published packages leave it out."""
    return field.json_name or re.sub("_(.)", lambda match: match[1].upper(), field.name)


def facts(file):
    """What a file says, one fact a line, so that a difference is readable."""
    told = {f"package {file.package}", f"syntax {file.syntax}"}
    told |= {f"imports {name}" for name in file.dependency}

    def options(kind, name, of):
        for option, value in of.options.ListFields():
            told.add(f"option of {kind} {name}: {option.name} = {str(value).strip()}")

    def reserved(name, of):
        told.update(f"reserved in {name}: {one.start} to {one.end}" for one in of.reserved_range)
        told.update(f"reserved in {name}: {one}" for one in of.reserved_name)

    def of_enum(enum, scope):
        name = f"{scope}.{enum.name}"
        options("enum", name, enum)
        reserved(name, enum)
        for one in enum.value:
            told.add(f"enum {name}: {one.name} = {one.number}")
            options("value", one.name, one)

    def of_message(message, scope):
        name = f"{scope}.{message.name}"
        told.add(f"message {name}")
        options("message", name, message)
        reserved(name, message)
        for field in message.field:
            presence = " with presence" if field.proto3_optional else ""
            group = f" in {message.oneof_decl[field.oneof_index].name}" if field.HasField("oneof_index") else ""
            told.add(
                f"field {name}.{field.name} = {field.number}: {Field.Label.Name(field.label)} "
                f"{Field.Type.Name(field.type)} {field.type_name}{presence}{group}, in JSON {json_name(field)}"
            )
            options("field", f"{name}.{field.name}", field)
        for nested in message.nested_type:
            of_message(nested, name)
        for enum in message.enum_type:
            of_enum(enum, name)

    options("package", file.package, file)
    for message in file.message_type:
        of_message(message, file.package)
    for enum in file.enum_type:
        of_enum(enum, file.package)
    for service in file.service:
        options("service", service.name, service)
        for method in service.method:
            name = f"{file.package}.{service.name}.{method.name}"
            kind = f"{'stream ' if method.client_streaming else ''}-> {'stream ' if method.server_streaming else ''}"
            told.add(f"method {name}: {method.input_type} {kind}{method.output_type}")
            options("method", name, method)
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
        assert listed == {*map(microgrid, SERVED), "microgrid.admin.v1.Admin", "grpc.health.v1.Health", *REFLECTIONS}

    @each_file(SERVED)
    def test_each_file_is_as_published(self, reflection, theirs):
        compare(reflection.files(file_by_filename=theirs.name)[theirs.name], theirs)

    @pytest.mark.parametrize("version", SERVED)
    def test_a_symbol_leads_to_its_file(self, reflection, version):
        service, name = microgrid(version), root(version)
        method = NEWEST[name].service[0].method[1]
        for symbol in (service, f"{service}.{method.name}", method.input_type.lstrip(".")):
            assert name in reflection.files(file_containing_symbol=symbol)

    def test_a_symbol_of_a_common_file_leads_to_that(self, reflection):
        found = reflection.files(file_containing_symbol="frequenz.api.common.v1.metrics.Metric")
        assert "frequenz/api/common/v1/metrics/metric_sample.proto" in found

    @pytest.mark.parametrize("version", SERVED)
    def test_the_files_link_together(self, reflection, version):
        """A client that knows nothing can build the whole API from what it gets."""
        pool, todo, done = descriptor_pool.DescriptorPool(), [root(version)], {}
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

        add(root(version))
        assert len(pool.FindServiceByName(microgrid(version)).methods) == 13

    def test_many_questions_on_one_stream(self, reflection):
        names = PUBLISHED["venv"]
        questions = [reflection_pb2.ServerReflectionRequest(file_by_filename=name) for name in names]
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
    @each_file(["v1", *PREVIEWS])
    def test_each_file_is_as_published(self, compiled, theirs):
        compare(compiled[theirs.name], theirs)

    def test_it_has_no_file_of_its_own(self, compiled):
        assert {name for name in compiled if name.startswith("frequenz/")} == set().union(*PUBLISHED.values())

    def test_the_previews_differ_in_the_package_and_one_name_only(self, compiled):
        """One implementation serves both."""
        older, newer = (facts(compiled[root(version)]) for version in PREVIEWS)
        renamed = {
            re.sub(r"\bComponentTelemetryStreamFilter\b", "ElectricalComponentTelemetryStreamFilter", line).replace(
                *PREVIEWS
            )
            for line in older
        }
        assert renamed == newer

    def test_health_and_reflection_are_as_published(self, compiled):
        from grpc_health.v1 import health_pb2

        for module, name in ((health_pb2, "grpc/health/v1/health.proto"),
                             (reflection_pb2, "grpc/reflection/v1alpha/reflection.proto")):  # fmt: skip
            theirs = descriptor_pb2.FileDescriptorProto()
            module.DESCRIPTOR.CopyToProto(theirs)
            # the published package is older than the definition: Health.List came later
            assert facts(theirs) - facts(compiled[name]) == set(), "we say less"


def test_the_facts_include_routes_and_deprecations():
    """The comparison must not pass because both sides say nothing."""
    told = set().union(*map(facts, NEWEST.values()))
    for method in ("v1.Microgrid.GetMicrogridMetadata", "v1alpha18.Microgrid.GetMicrogrid"):
        assert f'option of method frequenz.api.microgrid.{method}: http = get: "/v1/metadata"' in told
    assert sum(": http = " in line for line in told) == 12 + 11 + 11
    common = "option of field frequenz.api.common.v1alpha8.microgrid"
    for message in ("electrical_components.ElectricalComponent", "sensors.Sensor"):
        for field in ("manufacturer", "model_name"):
            assert f"{common}.{message}.{field}: deprecated = True" in told


def test_an_unknown_service_of_reflection_is_unimplemented(all_site):
    with refused(grpc.StatusCode.UNIMPLEMENTED):
        Reflection(all_site, "grpc.reflection.v9.ServerReflection").ask(list_services="")
