"""Work on every core, in processes that have the runner from the one they come from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

Progress = Callable[[str, int, int], None]
T = TypeVar("T")


class Run(Protocol):
    """Does `work` on every task, and gives together what came of them, in their order."""

    def __call__(
        self,
        work: Callable[..., list[T]],
        tasks: Iterable[tuple[Any, ...]],
        what: str,
        tell: Callable[[list[T]], None] = ...,
    ) -> list[T]:
        """`work` is a function of a module; `what` names the tasks to who watches.

        `tell` is called with what came of a task as soon as that has ended.
        """


def _nothing(_found: object) -> None:
    """Nobody is told."""


@contextmanager
def pool(jobs: int | None, progress: Progress) -> Iterator[Run]:
    """So many processes; one for each core where none are asked for.

    Where the run is ended before its time, what was not begun is not waited for.
    """
    with ProcessPoolExecutor(jobs or os.cpu_count() or 1) as executor:

        def run(
            work: Callable[..., list[T]],
            tasks: Iterable[tuple[Any, ...]],
            what: str,
            tell: Callable[[list[T]], None] = _nothing,
        ) -> list[T]:
            futures = [executor.submit(work, *task) for task in tasks]
            try:
                for done, future in enumerate(as_completed(futures), start=1):
                    tell(future.result())
                    progress(what, done, len(futures))
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise
            return [item for future in futures for item in future.result()]

        yield run
