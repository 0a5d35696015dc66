"""Turns the SAM template into plain CloudFormation with AWS's own translator, without a network.

    DIR/venv/bin/python template.py template.yaml

Prints it as one line of JSON. The code of each function is NAME.zip in a bucket called `code`.
"""

import json
import os
import sys
from pathlib import Path

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """The names of AWS's managed policies, of which the template uses none."""

    def load(self):
        return {}


# The translator looks the partition up by region.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

template = yaml_parse(Path(sys.argv[1]).read_text())
for name, resource in template["Resources"].items():
    if resource["Type"] == "AWS::Serverless::Function":
        # The translator takes no folders: `sam deploy` has uploaded them before.
        resource["Properties"]["CodeUri"] = f"s3://code/{name}.zip"
print(json.dumps(transform(template, {}, NoManagedPolicies())))
