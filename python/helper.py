"""Headlight's second engine: runs a model with PyTorch and transformers, and answers over its standard streams.

A frame is a length (8 bytes, little-endian) and so many bytes that are a safetensors file: the message is JSON under
"message" in its metadata, and its tensors are the file's. Nothing is pickled, and no code of a model is run.

This file is one that any Python can read, so that one which is too old can be told from one which is broken.
"""

import os
import sys

# What libraries print must not get between frames: these descriptors are ours, and the usual ones lead elsewhere.
ANSWERS = os.fdopen(os.dup(1), "wb")
QUESTIONS = os.fdopen(os.dup(0), "rb")
os.dup2(2, 1)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

import json
import struct
import threading
import traceback

OLDEST = (3, 10)
PACKAGES = ("torch", "transformers", "safetensors")
LONGEST_FRAME = 1 << 31

# Questions about what is computed, with the methods of a run that answer them.
ANSWERS_OF = {
    "thumbnails": "thumbnails",
    "headMap": "head_map",
    "hiddenState": "hidden_state",
    "output": "output",
}

answering = threading.Lock()


def write_frame(message, payload=None):
    """Sends a message; `payload` is the whole safetensors file, with the message in it, where there are tensors."""
    if payload is None:
        header = json.dumps({"__metadata__": {"message": json.dumps(message)}}).encode("utf-8")
        header += b" " * (-len(header) % 8)
        payload = struct.pack("<Q", len(header)) + header
    with answering:
        ANSWERS.write(struct.pack("<Q", len(payload)))
        ANSWERS.write(payload)
        ANSWERS.flush()


def read_frame():
    """The next message, and the file that it came in; None where the other side is gone."""
    start = QUESTIONS.read(8)
    if len(start) < 8:
        return None
    (length,) = struct.unpack("<Q", start)
    if not 8 <= length <= LONGEST_FRAME:
        raise ValueError("a frame of %d bytes" % length)
    payload = QUESTIONS.read(length)
    if len(payload) < length:
        return None
    (header,) = struct.unpack("<Q", payload[:8])
    metadata = json.loads(payload[8 : 8 + header].decode("utf-8"))["__metadata__"]
    return json.loads(metadata["message"]), payload


def refuse(detail):
    write_frame({"event": "refused", "detail": detail})
    sys.exit(1)


def is_there(name):
    from importlib.util import find_spec

    try:
        return find_spec(name) is not None
    except ImportError:
        return False


def check_python():
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < OLDEST:
        refuse("%s is Python %s, and 3.10 or later is needed" % (sys.executable, version))
    missing = [name for name in PACKAGES if not is_there(name)]
    if missing:
        refuse(
            "%s has no %s; install it with: %s -m pip install %s"
            % (sys.executable, ", ".join(missing), sys.executable, " ".join(PACKAGES + ("accelerate",)))
        )
    return version


def serve(version):
    """Answers until the other side is gone, and then ends at once, whatever is being computed."""
    from concurrent.futures import ThreadPoolExecutor

    import safetensors.torch
    import torch
    import transformers

    from headlight.failure import failure_of
    from headlight.model import Run

    runs = {}
    # Loading and computing take all cores and much memory: one at a time, in the order of the questions.
    computing = ThreadPoolExecutor(max_workers=1)

    def announce(run, done):
        write_frame({"event": "layers", "run": run, "done": done})

    def answer(question, payload, run):
        number = question["run"]
        tensors = {}
        try:
            if run is None:
                raise KeyError("run %d is not open" % number)
            do = question["do"]
            if do == "open":
                result = run.open(question, safetensors.torch.load(payload))
            elif do == "start":
                result = run.compute(lambda done: announce(number, done))
            else:
                result, tensors = getattr(run, ANSWERS_OF[do])(**question["of"])
            reply = {"id": question["id"], "ok": result}
        except BaseException as error:
            traceback.print_exc()
            reply = {"id": question["id"], "error": failure_of(error)}
        if tensors:
            write_frame(reply, safetensors.torch.save(tensors, {"message": json.dumps(reply)}))
        else:
            write_frame(reply)

    versions = {"python": version, "torch": torch.__version__, "transformers": transformers.__version__}
    write_frame(dict(versions, event="ready"))
    while True:
        frame = read_frame()
        if frame is None:
            os._exit(0)
        question, payload = frame
        number = question["run"]
        if question["do"] in ("open", "start"):
            if question["do"] == "open":
                runs[number] = Run()
            computing.submit(answer, question, payload, runs.get(number))
        elif question["do"] in ("cancel", "close"):
            # A pass that is going ends at its next module; what a closed run made is forgotten with it.
            run = runs.get(number)
            if run is not None and question["do"] == "close":
                runs.pop(number).close()
            elif run is not None:
                run.cancelled.set()
            write_frame({"id": question["id"], "ok": {}})
        else:
            answer(question, payload, runs.get(number))


if __name__ == "__main__":
    version = check_python()
    try:
        serve(version)
    except ImportError as error:
        traceback.print_exc()
        refuse("%s can't load PyTorch and transformers (%s)" % (sys.executable, error))
