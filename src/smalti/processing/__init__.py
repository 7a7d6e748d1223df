"""Plan and run: images × metrics → QC table, in a worker process that may die without harm."""
