"""What tests of smalti and of its plugins need: images with known defects, and suites to inherit."""
