#!/usr/bin/env python3
"""Deploys a SAM template to MiniStack: AWS's own translator expands it, then the emulator's CloudFormation builds it.

    deploy.py TEMPLATE BUILD_DIR ENDPOINT ACCOUNT STACK [Param=Value ...] [--env NAME=VALUE ...]

The code of function `Web` is BUILD_DIR/Web/bootstrap. `{function}` in the value of `--env` is the name, in lower case, of
the function that gets it.
Give each running stack its own STACK name, whatever its account: MiniStack names functions after the stack, and
creating one stops the running functions of that name in every account.
Prints one JSON line: {"outputs": {...}, "resources": {"LogicalId": "PhysicalId", ...}}.
Needs the Python package `aws-sam-translator`, and no network beyond ENDPOINT.
"""
import argparse
import hashlib
import io
import json
import os
import shlex
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

REGION = "us-east-1"


class NoManagedPolicies:
    """The translator would ask IAM for the names of AWS's managed policies; the template uses none."""

    def load(self):
        return {}


class Emulator:
    def __init__(self, endpoint, account):
        self.endpoint, self.account = endpoint.rstrip("/"), account

    def call(self, service, method, path, body=b""):
        scope = f"Credential={self.account}/20260101/{REGION}/{service}/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
        request = urllib.request.Request(self.endpoint + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"{service} {method} {path}: {error.code} {error.read().decode(errors='replace')}")

    def put(self, path, body=b""):
        self.call("s3", "PUT", path, body)

    def cloudformation(self, action, **fields):
        form = urllib.parse.urlencode({"Action": action, "Version": "2010-05-15", **fields})
        tree = ET.fromstring(self.call("cloudformation", "POST", "/", form.encode()))
        for element in tree.iter():
            element.tag = element.tag.rpartition("}")[2]
        return tree


def pairs(items):
    return dict(item.split("=", 1) for item in items)


def expand(path, parameters, cache):
    """Expands the template, or reads an earlier result from `cache`: importing the translator takes most of the time."""
    text = path.read_text()
    digest = hashlib.sha256(json.dumps([text, parameters]).encode()).hexdigest()[:16]
    stored = cache / f"expanded-{digest}.json"
    if stored.exists():
        return json.loads(stored.read_text())

    os.environ["AWS_DEFAULT_REGION"] = REGION  # the translator asks boto3 for a region
    from samtranslator.translator.transform import transform
    from samtranslator.yaml_helper import yaml_parse

    template = yaml_parse(text)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://code/placeholder"
    defaults = {n: p["Default"] for n, p in template.get("Parameters", {}).items() if "Default" in p}
    template = transform(template, {**defaults, **parameters}, NoManagedPolicies())
    partial = stored.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(template))
    partial.replace(stored)  # deploys run side by side
    return template


def use_number(properties, name, template, parameters):
    """Puts a number in place of a Ref to a parameter: MiniStack would keep a string, and stop polling every queue."""
    value = properties.get(name)
    if isinstance(value, dict):
        value = parameters.get(value["Ref"], template["Parameters"][value["Ref"]].get("Default"))
    if value is not None:
        properties[name] = int(value)


def archive(bootstrap):
    """A zip whose bootstrap hands over to the built one, so that MiniStack need not copy megabytes for every stack."""
    if not os.access(bootstrap, os.X_OK):
        sys.exit(f"{bootstrap} is missing or not executable")
    entry = zipfile.ZipInfo("bootstrap", (2020, 1, 1, 0, 0, 0))
    entry.external_attr = 0o755 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as out:
        out.writestr(entry, f"#!/bin/sh\nexec {shlex.quote(str(bootstrap.resolve()))}\n")
    return buffer.getvalue()


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].strip())
    for name in ("template", "build_dir"):
        parser.add_argument(name, type=Path)
    for name in ("endpoint", "account", "stack"):
        parser.add_argument(name)
    parser.add_argument("parameters", nargs="*")
    parser.add_argument("--env", action="append", default=[])
    args = parser.parse_intermixed_args()
    parameters = pairs(args.parameters)
    args.env.insert(0, f"AWS_ENDPOINT_URL={args.endpoint}")  # or the functions would dial AWS

    template = expand(args.template, parameters, args.build_dir)
    unknown = parameters.keys() - template.get("Parameters", {}).keys()
    if unknown:
        sys.exit(f"{args.template} has no parameter {', '.join(sorted(unknown))}")  # MiniStack would ignore it
    emulator = Emulator(args.endpoint, args.account)
    bucket = f"code-{args.account}-{args.stack.lower()}"
    emulator.put(f"/{bucket}")
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Function":
            emulator.put(f"/{bucket}/{name}.zip", archive(args.build_dir / name / "bootstrap"))
            properties = resource["Properties"]
            properties["Code"] = {"S3Bucket": bucket, "S3Key": f"{name}.zip"}
            properties.setdefault("Environment", {}).setdefault("Variables", {}).update(
                (key, value.replace("{function}", name.lower())) for key, value in pairs(args.env).items())
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            use_number(resource["Properties"].get("ScalingConfig", {}), "MaximumConcurrency", template, parameters)

    fields = {"StackName": args.stack, "TemplateBody": json.dumps(template, separators=(",", ":"))}
    for i, (name, value) in enumerate(parameters.items(), 1):
        fields |= {f"Parameters.member.{i}.ParameterKey": name, f"Parameters.member.{i}.ParameterValue": value}
    for i, capability in enumerate(("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"), 1):
        fields[f"Capabilities.member.{i}"] = capability
    emulator.cloudformation("CreateStack", **fields)

    deadline = time.monotonic() + 60
    while True:
        stack = emulator.cloudformation("DescribeStacks", StackName=args.stack).find(".//Stacks/member")
        status = stack.findtext("StackStatus")
        if status != "CREATE_IN_PROGRESS" or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    if status != "CREATE_COMPLETE":
        events = emulator.cloudformation("DescribeStackEvents", StackName=args.stack)
        for event in reversed(events.findall(".//StackEvents/member")):
            fields = ("LogicalResourceId", "ResourceType", "ResourceStatus", "ResourceStatusReason")
            print(*(event.findtext(field) or "" for field in fields), file=sys.stderr)
        sys.exit(f"{args.stack} in account {args.account} ended as {status}")

    resources = emulator.cloudformation("DescribeStackResources", StackName=args.stack)
    print(json.dumps({
        "outputs": {o.findtext("OutputKey"): o.findtext("OutputValue") for o in stack.findall("Outputs/member")},
        "resources": {r.findtext("LogicalResourceId"): r.findtext("PhysicalResourceId")
                      for r in resources.findall(".//StackResources/member")},
    }))


if __name__ == "__main__":
    main()
