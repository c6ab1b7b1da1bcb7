"""One small application for each server, each as its own documentation would write it."""
