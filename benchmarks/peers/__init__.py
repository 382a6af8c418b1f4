"""The tools that a careful engineer would use instead of Needle, tuned, on the same data in the same process."""
