"""One marked function a group: a few lines of arithmetic over what the kernels summed.

Adding a metric is one function in one file here, or in a plugin; see `smalti.kernels.accumulators` for what
it may ask for and `smalti.core.plugin.metric` for the mark.
"""
