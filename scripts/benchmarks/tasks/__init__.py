"""What is measured, each task a function that prepares and answers a function to be timed."""
