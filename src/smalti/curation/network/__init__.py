"""A ResNet34 that scores patches: its weights, its scores, its training."""
