"""The QC table: its columns, its Parquet files, roll-ups over planes, and expressions of users."""
