"""Compile proto/caffe.proto to the descriptor set proto/caffe.binpb (or to the file named); needs grpcio-tools."""

import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    if not importlib.util.find_spec("grpc_tools"):
        print("compile-schema: grpcio-tools is missing; run: pip install grpcio-tools", file=sys.stderr)
        return 2
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "proto" / "caffe.binpb"
    command = ["-m", "grpc_tools.protoc", f"-I{ROOT / 'proto'}", f"--descriptor_set_out={target}", "caffe.proto"]
    return subprocess.run([sys.executable, *command], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
