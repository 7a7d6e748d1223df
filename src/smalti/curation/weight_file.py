"""Files of ResNet34 weights: read without running what is in them, and checked key by key."""

import warnings
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from smalti.core.errors import SmaltiError, UsageError
from smalti.curation.torch_use import torch_here
from smalti.writers.aside import aside

__all__ = ["HEAD", "checked", "loaded", "network_of", "new_network", "read_weights", "saved"]

HEAD = ("fc.weight", "fc.bias")
"""The last layer."""

_WRAPPERS = ("state_dict", "model_state", "model_state_dict", "model")
_PREFIX = "module."
_SHOWN = 3
_EXPECTED = "expected are the 218 keys of a ResNet34 with one output, conv1.weight to fc.bias"

Weights = dict[str, Any]
"""Tensors by key."""


def read_weights(path: Path, *, new_head: bool = False) -> Weights:
    """The 218 tensors of a file, float32, on the CPU.

    Wrappers that training scripts add are understood: the weights below ``state_dict`` or the like, and
    ``module.`` before each key.

    Parameters
    ----------
    path
        Written by ``torch.save``.
    new_head
        Leave a last layer out that is absent or has another number of outputs.

    Raises
    ------
    UsageError
        It is not there, no file of torch, holds more than tensors and plain values, or other tensors.
    """
    return checked(_unwrapped(loaded(path)), str(path), new_head=new_head)


def loaded(path: Path) -> Any:
    """Tensors and plain values of a file that ``torch.save`` wrote; nothing in it is run.

    Raises
    ------
    UsageError
        It is not there, no file of torch, or holds more than tensors and plain values.
    """
    torch = torch_here()
    if not path.is_file():
        raise UsageError(f"there is no file {path}; give one of ResNet34 weights, which torch.save wrote")
    try:
        with warnings.catch_warnings(action="ignore"):  # torch warns of pickles that it then refuses
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a dozen kinds for what it cannot read
        raise UsageError(f"{path} {_wrong_with(error)}; give the state dict of a ResNet34") from error


def _wrong_with(error: Exception) -> str:
    text = str(error)
    if any(sign in text for sign in ("GLOBAL", "global", "REDUCE", "TorchScript")):
        return "holds more than tensors and plain values, which may run code when it is read, and is refused"
    return (
        "cannot be read as a file of torch.save: it is of another kind (a pickle would run code), or damaged"
    )


def _unwrapped(found: Any) -> Any:
    for name in _WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
    if isinstance(found, Mapping) and found and all(str(key).startswith(_PREFIX) for key in found):
        return {str(key).removeprefix(_PREFIX): value for key, value in found.items()}
    return found


def checked(found: Any, name: str, *, new_head: bool = False) -> Weights:
    """Weights as they are used: each key there, of its shape, with numbers that can be computed with.

    Raises
    ------
    UsageError
        They are others.
    """
    torch = torch_here()
    if not isinstance(found, Mapping) or not all(torch.is_tensor(value) for value in found.values()):
        raise UsageError(f"{name} holds no tensors by key; {_EXPECTED}")
    wanted = _empty().state_dict()
    if new_head and any(_shape(found.get(key)) != wanted[key].shape for key in HEAD):
        wanted = {key: value for key, value in wanted.items() if key not in HEAD}
        found = {key: value for key, value in found.items() if key not in HEAD}
    _check_keys(found, wanted, name)
    kept = {key: found[key].to(wanted[key].dtype).contiguous() for key in wanted}
    _check_numbers(kept, name)
    return kept


def _shape(value: Any) -> Any:
    return None if value is None else value.shape


def _check_keys(found: Mapping[str, Any], wanted: Mapping[str, Any], name: str) -> None:
    torch = torch_here()
    missing = [key for key in wanted if key not in found]
    other = [str(key) for key in found if key not in wanted]
    if missing or other:
        raise UsageError(f"{name} holds other weights: {_some('missing', missing, other)}; {_EXPECTED}")
    for key, value in wanted.items():
        if found[key].shape != value.shape or found[key].layout != torch.strided or found[key].is_quantized:
            raise UsageError(
                f"{name} holds other weights: {key} is {tuple(found[key].shape)}, expected is a plain tensor "
                f"{tuple(value.shape)}; give the state dict of a ResNet34 with one output"
            )


def _some(word: str, missing: list[str], other: list[str]) -> str:
    said = []
    for name, keys in ((word, missing), ("not known", other)):
        if keys:
            more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
            said.append(f"{name}: {', '.join(key[:80] for key in islice(keys, _SHOWN))}{more}")
    return "; ".join(said)


def _check_numbers(weights: Weights, name: str) -> None:
    for key, value in weights.items():
        if not value.isfinite().all():
            raise UsageError(f"{name} is damaged: {key} holds NaN or infinity; fetch or train it anew")
        if key.endswith("running_var") and (value < 0).any():
            raise UsageError(f"{name} is damaged: {key} holds a variance below 0; fetch or train it anew")


def network_of(weights: Weights) -> Any:
    """A ResNet34 with the weights of `read_weights`."""
    network = _empty()
    network.load_state_dict(weights, assign=True)
    return network


def _empty() -> Any:
    """One that has shapes only."""
    torch = torch_here()
    from smalti.curation._resnet_layers import ResNet34

    with torch.device("meta"):
        return ResNet34()


def new_network(seed: int = 0) -> Any:
    """A ResNet34 with weights drawn by a seed; chance elsewhere in the process is left as it was."""
    torch = torch_here()
    from smalti.curation._resnet_layers import ResNet34

    with torch.random.fork_rng(devices=[]):
        network = ResNet34()
    network.draw_weights(torch.Generator().manual_seed(seed))
    return network


def saved(values: Mapping[str, Any], path: Path) -> None:
    """Write tensors and plain values as a file of torch, whole or not at all.

    Raises
    ------
    SmaltiError
        The disk is full, or cannot be written.
    """
    torch = torch_here()
    try:
        with aside(path, lambda written: None) as temporary:
            torch.save(dict(values), temporary)
    except (OSError, RuntimeError) as error:
        raise SmaltiError(f"{path} cannot be written: {str(error).splitlines()[0][:200]}") from error
