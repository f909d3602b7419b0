"""The verbs `serve` and `train`, as SageMaker starts containers with them."""
