"""torch where it is installed, and the device that it computes on."""

from typing import Any

from smalti.core.errors import MissingExtraError, UnknownNameError, UsageError

__all__ = ["DEVICES", "device_of", "torch_here"]

DEVICES = ("auto", "cpu", "cuda")


def torch_here() -> Any:
    """The library.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("torch", "torch") from error
    return torch


def device_of(name: str) -> Any:
    """The torch device of a name: ``auto`` is the GPU where torch can use one.

    Raises
    ------
    UnknownNameError
        It is none of `DEVICES`.
    UsageError
        ``cuda`` was asked for, and torch has none here.
    """
    torch = torch_here()
    if name not in DEVICES:
        raise UnknownNameError("device", name, DEVICES)
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise UsageError(
            "--device cuda: torch finds no GPU that it can use; leave --device out, or install a build of "
            "torch with CUDA and its driver"
        )
    return torch.device("cuda" if name == "cuda" or (name == "auto" and there) else "cpu")
