"""From a file or store to its series: one `Image` each, pixels read only when asked for."""
