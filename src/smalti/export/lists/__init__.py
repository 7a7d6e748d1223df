"""What is chosen, as lists, tables, folders of files, and files that other programs open."""
