"""AWS regions and the partition each belongs to.

Read from botocore's own endpoint data, so that a new region comes with an update of botocore. The
file is read directly: importing botocore's client machinery costs a third of a second.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path
from typing import Any


@functools.cache
def partitions() -> dict[str, str]:
    """Each known region's partition: `{"eu-west-1": "aws", "cn-north-1": "aws-cn", ...}`."""
    return {
        region: partition["id"]
        for partition in _endpoint_data()
        for region in partition["regions"]
        if not region.endswith("-global")
    }


@functools.cache
def dns_suffix(partition: str) -> str:
    """What the names of a partition's services end in: `amazonaws.com`, `amazonaws.com.cn`, ..."""
    (suffix,) = (
        str(each["outputs"]["dnsSuffix"]) for each in _endpoint_data() if each["id"] == partition
    )
    return suffix


def _endpoint_data() -> list[dict[str, Any]]:
    spec = importlib.util.find_spec("botocore")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("botocore is not installed", name="botocore")
    data = json.loads(Path(spec.origin).with_name("data").joinpath("partitions.json").read_bytes())
    return list(data["partitions"])
