"""Make protobuf message classes at run time, from tables of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

_TYPES = {
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
}

Fields = Mapping[str, tuple[int, str]]
"""Field name to its number and type; a type of a message's name is that message; `*` repeats."""


def message_classes(package: str, messages: Mapping[str, Fields]) -> dict[str, Any]:
    """Make a class for each message of a proto3 package.

    Args:
        package: Name of the package; must differ from call to call.
        messages: Message name to its fields, for example
            `{"Vertex": {"digest": (1, "string"), "inputs": (2, "string*")}}`.
    """
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package)
    file.syntax = "proto3"
    for message, fields in messages.items():
        kind = file.message_type.add(name=message)
        for name, (number, spec) in fields.items():
            repeated = spec.endswith("*")
            spec = spec.rstrip("*")  # noqa: PLW2901 - the mark has been read
            field = kind.field.add(name=name, number=number)
            field.label = (
                FieldDescriptorProto.LABEL_REPEATED
                if repeated
                else FieldDescriptorProto.LABEL_OPTIONAL
            )
            if spec in _TYPES:
                field.type = _TYPES[spec]
            else:
                field.type = FieldDescriptorProto.TYPE_MESSAGE
                field.type_name = f".{package}.{spec}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        message: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{message}"))
        for message in messages
    }
