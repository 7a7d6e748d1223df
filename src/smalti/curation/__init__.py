"""Images and volumes to clean, traceable patches and back; every step says what became of each item."""
