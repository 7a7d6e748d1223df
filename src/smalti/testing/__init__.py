"""What tests of smalti and of its plugins need: synthetic images with known defects, and suites to inherit."""
