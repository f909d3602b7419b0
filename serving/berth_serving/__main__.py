"""`python -m berth_serving`."""

from __future__ import annotations

import sys
from typing import Optional, Sequence

from .settings import parse


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Returns the exit code."""
    verb, settings = parse(sys.argv[1:] if arguments is None else arguments)
    if verb == "train":
        from .sagemaker.train import train

        return train(settings)
    if verb == "serve":
        from .sagemaker.serve import settings_for_sagemaker

        settings = settings_for_sagemaker(settings)
    from .server import serve

    return serve(settings)


if __name__ == "__main__":
    sys.exit(main())
