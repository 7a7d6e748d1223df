"""What the middle of the page shows, a view a file; each computes off the event loop and paints in place."""
