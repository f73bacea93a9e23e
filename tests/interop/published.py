# SPDX-License-Identifier: MIT
"""Writes the API's files as the installed bindings have them, a FileDescriptorSet: published.py VERSION..."""
import importlib
import sys

from google.protobuf import descriptor_pb2

found = {}


def visit(file):
    if file.name not in found and file.name.startswith("frequenz/"):
        found[file.name] = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(found[file.name])
        for dependency in file.dependencies:
            visit(dependency)


for version in sys.argv[1:]:
    visit(importlib.import_module(f"frequenz.api.microgrid.{version}.microgrid_pb2").DESCRIPTOR)
sys.stdout.buffer.write(descriptor_pb2.FileDescriptorSet(file=found.values()).SerializeToString())
