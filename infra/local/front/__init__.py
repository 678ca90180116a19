"""What the emulator is started with: loaded by its path, so that the emulator finds nothing else of ours."""
