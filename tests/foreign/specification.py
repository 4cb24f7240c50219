"""The exchange's specification files, and whether an answer or a frame obeys them."""

import re

import jsonschema
import yaml


class Specification:
    """OpenAPI for answers, AsyncAPI for frames.

    What does not obey is a list of texts "where: what"; an object's keys that the specification does not have count.
    """

    def __init__(self, openapi_file, asyncapi_file):
        with open(openapi_file, encoding="utf-8") as file:
            self.openapi = _with_null(yaml.safe_load(file))
        with open(asyncapi_file, encoding="utf-8") as file:
            self.asyncapi = yaml.safe_load(file)
        self.frames = {}
        for schema in self.asyncapi["components"]["schemas"].values():
            kind = schema.get("properties", {}).get("type", {})
            for name in [kind.get("const"), *kind.get("enum", [])]:
                if name is not None:
                    self.frames.setdefault(name, []).append(schema)

    def operations(self):
        """Every operation as "GET /path/{parameter}"."""
        methods = {"get", "post", "put", "delete"}
        return {
            f"{method.upper()} {path}"
            for path, operations in self.openapi["paths"].items()
            for method in operations
            if method in methods
        }

    def operation_of(self, method, path):
        """The operation that a request is, the one with the fewest parameters if several match."""
        path = path.partition("?")[0]
        matches = [
            template
            for template, operations in self.openapi["paths"].items()
            if method.lower() in operations and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path)
        ]
        return min(matches, key=lambda template: template.count("{"), default=None)

    def check_answer(self, method, path, status, body):
        template = self.operation_of(method, path)
        if template is None:
            return [f"{method} {path.partition('?')[0]}: no such operation"]
        where = f"{method} {template}"
        answers = self.openapi["paths"][template][method.lower()]["responses"]
        answer = self._resolve(self.openapi, answers.get(str(status), {}))
        if str(status) not in answers:
            return [f"{where}: status {status} is not specified"]
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return [] if body in (None, {}, "") else [f"{where} {status}: a body where none is specified"]
        return self._check(f"{where} {status}", self.openapi, schema, body)

    def check_frame(self, frame):
        kind = frame.get("type")
        schemas = self.frames.get(kind)
        if schemas is None:
            return [f"frame {kind}: no such frame"]
        # One word may stand for several payloads, of which one has to fit.
        return min((self._check(f"frame {kind}", self.asyncapi, schema, frame) for schema in schemas), key=len)

    def _check(self, where, document, schema, value):
        registry = {"components": document["components"], **schema} if "$ref" not in schema else None
        root = registry or {"components": document["components"], "allOf": [schema]}
        validator = jsonschema.Draft7Validator(root)
        found = set()
        for error in validator.iter_errors(value):
            place = "".join("[]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
            found.add(f"{where}: {place or '.'}: {_told(error)}")
        for place in self._unknown_keys(document, schema, value, ""):
            found.add(f"{where}: {place}: not specified")
        return sorted(found)

    def _resolve(self, document, schema):
        while isinstance(schema, dict) and "$ref" in schema:
            target = document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            schema = target
        return schema

    def _properties(self, document, schema):
        schema = self._resolve(document, schema)
        properties = dict(schema.get("properties", {}))
        for part in (*schema.get("allOf", []), *schema.get("oneOf", []), *schema.get("anyOf", [])):
            properties.update(self._properties(document, part))
        return properties

    def _items(self, document, schema):
        schema = self._resolve(document, schema)
        if "items" in schema:
            return schema["items"]
        parts = (*schema.get("allOf", []), *schema.get("oneOf", []), *schema.get("anyOf", []))
        return next((items for part in parts if (items := self._items(document, part))), None)

    def _unknown_keys(self, document, schema, value, place):
        if isinstance(value, dict):
            properties = self._properties(document, schema)
            open_object = self._resolve(document, schema).get("additionalProperties")
            for key, inner in value.items():
                if key in properties:
                    yield from self._unknown_keys(document, properties[key], inner, f"{place}.{key}")
                elif not open_object and properties:
                    yield f"{place}.{key}"
        elif isinstance(value, list):
            items = self._items(document, schema)
            for inner in value if items else []:
                yield from self._unknown_keys(document, items, inner, f"{place}[]")


def _told(error):
    """The error without the value that it is about, so that it reads the same each time."""
    match error.validator:
        case "required":
            return error.message
        case "type":
            return f"is no {error.validator_value}"
        case "enum" | "const":
            return f"{error.instance!r} is not one of the words"
        case _:
            return f"breaks {error.validator} {error.validator_value!r}"[:120]


def _with_null(node):
    """OpenAPI 3.0 says `nullable`, JSON Schema has a type for it."""
    if isinstance(node, list):
        return [_with_null(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    node = {key: _with_null(inner) for key, inner in node.items()}
    if node.pop("nullable", False):
        if "type" in node:
            node["type"] = [node["type"], "null"]
            if "enum" in node:
                node["enum"] = [*node["enum"], None]
        else:
            node = {"anyOf": [node, {"type": "null"}]}
    return node
