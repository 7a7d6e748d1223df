"""Records, axes, columns, the plugin contract, errors and progress: what every floor shares."""
