"""What the server asks of a model, whatever kind it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Callable, Hashable, Iterable, Mapping, Optional, Sequence

Tell = Callable[[str], None]


@dataclass
class Block:
    """The rows of one request. Blocks with equal keys may be predicted together."""

    rows: int
    content: Any
    key: Hashable = None


@dataclass
class Ask:
    """A request as the model understands it."""

    block: Block
    #: The answer is one value rather than a list.
    single: bool
    #: The protocol that the body speaks: `plain`, `instances`, `cog`.
    style: str = "plain"
    #: Tensors that are wanted; empty means all (Open Inference Protocol).
    wanted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tensor:
    """An input or output, in the words of the Open Inference Protocol; -1 stands for any size."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    def body(self) -> dict[str, Any]:
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape)}


class Answer:
    """What the model said to one block."""

    #: A whole HTTP answer that a handler made by itself: bytes and their type.
    raw: Optional[tuple[bytes, str]] = None

    def values(self) -> list[Any]:
        """One value for each row."""
        raise NotImplementedError

    def tensors(self, wanted: Sequence[str]) -> list[dict[str, Any]]:
        """Outputs as the Open Inference Protocol has them."""
        raise NotImplementedError


@dataclass
class Description:
    """What is told of a model in `/openapi.json` and on its page."""

    kind: str
    title: str = ""
    text: str = ""
    input_schema: dict[str, Any] = field(default_factory=dict)
    output_schema: dict[str, Any] = field(default_factory=dict)
    #: A body for `/predictions` that is likely to work.
    example: Any = None


class Servable:
    """A model that can be loaded and asked. `load`, `run` and `stream` are called in threads, the rest in the loop."""

    #: Several blocks may be given to `run`.
    batches = False
    #: Rows that the model itself wants to have together at most.
    max_batch: Optional[int] = None
    #: Predictions at a time that the model itself allows.
    concurrency: Optional[int] = None
    #: The same where neither the model nor the settings say it.
    usual_threads = 1
    streams = False
    is_async = False
    #: Where it runs, if it is asynchronous; a loop of its own, so that the server's never waits for it.
    loop: asyncio.AbstractEventLoop
    #: It wants bodies as they came.
    takes_raw = False
    inputs: Sequence[Tensor] = ()
    outputs: Sequence[Tensor] = ()
    platform = "python"

    def load(self, tell: Tell) -> None:
        """Everything that takes long. What it raises ends the program."""

    def describe(self) -> Description:
        raise NotImplementedError

    def parse(self, value: Any) -> Ask:
        """A JSON body. Raises InvalidInput."""
        raise NotImplementedError

    def parse_table(self, columns: Optional[Sequence[str]], rows: Sequence[Sequence[Any]]) -> Ask:
        """Rows of a CSV file, with the names of its columns if it has a head."""
        raise NotImplementedError

    def parse_array(self, array: Any) -> Ask:
        """A numpy array whose first dimension counts rows."""
        raise NotImplementedError

    def parse_bytes(self, body: bytes, content_type: str) -> Ask:
        """A body of another type, such as an image."""
        raise NotImplementedError

    def parse_raw(self, body: bytes, content_type: str, accept: str) -> Ask:
        """A body as it came, if `takes_raw`."""
        raise NotImplementedError

    def parse_tensors(self, tensors: Sequence[Mapping[str, Any]], parameters: Mapping[str, Any]) -> Ask:
        """Inputs as the Open Inference Protocol has them."""
        raise NotImplementedError

    def run(self, blocks: Sequence[Block]) -> list[Answer]:
        """Predicts; one answer for each block."""
        raise NotImplementedError

    async def run_async(self, block: Block) -> Answer:
        """The same for one block, if `is_async`."""
        raise NotImplementedError

    def stream(self, block: Block) -> Iterable[Any]:
        """Piece after piece, if `streams`; an async iterator if `is_async`."""
        raise NotImplementedError
